#include "nn/registry.h"

#include <string.h>

#define DECLARE_KIT(isa)                                                                           \
    extern const sml__layer_type *const sml__layers_##isa[SML__LAYERS];                            \
    extern const sml__loss *const sml__losses_##isa[SML__LOSSES];                                  \
    extern const sml__optimizer *const sml__optimizers_##isa[SML__OPTIMIZERS];
#define KIT(isa)                                                                                   \
    {                                                                                              \
        sml__layers_##isa, sml__losses_##isa, sml__optimizers_##isa                                \
    }

DECLARE_KIT(plain)
#if SML_HAVE_X86
DECLARE_KIT(avx2)
DECLARE_KIT(avx512)
#endif

const sml__kit *sml__kit_for(sml__isa isa)
{
    static const sml__kit kits[SML__ISA_COUNT] = {
        [SML__ISA_PLAIN] = KIT(plain),
#if SML_HAVE_X86
        [SML__ISA_AVX2] = KIT(avx2),
        [SML__ISA_AVX512] = KIT(avx512),
#endif
    };
    return &kits[isa];
}

const sml__layer_type *sml__layer_named(const char *name)
{
    const sml__kit *kit = sml__kit_for(sml__isa_best());
    for (size_t i = 0; i < SML__LAYERS; i++) {
        if (strcmp(kit->layers[i]->name, name) == 0) {
            return kit->layers[i];
        }
    }
    return NULL;
}

const sml__loss *sml__loss_named(const char *name)
{
    const sml__kit *kit = sml__kit_for(sml__isa_best());
    for (size_t i = 0; i < SML__LOSSES; i++) {
        if (strcmp(kit->losses[i]->name, name) == 0) {
            return kit->losses[i];
        }
    }
    return NULL;
}

const sml__loss *sml__loss_for(sml_task task)
{
    const sml__kit *kit = sml__kit_for(sml__isa_best());
    for (size_t i = 0; i < SML__LOSSES; i++) {
        if (kit->losses[i]->task == task) {
            return kit->losses[i];
        }
    }
    return NULL;
}

const sml__optimizer *sml__optimizer_named(const char *name)
{
    const sml__kit *kit = sml__kit_for(sml__isa_best());
    for (size_t i = 0; i < SML__OPTIMIZERS; i++) {
        if (strcmp(kit->optimizers[i]->name, name) == 0) {
            return kit->optimizers[i];
        }
    }
    return NULL;
}
