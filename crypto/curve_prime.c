#include "curve.h"

/* Generic curve arithmetic, which needs less flash and several times the time. */
uint32_t sfu_curve_verify(const br_ec_public_key *key, const uint8_t hash[32], const uint8_t signature[64])
{
	return br_ecdsa_i31_vrfy_raw(&br_ec_prime_i31, hash, 32, key, signature, 64);
}
