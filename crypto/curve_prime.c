#include "curve.h"

/* Generic curve arithmetic, which needs less flash and several times the time. */
uint32_t sfu_curve_verify(const br_ec_public_key *key, const uint8_t hash[32], const uint8_t signature[64])
{
	return br_ecdsa_i31_vrfy_raw(&br_ec_prime_i31, hash, 32, key, signature, 64);
}

uint32_t sfu_curve_multiply(uint8_t point[65], const uint8_t scalar[32])
{
	return br_ec_prime_i31.mul(point, 65, scalar, 32, BR_EC_secp256r1);
}
