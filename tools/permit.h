/* The HSM's half of spec/formats.md, "Personalization". */
#ifndef SFU_TOOL_PERMIT_H
#define SFU_TOOL_PERMIT_H

#include "hsm.h"
#include "ledger_row.h"

struct sfu_refusal {
	uint32_t code; /* SFU_REFUSED_…, or 0 */
	char text[200];
};

/* Sets the refusal; answers 1. */
int sfu_refuse(struct sfu_refusal *refusal, uint32_t code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether this HSM gives a permit for the challenge. 0 and refusal->code 0: it does; 0 and a code: it does
 * not; else the token failed. */
int sfu_permit_judge(struct sfu_hsm *hsm, const struct sfu_ledger_begin *begin,
	const uint8_t challenge[SFU_CHALLENGE_SIZE], struct sfu_refusal *refusal);

/* Makes struct PERMIT for a challenge that was judged good. A public key that is no point of the curve is a
 * refusal, as above. */
int sfu_permit_make(struct sfu_hsm *hsm, const uint8_t challenge[SFU_CHALLENGE_SIZE],
	uint32_t licence, uint8_t permit[SFU_PERMIT_SIZE], struct sfu_refusal *refusal);

/* The transcript hash of both. */
int sfu_permit_transcript(const uint8_t challenge[SFU_CHALLENGE_SIZE],
	const uint8_t permit[SFU_PERMIT_SIZE], uint8_t hash[SFU_HASH]);

/* *good is 1 if the receipt answers this permit, and its MAC is right. */
int sfu_permit_receipt(struct sfu_hsm *hsm, const uint8_t grant[SFU_LEDGER_GRANT],
	const uint8_t receipt[SFU_RECEIPT_SIZE], int *good);

#endif
