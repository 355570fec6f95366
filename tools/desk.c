#include "desk.h"

#include <string.h>

#include "bytes.h"
#include "order.h"
#include "say.h"

int sfu_desk_open(struct sfu_desk *d, struct sfu_hsm_folder *folder, const char *pin_file)
{
	int status;

	memset(d, 0, sizeof(*d));
	status = sfu_hsm_open(&d->hsm, folder, pin_file);
	if (status == 0)
		status = sfu_ledger_open(&d->ledger, folder->ledger);
	if (status == 0)
		status = sfu_ledger_meet(&d->ledger, &d->hsm);
	return status;
}

void sfu_desk_close(struct sfu_desk *d)
{
	sfu_ledger_close(&d->ledger);
	sfu_hsm_close(&d->hsm);
}

uint32_t sfu_desk_stock(const struct sfu_desk *d)
{
	return d->ledger.total > d->ledger.licences ? d->ledger.total - d->ledger.licences : 0;
}

static void fill_grant(const struct sfu_desk *d, uint32_t flags, uint64_t time,
	const uint8_t *permit, uint8_t grant[SFU_SERVICE_GRANT_SIZE])
{
	sfu_put32(grant + SFU_SERVICE_GRANT_FLAGS_OFFSET, flags);
	sfu_put32(grant + SFU_SERVICE_GRANT_STOCK_OFFSET, sfu_desk_stock(d));
	sfu_put64(grant + SFU_SERVICE_GRANT_TIME_OFFSET, time);
	memcpy(grant + SFU_SERVICE_GRANT_PERMIT_OFFSET, permit, SFU_PERMIT_SIZE);
}

/* The row with the answer that this very challenge has got, if it has. `row` is the device's LICENCE. */
static int answered(
	struct sfu_desk *d, const uint8_t *challenge, struct sfu_ledger_row *row, int *found)
{
	int status = 0;

	/* a device's PERMITs are all behind its LICENCE */
	*found = 1;
	while (*found && status == 0 && memcmp(row->body, challenge, SFU_CHALLENGE_SIZE) != 0)
		status = sfu_ledger_row_of(&d->ledger, SFU_LEDGER_PERMIT,
			challenge + SFU_CHALLENGE_UID_OFFSET, row->number, row, found);
	return status;
}

/* A new permit for licence `number`, in a row of this kind. */
static int write_grant(struct sfu_desk *d, uint32_t kind, uint32_t number, const uint8_t *challenge,
	uint8_t permit[SFU_PERMIT_SIZE], struct sfu_refusal *refusal)
{
	uint8_t body[SFU_LEDGER_GRANT];
	int status = sfu_permit_make(&d->hsm, challenge, number, permit, refusal);

	if (status != 0 || refusal->code != 0)
		return status;
	memcpy(body, challenge, SFU_CHALLENGE_SIZE);
	memcpy(body + SFU_CHALLENGE_SIZE, permit, SFU_PERMIT_SIZE);
	return sfu_ledger_append(&d->ledger, &d->hsm, kind, body, sizeof(body));
}

static int grant_again(struct sfu_desk *d, const uint8_t *challenge, struct sfu_ledger_row *row,
	uint8_t *grant, struct sfu_refusal *refusal)
{
	const uint32_t licence =
		sfu_get32(row->body + SFU_CHALLENGE_SIZE + SFU_PERMIT_LICENCE_OFFSET);
	const uint64_t time = row->time;
	uint8_t permit[SFU_PERMIT_SIZE];
	int found, status = answered(d, challenge, row, &found);

	if (status == 0 && found)
		memcpy(permit, row->body + SFU_CHALLENGE_SIZE, sizeof(permit));
	else if (status == 0)
		status = write_grant(d, SFU_LEDGER_PERMIT, licence, challenge, permit, refusal);
	if (status == 0 && refusal->code == 0)
		fill_grant(d, SFU_SERVICE_AGAIN, time, permit, grant);
	return status;
}

int sfu_desk_challenge(struct sfu_desk *d, const uint8_t challenge[SFU_CHALLENGE_SIZE],
	uint8_t grant[SFU_SERVICE_GRANT_SIZE], struct sfu_refusal *refusal)
{
	uint8_t permit[SFU_PERMIT_SIZE];
	struct sfu_ledger_row row;
	int found = 0, status = sfu_permit_judge(&d->hsm, &d->ledger.begin, challenge, refusal);

	if (status != 0 || refusal->code != 0)
		return status;
	status = sfu_ledger_row_of(&d->ledger, SFU_LEDGER_LICENCE,
		challenge + SFU_CHALLENGE_UID_OFFSET, 0, &row, &found);
	if (status != 0)
		return status;
	if (found)
		return grant_again(d, challenge, &row, grant, refusal);
	if (sfu_desk_stock(d) == 0) {
		sfu_refuse(refusal, SFU_REFUSED_STOCK,
			"licence stock empty (%u of %u taken): ask the OEM for a new order",
			d->ledger.licences, d->ledger.total);
		return 0;
	}
	status = write_grant(
		d, SFU_LEDGER_LICENCE, d->ledger.licences + 1, challenge, permit, refusal);
	if (status == 0 && refusal->code == 0)
		fill_grant(d, 0, d->ledger.time, permit, grant);
	return status;
}

/* *found is 1 if the receipt answers one of the device's permits. */
static int find_permit(struct sfu_desk *d, const uint8_t *receipt, int *good)
{
	const uint8_t *uid = receipt + SFU_RECEIPT_UID_OFFSET;
	struct sfu_ledger_row row;
	int found, status = sfu_ledger_row_of(&d->ledger, SFU_LEDGER_LICENCE, uid, 0, &row, &found);

	*good = 0;
	while (status == 0 && found) {
		status = sfu_permit_receipt(&d->hsm, row.body, receipt, good);
		if (status != 0 || *good)
			break;
		status = sfu_ledger_row_of(
			&d->ledger, SFU_LEDGER_PERMIT, uid, row.number, &row, &found);
	}
	return status;
}

/* The row of this very receipt. */
static int find_receipt(
	struct sfu_desk *d, const uint8_t *receipt, struct sfu_ledger_row *row, int *found)
{
	int status;

	row->number = 0;
	do
		status = sfu_ledger_row_of(&d->ledger, SFU_LEDGER_RECEIPT,
			receipt + SFU_RECEIPT_UID_OFFSET, row->number, row, found);
	while (status == 0 && *found && memcmp(row->body, receipt, SFU_RECEIPT_SIZE) != 0);
	return status;
}

int sfu_desk_receipt(struct sfu_desk *d, const uint8_t receipt[SFU_RECEIPT_SIZE],
	uint8_t stored[SFU_SERVICE_STORED_SIZE], struct sfu_refusal *refusal)
{
	struct sfu_ledger_row row;
	int good, found = 0, status = find_permit(d, receipt, &good);

	refusal->code = 0;
	if (status == 0 && !good)
		sfu_refuse(refusal, SFU_REFUSED_RECEIPT,
			"the receipt answers no permit of this ledger: the device was personalized "
			"elsewhere, or somebody forged it");
	if (status != 0 || !good)
		return status;
	status = find_receipt(d, receipt, &row, &found);
	if (status == 0 && !found)
		status = sfu_ledger_append(
			&d->ledger, &d->hsm, SFU_LEDGER_RECEIPT, receipt, SFU_RECEIPT_SIZE);
	sfu_put32(stored + SFU_SERVICE_STORED_FLAGS_OFFSET, found ? SFU_SERVICE_AGAIN : 0);
	memcpy(stored + SFU_SERVICE_STORED_LICENCE_OFFSET, receipt + SFU_RECEIPT_LICENCE_OFFSET, 4);
	sfu_put32(stored + SFU_SERVICE_STORED_STOCK_OFFSET, sfu_desk_stock(d));
	sfu_put64(stored + SFU_SERVICE_STORED_TIME_OFFSET, found ? row.time : d->ledger.time);
	return status;
}

int sfu_desk_order(
	struct sfu_desk *d, const uint8_t bytes[SFU_ORDER_SIZE], struct sfu_refusal *refusal)
{
	const char *why = sfu_order_wrong(bytes, &d->ledger.begin, d->ledger.total);
	struct sfu_ledger_row row;
	struct sfu_order order;
	int found = 0, status = 0;

	refusal->code = 0;
	if (why == NULL) {
		(void)sfu_order_decode(bytes, &order);
		status = sfu_ledger_row_get(&d->ledger, order.number, &row, &found);
		if (status == 0 && (!found || memcmp(row.hash, order.hash, SFU_HASH) != 0))
			why = "the order is for another state of this ledger";
	}
	if (why != NULL)
		sfu_refuse(refusal, SFU_REFUSED_ORDER, "%s", why);
	if (status != 0 || why != NULL)
		return status;
	return sfu_ledger_append(&d->ledger, &d->hsm, SFU_LEDGER_ORDER, bytes, SFU_ORDER_SIZE);
}
