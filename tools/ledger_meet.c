/* Does the ledger go on where the token left it? The token's seal fixes the newest row it has seen, and the
 * chain of hashes all rows before; rows since then need seals of their own. */
#include <string.h>

#include "bytes.h"
#include "ledger.h"
#include "say.h"

static int sealed(
	const struct sfu_ledger *l, const struct sfu_hsm *hsm, const struct sfu_ledger_row *row)
{
	uint8_t seal[SFU_LEDGER_SEAL_SIZE];
	int good, status;

	sfu_ledger_seal(row, l->begin.id, seal);
	status = sfu_point_verify(
		hsm->seal_point, seal, SFU_LEDGER_SEAL_SIGNATURE_OFFSET, row->seal, &good);
	if (status == 0 && !good)
		status = sfu_fail(EX_DATAERR, l->path,
			"row %u was added: its seal is not the token's", row->number);
	return status;
}

/* `head` is what the token remembers, of row `number`. */
static int walk(struct sfu_ledger *l, const struct sfu_hsm *hsm, uint32_t number,
	const uint8_t head[SFU_HASH])
{
	uint8_t previous[SFU_HASH] = { 0 }, hash[SFU_HASH];
	struct sfu_ledger_row row;
	uint32_t i;
	int found, status = 0;

	for (i = 1; i <= l->number && status == 0; i++) {
		status = sfu_ledger_row_next(l, i, &row, &found);
		if (status == 0 && (!found || row.number != i))
			return sfu_fail(EX_DATAERR, l->path, "row %u was removed", i);
		memcpy(row.previous, previous, SFU_HASH);
		if (status == 0)
			status = sfu_ledger_hash(&row, hash);
		if (status == 0 && memcmp(hash, row.hash, SFU_HASH) != 0)
			return sfu_fail(EX_DATAERR, l->path,
				"row %u was changed: it does not have its hash", i);
		if (i == number && memcmp(hash, head, SFU_HASH) != 0)
			return sfu_fail(EX_DATAERR, l->path,
				"row %u, or one before it, is not the one that the token has seen",
				i);
		if (status == 0 && i > number)
			status = sealed(l, hsm, &row);
		memcpy(previous, hash, SFU_HASH);
	}
	return status;
}

int sfu_ledger_meet(struct sfu_ledger *l, struct sfu_hsm *hsm)
{
	uint8_t seal[SFU_LEDGER_SEAL_SIZE];
	uint32_t number;
	int found, status = sfu_ledger_head_get(hsm, seal, &l->turn, &found);

	if (status == 0 && memcmp(l->begin.id, hsm->folder->id, sizeof(l->begin.id)) != 0)
		return sfu_fail(EX_DATAERR, l->path, "is another HSM's ledger");
	if (status == 0 && !found)
		return sfu_fail(EX_DATAERR, l->path,
			"the token does not remember this ledger: it was not there when it began");
	if (status != 0)
		return status;
	number = sfu_get32(seal + SFU_LEDGER_SEAL_NUMBER_OFFSET);
	if (number > l->number)
		return sfu_fail(EX_DATAERR, l->path,
			"is older than the token: its newest row is %u, and the token has seen "
			"%u; put the newest copy back",
			l->number, number);
	status = walk(l, hsm, number, seal + SFU_LEDGER_SEAL_HASH_OFFSET);
	if (status == 0 && number < l->number)
		status = sfu_ledger_head_put(hsm, l->seal, &l->turn);
	return status;
}
