/* unit_tests MODULE: the tests of one module. Without it, their names. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define MODULE(name) int test_##name(void);
#include "unit_modules.inc"
#undef MODULE

struct module {
    const char *name;
    int (*run)(void);
};

#define MODULE(name) {#name, test_##name},
static const struct module modules[] = {
#include "unit_modules.inc"
};

int main(int argc, char **argv) {
    for (size_t i = 0; i < sizeof modules / sizeof modules[0]; i++)
        if (argc < 2)
            (void)puts(modules[i].name); /* to whom it may concern */
        else if (strcmp(argv[1], modules[i].name) == 0)
            return modules[i].run();
    if (argc > 1)
        (void)fprintf(stderr, "unit_tests: there is no module %s\n", argv[1]);
    return argc > 1 ? 2 : 0;
}
