/* The results of kernels.c, as a table of at most 100 columns or as JSON. */
#include "kernels.h"

#include <stdio.h>

/* Which limit a line is held against, and the rate of the kernel beside it. */
typedef struct figure {
    const char *limit;
    double rate, most; /* the kernel's and the limit's, 10^9 a second */
    double share;
} figure;

const char *place_name(place where)
{
    static const char *const names[PLACES] = {"L2", "L3", "memory"};
    return names[where];
}

static figure fma_figure(const kernel *k, const timing *t)
{
    const double rate = k->flops / t->seconds / 1e9;
    const figure f = {"FMA", rate, t->fma, rate / t->fma};
    return f;
}

static figure transfer_figure(const kernel *k, const timing *t)
{
    const double rate = bytes_of(k, t->from) / t->seconds / 1e9;
    const figure f = {place_name(t->from), rate, t->transfer, rate / t->transfer};
    return f;
}

static figure figure_of(const kernel *k, const timing *t)
{
    const int is_fma = bound_of(k, t).is_fma || k->is_sparse;
    return is_fma ? fma_figure(k, t) : transfer_figure(k, t);
}

/* Columns of UTF-8 text are fewer than its bytes. */
static void print_padded(const char *text, int columns)
{
    int extra = 0;
    for (const char *c = text; *c != '\0'; c++) {
        extra += ((unsigned char)*c & 0xC0U) == 0x80U;
    }
    printf("%-*s", columns + extra, text);
}

/* Whether bytes allow less than the figure of a sparse product says. */
static int has_second(const kernel *k, const timing *t)
{
    return t->seconds > 0 && k->is_sparse && !bound_of(k, t).is_fma;
}

static void print_timing(const kernel *k, const timing *t)
{
    if (t->seconds == 0) {
        printf(" │        –      –     –");
        return;
    }
    const figure f = figure_of(k, t);
    printf(" │ %8.2f %6.1f %4.0f%%", 1e6 * t->seconds, f.rate, 100 * f.share);
}

static void print_limit(const kernel *k)
{
    const timing *one = &k->timings[ONE], *all = &k->timings[ALL];
    const char *limit = figure_of(k, one).limit;
    printf(" %s", limit);
    if (all->seconds > 0 && figure_of(k, all).limit != limit) {
        printf(", %s", figure_of(k, all).limit);
    }
    if (has_second(k, one) || has_second(k, all)) {
        printf(", %s %.0f%%", place_name(one->from), 100 * transfer_figure(k, one).share);
    }
    if (all->seconds > 0 && (has_second(k, one) || has_second(k, all))) {
        printf(" %.0f%%", 100 * transfer_figure(k, all).share);
    }
    printf("\n");
}

static void print_line(const kernel *k)
{
    const timing *one = &k->timings[ONE], *all = &k->timings[ALL];
    print_padded(k->name, 16);
    printf(" ");
    print_padded(k->shape, 13);
    print_timing(k, one);
    print_timing(k, all);
    if (all->seconds > 0) {
        printf(" %5.2f", one->seconds / all->seconds);
    } else {
        printf("     –");
    }
    print_limit(k);
}

/* The best that a limit was anywhere in the run; 0 where nobody asked. */
static double best_fma(const bench *b, int team)
{
    double best = 0;
    for (size_t i = 0; i < b->n_kernels; i++) {
        const double fma = b->kernels[i].timings[team].fma;
        best = fma > best ? fma : best;
    }
    return best;
}

static double best_transfer(const bench *b, int team, place from)
{
    double best = 0;
    for (size_t i = 0; i < b->n_kernels; i++) {
        const timing *t = &b->kernels[i].timings[team];
        best = t->from == from && t->transfer > best ? t->transfer : best;
    }
    return best;
}

static void print_limits(const bench *b)
{
    printf("%-9s %8s %8s %8s %8s\n", "threads", "FMA", place_name(L2), place_name(L3),
           place_name(MEMORY));
    for (int team = ONE; team <= (b->threads[ALL] > 1 ? ALL : ONE); team++) {
        printf("%-9d %8.1f", b->threads[team], best_fma(b, team));
        for (int from = L2; from < PLACES; from++) {
            printf(" %8.1f", best_transfer(b, team, (place)from));
        }
        printf("\n");
    }
}

void print_table(const bench *b)
{
    printf("The limits, 10⁹ operations or bytes a second, at their best (%s):\n\n",
           sml__isa_name(b->isa));
    print_limits(b);
    printf(
        "\nThe kernels: GFLOP/s where the limit is FMA, else GB/s, and the share of the limit, as"
        " it was\nbeside that line. Caches: bytes into the core; memory: both ways. Sparse: only"
        " products with\nnon-zeros count; a second limit, and the shares of it, where it allows"
        " less than FMA.\n\n");
    char title[2][32];
    for (int team = ONE; team < TEAMS; team++) {
        snprintf(title[team], sizeof title[team], "%d thread%s", b->threads[team],
                 b->threads[team] > 1 ? "s" : "");
    }
    printf("%-30s │ %-21s │ %s\n", "", title[ONE], title[ALL]);
    print_padded("kernel", 16);
    printf(" %-13s │       µs   rate share │       µs   rate share     × limit\n", "shape");
    for (size_t i = 0; i < b->n_kernels; i++) {
        print_line(&b->kernels[i]);
    }
}

static void print_json_figure(const char *name, figure f)
{
    printf("\"%s\": {\"limit\": \"%s\", \"rate\": %.3f, \"most\": %.1f, \"share\": %.4f}", name,
           f.limit, f.rate, f.most, f.share);
}

/* "figure" is what the table shows, "second" the other limit where it allows less. */
static void print_json_timing(const kernel *k, const timing *t)
{
    printf("     {\"threads\": %d, \"us\": %.4f, ", t->threads, 1e6 * t->seconds);
    print_json_figure("figure", figure_of(k, t));
    if (has_second(k, t)) {
        printf(", ");
        print_json_figure("second", transfer_figure(k, t));
    }
    printf("}");
}

static void print_json_kernel(const kernel *k)
{
    printf("  {\"kernel\": \"%s\", \"shape\": \"%s\", \"timings\": [\n", k->name, k->shape);
    print_json_timing(k, &k->timings[ONE]);
    if (k->timings[ALL].seconds > 0) {
        printf(",\n");
        print_json_timing(k, &k->timings[ALL]);
    }
    printf("]}");
}

static void print_json_limits(const bench *b, int team)
{
    printf("  {\"threads\": %d, \"FMA\": %.1f", b->threads[team], best_fma(b, team));
    for (int from = L2; from < PLACES; from++) {
        printf(", \"%s\": %.1f", place_name((place)from), best_transfer(b, team, (place)from));
    }
    printf("}");
}

/* Rates in 10^9 operations or bytes a second. */
void print_json(const bench *b)
{
    printf("{\"instruction_set\": \"%s\",\n \"limits\": [\n", sml__isa_name(b->isa));
    print_json_limits(b, ONE);
    if (b->threads[ALL] > 1) {
        printf(",\n");
        print_json_limits(b, ALL);
    }
    printf("],\n \"kernels\": [\n");
    for (size_t i = 0; i < b->n_kernels; i++) {
        print_json_kernel(&b->kernels[i]);
        printf(i + 1 < b->n_kernels ? ",\n" : "\n");
    }
    printf("]}\n");
}
