#include "nn/registry.h"

#include "math/isa.h"

#define DECLARE(name) extern const sml__optimizer ISA(name##_optimizer);
SML__OPTIMIZER_LIST(DECLARE)

extern const sml__optimizer *const ISA(optimizers)[SML__OPTIMIZERS];

#define ENTRY(name) &ISA(name##_optimizer),
const sml__optimizer *const ISA(optimizers)[SML__OPTIMIZERS] = {SML__OPTIMIZER_LIST(ENTRY)};
