/* An HSM: a token with the keys that spec/formats.md, "In the token", lists. */
#ifndef SFU_TOOL_HSM_H
#define SFU_TOOL_HSM_H

#include "hsm_folder.h"
#include "point.h"
#include "token.h"

enum sfu_hsm_object {
	SFU_HSM_SIGN,
	SFU_HSM_SEAL,
	SFU_HSM_ATTEST,
	SFU_HSM_WRAP,
	SFU_HSM_SEED,
	SFU_HSM_HEAD0,
	SFU_HSM_HEAD1
};
#define SFU_HSM_LABEL 64
#define SFU_HSM_REFUSALS 2u /* tokens that lock themselves do so at three or more */

struct sfu_hsm {
	const struct sfu_hsm_folder *folder;
	char uri[SFU_HSM_URI_MAX];
	struct sfu_token token;
	struct sfu_pin pin; /* kept, to log in again after the token was gone */
	int ready;          /* the token is open and what follows is there */
	sfu_object sign, seal, attest;
	uint8_t sign_point[SFU_POINT], seal_point[SFU_POINT];
	uint8_t sign_id[SFU_PERMIT_SIGNER_SIZE];
	uint32_t
		refusals; /* of the PIN, one after the other; at SFU_HSM_REFUSALS it is tried no more */
	uint8_t *seed;    /* E, in locked memory */
	uint32_t changes; /* how often a data object was made anew since the token was opened */
};

/* The label of an object of this ledger. */
void sfu_hsm_label(const uint8_t id[SFU_LEDGER_BEGIN_LEDGER_SIZE], enum sfu_hsm_object which,
	char label[SFU_HSM_LABEL]);

/* Finds the token of a folder that was read, asks for its PIN (`pin_file` as in pin.h) and logs in.
 * sfu_hsm_close ends it, also after a failure. */
int sfu_hsm_login(struct sfu_hsm *hsm, const struct sfu_hsm_folder *folder, const char *pin_file);

/* The same, and finds the keys and decrypts the seed. */
int sfu_hsm_open(struct sfu_hsm *hsm, const struct sfu_hsm_folder *folder, const char *pin_file);

/* Lets a token that failed go; tries to get it back. EX_NOPERM: it refuses the PIN, or has done so too often. */
void sfu_hsm_drop(struct sfu_hsm *hsm);
int sfu_hsm_again(struct sfu_hsm *hsm);

/* SoftHSM2 keeps every object that was destroyed in memory until it ends; so it is ended and begun again
 * from time to time, as if the token had been gone. Others are left alone. */
void sfu_hsm_rest(struct sfu_hsm *hsm);

void sfu_hsm_close(struct sfu_hsm *hsm);

/* HKDF(key, salt A, info): the extract step is done in the token. */
int sfu_hsm_hkdf(struct sfu_hsm *hsm, const uint8_t key[SFU_HASH], const void *info, size_t size,
	uint8_t out[SFU_HASH]);

#endif
