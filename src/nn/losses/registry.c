#include "nn/registry.h"

#include "math/isa.h"

#define DECLARE(name) extern const sml__loss ISA(name##_loss);
SML__LOSS_LIST(DECLARE)

extern const sml__loss *const ISA(losses)[SML__LOSSES];

#define ENTRY(name) &ISA(name##_loss),
const sml__loss *const ISA(losses)[SML__LOSSES] = {SML__LOSS_LIST(ENTRY)};
