/* A new HSM: its keys in a token, its ledger, and what the OEM keeps of it. */
#ifndef SFU_TOOL_HSM_MAKE_H
#define SFU_TOOL_HSM_MAKE_H

#include "hsm_record.h"
#include "keyfile.h"
#include "ledger.h"

struct sfu_hsm_plan {
	const struct sfu_attest_key *attest;
	const struct sfu_sign_key *import; /* H; pkey NULL: the token makes it */
	const uint8_t *seed;               /* E; NULL: random */
	uint32_t lock_profile;
	uint8_t product[SFU_LEDGER_BEGIN_PRODUCT_SIZE];
	uint8_t order_key[SFU_POINT];
};

/* Finds the token of `folder`, whose uri and id are set, or makes one with SoftHSM2, and logs in. Without
 * a PIN a SoftHSM2 token gets a random one, in the folder. */
int sfu_hsm_make_token(
	struct sfu_hsm *hsm, const struct sfu_hsm_folder *folder, const char *pin_file);

/* Makes keys, seed and ledger, and fills in the record. What is in the token stays there after a failure,
 * and nobody uses it; the ledger does not. */
int sfu_hsm_make(
	struct sfu_hsm *hsm, const struct sfu_hsm_plan *plan, struct sfu_hsm_record *record);

/* Removes the ledger that sfu_hsm_make made. */
void sfu_hsm_unmake(const struct sfu_hsm_folder *folder);

#endif
