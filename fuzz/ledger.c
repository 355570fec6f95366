/* Ledgers as a file may hold them -> what `sfu hsm ledger verify`, `reconcile` and a service that starts make of them. Input:
 * mode (1), then an export as it is; or steps that make rows, each changed in one place and sealed again or not; the rows
 * are then an export, or lie in the SQLite file with a token that has seen some of them; or they are reconciled with a list
 * of devices, which is the rest of the input. Held against a second reading of spec/formats.md. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bytes.h"
#include "crypto.h"
#include "exchange.h"
#include "fuzz.h"
#include "hsm_box.h"
#include "keyring.h"
#include "reconcile.h"
#include "token_memory.h"

#define ROWS 24u
#define FILE_MAX 16384u
#define ROW 56u

static struct fuzz_input in;
static uint8_t file[FILE_MAX];
static uint32_t file_size;
static const uint8_t id[16] = "a ledger's id...", product[16] = "e2e";

/* The readers open files by name: this one is the input (linked with --wrap). */
FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
	if (strcmp(path, "the input") != 0)
		return __real_fopen(path, mode);
	return fmemopen(file, file_size, "r");
}

static void sha256(uint8_t out[32], const uint8_t *data, uint32_t size)
{
	struct sfu_hash h;

	sfu_hash_init(&h);
	sfu_hash_update(&h, data, size);
	sfu_hash_final(&h, out);
}

/* ---- rows that are made ---- */

static struct row {
	uint8_t bytes[ROW + 416], hash[32], seal[64];
	uint32_t size, kind; /* of the body */
} rows[ROWS];
static uint32_t count, total, licences;

static void seal_bytes(const struct row *r, uint32_t number, uint8_t seal[56])
{
	sfu_put32(seal, 0x48554653);
	sfu_put32(seal + 4, number);
	memcpy(seal + 8, id, 16);
	memcpy(seal + 24, r->hash, 32);
}

static void seal(struct row *r, uint32_t number, enum keyring by)
{
	uint8_t bytes[56], digest[32];

	seal_bytes(r, number, bytes);
	sha256(digest, bytes, sizeof bytes);
	keyring_sign(by, digest, r->seal);
}

static uint32_t body_of(uint32_t kind, uint8_t *b)
{
	const uint32_t who = fuzz_byte(&in) % 4, more = fuzz_byte(&in);
	uint8_t digest[32];

	switch (kind) {
	case SFU_LEDGER_BEGIN:
		sfu_put32(b, 1);
		sfu_put32(b + 4, 1);
		memcpy(b + 8, id, 16);
		memcpy(b + 24, product, 16);
		sfu_put32(b + 40, SFU_FLASH_LOCK_FIELD);
		memcpy(b + 48, keyring_point(KEYRING_SIGN), 64);
		memcpy(b + 112, keyring_point(KEYRING_SEAL), 64);
		memcpy(b + 176, keyring_point(KEYRING_ORDER), 64);
		return 240;
	case SFU_LEDGER_ORDER:
		sfu_put32(b, 0x4F554653);
		sfu_put32(b + 4, 1);
		memcpy(b + 8, id, 16);
		sfu_put32(b + 24, count - who);
		if (who < count)
			memcpy(b + 28, rows[count - who - 1].hash, 32);
		total += more % 16;
		sfu_put32(b + 60, total);
		sha256(digest, b, 80);
		keyring_sign(more >= 0xF0 ? KEYRING_OTHER : KEYRING_ORDER, digest, b + 80);
		return 144;
	case SFU_LEDGER_LICENCE:
	case SFU_LEDGER_PERMIT:
		memset(b + 8, (int)(more % 16), 12);
		memset(b + 184 + 12, (int)(more % 16), 12);
		licences += kind == SFU_LEDGER_LICENCE;
		sfu_put32(b + 184 + 8, kind == SFU_LEDGER_LICENCE ? licences : more / 16);
		return 416;
	case SFU_LEDGER_RECEIPT:
		sfu_put32(b, 1);
		memset(b + 8, (int)(more % 16), 12);
		sfu_put32(b + 4, more / 16);
		return 72;
	default:
		return fuzz_bytes(&in, b, who * 100);
	}
}

/* The next row, of the kind and with the change that the input wants. */
static void make_row(void)
{
	const uint32_t what = fuzz_byte(&in), kind = count == 0 ? 1 : 2 + what % 8 % 6;
	struct row *r = &rows[count];
	uint32_t at;

	memset(r, 0, sizeof *r);
	r->kind = kind;
	sfu_put32(r->bytes, 0x4C554653);
	sfu_put32(r->bytes + 4, count + 1);
	sfu_put32(r->bytes + 8, kind);
	r->size = body_of(kind, r->bytes + ROW);
	sfu_put32(r->bytes + 12, r->size);
	if (count > 0)
		memcpy(r->bytes + 24, rows[count - 1].hash, 32);
	if (what & 8) {
		at = fuzz_half(&in) % (ROW + r->size);
		r->bytes[at] ^= fuzz_byte(&in);
	}
	sha256(r->hash, r->bytes, ROW + r->size);
	seal(r, count + 1, (what & 0xF0) == 0xF0 ? KEYRING_OTHER : KEYRING_SEAL);
	if ((what & 0xF0) == 0xE0) {
		at = fuzz_half(&in) % (ROW + r->size + 64);
		*(at < 64 ? &r->seal[at] : &r->bytes[at - 64]) ^= fuzz_byte(&in);
	}
	count++;
}

static void make_rows(void)
{
	uint32_t wanted = 1 + fuzz_byte(&in) % ROWS;

	count = total = licences = 0;
	while (count < wanted && (count == 0 || in.left > 0))
		make_row();
}

static void put(const void *data, uint32_t size)
{
	memcpy(file + file_size, data, size);
	file_size += size;
}

static void export_rows(void)
{
	uint32_t i;

	file_size = 0;
	put("SFUX", 4);
	for (i = 0; i < count; i++) {
		put(rows[i].bytes, ROW + rows[i].size);
		put(rows[i].seal, 64);
	}
}

/* ---- a second reader ---- */

struct reading {
	uint32_t number, total, licences, receipts;
	uint8_t uid[64][12];
	uint32_t licence[64], built[64];
	uint8_t hash[64][32];
	const uint8_t *begin; /* body of row 1 */
};
static struct reading seen;

static uint32_t find(const uint8_t *uid)
{
	uint32_t i;

	for (i = 0; i < seen.licences && memcmp(seen.uid[i], uid, 12) != 0; i++)
		;
	return i;
}

static int good_order(const uint8_t *b)
{
	const uint32_t row = sfu_get32(b + 24);
	uint8_t digest[32];

	sha256(digest, b, 80);
	if (sfu_get32(b) != 0x4F554653 || sfu_get32(b + 4) != 1 || memcmp(b + 8, seen.begin + 8, 16) != 0
	    || sfu_verify(seen.begin + 176, digest, b + 80) != SFU_OK || sfu_get32(b + 60) <= seen.total || row == 0
	    || row > seen.number || memcmp(b + 28, seen.hash[row - 1], 32) != 0)
		return 0;
	seen.total = sfu_get32(b + 60);
	return 1;
}

static int good_body(uint32_t kind, const uint8_t *b)
{
	const uint32_t who = find(b + 8), number = sfu_get32(b + (kind == 5 ? 4 : 184 + 8));

	if (kind == 2)
		return good_order(b);
	if (kind == 5) {
		if (who == seen.licences || seen.licence[who] != number)
			return 0;
		seen.built[who]++;
		seen.receipts++;
		return 1;
	}
	if (memcmp(b + 8, b + 184 + 12, 12) != 0)
		return 0;
	if (kind == 4)
		return who < seen.licences && seen.licence[who] == number;
	if (who < seen.licences || number != seen.licences + 1 || number > seen.total)
		return 0;
	memcpy(seen.uid[who], b + 8, 12);
	seen.licence[who] = number;
	seen.licences++;
	return 1;
}

/* 1: the row at `r`, of which `left` bytes are there, is the next one. *size is how long it is. */
static int good_row(const uint8_t *r, uint32_t left, uint32_t *size, const uint8_t *seal_key)
{
	static const uint32_t sizes[] = { 0, 240, 144, 416, 416, 72 };
	static const uint8_t zeros[32];
	const uint32_t kind = left >= ROW ? sfu_get32(r + 8) : 0, body = left >= ROW ? sfu_get32(r + 12) : 0;
	uint8_t bytes[56], digest[32];
	struct row sealed;

	if (left < ROW || sfu_get32(r) != 0x4C554653 || body > 416 || left < ROW + body + 64)
		return 0;
	*size = ROW + body + 64;
	if (sfu_get32(r + 4) != seen.number + 1 || memcmp(r + 24, seen.number > 0 ? seen.hash[seen.number - 1] : zeros, 32) != 0
	    || kind == 0 || kind > 5 || sizes[kind] != body || (seen.number == 0) != (kind == 1))
		return 0;
	if (kind == 1) {
		if (sfu_get32(r + ROW) != 1)
			return 0;
		seen.begin = r + ROW;
	}
	if (seal_key == NULL) {
		EVP_PKEY *key = sfu_point_key(seen.begin + 112);

		seal_key = seen.begin + 112;
		if (key == NULL)
			return 0;
		EVP_PKEY_free(key);
	}
	sha256(sealed.hash, r, ROW + body);
	seal_bytes(&sealed, seen.number + 1, bytes);
	memcpy(bytes + 8, seen.begin + 8, 16);
	sha256(digest, bytes, 56);
	if (sfu_verify(seal_key, digest, r + ROW + body) != SFU_OK || (kind != 1 && !good_body(kind, r + ROW)))
		return 0;
	memcpy(seen.hash[seen.number++], sealed.hash, 32);
	return 1;
}

static int good_file(const uint8_t *seal_key)
{
	uint32_t at = 4, size = 0;

	memset(&seen, 0, sizeof seen);
	if (file_size < 4 || memcmp(file, "SFUX", 4) != 0)
		return 0;
	while (at < file_size) {
		if (seen.number == 64 || !good_row(file + at, file_size - at, &size, seal_key))
			return 0;
		at += size;
	}
	return seen.number > 0;
}

/* ---- what is held against it ---- */

static int read_file(struct sfu_ledger_check *check, const uint8_t *seal_key)
{
	struct sfu_ledger_source source;
	int status = sfu_ledger_source_file(&source, "the input");

	sfu_ledger_check_begin(check, "the input", seal_key);
	if (status == 0)
		status = sfu_ledger_check_all(check, &source);
	sfu_ledger_source_close(&source);
	return status;
}

static void reconcile(struct sfu_ledger_check *check, const char *built)
{
	struct sfu_hsm_record record = { .epoch = 1 };
	struct sfu_reconcile r = { .check = check, .record = &record, .master = token_memory_master };
	struct sfu_ledger_source source;
	uint32_t i, wanted = 0;

	memcpy(record.product, product, 16);
	memcpy(record.hsm_key, keyring_point(KEYRING_SIGN), 64);
	memcpy(record.seed, token_memory_seed, 32);
	for (i = 0; i < seen.licences; i++)
		wanted += seen.built[i] != 1;
	if (built == NULL) {
		FUZZ_MUST(sfu_reconcile_devices(&r, "list", NULL) == 0 && r.findings == wanted, "devices are counted wrong");
		FUZZ_MUST(sfu_ledger_source_file(&source, "the input") == 0 && sfu_reconcile_rows(&r, &source) == 0,
		          "a good ledger cannot be reconciled");
		sfu_ledger_source_close(&source);
		/* no grant of these rows was made by an HSM or a device: its signature or its MAC is wrong */
		FUZZ_MUST(r.findings >= wanted + seen.licences + seen.receipts, "an exchange that never was is found good");
		return;
	}
	(void)sfu_reconcile_devices(&r, "list", built);
}

static void check_file(uint32_t mode)
{
	const uint8_t *key = mode & 0x80 ? keyring_point(KEYRING_SEAL) : NULL;
	struct sfu_ledger_check check;
	int status, good;

	if (file_size == 0)
		return;
	good = good_file(key);
	if (seen.number == 64)
		return;
	status = read_file(&check, key);
	fuzz_trace("%u rows, %s, status %d\n", seen.number, good ? "good" : "not good", status);
	FUZZ_MUST((status == 0) == good, "a ledger is taken that is not good, or the other way round");
	if (good) {
		FUZZ_MUST(check.number == seen.number && check.total == seen.total && check.licences == seen.licences
		                  && check.receipts == seen.receipts, "a ledger is counted wrong");
		reconcile(&check, NULL);
	}
	sfu_ledger_check_free(&check);
}

/* A list of what was built: a line is empty, or a device. */
static int good_list(const char *text)
{
	size_t i, size;

	while (*text != '\0') {
		size = strcspn(text, "\r\n");
		if (size != 0 && size != 24)
			return 0;
		for (i = 0; i < size; i++)
			if (!memchr("0123456789abcdefABCDEF", text[i], 22))
				return 0;
		text += size;
		text += strspn(text, "\r");
		text += *text == '\n';
	}
	return 1;
}

static void check_list(void)
{
	struct sfu_ledger_check check = { .path = "list" };
	struct sfu_reconcile r = { .check = &check };
	static char text[4096];

	/* a file's end is its zero */
	(void)fuzz_bytes(&in, (uint8_t *)text, sizeof text - 1);
	FUZZ_MUST((sfu_reconcile_devices(&r, "list", text) == 0) == good_list(text), "a list is taken that is none, or the other way round");
	if (read_file(&check, NULL) == 0)
		reconcile(&check, text);
	sfu_ledger_check_free(&check);
}

/* The rows in SQLite's file, where nothing keeps them in order, and a token that has seen the first of them. */
static void insert(const struct row *r, uint32_t number, uint32_t odd)
{
	sqlite3_stmt *s = hsm_box.desk.ledger.insert;

	sqlite3_bind_int64(s, 1, number);
	sqlite3_bind_int64(s, 2, sfu_get32(r->bytes + 8));
	sqlite3_bind_int64(s, 3, (sqlite3_int64)sfu_get64(r->bytes + 16));
	sqlite3_bind_blob(s, 4, r->bytes + ROW, (int)r->size, SQLITE_STATIC);
	sqlite3_bind_blob(s, 5, r->hash, odd == 1 ? 31 : 32, SQLITE_STATIC);
	sqlite3_bind_blob(s, 6, r->seal, odd == 2 ? 65 : 64, SQLITE_STATIC);
	FUZZ_MUST(sqlite3_step(s) == SQLITE_DONE, "SQLite takes no row");
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
}

static int good_meeting(uint32_t head, uint32_t missing, uint32_t odd, uint32_t odd_row)
{
	uint8_t previous[32] = { 0 }, digest[32], bytes[56];
	uint32_t i;

	if (missing < count || head > count)
		return 0;
	for (i = 0; i < count; i++) {
		struct row r = rows[i];

		/* what SQLite does not keep is made anew: magic, number, size, and the hash before */
		sfu_put32(r.bytes, 0x4C554653);
		sfu_put32(r.bytes + 4, i + 1);
		sfu_put32(r.bytes + 12, r.size);
		memcpy(r.bytes + 24, previous, 32);
		sha256(previous, r.bytes, ROW + r.size);
		if (memcmp(previous, r.hash, 32) != 0 || (odd == 1 && odd_row == i))
			return 0;
		if (i + 1 == head && memcmp(previous, rows[head - 1].hash, 32) != 0)
			return 0;
		seal_bytes(&r, i + 1, bytes);
		sha256(digest, bytes, 56);
		if (i >= head && (sfu_verify(keyring_point(KEYRING_SEAL), digest, r.seal) != SFU_OK || (odd == 2 && odd_row == i)))
			return 0;
	}
	return 1;
}

static void check_database(void)
{
	const uint32_t head = 1 + fuzz_byte(&in) % (count + 1), odd = fuzz_byte(&in), missing = fuzz_byte(&in);
	struct row other = rows[head <= count ? head - 1 : 0];
	struct sfu_ledger *l = &hsm_box.desk.ledger;
	const int first_remains = missing != 0 || count > 1;
	uint32_t i;
	int status;

	hsm_box_begin();
	hsm_box_spoil();
	FUZZ_MUST(sqlite3_exec(l->db, "DELETE FROM row; DROP INDEX licence_device; DROP INDEX licence_number;",
	                       NULL, NULL, NULL) == SQLITE_OK, "SQLite removes nothing");
	for (i = 0; i < count; i++)
		if (i != missing)
			insert(&rows[i], i + 1, odd / 64 % 3 * (odd % ROWS == i));
	memset(&token_memory.head_size, 0, sizeof token_memory.head_size);
	seal(&other, head, KEYRING_SEAL);
	seal_bytes(&other, head, token_memory.head[0]);
	memcpy(token_memory.head[0] + 56, other.seal, 64);
	token_memory.head_size[0] = 120;
	if (!first_remains)
		return;
	sfu_ledger_undo(l); /* reads anew where the chain ends */
	status = sfu_ledger_meet(l, &hsm_box.desk.hsm);
	fuzz_trace("%u rows, the token has seen %u, missing %u, status %d\n", count, head, missing, status);
	if (missing == count - 1 && head < count) {
		count--;
		FUZZ_MUST((status == 0) == good_meeting(head, count, odd / 64 % 3, odd % ROWS), "a shorter ledger is judged wrong");
		return;
	}
	FUZZ_MUST((status == 0) == good_meeting(head, missing, odd / 64 % 3, odd % ROWS),
	          "a service begins with a ledger that its token has not seen so, or does not with one that it has");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t mode;

	in.at = data;
	in.left = size;
	mode = fuzz_byte(&in);
	if (token_memory_attest[0] == 0)
		token_memory_begin();
	if (mode % 4 == 0) {
		file_size = fuzz_bytes(&in, file, FILE_MAX - 1);
		check_file(mode);
		return 0;
	}
	make_rows();
	export_rows();
	if (mode % 4 == 1) {
		file_size -= mode & 0x40 ? fuzz_half(&in) % file_size : 0;
		check_file(mode);
	} else if (mode % 4 == 2) {
		check_database();
	} else {
		check_list();
	}
	return 0;
}
