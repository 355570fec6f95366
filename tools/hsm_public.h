/* The public key of an HSM as `sfu hsm init` writes it: PEM, and before its first line what the HSM is for,
 *
 *     sfu: HSM epoch 1 lock field attest <fingerprint of A, 32 digits> product lamp
 *
 * so that a factory image for devices which that HSM would refuse is not made. */
#ifndef SFU_TOOL_HSM_PUBLIC_H
#define SFU_TOOL_HSM_PUBLIC_H

#include "hsm_record.h"

struct sfu_hsm_public {
	uint8_t product[SFU_CONFIG_PRODUCT_SIZE];
	uint32_t epoch, lock_profile;
	uint8_t attest[SFU_FINGERPRINT];
};

/* Stages the file (out.h). */
int sfu_hsm_public_stage(
	const char *path, const struct sfu_sign_key *key, const struct sfu_hsm_public *its);

/* EX_DATAERR if the file says that the HSM is for other devices than these, whose epoch and A are those of the
 * key in `master`. A file that says nothing passes. */
int sfu_hsm_public_check(const char *path, const struct sfu_hsm_public *device, const char *master);

#endif
