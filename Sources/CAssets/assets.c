#include "CAssets.h"

static const unsigned char openapi[] = {
#embed "../../openapi.yaml"
};
const unsigned char *cassets_openapi_start(void) { return openapi; }
const size_t cassets_openapi_length = sizeof openapi;

static const unsigned char docs[] = {
#embed "docs.html"
};
const unsigned char *cassets_docs_start(void) { return docs; }
const size_t cassets_docs_length = sizeof docs;
