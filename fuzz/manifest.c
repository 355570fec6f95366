/* Manifests and configurations, against a second reading of spec/formats.md and against the host program's parser.
 *
 * Input: what is made right (1: 1 signature, 2 the configuration's CRC, 4 the configuration is in the input, 8 the signer
 * is the configuration's, of which bits 4 and 5 say which, 64 the load address is a slot's, 128 product, hardware and epoch
 * are the device's), geometry (1), manifest (256), configuration (416 or none), certificate (160 or less). What is made
 * right of the manifest is made right of the certificate too, if the flags have one. */
#include <string.h>
#include "bytes.h"
#include "config.h"
#include "crypto.h"
#include "fuzz.h"
#include "grammar.h"
#include "geometry.h"
#include "manifest.h"
#include "manifest_host.h"
#include "stand_in.h"

/* of tests/e2e/config_object.c */
uint8_t *config_bytes(void);

static const uint8_t uid[12] = "abcdefghijkl";

void sfu_port_uid(uint8_t out[12])
{
	memcpy(out, uid, sizeof uid);
}

static void sha256(uint8_t out[32], const uint8_t *bytes, uint32_t size)
{
	struct sfu_hash h;

	sfu_hash_init(&h);
	sfu_hash_update(&h, bytes, size);
	sfu_hash_final(&h, out);
}

static int good(const uint8_t *key, const uint8_t *bytes, uint32_t size)
{
	uint8_t hash[32], wanted[64];

	sha256(hash, bytes, size);
	stand_in_sign(key, hash, wanted);
	return memcmp(bytes + size, wanted, 64) == 0;
}

static void configure(struct fuzz_input *in, uint32_t what)
{
	uint8_t *c = config_bytes();
	uint32_t i;

	if (what & 4) {
		(void)fuzz_bytes(in, c, SFU_CONFIG_SIZE);
	} else {
		for (i = 0; i < SFU_CONFIG_SIZE; i++)
			c[i] = (uint8_t)(i * 7 + 3);
		memcpy(c, "SFUC\1\0\0\0target\0\0\0\0\0\0\0\0\0\0\1\0\0\0\7\0\0\0", 32);
		sfu_put32(c + SFU_CONFIG_LOCK_PROFILE_OFFSET, SFU_FLASH_LOCK_FIELD);
		sfu_put32(c + SFU_CONFIG_KEY_COUNT_OFFSET, 3);
		for (i = 0; i < 4; i++)
			c[48 + 72 * i + 4] = (uint8_t)(3 - i);
	}
	if ((what & 4) == 0 || (what & 2))
		sfu_put32(c + SFU_CONFIG_CRC_OFFSET, grammar_crc(c, SFU_CONFIG_CRC_OFFSET));
}

/* Signs with the key that is named, if the loader has it; and the certificate, with what it adds. */
static void sign(uint8_t *m)
{
	const uint8_t *key = sfu_config_signer(grammar_number(m[7] & 2 ? m + 256 + 4 : m + 8, 4));
	uint8_t hash[32];

	if (key == NULL)
		return;
	if (m[7] & 2) {
		sha256(hash, m + 256, 96);
		stand_in_sign(key + 8, hash, m + 256 + 96);
		key = m + 256 + 24;
	}
	sha256(hash, m, 192);
	stand_in_sign(key + 8, hash, m + 192);
}

/* Names key `which` of the configuration as the signer, or as who certified it. */
static void name(uint8_t *m, uint32_t which)
{
	const uint8_t *issuer = config_bytes() + 48 + 72 * which, *signer = issuer;
	uint8_t *c = m + 256;

	if (m[7] & 2) {
		memcpy(c, "SFUA", 4);
		memcpy(c + 4, issuer, 4);
		signer = c + 24;
	}
	memcpy(m + 8, signer, 4);
	memcpy(m + 188, signer + 4, 2);
	memcpy(m + 190, issuer + 4, 2);
}

static void versions(const uint8_t *a, const uint8_t *b)
{
	const uint64_t x = grammar_version(a), y = grammar_version(b);

	FUZZ_MUST(sfu_version_compare(a, b) == (x < y ? 0 : x == y ? 1 : 2), "the order of versions");
}

static void chunks(const uint8_t *m)
{
	const uint32_t count = grammar_number(m + 78, 2), record = grammar_number(m + 76, 2);
	uint32_t i, sum = 0;

	for (i = 0; i < count; i++) {
		const uint32_t n = sfu_manifest_chunk(m, i);

		FUZZ_MUST(n > 0 && n <= record && (i + 1 == count || n == record), "a record's size");
		sum += n;
	}
	FUZZ_MUST(sum == grammar_number(m + 72, 4), "the records are not the image");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct grammar_device device = { config_bytes(), uid, sfu_loader_version, 0, { 0, 0 }, { 0, 0 }, 0 };
	const uint32_t what = fuzz_byte(&in);
	uint8_t m[SFU_FORMAT_HEAD], hash[32];
	uint32_t slot = 9, wanted = 9, authentic, fits, i;

	fuzz_geometry(fuzz_byte(&in));
	(void)fuzz_bytes(&in, m, SFU_MANIFEST_SIZE);
	configure(&in, what);
	(void)fuzz_bytes(&in, m + SFU_MANIFEST_SIZE, SFU_CERTIFICATE_SIZE);
	FUZZ_MUST((sfu_config_check() == SFU_OK) == grammar_config(config_bytes()), "configuration");
	if (sfu_config_check() != SFU_OK)
		return 0;
	if (what & 8)
		name(m, what >> 4 & 3);
	if (what & 64)
		sfu_put32(m + 68, sfu_layout.area[SFU_AREA_SLOT + what / 16 % sfu_layout.slot_count].address + sfu_layout.image_offset);
	if (what & 128) {
		memcpy(m + 12, config_bytes() + 24, 4);
		memcpy(m + 16, config_bytes() + 8, 16);
		memcpy(m + 32, config_bytes() + 28, 4);
		memcpy(m + 256 + 8, config_bytes() + 8, 16);
	}
	if (what & 1)
		sign(m);
	device.slots = sfu_layout.slot_count;
	device.record_max = sfu_layout.record_max;
	for (i = 0; i < device.slots; i++) {
		device.image[i] = sfu_layout.area[SFU_AREA_SLOT + i].address + sfu_layout.image_offset;
		device.capacity[i] = sfu_layout.area[SFU_AREA_SLOT + i].size - sfu_layout.image_offset - 128;
	}
	authentic = sfu_manifest_authentic(m, m + SFU_MANIFEST_SIZE, hash);
	FUZZ_MUST(authentic == grammar_authentic(&device, m, good), "authentic or not");
	FUZZ_MUST(sfu_manifest_meant(m) == grammar_meant(&device, m), "meant for the device or not");
	fits = sfu_manifest_fits(m, &slot);
	FUZZ_MUST(fits == grammar_fits(&device, m, &wanted) && slot == (fits == SFU_OK ? wanted : 0), "fits or not");
	if (fits == SFU_OK)
		chunks(m);
	versions(m + 36, m + 48);
	manifest_host(m, authentic, fits);
	return 0;
}
