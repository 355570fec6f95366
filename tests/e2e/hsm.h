/* An HSM for tests, written from spec/formats.md with OpenSSL alone: nothing of it is the device's code, nor that of
 * `sfu hsm`. It counts licences as a real one does. */
#ifndef HSM_H
#define HSM_H

#include <stdint.h>

struct hsm {
	uint8_t master[32], seed[32]; /* M and E */
	uint32_t signer;             /* which of two keys it signs with; the loader obeys 0 */
	uint32_t blind;              /* 1: it believes a challenge whatever its MAC says */
	uint32_t licences;           /* given out so far */
	uint8_t uid[16][12];         /* whom to */
	uint8_t random[32];          /* of the last permit */
	uint8_t transcript[32];      /* and its transcript hash */
	uint8_t ephemeral;           /* makes the ephemeral keys of different permits different */
};
extern struct hsm hsm;

/* A new box with M, E and a fixed key H. */
void hsm_begin(void);

/* H as a loader holds it: X ‖ Y. */
void hsm_public(uint8_t out[64]);

/* Answers a challenge: 1, or 0 if its MAC, protocol or signer is not right. */
int hsm_permit(const uint8_t challenge[184], uint8_t permit[232]);

/* Signs a permit anew, after a test has changed it. */
void hsm_sign(const uint8_t challenge[184], uint8_t permit[232]);

/* 1 if the receipt is what the last permit must lead to, for a device with this protection. */
int hsm_receipt(const uint8_t receipt[72], const uint8_t uid[12], uint32_t lock, int unique);

/* K of product and epoch as in a challenge; K_u if `unique`. */
void hsm_oem_key(const uint8_t product[16], uint32_t epoch, const uint8_t uid[12], int unique, uint8_t key[32]);

#endif
