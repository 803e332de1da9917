/* Writes pictures and labels in the layout of MNIST: FOLDER PICTURES. Labels go round; a picture of
 * class k is noise with a bright row that depends on k. The same files each time. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 28, CLASSES = 10 };

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
        *noise = *noise * 6364136223846793005U + 1442695040888963407U;
        const int is_bright = i / SIDE == 2 * (number % CLASSES) + 4;
        pixels[i] = (unsigned char)((*noise >> 58) + (is_bright ? 128 : 0));
    }
    fwrite(pixels, 1, sizeof pixels, file);
}

static int write_part(const char *folder, const char *part, uint32_t n)
{
    char path[4096];
    uint64_t noise = n;
    snprintf(path, sizeof path, "%s/%s-images-idx3-ubyte", folder, part);
    FILE *pictures = fopen(path, "wb");
    snprintf(path, sizeof path, "%s/%s-labels-idx1-ubyte", folder, part);
    FILE *labels = fopen(path, "wb");
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
    const int failed = ferror(pictures) | ferror(labels);
    return (fclose(pictures) | fclose(labels) | failed) == 0;
}

int main(int argc, char **argv)
{
    const long n = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    if (n < 1 || n > 100000000) {
        fprintf(stderr, "soak FOLDER PICTURES\n");
        return 2;
    }
    return write_part(argv[1], "train", (uint32_t)n) && write_part(argv[1], "t10k", 100) ? 0 : 1;
}
