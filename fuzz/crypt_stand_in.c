/* What the host program asks of OpenSSL in crypt.h, but for keys, in the ways of stand_in.c: without a library that is not
 * built with the sanitizers. No cryptography. */
#include <string.h>
#include "bytes.h"
#include "crypt.h"
#include "crypto.h"
#include "stand_in.h"

static uint64_t drawn;

void crypt_stand_in_begin(void)
{
	drawn = 0;
}

int sfu_crypt_sha256(const struct sfu_part *parts, size_t count, uint8_t out[SFU_HASH])
{
	struct sfu_hash h;
	size_t i;

	sfu_hash_init(&h);
	for (i = 0; i < count; i++)
		sfu_hash_update(&h, parts[i].data, (uint32_t)parts[i].size);
	sfu_hash_final(&h, out);
	return 0;
}

int sfu_crypt_hkdf(const uint8_t key[SFU_HASH], const uint8_t salt[SFU_HASH], const void *info, size_t info_size,
                   uint8_t out[SFU_HASH])
{
	static const uint8_t empty[SFU_HASH];

	/* a salt of zeros is the empty one */
	sfu_hkdf(out, key, salt, memcmp(salt, empty, SFU_HASH) == 0 ? 0 : SFU_HASH, info, (uint32_t)info_size);
	return 0;
}

int sfu_crypt_random(uint8_t *out, size_t size)
{
	static const uint8_t key[32] = "what is random here is not......";
	uint8_t made[32], number[4];
	size_t i;

	for (i = 0; i < size; i++) {
		if (i % 32 == 0) {
			sfu_put32(number, (uint32_t)drawn++);
			sfu_hkdf(made, key, key, 0, number, 4);
		}
		out[i] = made[i % 32];
	}
	return 0;
}

void sfu_crypt_wipe(void *data, size_t size)
{
	sfu_wipe(data, (uint32_t)size);
}
