#include "CAssets.h"

#define CASSETS_DEFINE(name) \
    const unsigned char *cassets_##name##_start(void) { return name; } \
    const size_t cassets_##name##_length = sizeof name;

static const unsigned char openapi[] = {
#embed "../../openapi.yaml"
};
CASSETS_DEFINE(openapi)

static const unsigned char docs[] = {
#embed "docs.html"
};
CASSETS_DEFINE(docs)

static const unsigned char widget[] = {
#embed "../../Widget/v1.js"
};
CASSETS_DEFINE(widget)

static const unsigned char widget_types[] = {
#embed "../../Widget/v1.d.ts"
};
CASSETS_DEFINE(widget_types)

static const unsigned char frame[] = {
#embed "../../Widget/frame.js"
};
CASSETS_DEFINE(frame)

static const unsigned char frame_page[] = {
#embed "../../Widget/frame.html"
};
CASSETS_DEFINE(frame_page)

static const unsigned char frame_page_script[] = {
#embed "../../Widget/frame-page.js"
};
CASSETS_DEFINE(frame_page_script)

static const unsigned char page_style[] = {
#embed "../../Widget/page.css"
};
CASSETS_DEFINE(page_style)

static const unsigned char demo[] = {
#embed "../../Widget/demo.html"
};
CASSETS_DEFINE(demo)

static const unsigned char demo_script[] = {
#embed "../../Widget/demo.js"
};
CASSETS_DEFINE(demo_script)
