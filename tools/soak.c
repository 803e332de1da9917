/* Writes data sets of any size for tools/soak, the same bytes each time:
 *
 *   soak idx FOLDER ROWS   pictures and labels in the layout of MNIST
 *   soak npy FOLDER ROWS   x.npy, 64 columns of float64, and y.npy
 *   soak csv FOLDER ROWS   x.csv, 26 columns of numbers and words and a target
 *
 * Labels go round; a row is noise, and some of its columns depend on the label. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 28, CLASSES = 10, COLUMNS = 64, NUMBERS = 24, NPY_HEADER = 128 };

static uint64_t next(uint64_t *noise)
{
    *noise = *noise * 6364136223846793005U + 1442695040888963407U;
    return *noise;
}

static FILE *open_in(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return fopen(path, "wb");
}

/* Whether both files were there and are written. */
static int close_both(FILE *a, FILE *b)
{
    const int failed = ferror(a) | ferror(b);
    return (fclose(a) | fclose(b) | failed) == 0;
}

static void put(FILE *file, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        putc((int)(value >> shift & 255), file);
    }
}

static void put_picture(FILE *file, uint64_t number, uint64_t *noise)
{
    unsigned char pixels[SIDE * SIDE];
    for (size_t i = 0; i < sizeof pixels; i++) {
        const int is_bright = i / SIDE == 2 * (number % CLASSES) + 4;
        pixels[i] = (unsigned char)((next(noise) >> 58) + (is_bright ? 128 : 0));
    }
    fwrite(pixels, 1, sizeof pixels, file);
}

static int write_part(const char *folder, const char *part, uint32_t n)
{
    char name[64];
    uint64_t noise = n;
    snprintf(name, sizeof name, "%s-images-idx3-ubyte", part);
    FILE *pictures = open_in(folder, name);
    snprintf(name, sizeof name, "%s-labels-idx1-ubyte", part);
    FILE *labels = open_in(folder, name);
    if (pictures == NULL || labels == NULL) {
        return 0;
    }
    put(pictures, 0x803);
    put(pictures, n);
    put(pictures, SIDE);
    put(pictures, SIDE);
    put(labels, 0x801);
    put(labels, n);
    for (uint32_t i = 0; i < n; i++) {
        put_picture(pictures, i, &noise);
        putc((int)(i % CLASSES), labels);
    }
    return close_both(pictures, labels);
}

static int write_idx(const char *folder, uint32_t n)
{
    return write_part(folder, "train", n) && write_part(folder, "t10k", 100);
}

/* An NPY header of 128 bytes. type: "<f8"; shape: "(3, 4)". */
static void put_npy_header(FILE *file, const char *type, const char *shape)
{
    char dict[NPY_HEADER];
    snprintf(dict, sizeof dict, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", type,
             shape);
    fwrite("\x93NUMPY\x01\0\x76\0", 1, 10, file);
    fprintf(file, "%-117s\n", dict);
}

static int write_npy(const char *folder, uint32_t n)
{
    char shape[64];
    uint64_t noise = n;
    FILE *rows = open_in(folder, "x.npy"), *labels = open_in(folder, "y.npy");
    if (rows == NULL || labels == NULL) {
        return 0;
    }
    snprintf(shape, sizeof shape, "(%u, %d)", (unsigned)n, COLUMNS);
    put_npy_header(rows, "<f8", shape);
    snprintf(shape, sizeof shape, "(%u,)", (unsigned)n);
    put_npy_header(labels, "|u1", shape);
    for (uint32_t i = 0; i < n; i++) {
        double row[COLUMNS];
        for (size_t c = 0; c < COLUMNS; c++) {
            row[c] = (double)(next(&noise) >> 11) / 9007199254740992.0 + (c == i % CLASSES);
        }
        fwrite(row, sizeof *row, COLUMNS, rows);
        putc((int)(i % CLASSES), labels);
    }
    return close_both(rows, labels);
}

/* A missing cell in each thirtieth place, and words, of which some need quotes. */
static int write_csv(const char *folder, uint32_t n)
{
    static const char *const words[] = {"red", "green", "\"a, b\"", "New York", "\"two\nlines\""};
    uint64_t noise = n;
    FILE *file = open_in(folder, "x.csv");
    if (file == NULL) {
        return 0;
    }
    for (int c = 0; c < NUMBERS; c++) {
        fprintf(file, "number%d,", c);
    }
    fputs("word,place,kind\n", file);
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t c = 0; c < NUMBERS; c++) {
            const uint64_t draw = next(&noise) >> 33;
            if (draw % 30 != 0) {
                fprintf(file, "%u.%06u", (unsigned)(c == i % CLASSES), (unsigned)(draw % 1000000));
            }
            putc(',', file);
        }
        const uint64_t draw = next(&noise) >> 33;
        fprintf(file, "%s,p%u,k%u\n", words[draw % 5], (unsigned)(draw % 50),
                (unsigned)(i % CLASSES));
    }
    const int failed = ferror(file);
    return (fclose(file) | failed) == 0;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*write)(const char *folder, uint32_t rows);
    } kinds[] = {{"idx", write_idx}, {"npy", write_npy}, {"csv", write_csv}};
    const long n = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
    for (size_t k = 0; n > 0 && n <= 1000000000 && k < sizeof kinds / sizeof kinds[0]; k++) {
        if (strcmp(argv[1], kinds[k].name) == 0) {
            return kinds[k].write(argv[2], (uint32_t)n) ? 0 : 1;
        }
    }
    fprintf(stderr, "soak idx|npy|csv FOLDER ROWS\n");
    return 2;
}
