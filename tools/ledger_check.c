#include "ledger_check.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "order.h"
#include "say.h"

#define DEVICES 1024u

void sfu_ledger_check_begin(
	struct sfu_ledger_check *c, const char *path, const uint8_t seal_key[SFU_POINT])
{
	memset(c, 0, sizeof(*c));
	c->path = path;
	if (seal_key != NULL)
		c->seal_key = sfu_point_key(seal_key);
}

static uint32_t place(const struct sfu_ledger_check *c, const uint8_t uid[12])
{
	uint32_t i, hash = 2166136261u;

	for (i = 0; i < 12; i++)
		hash = (hash ^ uid[i]) * 16777619u;
	i = hash & (c->device_room - 1);
	while (c->devices[i].licence != 0 && memcmp(c->devices[i].uid, uid, 12) != 0)
		i = (i + 1) & (c->device_room - 1);
	return i;
}

struct sfu_ledger_device *sfu_ledger_check_device(
	const struct sfu_ledger_check *c, const uint8_t uid[12])
{
	struct sfu_ledger_device *device;

	if (c->device_room == 0)
		return NULL;
	device = &c->devices[place(c, uid)];
	return device->licence == 0 ? NULL : device;
}

/* Keeps the table at most half full. */
static int grow_devices(struct sfu_ledger_check *c)
{
	struct sfu_ledger_check old = *c;
	uint32_t i;

	if (c->licences < c->device_room / 2)
		return 0;
	c->device_room = old.device_room == 0 ? DEVICES : old.device_room * 2;
	c->devices = calloc(c->device_room, sizeof(*c->devices));
	if (c->devices == NULL) {
		*c = old;
		return sfu_fail(EX_OSERR, c->path, "does not fit in memory");
	}
	for (i = 0; i < old.device_room; i++)
		if (old.devices[i].licence != 0)
			c->devices[place(c, old.devices[i].uid)] = old.devices[i];
	free(old.devices);
	return 0;
}

static int grow_hashes(struct sfu_ledger_check *c)
{
	void *more;

	if (c->number < c->room)
		return 0;
	c->room = c->room == 0 ? DEVICES : c->room * 2;
	more = realloc(c->hashes, (size_t)c->room * SFU_HASH);
	if (more == NULL)
		return sfu_fail(EX_OSERR, c->path, "does not fit in memory");
	c->hashes = more;
	return 0;
}

static int wrong(
	const struct sfu_ledger_check *c, const struct sfu_ledger_row *row, const char *why)
{
	return sfu_fail(EX_DATAERR, c->path, "row %u %s", row->number, why);
}

static int check_begin(struct sfu_ledger_check *c, const struct sfu_ledger_row *row)
{
	if (row->kind != SFU_LEDGER_BEGIN || row->size != SFU_LEDGER_BEGIN_SIZE ||
		!sfu_ledger_begin_decode(row->body, &c->begin))
		return wrong(c, row, "was changed: it is not the beginning of a ledger");
	if (c->seal_key == NULL)
		c->seal_key = sfu_point_key(c->begin.seal_key);
	return c->seal_key == NULL ? wrong(c, row, "was changed: its seal key is none") : 0;
}

static int check_order(struct sfu_ledger_check *c, const struct sfu_ledger_row *row)
{
	const char *why = sfu_order_wrong(row->body, &c->begin, c->total);
	struct sfu_order order;

	if (why != NULL)
		return wrong(c, row, why);
	(void)sfu_order_decode(row->body, &order);
	if (order.number == 0 || order.number > c->number ||
		memcmp(c->hashes[order.number - 1], order.hash, SFU_HASH) != 0)
		return wrong(c, row, "holds an order for another state of the ledger");
	c->total = order.total;
	return 0;
}

static int check_grant(struct sfu_ledger_check *c, const struct sfu_ledger_row *row)
{
	const uint8_t *uid = row->body + SFU_CHALLENGE_UID_OFFSET,
		      *permit = row->body + SFU_CHALLENGE_SIZE;
	const uint32_t licence = sfu_get32(permit + SFU_PERMIT_LICENCE_OFFSET);
	struct sfu_ledger_device *device = sfu_ledger_check_device(c, uid);

	if (memcmp(uid, permit + SFU_PERMIT_UID_OFFSET, SFU_PERMIT_UID_SIZE) != 0)
		return wrong(c, row, "holds a permit for another device than asked for it");
	if (row->kind == SFU_LEDGER_PERMIT) {
		if (device == NULL || device->licence != licence)
			return wrong(c, row, "holds a permit without a licence");
		device->permits++;
		return 0;
	}
	if (device != NULL)
		return wrong(c, row, "gives a device a second licence");
	if (licence != c->licences + 1 || licence > c->total)
		return wrong(c, row, "gives a licence that is not the next one in stock");
	if (grow_devices(c) != 0)
		return EX_OSERR;
	device = &c->devices[place(c, uid)];
	memcpy(device->uid, uid, sizeof(device->uid));
	device->licence = licence;
	device->row = row->number;
	device->permits = 1;
	c->licences++;
	return 0;
}

static int check_receipt(struct sfu_ledger_check *c, const struct sfu_ledger_row *row)
{
	struct sfu_ledger_device *device =
		sfu_ledger_check_device(c, row->body + SFU_RECEIPT_UID_OFFSET);

	if (device == NULL || device->licence != sfu_get32(row->body + SFU_RECEIPT_LICENCE_OFFSET))
		return wrong(c, row, "holds a receipt without a licence");
	device->receipts++;
	c->receipts++;
	return 0;
}

static int check_body(struct sfu_ledger_check *c, const struct sfu_ledger_row *row)
{
	switch (row->kind) {
	case SFU_LEDGER_ORDER:
		return check_order(c, row);
	case SFU_LEDGER_LICENCE:
	case SFU_LEDGER_PERMIT:
		return check_grant(c, row);
	case SFU_LEDGER_RECEIPT:
		return check_receipt(c, row);
	default:
		return wrong(c, row, "begins the ledger a second time");
	}
}

int sfu_ledger_check_row(struct sfu_ledger_check *c, struct sfu_ledger_row *row)
{
	uint8_t hash[SFU_HASH], seal[SFU_LEDGER_SEAL_SIZE];
	int good = 0, status = grow_hashes(c);

	if (status != 0)
		return status;
	if (row->number != c->number + 1)
		return sfu_fail(EX_DATAERR, c->path, "row %u was removed", c->number + 1);
	memset(row->previous, 0, SFU_HASH);
	if (c->number > 0)
		memcpy(row->previous, c->hashes[c->number - 1], SFU_HASH);
	status = row->number == 1 ? check_begin(c, row) : 0;
	if (status != 0)
		return status;
	if (sfu_ledger_body(row->kind) != row->size || row->size == 0)
		return wrong(c, row, "was changed: its body has not the size of its kind");
	status = sfu_ledger_hash(row, hash);
	if (status == 0 && memcmp(hash, row->hash, SFU_HASH) != 0)
		return wrong(c, row, "was changed: it does not have its hash");
	sfu_ledger_seal(row, c->begin.id, seal);
	if (status == 0)
		status = sfu_crypt_verify(
			c->seal_key, seal, SFU_LEDGER_SEAL_SIGNATURE_OFFSET, row->seal, &good);
	if (status == 0 && !good)
		return wrong(c, row, "was changed or added: its seal is not the token's");
	if (status == 0 && row->number > 1)
		status = check_body(c, row);
	if (status == 0)
		memcpy(c->hashes[c->number++], hash, SFU_HASH);
	return status;
}

int sfu_ledger_check_all(struct sfu_ledger_check *c, struct sfu_ledger_source *source)
{
	struct sfu_ledger_row row;
	int found, status = sfu_ledger_source_next(source, &row, &found);

	while (status == 0 && found) {
		status = sfu_ledger_check_row(c, &row);
		if (status == 0)
			status = sfu_ledger_source_next(source, &row, &found);
	}
	if (status == 0 && c->number == 0)
		status = sfu_fail(EX_DATAERR, c->path, "row 1 was removed");
	return status;
}

void sfu_ledger_check_free(struct sfu_ledger_check *c)
{
	EVP_PKEY_free(c->seal_key);
	free(c->hashes);
	free(c->devices);
	memset(c, 0, sizeof(*c));
}
