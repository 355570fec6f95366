/* BearSSL as the abstract interpreter of the core meets it, behind crypto/crypto.c: it reads what it is given to the
 * last byte, and gives unknown bytes. A model, compiled into no loader. */
#include <stddef.h>
#include "__fc_builtin.h"
#include "curve.h"

static volatile uint32_t any;

static void bearssl_gives(void *out, uint32_t size)
{
	Frama_C_make_unknown(out, size);
}

/* one byte, but it may be any */
static void bearssl_takes(const void *data, uint32_t size)
{
	const uint32_t i = any;

	if (i < size)
		any = ((const unsigned char *)data)[i];
}

void br_sha256_set_state(br_sha256_context *cc, const void *stb, uint64_t count)
{
	(void)count;
	bearssl_takes(stb, 32);
	bearssl_gives(cc, sizeof *cc);
}

void br_sha256_update(br_sha256_context *cc, const void *in, size_t len)
{
	bearssl_takes(cc, sizeof *cc);
	bearssl_takes(in, len);
	bearssl_gives(cc, sizeof *cc);
}

void br_sha256_out(const br_sha256_context *cc, void *out)
{
	bearssl_takes(cc, sizeof *cc);
	bearssl_gives(out, 32);
}

uint32_t br_chacha20_ct_run(const void *key, const void *iv, uint32_t cc, void *data, size_t len)
{
	bearssl_takes(key, 32);
	bearssl_takes(iv, 12);
	bearssl_takes(data, len);
	bearssl_gives(data, len);
	return cc;
}

void br_poly1305_ctmul_run(const void *key, const void *iv, void *data, size_t len, const void *aad, size_t aad_len,
                           void *tag, br_chacha20_run ichacha, int encrypt)
{
	(void)encrypt;
	bearssl_takes(aad, aad_len);
	(void)ichacha(key, iv, 1, data, len);
	bearssl_gives(tag, 16);
}

uint32_t sfu_curve_verify(const br_ec_public_key *key, const uint8_t hash[32], const uint8_t signature[64])
{
	bearssl_takes(key->q, key->qlen);
	bearssl_takes(hash, 32);
	bearssl_takes(signature, 64);
	return any % 2;
}

uint32_t sfu_curve_multiply(uint8_t point[65], const uint8_t scalar[32])
{
	bearssl_takes(point, 65);
	bearssl_takes(scalar, 32);
	bearssl_gives(point, 65);
	return any % 2;
}

/* some bytes, as no claim rests on which */
const uint8_t *sfu_curve_generator(void)
{
	static uint8_t generator[65];

	bearssl_gives(generator, sizeof generator);
	return generator;
}

const uint8_t *sfu_curve_order(void)
{
	static uint8_t order[32];

	bearssl_gives(order, sizeof order);
	return order;
}
