// Files embedded at compile time. Each asset is a pointer and a length in bytes.
#ifndef TOKENSERVICE_CASSETS_H
#define TOKENSERVICE_CASSETS_H

#include <stddef.h>

extern const unsigned char cassets_openapi[];
extern const size_t cassets_openapi_length;

#endif
