"""A daemon that is short of descriptors from one moment to the next."""

import resource

TOLD = "no file descriptor is left"


def leave_descriptors(daemon, more):
    """From now on it may have so many more than it has."""
    pid = daemon.process.pid
    files = daemon.descriptors() + more
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (files, resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]))


def end_shortage(daemon):
    hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
