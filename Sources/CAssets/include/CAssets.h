// Files embedded at compile time. Each asset is a start and a length in bytes.
#ifndef TOKENSERVICE_CASSETS_H
#define TOKENSERVICE_CASSETS_H

#include <stddef.h>

// Functions, because Swift imports an array of unknown length as nothing.
const unsigned char *cassets_openapi_start(void);
extern const size_t cassets_openapi_length;

const unsigned char *cassets_docs_start(void);
extern const size_t cassets_docs_length;

#endif
