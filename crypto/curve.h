/* Which of BearSSL's implementations of P-256 a build uses: the one of curve_m31.c or of
 * curve_prime.c that is linked. */
#ifndef SFU_CURVE_H
#define SFU_CURVE_H

#include <bearssl.h>

const br_ec_impl *sfu_curve(void);

#endif
