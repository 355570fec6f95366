/* Calls everything of BearSSL that the core calls, so that the linker shows what is missing and
 * how large it is. It is measured, never run. */
#include "curve.h"

static uint8_t bytes[256];

uint32_t every_call(void)
{
	const br_ec_public_key key = { BR_EC_secp256r1, bytes, 65 };
	br_sha256_context sha;

	br_sha256_init(&sha);
	br_sha256_update(&sha, bytes, 64);
	br_sha256_out(&sha, bytes);

	br_chacha20_ct_run(bytes, bytes, 0, bytes, 64);
	br_poly1305_ctmul_run(bytes, bytes, bytes, 64, bytes, 16, bytes, br_chacha20_ct_run, 1);
	br_poly1305_ctmul_run(bytes, bytes, bytes, 64, bytes, 16, bytes, br_chacha20_ct_run, 0);

	bytes[0] = (uint8_t)sfu_curve_multiply(bytes, sfu_curve_order());

	return sfu_curve_verify(&key, bytes, bytes);
}
