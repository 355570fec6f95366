/* The OEM's signing keys in tests: number 0 is the one that loaders know, unless a test says more (maker_signers). */
#ifndef SIGNER_H
#define SIGNER_H

#include <stdint.h>

#define SIGNERS 6u

/* X ‖ Y; `signer` is below SIGNERS */
const uint8_t *signer_public(uint32_t signer);

/* r ‖ s of a hash */
void signer_sign(uint32_t signer, const uint8_t hash[32], uint8_t signature[64]);

#endif
