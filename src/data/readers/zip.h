/* ZIP archives in memory, as np.savez writes them: members that are stored or deflated, found by
 * the central directory, with 64-bit sizes where they need them (PKWARE, APPNOTE.TXT 6.3). */
#ifndef SML_DATA_READERS_ZIP_H
#define SML_DATA_READERS_ZIP_H

#include <scratchml/base.h>

enum { SML__ZIP_MEMBERS_MAX = 4096 };

typedef struct sml__zip_member {
    const char *name; /* not ended by a zero */
    size_t name_length;
    uint32_t crc;
    uint16_t method;         /* 0 stored, 8 deflated */
    uint16_t flags;          /* bit 0: encrypted */
    uint64_t packed, length; /* bytes in the archive, and of the member */
    uint64_t header;         /* offset of its local header */
} sml__zip_member;

typedef struct sml__zip {
    const char *path; /* for messages */
    const unsigned char *bytes;
    size_t length;
    sml__zip_member *members; /* [n]; their names lie in bytes */
    size_t n;
} sml__zip;

int sml__zip_recognise(const unsigned char *bytes, size_t length);

/* Reads the directory of bytes[length], which must stay. Free zip->members, also on failure.
 * Errors: SML_BAD_FILE, SML_NO_MEMORY. */
sml_status sml__zip_open(sml_ctx *ctx, const char *path, const unsigned char *bytes, size_t length,
                         sml__zip *zip);

/* The member of this name, or NULL. */
const sml__zip_member *sml__zip_find(const sml__zip *zip, const char *name);

/* Unpacks the first n bytes of a member, or all where it has fewer; its CRC-32 is not looked at.
 * Returns how many: 0 where it is damaged, packed in an unknown way, or memory ends. */
size_t sml__zip_begin(const sml__zip *zip, const sml__zip_member *member, unsigned char *out,
                      size_t n);

/* Unpacks a member into *bytes[member->length] (sml__free) and compares its CRC-32.
 * Errors: SML_BAD_FILE, SML_NO_MEMORY. */
sml_status sml__zip_read(sml_ctx *ctx, const sml__zip *zip, const sml__zip_member *member,
                         unsigned char **bytes);

#endif
