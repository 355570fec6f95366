/* Packages: spec/formats.md, struct MANIFEST and the records behind it. */
#ifndef SFU_TOOL_PACKAGE_H
#define SFU_TOOL_PACKAGE_H

#include "file.h"
#include "keyfile.h"
#include "number.h"
#include "standing.h"

struct sfu_manifest {
	uint8_t flags;
	uint8_t signer[SFU_MANIFEST_SIGNER_SIZE];
	uint32_t hardware;
	uint8_t product[SFU_MANIFEST_PRODUCT_SIZE];
	uint32_t epoch;
	struct sfu_version version;
	uint32_t security_counter;
	struct sfu_version loader_min;
	uint8_t uid[SFU_MANIFEST_UID_SIZE];
	uint32_t load_address;
	uint32_t plain_size;
	uint32_t record_size;
	uint32_t record_count;
	uint8_t salt[SFU_MANIFEST_SALT_SIZE];
	uint8_t image_hash[SFU_MANIFEST_IMAGE_HASH_SIZE];
	uint8_t first_hash[SFU_MANIFEST_FIRST_HASH_SIZE];
	uint8_t key_check[SFU_MANIFEST_KEY_CHECK_SIZE];
	uint8_t key_floor[SFU_MANIFEST_KEY_FLOOR_SIZE];
	struct sfu_standing its_signer, its_issuer; /* without a certificate they are the same */
	uint8_t signature[SFU_MANIFEST_SIGNATURE_SIZE];
};

struct sfu_package {
	const char *path;
	struct sfu_bytes bytes;
	struct sfu_manifest manifest;
};

/* Seals `image` (manifest->plain_size bytes, a multiple of SFU_FORMAT_GRAIN) into a package. Fills in
 * all of the manifest that follows from the image and the keys; the salt is fresh. The signature is zeros.
 * `certificate`, if not NULL, goes behind the manifest. */
int sfu_package_build(struct sfu_manifest *manifest, const uint8_t *image,
	const struct sfu_sign_key *signer, const struct sfu_oem_key *oem,
	const uint8_t *certificate, struct sfu_bytes *package);

/* Signs the package that was built for `signer`. Statuses of sfu_signkey_sign. (package_sign.c) */
int sfu_package_sign(struct sfu_manifest *manifest, const struct sfu_sign_key *signer,
	struct sfu_bytes *package);

/* Reads a file and decodes its manifest. EX_DATAERR names the first thing that cannot be: magic,
 * format, sizes that contradict each other or the file's. Nothing is verified. */
int sfu_package_read(const char *path, struct sfu_package *package);
void sfu_package_free(struct sfu_package *package);

/* Record `index` as it is in the file and on the wire: ciphertext ‖ next hash; its size in *size. */
const uint8_t *sfu_package_record(
	const struct sfu_package *package, uint32_t index, uint32_t *size);

/* Bytes of a package before its first record: the manifest, and the certificate if it has one. */
size_t sfu_package_head(const struct sfu_manifest *manifest);

/* EX_NOPERM: none of the keys signed it, or certified who did; or a signature is wrong. EX_DATAERR: manifest and
 * certificate contradict each other. (package_signature.c) */
int sfu_package_check_signature(
	const struct sfu_package *package, const struct sfu_sign_key *keys, int count);

/* EX_DATAERR names the first record that does not have its promised hash. */
int sfu_package_check_records(const struct sfu_package *package);

/* Decrypts. EX_NOPERM: another OEM key; EX_DATAERR: the image has not the promised hash. */
int sfu_package_check_image(const struct sfu_package *package, const struct sfu_oem_key *oem);

#endif
