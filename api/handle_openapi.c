#include "api/handlers.h"
#include "api/respond.h"

/* docs/openapi.yaml; the build knows where it is, and its hash. */
__asm__(".pushsection .rodata\n"
        "openapi_begin:\n"
        "    .incbin \"" OPENAPI_FILE "\"\n"
        "openapi_end:\n"
        "    .byte 0\n"
        ".popsection\n");
extern const char openapi_begin[] __attribute__((visibility("hidden")));
extern const char openapi_end[] __attribute__((visibility("hidden")));

void handle_openapi(struct request *r) {
    const struct respond_document document = {
        .media_type = "application/yaml",
        .tag = "\"" OPENAPI_TAG "\"",
        .text = openapi_begin,
        .len = (size_t)(openapi_end - openapi_begin),
    };
    respond_document(r, &document);
}
