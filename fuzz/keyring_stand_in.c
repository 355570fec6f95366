/* The key pairs of stand_in.c, and in its ways what the host program asks of OpenSSL: crypt.h, point.h, box.h and
 * sfu_hsm_hkdf (linked with --wrap, as the rest of its file is wanted). No cryptography. */
#include "keyring.h"
#include <string.h>
#include "box.h"
#include "bytes.h"
#include "crypto.h"
#include "fuzz.h"
#include "ledger.h"
#include "stand_in.h"
#include "token_memory.h"

static int kept = -1; /* where a key of OpenSSL's keeps its point */

void keyring_begin(void)
{
	crypt_stand_in_begin();
}

const uint8_t *keyring_point(enum keyring which)
{
	static uint8_t points[KEYRING_PAIRS][64];

	memset(points[which], (int)(0xC0 + which), 64);
	points[which][32] = points[which][63] = STAND_IN_POINT;
	return points[which];
}

void keyring_sign(enum keyring which, const uint8_t hash[32], uint8_t signature[64])
{
	stand_in_sign(keyring_point(which), hash, signature);
}

/* ---- crypt.h ---- */

int sfu_crypt_verify(EVP_PKEY *key, const uint8_t *data, size_t size, const uint8_t signature[64], int *good)
{
	return sfu_point_verify(EVP_PKEY_get_ex_data(key, kept), data, size, signature, good);
}

/* ---- point.h ---- */

static void free_point(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
	(void)parent, (void)data, (void)index, (void)argl, (void)argp;
	OPENSSL_free(ptr);
}

EVP_PKEY *sfu_point_key(const uint8_t point[SFU_POINT])
{
	EVP_PKEY *key;

	if (kept < 0)
		kept = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_EVP_PKEY, 0, NULL, NULL, NULL, free_point);
	if (point[32] != STAND_IN_POINT || point[63] != STAND_IN_POINT)
		return NULL;
	key = EVP_PKEY_new();
	FUZZ_MUST(key != NULL && EVP_PKEY_set_ex_data(key, kept, OPENSSL_memdup(point, SFU_POINT)) == 1, "there is no memory");
	return key;
}

int sfu_point_id(const uint8_t point[SFU_POINT], uint8_t id[4])
{
	const struct sfu_part part = { point, SFU_POINT };
	uint8_t hash[SFU_HASH];

	(void)sfu_crypt_sha256(&part, 1, hash);
	memcpy(id, hash, 4);
	return 0;
}

int sfu_point_verify(const uint8_t point[SFU_POINT], const void *data, size_t size, const uint8_t signature[64], int *good)
{
	const struct sfu_part part = { data, size };
	uint8_t hash[SFU_HASH];

	(void)sfu_crypt_sha256(&part, 1, hash);
	*good = sfu_verify(point, hash, signature) == SFU_OK;
	return 0;
}

/* ---- box.h ---- */

int sfu_box_agree(const uint8_t theirs[SFU_POINT], uint8_t ours[SFU_POINT], uint8_t secret[SFU_HASH], int *on_curve)
{
	uint8_t scalar[32];

	(void)sfu_crypt_random(scalar, sizeof scalar);
	*on_curve = sfu_agree(secret, scalar, theirs) == SFU_OK;
	if (*on_curve)
		(void)sfu_agree_public(ours, scalar);
	return 0;
}

int sfu_box_close(const uint8_t key[SFU_HASH], const uint8_t *plain, size_t size, uint8_t *box, uint8_t tag[SFU_FORMAT_TAG])
{
	memcpy(box, plain, size);
	stand_in_close(key, box, (uint32_t)size, tag);
	return 0;
}

int sfu_box_mac(const uint8_t key[SFU_HASH], const void *data, size_t size, uint8_t mac[SFU_HASH])
{
	sfu_hmac(mac, key, data, (uint32_t)size);
	return 0;
}

int __wrap_sfu_hsm_hkdf(struct sfu_hsm *h, const uint8_t key[SFU_HASH], const void *info, size_t size, uint8_t out[SFU_HASH]);
int __wrap_sfu_hsm_hkdf(struct sfu_hsm *h, const uint8_t key[SFU_HASH], const void *info, size_t size, uint8_t out[SFU_HASH])
{
	uint8_t asked[SFU_HASH];
	/* the token does its part here as well, and may fail */
	const int status = sfu_token_hmac(&h->token, h->attest, key, SFU_HASH, asked);

	sfu_hkdf(out, key, token_memory_attest, SFU_HASH, info, (uint32_t)size);
	return status;
}
