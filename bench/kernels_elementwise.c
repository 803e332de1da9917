/* Activations and the loss. Their bytes are held against L2, though what sigmoid, tanh and softmax
 * compute may take longer than the bytes. */
#include "kernels.h"

#include "nn/network.h"

#include <stdio.h>
#include <string.h>

enum { ROWS = 128, WIDTH = 512, CLASSES = 10 };

typedef struct activation {
    const sml__layer_type *type;
    sml__pass pass;
} activation;

static void run_forward(const kernel *k, size_t round, sml__member member)
{
    const activation *a = k->data;
    sml__pass pass = a->pass;
    (void)round;
    pass.rank = member.rank;
    pass.size = member.size;
    a->type->forward(&pass);
}

static void run_backward(const kernel *k, size_t round, sml__member member)
{
    const activation *a = k->data;
    sml__pass pass = a->pass;
    (void)round;
    pass.rank = member.rank;
    pass.size = member.size;
    a->type->backward(&pass);
}

static const sml__layer_type *find_layer(const bench *b, const char *name)
{
    const sml__layer_type *const *type = sml__kit_for(b->isa)->layers;
    while (strcmp((*type)->name, name) != 0) {
        type++;
    }
    return *type;
}

/* `arrays` are read, or written for the first time. */
static void add(bench *b, const char *what, kernel_run *run, activation *a, int arrays)
{
    char name[32];
    snprintf(name, sizeof name, "%s %s", a->type->name, what);
    kernel *k = bench_add(b, name, run, a);
    snprintf(k->shape, sizeof k->shape, "%d×%d", (int)ROWS, (int)WIDTH);
    k->bytes_in = sizeof(float) * (double)arrays * (double)(a->pass.rows * a->pass.in_row);
    k->footprint = k->bytes_in;
    k->is_split = 1;
}

static void add_activation(bench *b, const char *name)
{
    activation *a = bench_alloc(1, sizeof *a);
    const size_t row = sml__row_stride(WIDTH);
    a->type = find_layer(b, name);
    a->pass = (sml__pass){
        .rows = ROWS,
        .n_in = WIDTH,
        .n_out = WIDTH,
        .in_row = row,
        .out_row = row,
        .input = bench_floats(ROWS * row),
        .output = bench_floats(ROWS * row),
        .d_output = bench_floats(ROWS * row),
        .d_input = bench_floats(ROWS * row),
    };
    add(b, "forward", run_forward, a, 2);
    add(b, "backward", run_backward, a, 3);
}

typedef struct loss {
    const sml__loss *type;
    size_t stride;
    float *logits, *target, *delta;
    double *values;
} loss;

static void run_loss(const kernel *k, size_t round, sml__member member)
{
    const loss *l = k->data;
    const sml__range own = sml__own_rows(ROWS, member);
    (void)round;
    for (size_t r = own.begin; r < own.end; r++) {
        l->values[r] = l->type->row(l->logits + r * l->stride, l->target + r * CLASSES, CLASSES, 0,
                                    l->delta + r * l->stride);
    }
}

static const sml__loss *find_loss(const bench *b, const char *name)
{
    const sml__loss *const *type = sml__kit_for(b->isa)->losses;
    while (strcmp((*type)->name, name) != 0) {
        type++;
    }
    return *type;
}

static void add_loss(bench *b)
{
    loss *l = bench_alloc(1, sizeof *l);
    l->type = find_loss(b, "cross_entropy");
    l->stride = sml__row_stride(CLASSES);
    l->logits = bench_floats(ROWS * l->stride);
    l->delta = bench_floats(ROWS * l->stride);
    l->target = bench_alloc((size_t)ROWS * CLASSES, sizeof(float));
    l->values = bench_alloc(ROWS, sizeof(double));
    for (size_t r = 0; r < ROWS; r++) {
        l->target[r * CLASSES + r * 7 % CLASSES] = 1.0F;
    }
    kernel *k = bench_add(b, "cross-entropy", run_loss, l);
    snprintf(k->shape, sizeof k->shape, "%d×%d", (int)ROWS, (int)CLASSES);
    k->bytes_in = sizeof(float) * (double)ROWS * (double)(2 * l->stride + CLASSES);
    k->footprint = k->bytes_in;
    k->is_split = 1;
}

void add_elementwise(bench *b)
{
    add_activation(b, "relu");
    add_activation(b, "sigmoid");
    add_activation(b, "tanh");
    add_loss(b);
}
