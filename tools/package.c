#include "package.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "crypt.h"
#include "package_manifest.h"
#include "say.h"

static uint32_t chunk_size(const struct sfu_manifest *m, uint32_t index)
{
	const uint32_t before = index * m->record_size;

	return m->plain_size - before < m->record_size ? m->plain_size - before : m->record_size;
}

size_t sfu_package_head(const struct sfu_manifest *m)
{
	return m->flags & SFU_FORMAT_FLAG_CERTIFICATE ? SFU_FORMAT_HEAD : SFU_MANIFEST_SIZE;
}

/* offset of a record in the package */
static size_t record_offset(const struct sfu_manifest *m, uint32_t index)
{
	return sfu_package_head(m) + (size_t)index * (m->record_size + SFU_HASH);
}

static size_t package_size(const struct sfu_manifest *m)
{
	return sfu_package_head(m) + (size_t)m->plain_size + (size_t)m->record_count * SFU_HASH;
}

/* `record` is the ciphertext with the next hash behind it */
static int hash_record(uint32_t index, const uint8_t *record, size_t size, uint8_t out[SFU_HASH])
{
	uint8_t number[4];
	const struct sfu_part parts[] = { { "SFUR", 4 }, { number, 4 }, { record, size } };

	sfu_put32(number, index);
	return sfu_crypt_sha256(parts, 3, out);
}

static int hash_image(const struct sfu_package_keys *keys, const uint8_t *image, size_t size,
	uint8_t out[SFU_HASH])
{
	const struct sfu_part parts[] = { { keys->digest, SFU_HASH }, { image, size } };

	return sfu_crypt_sha256(parts, 2, out);
}

/* From the last record to the first, since each holds the hash of the next. */
static int seal_records(struct sfu_manifest *m, const uint8_t *image,
	const struct sfu_package_keys *keys, uint8_t *package)
{
	uint8_t next[SFU_HASH] = { 0 };
	uint32_t i = m->record_count;
	int status = 0;

	while (i-- > 0 && status == 0) {
		uint8_t *record = package + record_offset(m, i);
		const uint32_t size = chunk_size(m, i);

		status = sfu_crypt_record(
			keys->image, i, image + (size_t)i * m->record_size, record, size);
		memcpy(record + size, next, SFU_HASH);
		if (status == 0)
			status = hash_record(i, record, size + SFU_HASH, next);
	}
	memcpy(m->first_hash, next, SFU_HASH);
	return status;
}

static int build(struct sfu_manifest *m, const uint8_t *image, const struct sfu_package_keys *keys,
	uint8_t *package)
{
	int status = hash_image(keys, image, m->plain_size, m->image_hash);

	memcpy(m->key_check, keys->check, sizeof(m->key_check));
	if (status == 0)
		status = seal_records(m, image, keys, package);
	sfu_package_encode(m, package);
	return status;
}

int sfu_package_build(struct sfu_manifest *m, const uint8_t *image, const struct sfu_sign_key *signer,
	const struct sfu_oem_key *oem, const uint8_t *certificate, struct sfu_bytes *package)
{
	struct sfu_package_keys keys;
	int status;

	m->record_count = m->plain_size / m->record_size + (m->plain_size % m->record_size != 0);
	m->epoch = oem->epoch;
	if (certificate != NULL)
		m->flags |= SFU_FORMAT_FLAG_CERTIFICATE;
	memcpy(m->signer, signer->id, sizeof(m->signer));
	memset(m->signature, 0, sizeof(m->signature));
	package->size = package_size(m);
	package->data = calloc(1, package->size);
	if (package->data == NULL)
		return sfu_fail(EX_OSERR, NULL, "there is no memory for the package");
	if (certificate != NULL)
		memcpy(package->data + SFU_MANIFEST_SIZE, certificate, SFU_CERTIFICATE_SIZE);
	status = sfu_crypt_random(m->salt, sizeof(m->salt));
	if (status == 0)
		status = sfu_package_derive(m, oem->key, &keys);
	if (status == 0)
		status = build(m, image, &keys, package->data);
	sfu_crypt_wipe(&keys, sizeof(keys));
	if (status != 0)
		sfu_bytes_free(package);
	return status;
}

int sfu_package_read(const char *path, struct sfu_package *package)
{
	const struct sfu_manifest *m = &package->manifest;
	const char *wrong;
	uint32_t offset = 0;
	int status;

	memset(package, 0, sizeof(*package));
	package->path = path;
	status = sfu_file_read(path, SFU_FILE_PUBLIC, &package->bytes);
	if (status != 0)
		return status;
	if (package->bytes.size < SFU_MANIFEST_SIZE) {
		status = sfu_fail(EX_DATAERR, path,
			"is no package: %zu bytes are less than a manifest", package->bytes.size);
	} else {
		wrong = sfu_package_decode(package->bytes.data, &package->manifest, &offset);
		if (wrong != NULL)
			status = sfu_fail(EX_DATAERR, path, "at offset %u: %s", offset, wrong);
		else if (package->bytes.size != package_size(m))
			status = sfu_fail(EX_DATAERR, path,
				"is %s: %zu bytes where the manifest promises %zu",
				package->bytes.size < package_size(m) ? "cut short" : "too long",
				package->bytes.size, package_size(m));
	}
	if (status != 0)
		sfu_package_free(package);
	return status;
}

void sfu_package_free(struct sfu_package *package)
{
	sfu_bytes_free(&package->bytes);
}

const uint8_t *sfu_package_record(const struct sfu_package *package, uint32_t index, uint32_t *size)
{
	*size = chunk_size(&package->manifest, index) + SFU_HASH;
	return package->bytes.data + record_offset(&package->manifest, index);
}

int sfu_package_check_records(const struct sfu_package *package)
{
	uint8_t promised[SFU_HASH], hash[SFU_HASH];
	uint32_t i, size;
	int status;

	memcpy(promised, package->manifest.first_hash, SFU_HASH);
	for (i = 0; i < package->manifest.record_count; i++) {
		const uint8_t *record = sfu_package_record(package, i, &size);

		status = hash_record(i, record, size, hash);
		if (status != 0)
			return status;
		if (memcmp(hash, promised, SFU_HASH) != 0)
			return sfu_fail(EX_DATAERR, package->path,
				"record %u at offset %zu does not have its promised hash", i,
				(size_t)(record - package->bytes.data));
		memcpy(promised, record + size - SFU_HASH, SFU_HASH);
	}
	for (i = 0; i < SFU_HASH; i++)
		if (promised[i] != 0)
			return sfu_fail(
				EX_DATAERR, package->path, "the last record promises another one");
	return 0;
}

static int decrypt(
	const struct sfu_package *package, const struct sfu_package_keys *keys, uint8_t *image)
{
	const struct sfu_manifest *m = &package->manifest;
	uint32_t i, size;
	int status = 0;

	for (i = 0; i < m->record_count && status == 0; i++) {
		const uint8_t *record = sfu_package_record(package, i, &size);

		status = sfu_crypt_record(keys->image, i, record,
			image + (size_t)i * m->record_size, size - SFU_HASH);
	}
	return status;
}

int sfu_package_check_image(const struct sfu_package *package, const struct sfu_oem_key *oem)
{
	const struct sfu_manifest *m = &package->manifest;
	struct sfu_package_keys keys;
	struct sfu_bytes image = { NULL, m->plain_size };
	uint8_t hash[SFU_HASH];
	int status;

	if (m->epoch != oem->epoch)
		return sfu_fail(EX_NOPERM, package->path,
			"at offset %u: encrypted for epoch %u, and the OEM "
			"key is of epoch %u",
			SFU_MANIFEST_EPOCH_OFFSET, m->epoch, oem->epoch);
	status = sfu_package_derive(m, oem->key, &keys);
	if (status == 0 && memcmp(keys.check, m->key_check, sizeof(m->key_check)) != 0)
		status = sfu_fail(EX_NOPERM, package->path,
			"at offset %u: encrypted with another OEM key",
			SFU_MANIFEST_KEY_CHECK_OFFSET);
	if (status == 0) {
		image.data = malloc(image.size);
		status = image.data == NULL
			? sfu_fail(EX_OSERR, package->path, "does not fit in memory")
			: decrypt(package, &keys, image.data);
	}
	if (status == 0)
		status = hash_image(&keys, image.data, image.size, hash);
	if (status == 0 && memcmp(hash, m->image_hash, SFU_HASH) != 0)
		status = sfu_fail(EX_DATAERR, package->path,
			"at offset %u: the decrypted image has another hash",
			SFU_MANIFEST_IMAGE_HASH_OFFSET);
	sfu_crypt_wipe(&keys, sizeof(keys));
	sfu_bytes_free(&image);
	return status;
}
