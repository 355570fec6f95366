#include "maker.h"
#include <string.h>
#include "bytes.h"
#include "crc.h"
#include "crypto.h"
#include "flash.h"
#include "layout.h"
#include "sfu_format.h"
#include "signer.h"

static const char PRODUCT[2][16] = { "e2e", "other" };

static void sha256(uint8_t out[32], const uint8_t *a, uint32_t na, const uint8_t *b, uint32_t nb)
{
	struct sfu_hash h;

	sfu_hash_init(&h);
	sfu_hash_update(&h, a, na);
	sfu_hash_update(&h, b, nb);
	sfu_hash_final(&h, out);
}

void maker_signer_id(uint32_t signer, uint8_t id[4])
{
	uint8_t digest[32];

	sha256(digest, signer_public(signer), 64, NULL, 0);
	memcpy(id, digest, 4);
}

void maker_config(uint32_t lock)
{
	uint8_t *c = config_bytes();

	memset(c, 0, SFU_CONFIG_SIZE);
	sfu_put32(c + SFU_CONFIG_MAGIC_OFFSET, SFU_FLASH_CONFIG_MAGIC);
	sfu_put32(c + SFU_CONFIG_FORMAT_OFFSET, 1);
	memcpy(c + SFU_CONFIG_PRODUCT_OFFSET, PRODUCT[0], 16);
	sfu_put32(c + SFU_CONFIG_HARDWARE_OFFSET, 1);
	sfu_put32(c + SFU_CONFIG_EPOCH_OFFSET, 1);
	sfu_put32(c + SFU_CONFIG_MIN_COUNTER_OFFSET, 1);
	sfu_put32(c + SFU_CONFIG_LOCK_PROFILE_OFFSET, lock);
	sfu_put32(c + SFU_CONFIG_FLAGS_OFFSET, SFU_FLASH_CONFIG_TEST);
	sfu_put32(c + SFU_CONFIG_KEY_COUNT_OFFSET, 1);
	maker_signer_id(0, c + SFU_CONFIG_KEY0_OFFSET);
	memcpy(c + SFU_CONFIG_KEY0_OFFSET + SFU_SIGNER_PUBLIC_KEY_OFFSET, signer_public(0), 64);
	sfu_put32(c + SFU_CONFIG_CRC_OFFSET, sfu_crc32(c, SFU_CONFIG_CRC_OFFSET));
}

void maker_signers(uint32_t count, const uint8_t (*standing)[2], const uint8_t *floor)
{
	uint8_t *c = config_bytes();
	uint32_t i;

	sfu_put32(c + SFU_CONFIG_KEY_COUNT_OFFSET, count);
	for (i = 0; i < count; i++) {
		uint8_t *key = c + SFU_CONFIG_KEY0_OFFSET + i * SFU_SIGNER_SIZE;

		maker_signer_id(i, key);
		key[SFU_SIGNER_RANK_OFFSET] = standing[i][0];
		key[SFU_SIGNER_SERIAL_OFFSET] = standing[i][1];
		memcpy(key + SFU_SIGNER_PUBLIC_KEY_OFFSET, signer_public(i), 64);
	}
	if (floor != NULL)
		memcpy(c + SFU_CONFIG_KEY_FLOOR_OFFSET, floor, SFU_CONFIG_KEY_FLOOR_SIZE);
	sfu_put32(c + SFU_CONFIG_CRC_OFFSET, sfu_crc32(c, SFU_CONFIG_CRC_OFFSET));
}

void maker_hsm(const uint8_t key[64], uint32_t flags)
{
	uint8_t *c = config_bytes();

	memcpy(c + SFU_CONFIG_HSM_KEY_OFFSET, key, SFU_CONFIG_HSM_KEY_SIZE);
	sfu_put32(c + SFU_CONFIG_FLAGS_OFFSET, SFU_FLASH_CONFIG_TEST | flags);
	sfu_put32(c + SFU_CONFIG_CRC_OFFSET, sfu_crc32(c, SFU_CONFIG_CRC_OFFSET));
}

void maker_epoch(uint32_t epoch)
{
	uint8_t *c = config_bytes();

	sfu_put32(c + SFU_CONFIG_EPOCH_OFFSET, epoch);
	sfu_put32(c + SFU_CONFIG_CRC_OFFSET, sfu_crc32(c, SFU_CONFIG_CRC_OFFSET));
}

static const uint8_t *agreed;

void maker_oem(const uint8_t *key)
{
	agreed = key;
}

static void oem_key(uint32_t n, uint8_t key[32])
{
	if (n == 0 && agreed != NULL)
		memcpy(key, agreed, 32);
	else
		memset(key, (int)(0x4B + n), 32);
}

void maker_page(uint32_t kind, const uint8_t key[32])
{
	uint8_t page[SFU_FLASH_CELL + SFU_KEYS_SIZE] = { 0 }, *cell = page + SFU_FLASH_CELL;
	uint32_t i;

	for (i = 0; i < SFU_FLASH_CELL; i += SFU_COMMIT_SIZE) {
		sfu_put32(page + i + SFU_COMMIT_MAGIC_OFFSET, SFU_FLASH_KEYS_MAGIC);
		sfu_put32(page + i + SFU_COMMIT_GENERATION_OFFSET, 1);
		sfu_put32(page + i + SFU_COMMIT_CRC_OFFSET, sfu_crc32(page + i, SFU_COMMIT_CRC_OFFSET));
	}
	sfu_put32(cell + SFU_KEYS_KIND_OFFSET, kind);
	memcpy(cell + SFU_KEYS_EPOCH_OFFSET, config_bytes() + SFU_CONFIG_EPOCH_OFFSET, SFU_KEYS_EPOCH_SIZE);
	sfu_put32(cell + SFU_KEYS_FLAGS_OFFSET, SFU_FLASH_KEYS_TEST);
	memcpy(cell + SFU_KEYS_OEM_KEY_OFFSET, key, SFU_KEYS_OEM_KEY_SIZE);
	sfu_put32(cell + SFU_KEYS_CRC_OFFSET, sfu_crc32(cell, SFU_KEYS_CRC_OFFSET));
	host_flash_put(sfu_layout.area[SFU_AREA_KEYS].address, page, sizeof page);
}

void maker_keys(void)
{
	uint8_t key[32];

	oem_key(0, key);
	maker_page(SFU_FLASH_KEYS_OEM, key);
}

void maker_image(const struct maker *m, uint8_t *image)
{
	const uint32_t base = sfu_layout.area[SFU_AREA_SLOT + m->slot].address + sfu_layout.image_offset;
	uint32_t i;

	for (i = 0; i < m->size; i++)
		image[i] = (uint8_t)(m->fill * 31u + i * 7u + (i >> 8));
	sfu_put32(image, m->stack != 0 ? m->stack : 0x20001000);
	sfu_put32(image + 4, m->entry != 0 ? m->entry : base + 9);
}

void maker_sign(uint8_t manifest[256], uint32_t signer)
{
	uint8_t digest[32];

	sha256(digest, manifest, SFU_FORMAT_MANIFEST_SIGNED, NULL, 0);
	signer_sign(signer, digest, manifest + SFU_MANIFEST_SIGNATURE_OFFSET);
}

void maker_sign_certificate(uint8_t *package, uint32_t issuer)
{
	uint8_t digest[32], *c = package + SFU_MANIFEST_SIZE;

	sha256(digest, c, SFU_CERTIFICATE_SIGNATURE_OFFSET, NULL, 0);
	signer_sign(issuer, digest, c + SFU_CERTIFICATE_SIGNATURE_OFFSET);
}

static void certify(const struct maker *m, uint8_t *package)
{
	uint8_t *c = package + SFU_MANIFEST_SIZE, *key = c + SFU_CERTIFICATE_KEY_OFFSET;

	memset(c, 0, SFU_CERTIFICATE_SIZE);
	sfu_put32(c + SFU_CERTIFICATE_MAGIC_OFFSET, SFU_FORMAT_CERTIFICATE_MAGIC);
	maker_signer_id(m->issuer, c + SFU_CERTIFICATE_ISSUER_OFFSET);
	memcpy(c + SFU_CERTIFICATE_PRODUCT_OFFSET, PRODUCT[m->product], 16);
	maker_signer_id(m->signer, key + SFU_SIGNER_ID_OFFSET);
	key[SFU_SIGNER_RANK_OFFSET] = package[SFU_MANIFEST_SIGNER_RANK_OFFSET];
	key[SFU_SIGNER_SERIAL_OFFSET] = package[SFU_MANIFEST_SIGNER_SERIAL_OFFSET];
	memcpy(key + SFU_SIGNER_PUBLIC_KEY_OFFSET, signer_public(m->signer), 64);
	maker_sign_certificate(package, m->issuer);
}

uint32_t maker_head(const struct maker *m)
{
	return m->certified != 0 ? SFU_FORMAT_HEAD : SFU_MANIFEST_SIZE;
}

static void derive(uint8_t out[32], const struct maker *m, const uint8_t *salt, const char *label, int product)
{
	uint8_t key[32], info[32];
	const uint32_t n = (uint32_t)strlen(label);

	oem_key(m->key, key);
	memcpy(info, label, n);
	memcpy(info + n, PRODUCT[m->product], 16);
	sfu_hkdf(out, key, salt, 32, info, product ? n + 16 : n);
}

/* from the last record to the first, as each holds the hash of the next */
static void records(const struct maker *m, uint8_t *package, uint32_t count)
{
	uint8_t key[32], next[32] = { 0 }, prefix[8];
	uint32_t i, n;

	derive(key, m, package + SFU_MANIFEST_SALT_OFFSET, "sfu image", 1);
	for (i = count; i-- > 0;) {
		uint8_t *record = package + maker_head(m) + i * (m->record + 32);

		n = m->size - i * m->record < m->record ? m->size - i * m->record : m->record;
		sfu_cipher(key, i, record, n);
		memcpy(record + n, next, 32);
		sfu_put32(prefix, SFU_FORMAT_RECORD_PREFIX);
		sfu_put32(prefix + 4, i);
		sha256(next, prefix, 8, record, n + 32);
	}
	memcpy(package + SFU_MANIFEST_FIRST_HASH_OFFSET, next, 32);
}

uint32_t maker_package(const struct maker *m, uint8_t out[MAKER_PACKAGE])
{
	static uint8_t image[MAKER_PACKAGE];
	const uint32_t count = (m->size - 1) / m->record + 1;
	uint8_t key[32];
	uint32_t i;

	memset(out, 0, SFU_MANIFEST_SIZE);
	sfu_put32(out + SFU_MANIFEST_MAGIC_OFFSET, SFU_FORMAT_MANIFEST_MAGIC);
	out[SFU_MANIFEST_FORMAT_OFFSET] = 1;
	out[SFU_MANIFEST_SUITE_OFFSET] = 1;
	out[SFU_MANIFEST_KIND_OFFSET] = 1;
	out[SFU_MANIFEST_FLAGS_OFFSET] = (uint8_t)(m->flags | (m->certified != 0 ? SFU_FORMAT_FLAG_CERTIFICATE : 0));
	maker_signer_id(m->signer, out + SFU_MANIFEST_SIGNER_OFFSET);
	sfu_put32(out + SFU_MANIFEST_HARDWARE_OFFSET, m->hardware);
	memcpy(out + SFU_MANIFEST_PRODUCT_OFFSET, PRODUCT[m->product], 16);
	sfu_put32(out + SFU_MANIFEST_EPOCH_OFFSET, m->epoch);
	memcpy(out + SFU_MANIFEST_VERSION_OFFSET, m->version, 8);
	sfu_put32(out + SFU_MANIFEST_SECURITY_COUNTER_OFFSET, m->counter);
	out[SFU_MANIFEST_LOADER_MIN_OFFSET] = (uint8_t)m->loader_major;
	memcpy(out + SFU_MANIFEST_UID_OFFSET, m->uid, 12);
	sfu_put32(out + SFU_MANIFEST_LOAD_ADDRESS_OFFSET,
	          sfu_layout.area[SFU_AREA_SLOT + m->slot].address + sfu_layout.image_offset);
	sfu_put32(out + SFU_MANIFEST_PLAIN_SIZE_OFFSET, m->size);
	out[SFU_MANIFEST_RECORD_SIZE_OFFSET + 1] = (uint8_t)(m->record >> 8);
	out[SFU_MANIFEST_RECORD_COUNT_OFFSET] = (uint8_t)count;
	for (i = 0; i < 32; i++)
		out[SFU_MANIFEST_SALT_OFFSET + i] = (uint8_t)(m->fill + m->version[0] * 3u + i);
	maker_image(m, image);
	derive(key, m, out + SFU_MANIFEST_SALT_OFFSET, "sfu digest", 0);
	sha256(out + SFU_MANIFEST_IMAGE_HASH_OFFSET, key, 32, image, m->size);
	derive(key, m, out + SFU_MANIFEST_SALT_OFFSET, "sfu check", 0);
	memcpy(out + SFU_MANIFEST_KEY_CHECK_OFFSET, key, SFU_MANIFEST_KEY_CHECK_SIZE);
	memcpy(out + SFU_MANIFEST_KEY_FLOOR_OFFSET, m->keys, sizeof m->keys);
	if (m->certified != 0)
		certify(m, out);
	for (i = 0; i < count; i++)
		memcpy(out + maker_head(m) + i * (m->record + 32), image + i * m->record,
		       m->size - i * m->record < m->record ? m->size - i * m->record : m->record);
	records(m, out, count);
	maker_sign(out, m->signer);
	return maker_head(m) + m->size + 32 * count;
}
