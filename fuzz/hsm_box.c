#include "hsm_box.h"
#include <string.h>
#include "bytes.h"
#include "crypto.h"
#include "exchange.h"
#include "fuzz.h"
#include "keyring.h"
#include "link_host.h"
#include "lock_profile.h"
#include "order.h"
#include "token_memory.h"

#define DEVICES 16u
#define RECEIPTS 64u

struct sfu_service hsm_box;
uint64_t hsm_box_time;

static struct sfu_hsm_folder folder = { .name = "box", .ledger = ":memory:", .uri = "pkcs11:token=memory", .locked = -1 };
static const char product[16] = "e2e";

/* What the ledger must hold: of rows that are on the disk, and of those that wait for the end of the round. */
struct book {
	uint32_t rows, total, licences, grants, receipts;
	uint8_t uid[DEVICES][12];
	uint8_t grant[HSM_BOX_GRANTS][SFU_LEDGER_GRANT];
	uint8_t receipt[RECEIPTS][SFU_RECEIPT_SIZE];
};
static struct book kept, now, at_start;
static struct sfu_ledger first; /* the ledger that inputs begin with */
static struct token_memory first_token;
static int waiting, broken; /* answers that wait; one of the round failed */
static int disk_full, lost; /* in this round, at least */
static int whole;           /* the ledger's first rows and its schema are the first ledger's */
static sqlite3_stmt *removal;

uint64_t sfu_host_time(void)
{
	return hsm_box_time;
}

/* ---- beginnings ---- */

void hsm_box_order(uint32_t number, uint32_t total, uint8_t order[SFU_ORDER_SIZE])
{
	struct sfu_ledger_row row;
	struct sfu_hash h;
	uint8_t hash[32];
	int found = 0;

	memset(order, 0, SFU_ORDER_SIZE);
	sfu_put32(order, 0x4F554653u);
	sfu_put32(order + 4, 1);
	memcpy(order + 8, folder.id, 16);
	sfu_put32(order + 24, number);
	FUZZ_MUST(sfu_ledger_row_get(&hsm_box.desk.ledger, number, &row, &found) == 0, "a row cannot be read");
	if (found)
		memcpy(order + 28, row.hash, 32);
	sfu_put32(order + 60, total);
	sfu_hash_init(&h);
	sfu_hash_update(&h, order, 80);
	sfu_hash_final(&h, hash);
	keyring_sign(KEYRING_ORDER, hash, order + 80);
}

static void open_hsm(void)
{
	static int opened;

	if (!opened)
		FUZZ_MUST(sfu_hsm_open(&hsm_box.desk.hsm, &folder, NULL) == 0, "the HSM does not open");
	opened = 1;
}

static void make_first(void)
{
	struct sfu_ledger_begin begin = { .epoch = 1, .lock_profile = SFU_FLASH_LOCK_FIELD, .test = 1 };
	struct sfu_refusal refusal = { 0 };
	uint8_t order[SFU_ORDER_SIZE];
	int done;

	memcpy(folder.id, "a ledger's id...", 16);
	token_memory_begin();
	open_hsm();
	memcpy(begin.id, folder.id, 16);
	memcpy(begin.product, product, 16);
	memcpy(begin.hsm_key, keyring_point(KEYRING_SIGN), 64);
	memcpy(begin.seal_key, keyring_point(KEYRING_SEAL), 64);
	memcpy(begin.order_key, keyring_point(KEYRING_ORDER), 64);
	FUZZ_MUST(sfu_ledger_create(&hsm_box.desk.ledger, folder.ledger, &hsm_box.desk.hsm, &begin) == 0, "there is no ledger");
	hsm_box_order(1, HSM_BOX_ORDER, order);
	FUZZ_MUST(sfu_desk_order(&hsm_box.desk, order, &refusal) == 0 && refusal.code == 0
	                  && sfu_ledger_commit(&hsm_box.desk.ledger, &hsm_box.desk.hsm, &done) == 0,
	          "the first order is not taken");
	first = hsm_box.desk.ledger;
	first_token = token_memory;
	FUZZ_MUST(sfu_ledger_create(&hsm_box.desk.ledger, folder.ledger, &hsm_box.desk.hsm, &begin) == 0, "there is no ledger");
	at_start.rows = 2;
	at_start.total = HSM_BOX_ORDER;
}

void hsm_box_spoil(void)
{
	whole = 0;
}

/* The schema and the rows of the first ledger; and no trigger that keeps rows from being removed, which no service does. */
static void copy_first(struct sfu_ledger *l)
{
	sqlite3_backup *copy = sqlite3_backup_init(l->db, "main", first.db, "main");

	FUZZ_MUST(copy != NULL && sqlite3_backup_step(copy, -1) == SQLITE_DONE && sqlite3_backup_finish(copy) == SQLITE_OK
	                  && sqlite3_exec(l->db, "DROP TRIGGER no_removal", NULL, NULL, NULL) == SQLITE_OK
	                  && (removal != NULL
	                      || sqlite3_prepare_v2(l->db, "DELETE FROM row WHERE number > 2", -1, &removal, NULL) == SQLITE_OK),
	          "SQLite does not copy");
	whole = 1;
}

/* The rows of the first ledger, and no others. */
static void take_first(void)
{
	struct sfu_ledger *l = &hsm_box.desk.ledger;

	hsm_box_full(HSM_BOX_WRITES);
	if (l->open)
		sfu_ledger_undo(l);
	if (!whole)
		copy_first(l);
	FUZZ_MUST(sqlite3_step(removal) == SQLITE_DONE && sqlite3_reset(removal) == SQLITE_OK, "SQLite removes nothing");
	l->number = first.number;
	l->time = first.time;
	l->total = first.total;
	l->licences = first.licences;
	l->open = 0;
	l->turn = first.turn;
	memcpy(l->hash, first.hash, sizeof l->hash);
	memcpy(l->seal, first.seal, sizeof l->seal);
	hsm_box.undone = l->undone;
}

void hsm_box_begin(void)
{
	keyring_begin();
	if (first.db == NULL)
		make_first();
	token_memory = first_token;
	if (!hsm_box.desk.hsm.ready)
		FUZZ_MUST(sfu_hsm_again(&hsm_box.desk.hsm) == 0, "the token does not come back");
	take_first();
	kept = now = at_start;
	hsm_box_time = 10000;
	hsm_box.tried = 0;
	waiting = broken = lost = 0;
}

void hsm_box_fail(uint32_t n)
{
	token_memory.calls = 0;
	token_memory.fails_at = n;
	lost = 1;
}

void hsm_box_plug(void)
{
	token_memory.gone = 0;
	token_memory.fails_at = TOKEN_NEVER;
}

static int no_commit(void *nothing)
{
	(void)nothing;
	return 1;
}

void hsm_box_full(enum hsm_box_full how)
{
	sqlite3 *db = hsm_box.desk.ledger.db;
	static enum hsm_box_full was;

	disk_full = how != HSM_BOX_WRITES;
	if (how == was)
		return;
	was = how;
	FUZZ_MUST(sqlite3_exec(db, how == HSM_BOX_NO_ROW ? "PRAGMA query_only = 1" : "PRAGMA query_only = 0", NULL, NULL, NULL)
	                  == SQLITE_OK, "SQLite takes no pragma");
	(void)sqlite3_commit_hook(db, how == HSM_BOX_NO_COMMIT ? no_commit : NULL, NULL);
}

/* ---- what an answer must be ---- */

static uint32_t device(const struct book *b, const uint8_t *uid)
{
	uint32_t i;

	for (i = 0; i < b->licences; i++)
		if (memcmp(b->uid[i], uid, 12) == 0)
			return i;
	return DEVICES;
}

static uint32_t rank(uint32_t lock)
{
	return lock == 0x71B94E58u ? 3 : lock == 0x4C63A6E2u ? 2 : lock == 0x2A5C1935u;
}

static const uint8_t *answered(const uint8_t *challenge)
{
	uint32_t i;

	for (i = 0; i < now.grants; i++)
		if (memcmp(now.grant[i], challenge, SFU_CHALLENGE_SIZE) == 0)
			return now.grant[i];
	return NULL;
}

static uint32_t judge_challenge(const uint8_t *c)
{
	uint8_t mac[32], id[4], secret[32];
	static const uint8_t scalar[32] = { [31] = 3 };

	FUZZ_MUST(sfu_point_id(keyring_point(KEYRING_SIGN), id) == 0, "a key has no id");
	if (sfu_get32(c) != 1)
		return SFU_REFUSED_PROTOCOL;
	if (memcmp(c + 24, product, 16) != 0)
		return SFU_REFUSED_PRODUCT;
	if (sfu_get32(c + 40) != 1)
		return SFU_REFUSED_EPOCH;
	if (memcmp(c + 4, id, 4) != 0)
		return SFU_REFUSED_SIGNER;
	sfu_hmac(mac, token_memory_attest, c, 152);
	if (memcmp(mac, c + 152, 32) != 0)
		return SFU_REFUSED_ATTEST;
	if (rank(sfu_get32(c + 44)) < 2)
		return SFU_REFUSED_LOCK;
	if (device(&now, c + 8) == DEVICES && now.licences >= now.total)
		return SFU_REFUSED_STOCK;
	if (answered(c) == NULL && sfu_agree(secret, scalar, c + 88) != SFU_OK)
		return SFU_REFUSED_MESSAGE;
	return 0;
}

static uint32_t judge_receipt(const uint8_t *r)
{
	uint8_t wanted[SFU_RECEIPT_SIZE];
	static const uint8_t any[32];
	uint32_t i;

	for (i = 0; i < now.grants; i++) {
		const uint8_t *g = now.grant[i];

		exchange_receipt(g, g + SFU_CHALLENGE_SIZE, token_memory_attest, token_memory_seed, any, sfu_get32(r + 20), wanted);
		/* its fingerprint is its own to tell, so its MAC is made of what it says */
		if (sfu_get32(r) == 1 && memcmp(r + 4, wanted + 4, 16) == 0 && memcmp(r + 40, wanted + 40, 16) == 0) {
			uint8_t key[32], mac[32], transcript[32];

			exchange_transcript(g, g + SFU_CHALLENGE_SIZE, transcript);
			exchange_derive(key, token_memory_seed, token_memory_attest, "sfu receipt", transcript, 32);
			sfu_hmac(mac, key, r, 56);
			if (memcmp(mac, r + 56, 16) == 0)
				return 0;
		}
	}
	return SFU_REFUSED_RECEIPT;
}

static uint32_t judge_order(const uint8_t *o)
{
	uint8_t digest[32];
	struct sfu_ledger_row row;
	struct sfu_hash h;
	int found = 0;

	sfu_hash_init(&h);
	sfu_hash_update(&h, o, 80);
	sfu_hash_final(&h, digest);
	if (sfu_get32(o) != 0x4F554653u || sfu_get32(o + 4) != 1 || memcmp(o + 8, folder.id, 16) != 0
	    || sfu_verify(keyring_point(KEYRING_ORDER), digest, o + 80) != SFU_OK || sfu_get32(o + 60) <= now.total)
		return SFU_REFUSED_ORDER;
	FUZZ_MUST(sfu_ledger_row_get(&hsm_box.desk.ledger, sfu_get32(o + 24), &row, &found) == 0, "a row cannot be read");
	return found && memcmp(row.hash, o + 28, 32) == 0 ? 0 : SFU_REFUSED_ORDER;
}

static uint32_t judge(uint8_t type, const uint8_t *body, size_t size)
{
	static const size_t sizes[] = { 0, 4, 184, 72, 144 };

	if (type == 0 || type > 4 || size != sizes[type])
		return SFU_REFUSED_MESSAGE;
	switch (type) {
	case 1: return sfu_get32(body) == 1 ? 0 : SFU_REFUSED_PROTOCOL;
	case 2: return judge_challenge(body);
	case 3: return judge_receipt(body);
	default: return judge_order(body);
	}
}

/* ---- what it is ---- */

static void took_challenge(const uint8_t *c, const uint8_t *grant)
{
	const uint8_t *permit = grant + 16, *before = answered(c);
	uint8_t transcript[32], id[4];
	uint32_t n = device(&now, c + 8);
	const int again = n < DEVICES;

	FUZZ_MUST(sfu_point_id(keyring_point(KEYRING_SIGN), id) == 0, "a key has no id");
	exchange_transcript(c, permit, transcript);
	FUZZ_MUST(sfu_verify(keyring_point(KEYRING_SIGN), transcript, permit + 168) == SFU_OK, "a permit that H did not sign");
	FUZZ_MUST(sfu_get32(permit) == 1 && memcmp(permit + 4, id, 4) == 0 && memcmp(permit + 12, c + 8, 12) == 0,
	          "a permit for somebody else");
	FUZZ_MUST(sfu_get32(grant) == (again ? 1u : 0u), "a licence that is new, and is not, or the other way round");
	if (!again) {
		FUZZ_MUST(now.licences < DEVICES, "more devices than this watcher counts");
		n = now.licences++;
		memcpy(now.uid[n], c + 8, 12);
	}
	FUZZ_MUST(sfu_get32(permit + 8) == n + 1, "a device gets another licence than its own, or not the next one");
	FUZZ_MUST(sfu_get32(grant + 4) == now.total - now.licences, "the stock is told wrong");
	if (before != NULL) {
		FUZZ_MUST(memcmp(before + SFU_CHALLENGE_SIZE, permit, SFU_PERMIT_SIZE) == 0, "one challenge has two answers");
		return;
	}
	FUZZ_MUST(now.grants < HSM_BOX_GRANTS, "more exchanges than this watcher counts");
	memcpy(now.grant[now.grants], c, SFU_CHALLENGE_SIZE);
	memcpy(now.grant[now.grants++] + SFU_CHALLENGE_SIZE, permit, SFU_PERMIT_SIZE);
	now.rows++;
}

static void took_receipt(const uint8_t *r, const uint8_t *stored)
{
	uint32_t i;

	for (i = 0; i < now.receipts && memcmp(now.receipt[i], r, SFU_RECEIPT_SIZE) != 0; i++)
		;
	FUZZ_MUST(sfu_get32(stored) == (i < now.receipts), "a receipt that is new, and is not, or the other way round");
	FUZZ_MUST(memcmp(stored + 4, r + 4, 4) == 0 && sfu_get32(stored + 8) == now.total - now.licences, "a receipt is told wrong");
	if (i < now.receipts)
		return;
	FUZZ_MUST(now.receipts < RECEIPTS, "more receipts than this watcher counts");
	memcpy(now.receipt[now.receipts++], r, SFU_RECEIPT_SIZE);
	now.rows++;
}

static void took(uint8_t type, const uint8_t *body, const struct sfu_message *answer)
{
	const uint8_t *a = sfu_message_body(answer);
	static const struct { uint8_t type; size_t size; } of[] = {
		{ 0, 0 }, { 0x81, 88 }, { 0x82, 248 }, { 0x83, 20 }, { 0x81, 88 },
	};

	FUZZ_MUST(sfu_message_type(answer) == of[type].type && sfu_message_size(answer) == of[type].size,
	          "an answer of another kind than the question asks for");
	if (type == 2)
		took_challenge(body, a);
	if (type == 3)
		took_receipt(body, a);
	if (type == 4) {
		now.total = sfu_get32(body + 60);
		now.rows++;
	}
	if (of[type].type == 0x81) {
		FUZZ_MUST(sfu_get32(a) == 1 && memcmp(a + 8, product, 16) == 0 && sfu_get32(a + 24) == 1
		                  && memcmp(a + 28, folder.id, 16) == 0, "the service says it is another");
		FUZZ_MUST(sfu_get32(a + 44) == now.total && sfu_get32(a + 48) == now.total - now.licences
		                  && sfu_get32(a + 52) == now.rows, "the service tells another ledger than it has");
	}
}

int hsm_box_has_room(void)
{
	return now.grants < HSM_BOX_GRANTS && now.receipts < RECEIPTS && now.licences < DEVICES;
}

void hsm_box_ask(uint8_t type, const void *body, size_t size, struct sfu_message *answer)
{
	struct sfu_message question;
	const uint32_t expected = broken ? 0 : judge(type, body, size);
	uint32_t code = 0;
	int waits = 0;

	sfu_message_make(&question, type, body, size);
	FUZZ_MUST(sfu_message_whole(&question) == 1, "a message that is none");
	sfu_service_answer(&hsm_box, &question, answer, &waits);
	FUZZ_MUST(sfu_message_whole(answer) == 1 && sfu_message_type(answer) >= 0x81, "an answer that is none");
	if (sfu_message_type(answer) == SFU_SERVICE_REFUSED)
		code = sfu_get32(sfu_message_body(answer));
	fuzz_trace("question %u: %s, code %u, expected %u\n", type, waits ? "waits" : "final", code, expected);
	if (code == SFU_REFUSED_TOKEN || code == SFU_REFUSED_LEDGER) {
		FUZZ_MUST(code == SFU_REFUSED_TOKEN ? lost || token_memory.gone || !hsm_box.desk.hsm.ready : disk_full,
		          "a refusal for no reason");
		broken |= hsm_box.undone != hsm_box.desk.ledger.undone;
		return;
	}
	if (broken)
		return;
	FUZZ_MUST(code == expected, "the service does not answer as spec/formats.md has it");
	waiting |= waits;
	if (code == 0)
		took(type, body, answer);
}

int hsm_box_commit(void)
{
	struct sfu_message refused;
	const int status = sfu_service_commit(&hsm_box, &refused), whole = !broken;
	int head;

	if (status == 0 && whole) {
		kept = now;
	} else {
		FUZZ_MUST(status != 0 || !waiting, "a round that failed counts");
		/* all of it or nothing: the token may have failed behind the disk */
		if (whole && hsm_box.desk.ledger.number == now.rows)
			kept = now;
		else
			now = kept;
	}
	FUZZ_MUST(hsm_box.desk.ledger.number == kept.rows, "the ledger has other rows than were promised");
	for (head = 0; head < 2; head++)
		FUZZ_MUST(token_memory.head_size[head] == 0 || sfu_get32(token_memory.head[head] + 4) <= kept.rows,
		          "the token has seen a row that the ledger does not have");
	waiting = broken = 0;
	lost = token_memory.fails_at != TOKEN_NEVER;
	return status == 0;
}

void hsm_box_check(void)
{
	struct sfu_ledger_source source;
	struct sfu_ledger_check check;
	uint32_t i;

	sfu_ledger_source_ledger(&source, &hsm_box.desk.ledger);
	sfu_ledger_check_begin(&check, "ledger", keyring_point(KEYRING_SEAL));
	FUZZ_MUST(sfu_ledger_check_all(&check, &source) == 0, "the service's own ledger is not good");
	FUZZ_MUST(check.number == kept.rows && check.total == kept.total && check.licences == kept.licences
	                  && check.receipts == kept.receipts && check.licences <= check.total,
	          "licences, receipts or rows are counted wrong");
	for (i = 0; i < kept.licences; i++) {
		const struct sfu_ledger_device *d = sfu_ledger_check_device(&check, kept.uid[i]);

		FUZZ_MUST(d != NULL && d->licence == i + 1, "a device does not have its licence");
	}
	sfu_ledger_check_free(&check);
}

const uint8_t *hsm_box_grant(uint32_t n)
{
	return n < kept.grants ? kept.grant[n] : NULL;
}

uint32_t hsm_box_grants(void)
{
	return kept.grants;
}

int hsm_box_gave(const uint8_t *challenge, const uint8_t *permit)
{
	uint32_t i;

	for (i = 0; i < kept.grants; i++)
		if (memcmp(kept.grant[i], challenge, SFU_CHALLENGE_SIZE) == 0
		    && memcmp(kept.grant[i] + SFU_CHALLENGE_SIZE, permit, SFU_PERMIT_SIZE) == 0)
			return 1;
	return 0;
}
