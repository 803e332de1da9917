#include "nn/registry.h"

#include "math/isa.h"

#define DECLARE(name) extern const sml__layer_type ISA(name##_layer);
SML__LAYER_LIST(DECLARE)

extern const sml__layer_type *const ISA(layers)[SML__LAYERS];

#define ENTRY(name) &ISA(name##_layer),
const sml__layer_type *const ISA(layers)[SML__LAYERS] = {SML__LAYER_LIST(ENTRY)};
