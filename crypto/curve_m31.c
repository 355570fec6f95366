/* P-256 in words of 30 bits, several times faster than the other curve. Field and points are BearSSL's,
 * unchanged; the sum of two multiples, all that a verification asks of a curve, is made here. Nothing in it is
 * secret, so both multiples share their doublings (Shamir's trick), and the time depends on them: a quarter
 * less than br_ec_p256_m31 takes, and 1.8 KiB less flash, as there is no table of multiples of G. One multiple alone
 * (personalization), with a scalar that is secret, is BearSSL's own, in constant time. */
#include "ec/ec_p256_m31.c"
#include "curve.h"

static int infinite(p256_jacobian *p)
{
	uint32_t bits = 0, i;

	(void)reduce_final_f256(p->z);
	for (i = 0; i < 9; i++)
		bits |= p->z[i];
	return bits == 0;
}

/* The whole group law; p256_add leaves out the point at infinity and a sum of equals. */
static void add(p256_jacobian *sum, p256_jacobian *term)
{
	if (infinite(term))
		return;
	if (infinite(sum)) {
		*sum = *term;
	} else if (p256_add(sum, term) == 0 && infinite(sum)) {
		*sum = *term;
		p256_double(sum);
	}
}

/* bit `i` of a number that begins with its highest byte, counted from there */
static size_t bit_of(const unsigned char *number, size_t i)
{
	return (size_t)number[i / 8] >> (7 - i % 8) & 1u;
}

/* br_ec_impl.muladd for B = G and factors of 32 bytes: A = x·A + y·G. 0 if A is no point of the curve, or
 * the sum is the point at infinity. */
static uint32_t muladd(unsigned char *A, const unsigned char *B, size_t size, const unsigned char *x, size_t x_size,
                       const unsigned char *y, size_t y_size, int curve)
{
	p256_jacobian term[3], sum; /* A, G, A + G */
	uint32_t good;
	size_t i, bits;

	(void)B, (void)y_size, (void)curve;
	good = p256_decode(&term[0], A, size);
	good &= p256_decode(&term[1], P256_G, sizeof P256_G);
	term[2] = term[0];
	add(&term[2], &term[1]);
	memset(&sum, 0, sizeof sum);
	for (i = 0; i < 8 * x_size; i++) {
		p256_double(&sum);
		bits = bit_of(x, i) + 2 * bit_of(y, i);
		if (bits != 0)
			add(&sum, &term[bits - 1]);
	}
	good &= !infinite(&sum);
	p256_to_affine(&sum);
	p256_encode(A, &sum);
	return good;
}

static const br_ec_impl curve = { .supported_curves = (uint32_t)1 << BR_EC_secp256r1, .muladd = muladd };

/* Little is computed modulo the order, so that may be slower: words of 15 bits save 0.3 KiB. */
uint32_t sfu_curve_verify(const br_ec_public_key *key, const uint8_t hash[32], const uint8_t signature[64])
{
	return br_ecdsa_i15_vrfy_raw(&curve, hash, 32, key, signature, 64);
}

uint32_t sfu_curve_multiply(uint8_t point[65], const uint8_t scalar[32])
{
	return api_mul(point, 65, scalar, 32, BR_EC_secp256r1);
}
