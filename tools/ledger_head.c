/* The newest row's seal in the token. Two objects are written by turns, so that a cut leaves one. */
#include <string.h>

#include "bytes.h"
#include "ledger.h"

#define LOOKS 3

static uint32_t number_of(const uint8_t *seal)
{
	return sfu_get32(seal + SFU_LEDGER_SEAL_NUMBER_OFFSET);
}

/* 1 if the bytes are a seal of this ledger. */
static int genuine(struct sfu_hsm *hsm, const uint8_t *seal, size_t size, int *good)
{
	*good = 0;
	if (size != SFU_LEDGER_SEAL_SIZE ||
		sfu_get32(seal + SFU_LEDGER_SEAL_MAGIC_OFFSET) != SFU_LEDGER_SEAL_MAGIC ||
		memcmp(seal + SFU_LEDGER_SEAL_LEDGER_OFFSET, hsm->folder->id,
			SFU_LEDGER_SEAL_LEDGER_SIZE) != 0)
		return 0;
	return sfu_point_verify(hsm->seal_point, seal, SFU_LEDGER_SEAL_SIGNATURE_OFFSET,
		seal + SFU_LEDGER_SEAL_SIGNATURE_OFFSET, good);
}

static int look(struct sfu_hsm *hsm, uint8_t seal[SFU_LEDGER_SEAL_SIZE], int *turn, int *found)
{
	uint8_t one[SFU_LEDGER_SEAL_SIZE + 1];
	char label[SFU_HSM_LABEL];
	size_t size;
	int i, good, status = 0;

	*found = 0;
	*turn = 0;
	for (i = 0; i < 2 && status == 0; i++) {
		sfu_hsm_label(hsm->folder->id, i == 0 ? SFU_HSM_HEAD0 : SFU_HSM_HEAD1, label);
		status = sfu_token_data_get(&hsm->token, label, one, sizeof(one), &size);
		if (status == 0)
			status = genuine(hsm, one, size, &good);
		if (status != 0 || !good || (*found && number_of(one) < number_of(seal)))
			continue;
		memcpy(seal, one, SFU_LEDGER_SEAL_SIZE);
		*turn = 1 - i;
		*found = 1;
	}
	return status;
}

/* Beside a service that writes now the one and now the other, both may be missed; not time and again. */
int sfu_ledger_head_get(
	struct sfu_hsm *hsm, uint8_t seal[SFU_LEDGER_SEAL_SIZE], int *turn, int *found)
{
	int i, status = 0;

	*found = 0;
	for (i = 0; i < LOOKS && status == 0 && !*found; i++)
		status = look(hsm, seal, turn, found);
	return status;
}

int sfu_ledger_head_put(struct sfu_hsm *hsm, const uint8_t seal[SFU_LEDGER_SEAL_SIZE], int *turn)
{
	char label[SFU_HSM_LABEL];
	int status;

	sfu_hsm_label(hsm->folder->id, *turn == 0 ? SFU_HSM_HEAD0 : SFU_HSM_HEAD1, label);
	status = sfu_token_data_put(&hsm->token, label, seal, SFU_LEDGER_SEAL_SIZE);
	hsm->changes++;
	if (status == 0)
		*turn = 1 - *turn;
	return status;
}
