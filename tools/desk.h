/* The HSM's decisions: what a challenge, a receipt and an order become in the ledger.
 *
 * Each answers 0 and leaves refusal->code 0, or sets it and changes nothing; or answers a status of
 * hsm.h or ledger.h when the token or the ledger failed. What was appended counts after
 * sfu_ledger_commit: nothing may be promised before. */
#ifndef SFU_TOOL_DESK_H
#define SFU_TOOL_DESK_H

#include "ledger.h"
#include "permit.h"

struct sfu_desk {
	struct sfu_hsm hsm;
	struct sfu_ledger ledger;
};

/* Opens both, and lets them meet. sfu_desk_close ends it, also after a failure. */
int sfu_desk_open(struct sfu_desk *desk, struct sfu_hsm_folder *folder, const char *pin_file);
void sfu_desk_close(struct sfu_desk *desk);

/* Licences left. */
uint32_t sfu_desk_stock(const struct sfu_desk *desk);

int sfu_desk_challenge(struct sfu_desk *desk, const uint8_t challenge[SFU_CHALLENGE_SIZE],
	uint8_t grant[SFU_SERVICE_GRANT_SIZE], struct sfu_refusal *refusal);
int sfu_desk_receipt(struct sfu_desk *desk, const uint8_t receipt[SFU_RECEIPT_SIZE],
	uint8_t stored[SFU_SERVICE_STORED_SIZE], struct sfu_refusal *refusal);
int sfu_desk_order(
	struct sfu_desk *desk, const uint8_t order[SFU_ORDER_SIZE], struct sfu_refusal *refusal);

#endif
