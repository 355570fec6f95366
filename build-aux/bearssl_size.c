/* Calls everything of BearSSL that the core calls, so that the linker shows what is missing and
 * how large it is. It is measured, never run. */
#include <bearssl.h>

static uint8_t bytes[256];

uint32_t every_call(void)
{
	const br_ec_public_key key = { BR_EC_secp256r1, bytes, 65 };
	br_sha256_context sha;
	br_hmac_key_context hmac_key;
	br_hmac_context hmac;
	uint32_t ok;

	br_sha256_init(&sha);
	br_sha256_update(&sha, bytes, 64);
	br_sha256_out(&sha, bytes);

	br_hmac_key_init(&hmac_key, &br_sha256_vtable, bytes, 32);
	br_hmac_init(&hmac, &hmac_key, 0);
	br_hmac_update(&hmac, bytes, 64);
	br_hmac_out(&hmac, bytes);


	br_chacha20_ct_run(bytes, bytes, 0, bytes, 64);
	br_poly1305_ctmul_run(bytes, bytes, bytes, 64, bytes, 16, bytes, br_chacha20_ct_run, 1);

	ok = br_ecdsa_i31_vrfy_raw(&P256, bytes, 32, &key, bytes, 64);
	ok &= P256.mul(bytes, 65, bytes, 32, BR_EC_secp256r1);
	ok &= (uint32_t)P256.mulgen(bytes, bytes, 32, BR_EC_secp256r1);
	return ok;
}
