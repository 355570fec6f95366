/* Numbers as people write them. Parsers answer 1, or 0 if the whole text is not one. */
#ifndef SFU_TOOL_NUMBER_H
#define SFU_TOOL_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#include "sfu_format.h"

struct sfu_version {
	uint8_t major, minor;
	uint16_t revision;
	uint32_t build;
};

/* "255.255.65535+4294967295" and its zero */
#define SFU_VERSION_TEXT 32

/* Decimal, or hexadecimal after 0x. */
int sfu_number_u32(const char *text, uint32_t *value);

/* Exactly `size` bytes as pairs of hexadecimal digits. */
int sfu_number_hex(const char *text, uint8_t *out, size_t size);

/* `out` holds 2 * size + 1 characters. Returns out. */
const char *sfu_number_print_hex(char *out, const uint8_t *data, size_t size);

/* 1.2.3+4, as imgtool takes it: what is left out from the right is 0. */
int sfu_number_version(const char *text, struct sfu_version *version);
const char *sfu_number_print_version(char out[SFU_VERSION_TEXT], const struct sfu_version *version);

/* struct VERSION */
void sfu_version_get(const uint8_t *p, struct sfu_version *version);
void sfu_version_put(uint8_t *p, const struct sfu_version *version);

/* struct PRODUCT text: 1 to 16 printable characters, padded with zeros. */
int sfu_number_product(const char *text, uint8_t out[SFU_MANIFEST_PRODUCT_SIZE]);

/* The text of a padded field; what does not print becomes '?'. `out` holds 17 characters. */
const char *sfu_number_print_product(char *out, const uint8_t product[SFU_MANIFEST_PRODUCT_SIZE]);

#endif
