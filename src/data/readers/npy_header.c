/* The header of an NPY file: a Python dict of three keys, parsed by hand. The format is in npy.h.
 */
#include "data/readers/npy.h"

#include "base/context.h"
#include "base/memory.h"

#include <string.h>

enum { PREFIX = 8, WORD_MAX = 24 };

static const unsigned char MAGIC[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

typedef struct header {
    sml_ctx *ctx;
    const char *path;
    const unsigned char *bytes;
    size_t at, end; /* offsets in the file */
    sml__npy *npy;
} header;

int sml__npy_recognise(const unsigned char *bytes, size_t length)
{
    return length >= sizeof MAGIC && memcmp(bytes, MAGIC, sizeof MAGIC) == 0;
}

static sml_status fail_at(const header *h, const char *expected)
{
    return sml__fail(h->ctx, SML_BAD_FILE,
                     "%s: offset %zu: the NPY header is damaged: expected %s; save the array again",
                     h->path, h->at, expected);
}

static void skip_blanks(header *h)
{
    while (h->at < h->end && (h->bytes[h->at] == ' ' || h->bytes[h->at] == '\n')) {
        h->at++;
    }
}

/* Goes past a character, and the blanks around it; 0 where another stands there. */
static int take(header *h, char c)
{
    skip_blanks(h);
    if (h->at == h->end || h->bytes[h->at] != (unsigned char)c) {
        return 0;
    }
    h->at++;
    skip_blanks(h);
    return 1;
}

/* Goes past 'text' or "text", without escapes; 0 where there is none or it is too long. */
static int take_text(header *h, char text[WORD_MAX])
{
    skip_blanks(h);
    const unsigned char quote = h->at < h->end ? h->bytes[h->at] : 0;
    if (quote != '\'' && quote != '"') {
        return 0;
    }
    const unsigned char *start = h->bytes + h->at + 1;
    const unsigned char *stop = memchr(start, quote, h->end - h->at - 1);
    if (stop == NULL || stop - start >= WORD_MAX || memchr(start, '\\', (size_t)(stop - start))) {
        return 0;
    }
    memcpy(text, start, (size_t)(stop - start));
    text[stop - start] = '\0';
    h->at += (size_t)(stop - start) + 2;
    return 1;
}

static int take_word(header *h, const char *word)
{
    const size_t length = strlen(word);
    skip_blanks(h);
    if (h->end - h->at < length || memcmp(h->bytes + h->at, word, length) != 0) {
        return 0;
    }
    h->at += length;
    return 1;
}

static sml_status fail_type(const header *h, const char *type, const char *what, const char *cure)
{
    return sml__fail(h->ctx, SML_BAD_FILE, "%s: the NPY array holds %s (type '%s'); %s", h->path,
                     what, type, cure);
}

/* Kinds of values that no column can hold, each with what to do. */
static sml_status refuse_kind(const header *h, const char *type, char kind)
{
    static const char *const numbers = "save it as numbers, such as array.astype('float32')";
    switch (kind) {
    case 'O':
        return fail_type(h, type, "Python objects, which only pickle reads and which may run code",
                         numbers);
    case 'c':
        return fail_type(h, type, "complex numbers",
                         "save real and imaginary parts as two columns");
    case 'S':
    case 'a':
    case 'U':
        return fail_type(h, type, "text",
                         "save numbers: np.unique(array, return_inverse=True) numbers classes");
    case 'V':
        return fail_type(h, type, "raw bytes or records", numbers);
    case 'M':
    case 'm':
        return fail_type(h, type, "dates or times", numbers);
    default:
        return fail_type(h, type, "values of an unknown type",
                         "known are b1, i1, i2, i4, i8, u1, u2, u4, u8, f2, f4 and f8");
    }
}

/* '<f4': order of bytes, kind, bytes. */
static sml_status set_type(const header *h, const char *type)
{
    static const char *const sizes[][2] = {{"b", "1"}, {"i", "1248"}, {"u", "1248"}, {"f", "248"}};
    const char *rest = type + (*type != '\0' && strchr("<>|=", *type) != NULL);
    const char order = rest > type ? *type : '=';
    const char kind = rest[0], digit = kind != '\0' ? rest[1] : '\0';
    if (strcmp(rest, "f16") == 0 || strcmp(rest, "f12") == 0) {
        return fail_type(h, type, "long doubles", "save it as float64: array.astype('float64')");
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const int is_known = digit != '\0' && rest[2] == '\0' && sizes[i][0][0] == kind &&
                             strchr(sizes[i][1], digit) != NULL;
        if (is_known && (order != '|' || digit == '1')) {
            h->npy->element.kind = kind;
            h->npy->element.size = (size_t)(digit - '0');
            h->npy->element.is_swapped = order == '>' && digit != '1';
            return SML_OK;
        }
    }
    return refuse_kind(h, type, kind);
}

static sml_status parse_type(header *h)
{
    char type[WORD_MAX];
    if (take(h, '[')) {
        return sml__fail(h->ctx, SML_BAD_FILE,
                         "%s: the NPY array is structured (records of named fields); save a plain "
                         "array: numpy.lib.recfunctions.structured_to_unstructured(array)",
                         h->path);
    }
    return take_text(h, type) ? set_type(h, type) : fail_at(h, "a type such as '<f4'");
}

static sml_status parse_order(header *h)
{
    if (take_word(h, "True")) {
        h->npy->is_fortran = 1;
        return SML_OK;
    }
    return take_word(h, "False") ? SML_OK : fail_at(h, "True or False");
}

static sml_status parse_dimension(header *h, size_t *dimension)
{
    const size_t start = h->at;
    *dimension = 0;
    while (h->at < h->end && h->bytes[h->at] >= '0' && h->bytes[h->at] <= '9') {
        const size_t digit = (size_t)(h->bytes[h->at] - '0');
        if (!sml__multiply(*dimension, 10, dimension) || *dimension > SIZE_MAX - digit) {
            return fail_at(h, "a dimension below 2^64");
        }
        *dimension += digit;
        h->at++;
    }
    if (h->at == start) {
        return fail_at(h, "a dimension");
    }
    (void)take(h, 'L'); /* Python 2 wrote long integers so */
    return SML_OK;
}

/* (), (3,), (3, 4) or (3, 4, ): the comma behind the only number is Python's. */
static sml_status parse_shape(header *h)
{
    if (!take(h, '(')) {
        return fail_at(h, "'('");
    }
    for (h->npy->rank = 0; !take(h, ')'); h->npy->rank++) {
        if (h->npy->rank == SML__NPY_RANK_MAX) {
            return sml__fail(h->ctx, SML_BAD_FILE,
                             "%s: the NPY array has more than %d dimensions; give it two: "
                             "array.reshape(len(array), -1)",
                             h->path, SML__NPY_RANK_MAX);
        }
        sml_status status = parse_dimension(h, &h->npy->shape[h->npy->rank]);
        if (status != SML_OK) {
            return status;
        }
        const int more = take(h, ',');
        if (!more && (h->at == h->end || h->bytes[h->at] != ')')) {
            return fail_at(h, "',' or ')'");
        }
    }
    return SML_OK;
}

/* Each key once, in any order. */
static sml_status parse_dict(header *h)
{
    typedef sml_status parse(header *);
    static const struct {
        const char *key;
        parse *parse_value;
    } entries[] = {{"descr", parse_type}, {"fortran_order", parse_order}, {"shape", parse_shape}};
    enum { ENTRIES = sizeof entries / sizeof entries[0] };
    unsigned seen = 0;
    char key[WORD_MAX];
    if (!take(h, '{')) {
        return fail_at(h, "'{'");
    }
    while (!take(h, '}')) {
        size_t e = 0;
        if (!take_text(h, key) || !take(h, ':')) {
            return fail_at(h, "a key and ':'");
        }
        while (e < ENTRIES && (strcmp(key, entries[e].key) != 0 || (seen >> e & 1u) != 0)) {
            e++;
        }
        if (e == ENTRIES) {
            return fail_at(h, "'descr', 'fortran_order' and 'shape', each once");
        }
        sml_status status = entries[e].parse_value(h);
        if (status != SML_OK) {
            return status;
        }
        seen |= 1u << e;
        if (!take(h, ',') && (h->at == h->end || h->bytes[h->at] != '}')) {
            return fail_at(h, "',' or '}'");
        }
    }
    skip_blanks(h);
    if (seen != (1u << ENTRIES) - 1) {
        return fail_at(h, "'descr', 'fortran_order' and 'shape' before the '}'");
    }
    return h->at == h->end ? SML_OK : fail_at(h, "nothing behind the '}'");
}

/* Where the header begins and ends, by the version. */
static sml_status find_header(header *h, size_t length)
{
    const unsigned char *b = h->bytes;
    const int is_short = length > 6 && b[6] == 1;
    const size_t start = is_short ? PREFIX + 2 : PREFIX + 4;
    if (length > 7 && (b[6] < 1 || b[6] > 3 || b[7] != 0)) {
        return sml__fail(h->ctx, SML_BAD_FILE, "%s: NPY version %d.%d; known are 1.0, 2.0 and 3.0",
                         h->path, b[6], b[7]);
    }
    if (length < start) {
        return sml__fail(
            h->ctx, SML_BAD_FILE,
            "%s: truncated: %zu bytes, an NPY file begins with %zu; get the file again", h->path,
            length, start);
    }
    size_t size = (size_t)b[8] | (size_t)b[9] << 8;
    size |= is_short ? 0 : (size_t)b[10] << 16 | (size_t)b[11] << 24;
    if (size > SML__NPY_HEADER_MAX) {
        return sml__fail(h->ctx, SML_BAD_FILE,
                         "%s: its NPY header is said to be %zu bytes long; at most %d are accepted",
                         h->path, size, SML__NPY_HEADER_MAX);
    }
    if (size > length - start) {
        return sml__fail(h->ctx, SML_BAD_FILE,
                         "%s: truncated: %zu bytes, its NPY header ends at %zu; get the file again",
                         h->path, length, start + size);
    }
    h->at = start;
    h->end = start + size;
    return SML_OK;
}

/* Product of the shape, and that the file is as long as it says. */
static sml_status check_length(const header *h, size_t length)
{
    sml__npy *npy = h->npy;
    size_t bytes = 0;
    if (npy->rank == 0) {
        return sml__fail(h->ctx, SML_BAD_FILE,
                         "%s: the NPY array is a single number (shape ()); rows are needed: "
                         "array.reshape(1, 1)",
                         h->path);
    }
    npy->count = 1;
    for (size_t d = 0; d < npy->rank; d++) {
        if (npy->shape[d] == 0) {
            return sml__fail(h->ctx, SML_BAD_FILE, "%s: dimension %zu of the NPY array is 0",
                             h->path, d + 1);
        }
        if (!sml__multiply(npy->count, npy->shape[d], &npy->count)) {
            return sml__fail(h->ctx, SML_BAD_FILE,
                             "%s: the shape in its NPY header, with %zu in dimension %zu, is of "
                             "2^64 values or more; get the file again",
                             h->path, npy->shape[d], d + 1);
        }
    }
    if (!sml__multiply(npy->count, npy->element.size, &bytes) || bytes > length - h->end) {
        return sml__fail(h->ctx, SML_BAD_FILE,
                         "%s: truncated: %zu bytes of values, its NPY header declares %zu of %zu "
                         "bytes each; get the file again",
                         h->path, length - h->end, npy->count, npy->element.size);
    }
    if (bytes < length - h->end) {
        return sml__fail(h->ctx, SML_BAD_FILE,
                         "%s: %zu bytes follow after the %zu that its NPY header declares; a file "
                         "holds one array (for several: np.savez)",
                         h->path, length - h->end - bytes, h->end + bytes);
    }
    return SML_OK;
}

sml_status sml__npy_parse(sml_ctx *ctx, const char *path, const unsigned char *bytes, size_t length,
                          sml__npy *npy)
{
    header h = {.ctx = ctx, .path = path, .bytes = bytes, .npy = npy};
    memset(npy, 0, sizeof *npy);
    if (!sml__npy_recognise(bytes, length)) {
        return sml__fail(ctx, SML_BAD_FILE,
                         "%s: not an NPY array: it does not begin with \\x93NUMPY", path);
    }
    sml_status status = find_header(&h, length);
    if (status == SML_OK) {
        status = parse_dict(&h);
    }
    npy->begin = h.end;
    return status == SML_OK ? check_length(&h, length) : status;
}
