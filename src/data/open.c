/* Opening a data set: a name of the catalog, else a path, whose content decides the reader. */
#include "base/available.h"
#include "base/context.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "data/catalog.h"
#include "data/dataset.h"
#include "data/gunzip.h"
#include "data/readers/csv.h"
#include "data/readers/libsvm.h"
#include "data/readers/npy.h"
#include "data/readers/npz.h"
#include "data/readers/picture.h"
#include "data/readers/reader.h"
#include "data/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEFAULT_SEED = 42, FIRST_CHUNK = 1 << 16 };

/* Bytes of features, and of a file, that are read whole. */
static const size_t WHOLE_MAX = (size_t)SML__IDX_MAX_GIB << 30;
static const size_t FILE_MAX = ((size_t)SML__IDX_MAX_GIB << 30) + SML__IDX_HEADER_MAX;

static sml_status check_split(sml_ctx *ctx, const char *split)
{
    static const char *const splits[] = {"train", "test"};
    if (split == NULL) {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "no split given; use 'train' or 'test'");
    }
    if (strcmp(split, splits[0]) == 0 || strcmp(split, splits[1]) == 0) {
        return SML_OK;
    }
    return sml__fail_unknown(ctx, "split", split, splits, 2);
}

static sml_status open_idx_set(sml_ctx *ctx, const sml__idx_set *set,
                               const sml_data_options *options, sml_dataset **out)
{
    char *folder = NULL;
    sml_status status = sml__idx_set_locate(ctx, set, &folder);
    if (status == SML_OK) {
        status = sml__idx_open_folder(ctx, folder, set->entry.name, options->split, set->classes,
                                      set->class_names, options->memory, out);
    }
    sml__free(folder);
    return status;
}

static int is_idx(const sml__input *input, const sml_data_options *options)
{
    (void)options;
    return sml__idx_recognise(input->bytes, input->length);
}

static sml_status open_idx(sml_ctx *ctx, sml__input *input, const sml_data_options *options,
                           sml_dataset **out)
{
    unsigned char *bytes = input->bytes;
    (void)options;
    input->bytes = NULL;
    return sml__idx_open_bytes(ctx, input->path, bytes, input->length, out);
}

static int is_text(const sml__input *input, const sml_data_options *options)
{
    (void)input;
    (void)options;
    return 1;
}

static sml_status open_text(sml_ctx *ctx, sml__input *input, const sml_data_options *options,
                            sml_dataset **out)
{
    (void)options;
    if (input->length > SML__TEXT_MAX) {
        return sml__fail(ctx, SML_BAD_FILE, "%s: %zu bytes; text files may have %d", input->path,
                         input->length, SML__TEXT_MAX);
    }
    return sml__text_parse(ctx, input->path, (const char *)input->bytes, input->length, out);
}

static sml_status open_large_idx(sml_ctx *ctx, sml__large_input *input,
                                 const sml_data_options *options, sml_dataset **out)
{
    return sml__idx_open_stored(ctx, input->head.path, options->memory, out);
}

static const sml__reader idx_reader = {"IDX", is_idx, open_idx, open_large_idx};
static const sml__reader text_reader = {"text", is_text, open_text, NULL};

/* The first that recognises a file opens it; the last one recognises all. */
static const sml__reader *const READERS[] = {
    &idx_reader,         &sml__npy_reader, &sml__npz_reader, &sml__picture_reader,
    &sml__libsvm_reader, &sml__csv_reader, &text_reader,
};

static const sml__reader *reader_of(const sml__input *input, const sml_data_options *options)
{
    const size_t last = sizeof READERS / sizeof READERS[0] - 1;
    size_t r = 0;
    while (r < last && !READERS[r]->recognise(input, options)) {
        r++;
    }
    return READERS[r];
}

/* Unpacks gzip, whatever it holds; but IDX, whose reader believes no more than its header says. */
static sml_status unpack(sml_ctx *ctx, sml__input *input)
{
    unsigned char *plain = NULL;
    size_t length = 0;
    if (!sml__is_gzip(input->bytes, input->length) ||
        sml__idx_is_packed(ctx, input->bytes, input->length)) {
        return SML_OK;
    }
    sml_status status =
        sml__gunzip_all(ctx, input->path, input->bytes, input->length, FILE_MAX, &plain, &length);
    if (status == SML_OK) {
        sml__free(input->bytes);
        input->bytes = plain;
        input->length = length;
    }
    return status;
}

/* Takes over the bytes of a file. */
static sml_status open_bytes(sml_ctx *ctx, const char *path, unsigned char *bytes, size_t length,
                             const sml_data_options *options, sml_dataset **out)
{
    sml__input input = {path, bytes, length};
    sml_status unpacked = unpack(ctx, &input);
    if (unpacked != SML_OK) {
        sml__free(input.bytes);
        return unpacked;
    }
    const sml_status status = reader_of(&input, options)->open(ctx, &input, options, out);
    sml__free(input.bytes);
    return status;
}

/* Doubles the room of a buffer that holds length bytes. */
static sml_status double_buffer(sml_ctx *ctx, unsigned char **bytes, size_t length, size_t *room)
{
    unsigned char *larger = sml__alloc(ctx, 2 * *room, 1, "standard input");
    if (larger == NULL) {
        return SML_NO_MEMORY;
    }
    memcpy(larger, *bytes, length);
    sml__free(*bytes);
    *bytes = larger;
    *room *= 2;
    return SML_OK;
}

/* Reads standard input to its end; *bytes is for sml__free, also on failure. */
static sml_status read_input(sml_ctx *ctx, unsigned char **bytes, size_t *length)
{
    size_t room = FIRST_CHUNK;
    *length = 0;
    *bytes = sml__alloc(ctx, room, 1, "standard input");
    sml_status status = *bytes != NULL ? SML_OK : SML_NO_MEMORY;
    while (status == SML_OK) {
        ssize_t n = read(STDIN_FILENO, *bytes + *length, room - *length);
        if (n < 0 && errno != EINTR) {
            return sml__fail_errno(ctx, SML_IO, errno, "standard input: cannot read");
        }
        if (n == 0) {
            return SML_OK;
        }
        *length += n > 0 ? (size_t)n : 0;
        if (*length > SML__TEXT_MAX) {
            return sml__fail(ctx, SML_BAD_FILE, "standard input: longer than %d bytes",
                             SML__TEXT_MAX);
        }
        if (*length == room) {
            status = double_buffer(ctx, bytes, *length, &room);
        }
    }
    return status;
}

static sml_status open_input(sml_ctx *ctx, const sml_data_options *options, sml_dataset **out)
{
    unsigned char *bytes = NULL;
    size_t length = 0;
    sml_status status = read_input(ctx, &bytes, &length);
    if (status != SML_OK) {
        sml__free(bytes);
        return status;
    }
    return open_bytes(ctx, "standard input", bytes, length, options, out);
}

/* Says that something is neither a name nor a path, and which name it may have meant. */
static sml_status fail_neither(sml_ctx *ctx, const char *word)
{
    const char *names[SML__CATALOG_MAX];
    size_t n = sml__catalog_names(names);
    char reason[sizeof ctx->error];
    if (strchr(word, '/') != NULL) {
        return sml__fail(ctx, SML_NOT_FOUND,
                         "%s: no such file or folder; give the path of a folder with MNIST's four "
                         "files, of an IDX file or of a text file, or a name such as '%s'",
                         word, names[0]);
    }
    sml_status status = sml__fail_unknown(ctx, "data set", word, names, n);
    memcpy(reason, ctx->error, sizeof reason);
    return sml__fail(ctx, status, "%.900s (or a path: no file or folder here has that name)",
                     reason);
}

/* Whether one of MNIST's four files is in a folder. */
static int has_idx_files(const char *folder)
{
    int found = 0;
    for (int part = 0; part < SML__IDX_PARTS && !found; part++) {
        char *path = NULL;
        found = sml__idx_find(NULL, folder, (sml__idx_part)part, &path) == SML_OK;
        sml__free(path);
    }
    return found;
}

static sml_status open_folder(sml_ctx *ctx, const char *folder, const sml_data_options *options,
                              sml_dataset **out)
{
    sml_status status = check_split(ctx, options->split);
    if (status != SML_OK) {
        return status;
    }
    if (has_idx_files(folder)) {
        return sml__idx_open_folder(ctx, folder, folder, options->split, 0, NULL, options->memory,
                                    out);
    }
    if (sml__picture_folder_recognise(folder)) {
        return sml__picture_folder_open(ctx, folder, options, out);
    }
    return sml__fail(
        ctx, SML_NOT_FOUND,
        "%s: this folder holds no data; expected pictures (PNG, JPEG) in folders named "
        "by class, or MNIST's four IDX files",
        folder);
}

/* Leaves the rows of a file in it, or in another one; *out is NULL where its reader cannot. */
static sml_status open_large(sml_ctx *ctx, const char *path, uint64_t length,
                             const sml_data_options *options, sml_dataset **out)
{
    sml__large_input input = {.head = {.path = path}, .length = length};
    input.fd = open(path, O_RDONLY | O_CLOEXEC);
    if (input.fd < 0) {
        return sml__fail_errno(ctx, SML_IO, errno, "%s: cannot open", path);
    }
    unsigned char *head = sml__alloc(ctx, SML__HEAD_BYTES, 1, path);
    const ssize_t got = head != NULL ? sml__file_read_at(input.fd, 0, head, SML__HEAD_BYTES) : 0;
    sml_status status = head != NULL ? SML_OK : SML_NO_MEMORY;
    if (got < 0) {
        status = sml__fail_errno(ctx, SML_IO, errno, "%s: cannot read", path);
    }
    if (status == SML_OK) {
        input.head.bytes = head;
        input.head.length = (size_t)got;
        const sml__reader *reader = reader_of(&input.head, options);
        status =
            reader->open_large != NULL ? reader->open_large(ctx, &input, options, out) : SML_OK;
    }
    if (input.fd >= 0) {
        close(input.fd);
    }
    sml__free(head);
    return status;
}

static sml_status open_path(sml_ctx *ctx, const char *path, const sml_data_options *options,
                            sml_dataset **out)
{
    struct stat facts;
    unsigned char *bytes = NULL;
    size_t length = 0;
    if (strcmp(path, "-") == 0) {
        return open_input(ctx, options, out);
    }
    if (stat(path, &facts) != 0) {
        return errno == ENOENT || errno == ENOTDIR
                   ? fail_neither(ctx, path)
                   : sml__fail_errno(ctx, SML_IO, errno, "%s: cannot open", path);
    }
    if (S_ISDIR(facts.st_mode)) {
        return open_folder(ctx, path, options, out);
    }
    if (!S_ISREG(facts.st_mode)) {
        return sml__fail(ctx, SML_BAD_FILE,
                         "%s: not a regular file; to read from a pipe, give '-' and lead the pipe "
                         "to standard input",
                         path);
    }
    const uint64_t most = options->memory < WHOLE_MAX ? options->memory : WHOLE_MAX;
    sml_status status = SML_OK;
    if ((uint64_t)facts.st_size > most) {
        status = open_large(ctx, path, (uint64_t)facts.st_size, options, out);
    }
    if (status != SML_OK || *out != NULL) {
        return status;
    }
    status = sml__file_read(ctx, path, FILE_MAX, &bytes, &length);
    return status == SML_OK ? open_bytes(ctx, path, bytes, length, options, out) : status;
}

/* options: split, seed and memory are chosen. */
static sml_status open_chosen(sml_ctx *ctx, const char *name_or_path,
                              const sml_data_options *options, sml_dataset **out)
{
    *out = NULL;
    if (name_or_path == NULL || name_or_path[0] == '\0') {
        return sml__fail(ctx, SML_BAD_ARGUMENT, "no data set given; use a name or a path");
    }
    const sml__idx_set *set = sml__catalog_idx_set(name_or_path);
    const sml__generator *generator = sml__catalog_generator(name_or_path);
    if (set == NULL && generator == NULL) {
        return open_path(ctx, name_or_path, options, out);
    }
    sml_status status = check_split(ctx, options->split);
    if (status != SML_OK) {
        return status;
    }
    return set != NULL ? open_idx_set(ctx, set, options, out)
                       : sml__generate(ctx, generator, options->split, options->seed, out);
}

/* Half of what is left: training needs memory, too. */
static uint64_t usual_memory(void)
{
    return (uint64_t)(sml__memory_available() / 2);
}

sml_status sml_dataset_open_with(sml_ctx *ctx, const char *name_or_path,
                                 const sml_data_options *options, sml_dataset **out)
{
    sml_data_options chosen = options != NULL ? *options : (sml_data_options){0};
    chosen.split = chosen.split != NULL ? chosen.split : "train";
    chosen.seed = chosen.is_seeded ? chosen.seed : DEFAULT_SEED;
    chosen.memory = chosen.memory > 0 ? chosen.memory : usual_memory();
    return open_chosen(ctx, name_or_path, &chosen, out);
}

sml_status sml_dataset_open_seeded(sml_ctx *ctx, const char *name_or_path, const char *split,
                                   uint64_t seed, sml_dataset **out)
{
    const sml_data_options options = {
        .split = split, .seed = seed, .is_seeded = 1, .memory = usual_memory()};
    return open_chosen(ctx, name_or_path, &options, out);
}

sml_status sml_dataset_open(sml_ctx *ctx, const char *name_or_path, const char *split,
                            sml_dataset **out)
{
    return sml_dataset_open_seeded(ctx, name_or_path, split, DEFAULT_SEED, out);
}
