#include "curve.h"

/* Generic curve arithmetic, which needs less flash. */
const br_ec_impl *sfu_curve(void)
{
	return &br_ec_prime_i31;
}
