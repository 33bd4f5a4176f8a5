/* Prints what the settings table says for the sources: config/fetchpool.conf (`sample`), the list in
 * config/fetchpool.conf.5 (`man`) and docs/settings.md (`page`). A tool of the build, not installed. */
#include "config/settings_print.h"

#include <stdio.h>
#include <string.h>

enum { OUTPUT_MAX_BYTES = 1024 * 1024 };

int main(int argc, char **argv) {
    struct buf out;
    enum err err = ERR_INVALID;
    buf_init(&out, OUTPUT_MAX_BYTES);
    if (argc == 2 && strcmp(argv[1], "sample") == 0)
        err = settings_print_sample(&out);
    else if (argc == 2 && strcmp(argv[1], "man") == 0)
        err = settings_print_man(&out);
    else if (argc == 2 && strcmp(argv[1], "page") == 0)
        err = settings_print_page(&out);
    else
        (void)fputs("usage: settings-doc sample|man|page\n", stderr); /* the exit code tells as well */
    bool written = !err && fwrite(out.data, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
    buf_fini(&out);
    return written ? 0 : 1;
}
