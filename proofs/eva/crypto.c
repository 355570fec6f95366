/* Cryptography as the abstract interpreter of the core meets it: it reads what it is given to the last byte, and
 * gives unknown bytes. A model, compiled into no loader. */
#include <stddef.h>
#include "__fc_builtin.h"
#include "crypto.h"

static volatile uint32_t any;

static void crypto_gives(uint8_t *out, uint32_t size)
{
	Frama_C_make_unknown((char *)out, size);
}

/* one byte, but it may be any */
static void crypto_takes(const uint8_t *data, uint32_t size)
{
	const uint32_t i = any;

	if (i < size)
		any = data[i];
}

void sfu_hash_init(struct sfu_hash *h)
{
	crypto_gives((uint8_t *)h, sizeof *h);
}

void sfu_hash_update(struct sfu_hash *h, const uint8_t *data, uint32_t size)
{
	crypto_takes((const uint8_t *)h, sizeof *h);
	crypto_takes(data, size);
	crypto_gives((uint8_t *)h, sizeof *h);
}

void sfu_hash_final(const struct sfu_hash *h, uint8_t digest[32])
{
	crypto_takes((const uint8_t *)h, sizeof *h);
	crypto_gives(digest, 32);
}

void sfu_hmac(uint8_t out[32], const uint8_t key[32], const uint8_t *data, uint32_t size)
{
	crypto_takes(key, 32);
	crypto_takes(data, size);
	crypto_gives(out, 32);
}

void sfu_hkdf(uint8_t out[32], const uint8_t key[32], const uint8_t *salt, uint32_t salt_size, const uint8_t *info,
              uint32_t info_size)
{
	crypto_takes(key, 32);
	crypto_takes(salt, salt_size);
	crypto_takes(info, info_size);
	crypto_gives(out, 32);
}

uint32_t sfu_verify(const uint8_t public_key[64], const uint8_t hash[32], const uint8_t signature[64])
{
	crypto_takes(public_key, 64);
	crypto_takes(hash, 32);
	crypto_takes(signature, 64);
	return any ? SFU_OK : SFU_R_SIGNATURE;
}

void sfu_cipher(const uint8_t key[32], uint32_t index, uint8_t *data, uint32_t size)
{
	(void)index;
	crypto_takes(key, 32);
	crypto_takes(data, size);
	crypto_gives(data, size);
}

void sfu_onetime_mac(uint8_t tag[16], const uint8_t key[32], uint32_t index, const uint8_t *data, uint32_t size)
{
	(void)index;
	crypto_takes(key, 32);
	crypto_takes(data, size);
	crypto_gives(tag, 16);
}

uint32_t sfu_equal(const uint8_t *a, const uint8_t *b, uint32_t size)
{
	crypto_takes(a, size);
	crypto_takes(b, size);
	return any ? SFU_OK : SFU_R_IMAGE;
}

void sfu_wipe(uint8_t *data, uint32_t size)
{
	crypto_gives(data, size);
}
