#include "CAssets.h"

const unsigned char cassets_openapi[] = {
#embed "../../openapi.yaml"
};
const size_t cassets_openapi_length = sizeof cassets_openapi;
