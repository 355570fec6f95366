#include "package_manifest.h"

#include <string.h>

#include "bytes.h"
#include "crypt.h"

/* where a field of struct MANIFEST lies */
#define AT(field) (bytes + SFU_MANIFEST_##field##_OFFSET)

static void put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v & 0xFFu);
	p[1] = (uint8_t)(v >> 8);
}

#define WRONG(field, words) (*offset = SFU_MANIFEST_##field##_OFFSET, words)

static const char *check_sizes(const struct sfu_manifest *m, uint32_t *offset)
{
	if (m->plain_size == 0 || m->plain_size % SFU_FORMAT_GRAIN != 0)
		return WRONG(PLAIN_SIZE, "the image size is not a multiple of 32");
	if (m->record_size != SFU_FORMAT_RECORD_SMALL && m->record_size != SFU_FORMAT_RECORD_LARGE)
		return WRONG(RECORD_SIZE, "the record size is neither 1024 nor 2048");
	if (m->record_count !=
		m->plain_size / m->record_size + (m->plain_size % m->record_size != 0))
		return WRONG(RECORD_COUNT, "the record count does not fit the image size");
	return NULL;
}

static const char *check_kind(const uint8_t bytes[SFU_MANIFEST_SIZE], uint32_t *offset)
{
	if (sfu_get32(AT(MAGIC)) != SFU_FORMAT_MANIFEST_MAGIC)
		return WRONG(MAGIC, "this is not a package");
	if (*AT(FORMAT) != SFU_FORMAT_VERSION_ID)
		return WRONG(FORMAT, "the manifest's format is not known");
	if (*AT(SUITE) != SFU_FORMAT_SUITE)
		return WRONG(SUITE, "the cryptographic suite is not known");
	if (*AT(KIND) != SFU_FORMAT_KIND_IMAGE)
		return WRONG(KIND, "the kind of package is not known");
	if ((*AT(FLAGS) & ~SFU_FORMAT_FLAGS) != 0)
		return WRONG(FLAGS, "a flag is not known");
	return NULL;
}

const char *sfu_package_decode(
	const uint8_t bytes[SFU_MANIFEST_SIZE], struct sfu_manifest *m, uint32_t *offset)
{
	const char *wrong = check_kind(bytes, offset);

	if (wrong != NULL)
		return wrong;
	m->flags = *AT(FLAGS);
	memcpy(m->signer, AT(SIGNER), sizeof(m->signer));
	m->hardware = sfu_get32(AT(HARDWARE));
	memcpy(m->product, AT(PRODUCT), sizeof(m->product));
	m->epoch = sfu_get32(AT(EPOCH));
	sfu_version_get(AT(VERSION), &m->version);
	m->security_counter = sfu_get32(AT(SECURITY_COUNTER));
	sfu_version_get(AT(LOADER_MIN), &m->loader_min);
	memcpy(m->uid, AT(UID), sizeof(m->uid));
	m->load_address = sfu_get32(AT(LOAD_ADDRESS));
	m->plain_size = sfu_get32(AT(PLAIN_SIZE));
	m->record_size = sfu_get16(AT(RECORD_SIZE));
	m->record_count = sfu_get16(AT(RECORD_COUNT));
	memcpy(m->salt, AT(SALT), sizeof(m->salt));
	memcpy(m->image_hash, AT(IMAGE_HASH), sizeof(m->image_hash));
	memcpy(m->first_hash, AT(FIRST_HASH), sizeof(m->first_hash));
	memcpy(m->key_check, AT(KEY_CHECK), sizeof(m->key_check));
	memcpy(m->key_floor, AT(KEY_FLOOR), sizeof(m->key_floor));
	m->its_signer = (struct sfu_standing){ *AT(SIGNER_RANK), *AT(SIGNER_SERIAL) };
	m->its_issuer = (struct sfu_standing){ *AT(ISSUER_RANK), *AT(ISSUER_SERIAL) };
	memcpy(m->signature, AT(SIGNATURE), sizeof(m->signature));
	return check_sizes(m, offset);
}

void sfu_package_encode(const struct sfu_manifest *m, uint8_t bytes[SFU_MANIFEST_SIZE])
{
	sfu_put32(AT(MAGIC), SFU_FORMAT_MANIFEST_MAGIC);
	*AT(FORMAT) = SFU_FORMAT_VERSION_ID;
	*AT(SUITE) = SFU_FORMAT_SUITE;
	*AT(KIND) = SFU_FORMAT_KIND_IMAGE;
	*AT(FLAGS) = m->flags;
	memcpy(AT(SIGNER), m->signer, sizeof(m->signer));
	sfu_put32(AT(HARDWARE), m->hardware);
	memcpy(AT(PRODUCT), m->product, sizeof(m->product));
	sfu_put32(AT(EPOCH), m->epoch);
	sfu_version_put(AT(VERSION), &m->version);
	sfu_put32(AT(SECURITY_COUNTER), m->security_counter);
	sfu_version_put(AT(LOADER_MIN), &m->loader_min);
	memcpy(AT(UID), m->uid, sizeof(m->uid));
	sfu_put32(AT(LOAD_ADDRESS), m->load_address);
	sfu_put32(AT(PLAIN_SIZE), m->plain_size);
	put16(AT(RECORD_SIZE), m->record_size);
	put16(AT(RECORD_COUNT), m->record_count);
	memcpy(AT(SALT), m->salt, sizeof(m->salt));
	memcpy(AT(IMAGE_HASH), m->image_hash, sizeof(m->image_hash));
	memcpy(AT(FIRST_HASH), m->first_hash, sizeof(m->first_hash));
	memcpy(AT(KEY_CHECK), m->key_check, sizeof(m->key_check));
	memcpy(AT(KEY_FLOOR), m->key_floor, sizeof(m->key_floor));
	*AT(SIGNER_RANK) = m->its_signer.rank;
	*AT(SIGNER_SERIAL) = m->its_signer.serial;
	*AT(ISSUER_RANK) = m->its_issuer.rank;
	*AT(ISSUER_SERIAL) = m->its_issuer.serial;
	memcpy(AT(SIGNATURE), m->signature, sizeof(m->signature));
}

int sfu_package_derive(const struct sfu_manifest *m, const uint8_t oem_key[SFU_FORMAT_HASH],
	struct sfu_package_keys *keys)
{
	static const char image[] = "sfu image", digest[] = "sfu digest", check[] = "sfu check";
	uint8_t info[sizeof(image) - 1 + SFU_MANIFEST_PRODUCT_SIZE];
	int status;

	memcpy(info, image, sizeof(image) - 1);
	memcpy(info + sizeof(image) - 1, m->product, sizeof(m->product));
	status = sfu_crypt_hkdf(oem_key, m->salt, info, sizeof(info), keys->image);
	if (status == 0)
		status = sfu_crypt_hkdf(oem_key, m->salt, digest, sizeof(digest) - 1, keys->digest);
	if (status == 0)
		status = sfu_crypt_hkdf(oem_key, m->salt, check, sizeof(check) - 1, keys->check);
	return status;
}
