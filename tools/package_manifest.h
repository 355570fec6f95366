/* struct MANIFEST, between bytes and fields; used by package.c alone. */
#ifndef SFU_TOOL_PACKAGE_MANIFEST_H
#define SFU_TOOL_PACKAGE_MANIFEST_H

#include "package.h"

/* NULL, or what in the bytes no loader would take, and where. */
const char *sfu_package_decode(
	const uint8_t bytes[SFU_MANIFEST_SIZE], struct sfu_manifest *manifest, uint32_t *offset);

void sfu_package_encode(const struct sfu_manifest *manifest, uint8_t bytes[SFU_MANIFEST_SIZE]);

/* What follows from an OEM key and the manifest's salt: "image", "digest" and "check" of the table. */
struct sfu_package_keys {
	uint8_t image[SFU_FORMAT_HASH];
	uint8_t digest[SFU_FORMAT_HASH];
	uint8_t check[SFU_FORMAT_HASH];
};
int sfu_package_derive(const struct sfu_manifest *manifest, const uint8_t oem_key[SFU_FORMAT_HASH],
	struct sfu_package_keys *keys);

#endif
