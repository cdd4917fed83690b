// Files embedded at compile time. Each asset is a start and a length in bytes.
#ifndef TOKENSERVICE_CASSETS_H
#define TOKENSERVICE_CASSETS_H

#include <stddef.h>

// Functions, because Swift imports an array of unknown length as nothing.
#define CASSETS_DECLARE(name) \
    const unsigned char *cassets_##name##_start(void); \
    extern const size_t cassets_##name##_length;

CASSETS_DECLARE(openapi)
CASSETS_DECLARE(docs)
CASSETS_DECLARE(widget)
CASSETS_DECLARE(widget_types)
CASSETS_DECLARE(frame)
CASSETS_DECLARE(frame_page)
CASSETS_DECLARE(frame_page_script)
CASSETS_DECLARE(page_style)
CASSETS_DECLARE(demo)
CASSETS_DECLARE(demo_script)

#endif
