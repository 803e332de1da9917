/* The layers on a batch of one sample, where they have kernels of their own: against the twin of
 * the dense product in double, and with the bits of the same sample among others. */
#include "support.h"

#include "math/ref/gemm.h"

enum { ALIGNED = 16, TEAMS = 3 };

static const size_t WIDTHS[] = {1, 2, 3, 4, 5, 7, 8, 10, 15, 16, 17, 33, 100, 128, 256, 300};
enum { N_WIDTHS = sizeof WIDTHS / sizeof WIDTHS[0] };

/* A dense layer with one sample in it. */
typedef struct one_sample {
    sml__pass pass;
    float *weight, *bias, *input, *output, *delta, *d_input, *d_weight, *d_bias, *scratch;
    uint32_t *entries;
    size_t weights;
} one_sample;

static one_sample new_sample(sml__random *random, size_t n_in, size_t n_out)
{
    const size_t stride = sml__row_stride(n_out), in_row = sml__row_stride(n_in);
    const size_t biases = (n_out + ALIGNED - 1) / ALIGNED * ALIGNED;
    one_sample s = {.weights = n_in * stride};
    s.weight = normal_rows(random, n_in, n_out, stride);
    s.d_weight = normal_rows(random, n_in, n_out, stride);
    s.bias = normal_rows(random, 1, n_out, biases);
    s.d_bias = normal_rows(random, 1, n_out, biases);
    s.input = normal_rows(random, 1, n_in, in_row);
    s.delta = normal_rows(random, 1, n_out, stride);
    s.output = calloc(stride, sizeof(float));
    s.d_input = calloc(in_row, sizeof(float));
    s.scratch = malloc(TEAMS * SML__GEMM_SCRATCH * sizeof(float));
    s.entries = malloc(TEAMS * sml__sparse_row_room(n_in) * sizeof *s.entries);
    for (size_t i = 0; i < n_in; i++) { /* as a ReLU leaves them */
        s.input[i] = s.input[i] < 0 ? 0 : s.input[i];
    }
    s.pass = (sml__pass){.size = 1,
                         .rows = 1,
                         .is_single = 1,
                         .n_in = n_in,
                         .n_out = n_out,
                         .in_row = in_row,
                         .out_row = stride,
                         .input = s.input,
                         .output = s.output,
                         .weight = s.weight,
                         .stride = stride,
                         .bias = s.bias,
                         .d_output = s.delta,
                         .d_input = s.d_input,
                         .d_weight = s.d_weight,
                         .d_bias = s.d_bias,
                         .mean = -0.3F,
                         .scratch = s.scratch,
                         .entries = s.entries};
    return s;
}

static void free_sample(one_sample s)
{
    void *all[] = {s.weight,  s.bias,     s.input,  s.output,  s.delta,
                   s.d_input, s.d_weight, s.d_bias, s.scratch, s.entries};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        free(all[i]);
    }
}

static float *copy_of(const float *values, size_t n)
{
    float *copy = malloc(n * sizeof(float));
    memcpy(copy, values, n * sizeof(float));
    return copy;
}

/* Runs one function of the layer for every member of a team. */
static void run_team(sml__pass pass, void (*run)(const sml__pass *pass), int size)
{
    float *scratch = pass.scratch;
    pass.size = size;
    for (pass.rank = 0; pass.rank < size; pass.rank++) {
        pass.scratch = scratch + pass.rank * SML__GEMM_SCRATCH;
        run(&pass);
    }
}

/* |error| ≤ γ_(k+2) · Σ |terms|, as in test_gemm.c; found: rows of `stride`. */
static void assert_product(const sml__gemm *gemm, const float *found, size_t stride,
                           const char *what)
{
    double *expected = malloc(gemm->m * gemm->n * sizeof(double));
    double *terms = malloc(gemm->m * gemm->n * sizeof(double));
    const double units = (double)(gemm->k + 2) * 0x1p-24;
    sml__gemm_ref(gemm, expected, terms);
    for (size_t i = 0; i < gemm->m * gemm->n; i++) {
        const float value = found[i / gemm->n * stride + i % gemm->n];
        assert_near((double)value, expected[i], 0, units / (1 - units) * terms[i], what, i);
    }
    free(expected);
    free(terms);
}

static void assert_zeros_between(const float *values, size_t rows, size_t width, size_t stride)
{
    for (size_t i = 0; i < rows * stride; i++) {
        assert_true(i % stride < width || values[i] == 0);
    }
}

/* z = W a + b. */
static void check_forward(one_sample *s, const sml__layer_type *dense)
{
    const sml__pass *p = &s->pass;
    const sml__gemm twin = {.m = 1,
                            .n = p->n_out,
                            .k = p->n_in,
                            .a = s->input,
                            .a_column = 1,
                            .b = s->weight,
                            .b_row = p->stride,
                            .b_column = 1,
                            .alpha = 1,
                            .start = s->bias};
    sml__pass among_others = *p;
    among_others.is_single = 0;
    dense->forward(&among_others);
    float *batch = copy_of(s->output, p->out_row);
    assert_product(&twin, batch, p->out_row, "forward");
    dense->forward(p);
    assert_memory_equal(s->output, batch, p->out_row * sizeof(float));
    assert_zeros_between(s->output, 1, p->n_out, p->out_row);
    free(batch);
}

/* dA = W δ. */
static void check_backward(one_sample *s, const sml__layer_type *dense)
{
    const sml__pass *p = &s->pass;
    const sml__gemm twin = {.m = 1,
                            .n = p->n_in,
                            .k = p->n_out,
                            .a = s->delta,
                            .a_column = 1,
                            .b = s->weight,
                            .b_row = 1,
                            .b_column = p->stride,
                            .alpha = 1};
    dense->backward(p);
    assert_product(&twin, s->d_input, p->in_row, "backward");
    assert_zeros_between(s->d_input, 1, p->n_in, p->in_row);
    float *alone = copy_of(s->d_input, p->n_in);
    for (int size = 2; size <= TEAMS; size++) {
        memset(s->d_input, 0x7F, p->n_in * sizeof(float));
        run_team(*p, dense->backward, size);
        assert_memory_equal(s->d_input, alone, p->n_in * sizeof(float));
    }
    free(alone);
}

/* dWᵀ = mean · a δᵀ and db = mean · δ, added to what is there or not. */
static void check_gradient(one_sample *s, const sml__layer_type *dense, int accumulate)
{
    sml__pass p = s->pass;
    p.accumulate = accumulate;
    float *weight = copy_of(s->d_weight, s->weights), *bias = copy_of(s->d_bias, p.n_out);
    const sml__gemm of_weight = {.m = p.n_in,
                                 .n = p.n_out,
                                 .k = 1,
                                 .a = s->input,
                                 .a_row = 1,
                                 .a_column = 1,
                                 .b = s->delta,
                                 .b_row = 1,
                                 .b_column = 1,
                                 .c = weight,
                                 .c_row = p.stride,
                                 .alpha = p.mean,
                                 .accumulate = accumulate};
    dense->gradient(&p);
    assert_product(&of_weight, s->d_weight, p.stride, "gradient");
    assert_zeros_between(s->d_weight, p.n_in, p.n_out, p.stride);
    for (size_t j = 0; j < p.n_out; j++) {
        const double base = accumulate ? (double)bias[j] : 0;
        assert_near((double)s->d_bias[j], base + (double)p.mean * (double)s->delta[j], 1e-6, 1e-6,
                    "bias", j);
    }
    float *alone = copy_of(s->d_weight, s->weights);
    for (int size = 2; size <= TEAMS; size++) {
        memcpy(s->d_weight, weight, s->weights * sizeof(float));
        run_team(p, dense->gradient, size);
        assert_memory_equal(s->d_weight, alone, s->weights * sizeof(float));
    }
    memcpy(s->d_weight, weight, s->weights * sizeof(float));
    memcpy(s->d_bias, bias, p.n_out * sizeof(float));
    free(alone);
    free(weight);
    free(bias);
}

/* The folded step has the bits of backward and then gradient, on the weights themselves. After a
 * ReLU, ∂C/∂a is of no use where a is 0, and is 0. */
static void check_step(one_sample *s, const sml__layer_type *dense, int zero_stops)
{
    sml__pass p = s->pass;
    p.accumulate = 1;
    p.zero_stops = zero_stops;
    p.d_weight = s->weight;
    p.d_bias = s->bias;
    float *weight = copy_of(s->weight, s->weights), *bias = copy_of(s->bias, p.n_out);
    dense->backward(&p);
    dense->gradient(&p);
    float *stepped = copy_of(s->weight, s->weights), *moved = copy_of(s->bias, p.n_out);
    float *d_input = copy_of(s->d_input, p.in_row);
    for (size_t i = 0; i < p.n_in; i++) {
        d_input[i] = zero_stops && s->input[i] == 0 ? 0 : d_input[i];
    }
    memcpy(s->weight, weight, s->weights * sizeof(float));
    memcpy(s->bias, bias, p.n_out * sizeof(float));
    memset(s->d_input, 0x7F, p.n_in * sizeof(float));
    dense->step_of_one(&p);
    assert_memory_equal(s->weight, stepped, s->weights * sizeof(float));
    assert_memory_equal(s->bias, moved, p.n_out * sizeof(float));
    assert_memory_equal(s->d_input, d_input, p.in_row * sizeof(float));
    assert_zeros_between(s->weight, p.n_in, p.n_out, p.stride);
    free(weight);
    free(bias);
    free(stepped);
    free(moved);
    free(d_input);
}

static void check_layer(sml__isa isa, size_t n_in, size_t n_out, sml__random *random)
{
    const sml__layer_type *dense = layer_type_of(isa, "dense");
    one_sample s = new_sample(random, n_in, n_out);
    check_forward(&s, dense);
    check_backward(&s, dense);
    check_gradient(&s, dense, 0);
    check_gradient(&s, dense, 1);
    check_step(&s, dense, 0);
    check_step(&s, dense, 1);
    free_sample(s);
}

static void a_dense_layer_on_one_sample(void **state)
{
    sml__random random;
    (void)state;
    sml__random_init(&random, 21, SML__SAMPLE, 0, 0);
    for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
        for (size_t i = 0; sml__isa_available((sml__isa)isa) && i < N_WIDTHS * N_WIDTHS; i++) {
            check_layer((sml__isa)isa, WIDTHS[i / N_WIDTHS], WIDTHS[i % N_WIDTHS], &random);
        }
    }
}

/* Rows of a layer with few units, which may have products of their own: each has the bits that it
 * has alone, and the gradient is the twin's. */
static void check_batch(sml__isa isa, size_t n_in, size_t n_out, size_t rows, sml__random *random)
{
    const sml__layer_type *dense = layer_type_of(isa, "dense");
    one_sample s = new_sample(random, n_in, n_out);
    sml__pass p = s.pass;
    float *input = normal_rows(random, rows, n_in, p.in_row);
    float *output = normal_floats(random, rows * p.out_row);
    float *delta = normal_rows(random, rows, n_out, p.out_row);
    p.is_single = 0;
    p.rows = rows;
    p.input = input;
    p.output = output;
    p.d_output = delta;
    for (int size = 1; size <= TEAMS; size++) {
        memset(output, 0x7F, rows * p.out_row * sizeof(float));
        run_team(p, dense->forward, size);
        for (size_t r = 0; r < rows; r++) {
            memcpy(s.input, input + r * p.in_row, n_in * sizeof(float));
            dense->forward(&s.pass);
            assert_memory_equal(output + r * p.out_row, s.output, n_out * sizeof(float));
        }
    }
    float *before = copy_of(s.d_weight, s.weights);
    for (p.accumulate = 0; p.accumulate < 2; p.accumulate++) {
        const sml__gemm twin = {.m = n_in,
                                .n = n_out,
                                .k = rows,
                                .a = input,
                                .a_row = 1,
                                .a_column = p.in_row,
                                .b = delta,
                                .b_row = p.out_row,
                                .b_column = 1,
                                .c = before,
                                .c_row = p.stride,
                                .alpha = p.mean,
                                .accumulate = p.accumulate};
        for (int size = 1; size <= TEAMS; size++) {
            memcpy(s.d_weight, before, s.weights * sizeof(float));
            run_team(p, dense->gradient, size);
            assert_product(&twin, s.d_weight, p.stride, "gradient of a batch");
            assert_zeros_between(s.d_weight, n_in, n_out, p.stride);
        }
    }
    free(before);
    free(input);
    free(output);
    free(delta);
    free_sample(s);
}

static void rows_of_a_batch_have_the_bits_they_have_alone(void **state)
{
    static const size_t rows[] = {2, 7, 16, 33, 130};
    static const size_t units[] = {1, 2, 5, 16};
    sml__random random;
    (void)state;
    sml__random_init(&random, 23, SML__SAMPLE, 0, 0);
    for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
        for (size_t i = 0; sml__isa_available((sml__isa)isa) && i < 20 * N_WIDTHS; i++) {
            check_batch((sml__isa)isa, WIDTHS[i / 20], units[i / 5 % 4], rows[i % 5], &random);
        }
    }
}

/* A number has the same bits in a vector of the loop and in its tail: so rows can be shared out in
 * any way, and one sample is predicted as in a batch. */
static void check_activation(const sml__layer_type *type, const float *z, size_t n)
{
    float together[256], d_together[256], one = 0, d_one = 0;
    sml__pass pass = {.size = 1,
                      .rows = 1,
                      .n_in = n,
                      .n_out = n,
                      .in_row = n,
                      .out_row = n,
                      .input = z,
                      .output = together,
                      .d_output = z,
                      .d_input = d_together,
                      .value = type->maximum > 0 ? 0.3 : 0};
    type->forward(&pass);
    type->backward(&pass);
    pass.n_in = pass.n_out = pass.in_row = pass.out_row = 1;
    pass.output = &one;
    pass.d_input = &d_one;
    for (size_t i = 0; i < n; i++) {
        pass.input = pass.d_output = z + i;
        type->forward(&pass);
        type->backward(&pass);
        if (memcmp(&one, &together[i], sizeof one) != 0 ||
            memcmp(&d_one, &d_together[i], sizeof d_one) != 0) {
            fail_msg("%s of %.9g: other bits alone", type->name, (double)z[i]);
        }
    }
}

static void activations_have_the_same_bits_everywhere(void **state)
{
    enum { N = 256 };
    sml__random random;
    (void)state;
    sml__random_init(&random, 22, SML__SAMPLE, 0, 0);
    float *z = normal_floats(&random, N);
    for (int isa = 0; isa < SML__ISA_COUNT; isa++) {
        for (size_t l = 0; sml__isa_available((sml__isa)isa) && l < SML__LAYERS; l++) {
            const sml__layer_type *type = sml__kit_for((sml__isa)isa)->layers[l];
            for (size_t n = N - 40; type->f != NULL && n <= N; n++) {
                check_activation(type, z + N - n, n);
            }
        }
    }
    free(z);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dense_layer_on_one_sample),
        cmocka_unit_test(rows_of_a_batch_have_the_bits_they_have_alone),
        cmocka_unit_test(activations_have_the_same_bits_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
