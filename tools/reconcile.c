#include "reconcile.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "box.h"
#include "bytes.h"
#include "json.h"
#include "number.h"
#include "permit.h"
#include "say.h"

#define UID 12

static void tell(struct sfu_reconcile *r, const uint8_t uid[UID], const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void tell(struct sfu_reconcile *r, const uint8_t uid[UID], const char *format, ...)
{
	char digits[2 * UID + 1], text[160];
	va_list list;

	r->findings++;
	sfu_number_print_hex(digits, uid, UID);
	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	if (!r->json) {
		printf("%s: %s\n", digits, text);
		return;
	}
	sfu_json_open(NULL, '{');
	sfu_json_text("uid", digits);
	sfu_json_text("finding", text);
	sfu_json_close('}');
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, UID);
}

/* The list's uids, sorted. */
static int parse(const char *path, const char *text, uint8_t (**uids)[UID], size_t *count)
{
	size_t lines = 1, number = 0, i;

	*count = 0;
	for (i = 0; text[i] != '\0'; i++)
		lines += text[i] == '\n';
	*uids = calloc(lines, UID);
	if (*uids == NULL)
		return sfu_fail(EX_OSERR, path, "does not fit in memory");
	while (*text != '\0') {
		const size_t size = strcspn(text, "\r\n");
		char line[2 * UID + 1] = "";

		number++;
		if (size == 2 * UID)
			memcpy(line, text, size);
		if (size != 0 && !sfu_number_hex(line, (*uids)[*count], UID))
			return sfu_fail(EX_DATAERR, path,
				"line %zu is not a device's 24 hexadecimal digits", number);
		*count += size != 0;
		text += size + strspn(text + size, "\r");
		text += *text == '\n';
	}
	qsort(*uids, *count, UID, compare);
	return 0;
}

static void devices(struct sfu_reconcile *r, uint8_t (*uids)[UID], size_t count)
{
	uint32_t i;

	for (i = 0; i < r->check->device_room; i++) {
		const struct sfu_ledger_device *d = &r->check->devices[i];
		const uint32_t unanswered = d->permits > d->receipts ? d->permits - d->receipts : 0;
		const int listed = count > 0 && bsearch(d->uid, uids, count, UID, compare) != NULL;

		if (d->licence == 0)
			continue;
		if (d->receipts == 0)
			tell(r, d->uid, "licence %u was taken, and no receipt says it was built",
				d->licence);
		if (d->receipts > 1)
			tell(r, d->uid, "was built %u times, by its receipts, with licence %u",
				d->receipts, d->licence);
		r->unanswered += unanswered;
		if (r->permits && unanswered > 0)
			tell(r, d->uid, "%u of %u permits, licence %u, have no receipt", unanswered,
				d->permits, d->licence);
		if (uids != NULL && d->receipts > 0 && !listed)
			tell(r, d->uid, "has a receipt, licence %u, and is not in the list",
				d->licence);
	}
}

int sfu_reconcile_devices(struct sfu_reconcile *r, const char *path, const char *built)
{
	uint8_t(*uids)[UID] = NULL;
	size_t count = 0, i;
	int status = built == NULL ? 0 : parse(path, built, &uids, &count);

	if (status == 0)
		devices(r, uids, count);
	for (i = 0; i < count && status == 0; i++) {
		const struct sfu_ledger_device *d = sfu_ledger_check_device(r->check, uids[i]);

		if (i > 0 && compare(uids[i], uids[i - 1]) == 0)
			tell(r, uids[i], "is in the list twice");
		else if (d == NULL)
			tell(r, uids[i], "is in the list, and has no licence");
		else if (d->receipts == 0)
			tell(r, uids[i], "is in the list, and has no receipt");
	}
	free(uids);
	return status;
}

/* HKDF(key, A, label ‖ hash), with A at hand. */
static int receipt_key(const uint8_t *seed, const uint8_t attest[SFU_HASH],
	const uint8_t hash[SFU_HASH], uint8_t key[SFU_HASH])
{
	static const char label[] = "sfu receipt";
	uint8_t info[sizeof(label) - 1 + SFU_HASH];

	memcpy(info, label, sizeof(label) - 1);
	memcpy(info + sizeof(label) - 1, hash, SFU_HASH);
	return sfu_crypt_hkdf(seed, attest, info, sizeof(info), key);
}

static int grant(struct sfu_reconcile *r, const uint8_t *attest, const struct sfu_ledger_row *row)
{
	const uint8_t *permit = row->body + SFU_CHALLENGE_SIZE;
	uint8_t signed_bytes[4 + SFU_CHALLENGE_SIZE + SFU_PERMIT_SIGNATURE_OFFSET] = "SFUP";
	uint8_t mac[SFU_HASH];
	int good = 0, status;

	memcpy(signed_bytes + 4, row->body, sizeof(signed_bytes) - 4);
	status = sfu_point_verify(r->record->hsm_key, signed_bytes, sizeof(signed_bytes),
		permit + SFU_PERMIT_SIGNATURE_OFFSET, &good);
	if (status == 0 && !good)
		tell(r, row->body + SFU_CHALLENGE_UID_OFFSET,
			"row %u: the permit is not signed by this HSM", row->number);
	if (status == 0 && attest != NULL)
		status = sfu_box_mac(attest, row->body, SFU_CHALLENGE_MAC_OFFSET, mac);
	if (status == 0 && attest != NULL &&
		memcmp(mac, row->body + SFU_CHALLENGE_MAC_OFFSET, sizeof(mac)) != 0)
		tell(r, row->body + SFU_CHALLENGE_UID_OFFSET,
			"row %u: no device with this master key made the challenge", row->number);
	return status;
}

static int fingerprint(
	struct sfu_reconcile *r, const uint8_t *key, const uint8_t *receipt, uint32_t number)
{
	uint8_t unique[SFU_HASH], whole[16], its_own[16];
	int status = sfu_fingerprint(key, whole);

	if (status == 0)
		status = sfu_unique_key(key, receipt + SFU_RECEIPT_UID_OFFSET, unique);
	if (status == 0)
		status = sfu_fingerprint(unique, its_own);
	if (status == 0 &&
		memcmp(whole, receipt + SFU_RECEIPT_FINGERPRINT_OFFSET, sizeof(whole)) != 0 &&
		memcmp(its_own, receipt + SFU_RECEIPT_FINGERPRINT_OFFSET, sizeof(its_own)) != 0)
		tell(r, receipt + SFU_RECEIPT_UID_OFFSET,
			"row %u: the device decrypts with another key", number);
	sfu_crypt_wipe(unique, sizeof(unique));
	return status;
}

/* The grant whose transcript the receipt names, among all of the export: rows are few for one device, but
 * receipts come long after; so hashes of transcripts are kept beside the rows. */
struct transcripts {
	uint8_t (*hash)[SFU_HASH];
	size_t count, room;
};

static int keep(struct transcripts *t, const struct sfu_ledger_row *row)
{
	if (t->count == t->room) {
		const size_t room = t->room * 2 + 1024;
		void *more = realloc(t->hash, room * SFU_HASH);

		if (more == NULL)
			return sfu_fail(EX_OSERR, NULL, "the ledger does not fit in memory");
		t->hash = more;
		t->room = room;
	}
	return sfu_permit_transcript(
		row->body, row->body + SFU_CHALLENGE_SIZE, t->hash[t->count++]);
}

static int compare_start(const void *a, const void *b)
{
	return memcmp(a, b, SFU_RECEIPT_TRANSCRIPT_SIZE);
}

static int receipt(struct sfu_reconcile *r, const struct transcripts *t, const uint8_t *attest,
	const uint8_t *oem_key, const struct sfu_ledger_row *row)
{
	const uint8_t *body = row->body, *hash = NULL;
	uint8_t key[SFU_HASH], mac[SFU_HASH];
	int status = 0;

	if (t->count > 0)
		hash = bsearch(body + SFU_RECEIPT_TRANSCRIPT_OFFSET, t->hash, t->count, SFU_HASH,
			compare_start);
	if (hash == NULL) {
		tell(r, body + SFU_RECEIPT_UID_OFFSET, "row %u: the receipt answers no permit",
			row->number);
		return 0;
	}
	if (attest == NULL)
		return 0;
	status = receipt_key(r->record->seed, attest, hash, key);
	if (status == 0)
		status = sfu_box_mac(key, body, SFU_RECEIPT_MAC_OFFSET, mac);
	if (status == 0 && memcmp(mac, body + SFU_RECEIPT_MAC_OFFSET, SFU_RECEIPT_MAC_SIZE) != 0)
		tell(r, body + SFU_RECEIPT_UID_OFFSET, "row %u: the receipt's MAC is wrong",
			row->number);
	sfu_crypt_wipe(key, sizeof(key));
	return status == 0 ? fingerprint(r, oem_key, body, row->number) : status;
}

/* Every row of these kinds once. */
static int pass(struct sfu_reconcile *r, struct sfu_ledger_source *source, struct transcripts *t,
	const uint8_t *attest, const uint8_t *oem_key, int receipts)
{
	struct sfu_ledger_row row;
	int found = 1, status = 0;

	while (status == 0 && found) {
		status = sfu_ledger_source_next(source, &row, &found);
		if (status != 0 || !found)
			break;
		if (receipts && row.kind == SFU_LEDGER_RECEIPT)
			status = receipt(r, t, attest, oem_key, &row);
		if (receipts || (row.kind != SFU_LEDGER_LICENCE && row.kind != SFU_LEDGER_PERMIT))
			continue;
		status = grant(r, attest, &row);
		if (status == 0)
			status = keep(t, &row);
	}
	return status;
}

int sfu_reconcile_rows(struct sfu_reconcile *r, struct sfu_ledger_source *source)
{
	uint8_t attest[SFU_HASH], oem_key[SFU_HASH];
	struct transcripts t = { NULL, 0, 0 };
	const uint8_t *a = r->master != NULL ? attest : NULL;
	int status = 0;

	if (a != NULL)
		status = sfu_attest_derive(r->master, attest);
	if (a != NULL && status == 0)
		status = sfu_record_oem_key(r->record, r->master, oem_key);
	if (status == 0)
		status = pass(r, source, &t, a, oem_key, 0);
	if (t.count > 0)
		qsort(t.hash, t.count, SFU_HASH, compare_start);
	if (status == 0)
		status = sfu_ledger_source_rewind(source);
	if (status == 0)
		status = pass(r, source, &t, a, oem_key, 1);
	free(t.hash);
	sfu_crypt_wipe(attest, sizeof(attest));
	sfu_crypt_wipe(oem_key, sizeof(oem_key));
	return status;
}
