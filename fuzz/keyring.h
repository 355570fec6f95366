/* The key pairs of an HSM and its OEM: such as stand_in.c knows, or OpenSSL's (keyring_stand_in.c, keyring_real.c). */
#ifndef KEYRING_H
#define KEYRING_H

#include <stdint.h>

enum keyring {
	KEYRING_SIGN,  /* H */
	KEYRING_SEAL,  /* L */
	KEYRING_ORDER, /* the OEM's, for orders */
	KEYRING_OTHER, /* somebody's */
	KEYRING_PAIRS
};

/* X ‖ Y; static. */
const uint8_t *keyring_point(enum keyring which);

/* r ‖ s over the hash. */
void keyring_sign(enum keyring which, const uint8_t hash[32], uint8_t signature[64]);

/* What is random in this target begins anew, and is the same in each run where the stand-in makes it. */
void keyring_begin(void);

#endif
