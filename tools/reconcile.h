/* What the OEM learns from a ledger that was checked: what was built twice, or never. */
#ifndef SFU_TOOL_RECONCILE_H
#define SFU_TOOL_RECONCILE_H

#include "hsm_record.h"
#include "ledger_check.h"

struct sfu_reconcile {
	const struct sfu_ledger_check *check;
	const struct sfu_hsm_record *record;
	const uint8_t *master; /* M, or NULL: what needs it is not checked */
	uint32_t findings;
	int json;            /* a finding is a member of an array, not a line */
	int permits;         /* permits that no receipt answers are findings */
	uint32_t unanswered; /* how many there are */
};

/* Prints a line on stdout for every licence without a receipt, every device with several, and every
 * device of `built` (text: one uid a line, NULL: no list) that has no receipt or is there twice, and for
 * every receipt of a device that is not in `built`. EX_DATAERR: a line that is no uid. */
int sfu_reconcile_devices(struct sfu_reconcile *r, const char *path, const char *built);

/* Checks one more time what devices and HSM said to each other, as far as M and the record tell: MACs of
 * challenges and receipts, signatures of permits, fingerprints of keys. A line for each that is wrong. */
int sfu_reconcile_rows(struct sfu_reconcile *r, struct sfu_ledger_source *source);

#endif
