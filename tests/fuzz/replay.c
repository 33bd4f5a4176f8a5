/* Runs the files of a folder through a target, for compilers without libFuzzer: fuzz_NAME FOLDER|FILE... */
#include "fuzz.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static unsigned count;

static void run_file(const char *path) {
    FILE *file = fopen(path, "rb");
    struct stat status;
    assert(file && fstat(fileno(file), &status) == 0);
    size_t size = (size_t)status.st_size;
    uint8_t *data = malloc(size + 1);
    assert(data && fread(data, 1, size, file) == size);
    (void)fclose(file);
    uint8_t *exact = realloc(data, size ? size : 1);
    assert(exact);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    count++;
}

static void run_folder(const char *path, DIR *folder) {
    char file[PATH_MAX];
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        run_file(file);
    }
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        if (!folder) {
            run_file(argv[i]);
            continue;
        }
        run_folder(argv[i], folder);
        (void)closedir(folder);
    }
    (void)printf("%u inputs\n", count);
    return count > 0 ? 0 : 1;
}
