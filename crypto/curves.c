/* BearSSL's numbers of P-256; and two tables that its verification names and never reads here: sfu_verify gives it
 * keys on P-256 only. Defined empty, they keep 0.4 KiB out of the loader. */
#include <stddef.h>
#include "curve.h"

/* as br_ec_curve_def of BearSSL's src/inner.h */
struct curve {
	int id;
	const unsigned char *order;
	size_t order_size;
	const unsigned char *generator;
	size_t generator_size;
};

extern const struct curve br_secp256r1, br_secp384r1, br_secp521r1;
const struct curve br_secp384r1 = { 0, 0, 0, 0, 0 };
const struct curve br_secp521r1 = { 0, 0, 0, 0, 0 };

const uint8_t *sfu_curve_generator(void)
{
	return br_secp256r1.generator;
}

const uint8_t *sfu_curve_order(void)
{
	return br_secp256r1.order;
}
