/* What the process gives up before it does anything: ways by which what it knows could leave it. */
#ifndef FETCHPOOL_DAEMON_PROCESS_H
#define FETCHPOOL_DAEMON_PROCESS_H

/* No core file, whoever would write it, and no look into its memory by other processes of the same user (core(5),
 * PR_SET_DUMPABLE of prctl(2)): callers' headers and tokens are in there. Files that it makes are its user's alone. The
 * environment's proxies and SSLKEYLOGFILE, which libcurl obeys, are forgotten. In builds with a sanitizer, which looks
 * into its own process from outside, the memory stays open. First thing in main. */
void process_close_up(void);

#endif
