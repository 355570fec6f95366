#include "ledger.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bytes.h"
#include "say.h"

#define BUSY_WAIT 10000 /* ms that a writer waits for one who has the file */

static_assert(SFU_CHALLENGE_UID_OFFSET == 8 && SFU_RECEIPT_UID_OFFSET == 8 &&
		SFU_CHALLENGE_SIZE + SFU_PERMIT_LICENCE_OFFSET == 192 && SFU_LEDGER_LICENCE == 3 &&
		SFU_LEDGER_PERMIT == 4 && SFU_LEDGER_RECEIPT == 5,
	"the numbers in the schema");

/* SQLite itself keeps rows from being changed, a device from getting two licences, and a licence from
 * going to two devices. It stops mistakes; who writes the file without SQLite is found by the seals. */
static const char schema[] =
	"PRAGMA application_id = 0x5346554C;"
	"BEGIN;"
	"CREATE TABLE row (number INTEGER PRIMARY KEY, kind INTEGER NOT NULL, time INTEGER NOT "
	"NULL,"
	" body BLOB NOT NULL, hash BLOB NOT NULL, seal BLOB NOT NULL) STRICT;"
	"CREATE UNIQUE INDEX licence_device ON row (substr(body, 9, 12)) WHERE kind = 3;"
	"CREATE UNIQUE INDEX licence_number ON row (substr(body, 193, 4)) WHERE kind = 3;"
	"CREATE INDEX permit_device ON row (substr(body, 9, 12)) WHERE kind = 4;"
	"CREATE INDEX receipt_device ON row (substr(body, 9, 12)) WHERE kind = 5;"
	"CREATE INDEX orders ON row (number) WHERE kind = 2;"
	"CREATE TRIGGER no_change BEFORE UPDATE ON row BEGIN"
	" SELECT RAISE(ABORT, 'the ledger only grows'); END;"
	"CREATE TRIGGER no_removal BEFORE DELETE ON row BEGIN"
	" SELECT RAISE(ABORT, 'the ledger only grows'); END;"
	"COMMIT;";

#define COLUMNS "SELECT number, kind, time, body, hash, seal FROM row WHERE "

static int prepare(struct sfu_ledger *l)
{
	static const char *const of_uid[] = {
		COLUMNS
		"kind = 3 AND substr(body, 9, 12) = ?1 AND number > ?2 ORDER BY number LIMIT 1",
		COLUMNS
		"kind = 4 AND substr(body, 9, 12) = ?1 AND number > ?2 ORDER BY number LIMIT 1",
		COLUMNS
		"kind = 5 AND substr(body, 9, 12) = ?1 AND number > ?2 ORDER BY number LIMIT 1",
	};
	int i,
		good = sqlite3_prepare_v2(l->db, "INSERT INTO row VALUES (?, ?, ?, ?, ?, ?)", -1,
			       &l->insert, NULL) == SQLITE_OK &&
		sqlite3_prepare_v2(l->db, COLUMNS "number >= ? ORDER BY number LIMIT 1", -1,
			&l->by_number, NULL) == SQLITE_OK;

	for (i = 0; i < 3 && good; i++)
		good = sqlite3_prepare_v2(l->db, of_uid[i], -1, &l->of_uid[i], NULL) == SQLITE_OK;
	return good ? 0 : sfu_ledger_broken(l, "be read");
}

static int run(struct sfu_ledger *l, const char *sql, const char *what)
{
	return sqlite3_exec(l->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0
								       : sfu_ledger_broken(l, what);
}

/* One number that a query answers, 0 where it answers nothing. */
static int ask(struct sfu_ledger *l, const char *sql, uint32_t *value)
{
	sqlite3_stmt *s = NULL;
	int result = sqlite3_prepare_v2(l->db, sql, -1, &s, NULL);

	*value = 0;
	if (result == SQLITE_OK)
		result = sqlite3_step(s);
	if (result == SQLITE_ROW && sqlite3_column_type(s, 0) == SQLITE_BLOB &&
		sqlite3_column_bytes(s, 0) == 4)
		*value = sfu_get32(sqlite3_column_blob(s, 0));
	else if (result == SQLITE_ROW)
		*value = (uint32_t)sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return result == SQLITE_ROW || result == SQLITE_DONE ? 0 : sfu_ledger_broken(l, "be read");
}

/* What the newest rows say: where the chain goes on, and the stock. */
static int load(struct sfu_ledger *l)
{
	struct sfu_ledger_row row;
	char sql[128];
	int found = 0, status = ask(l, "SELECT max(number) FROM row", &l->number);

	snprintf(sql, sizeof(sql),
		"SELECT substr(body, %u, 4) FROM row WHERE kind = 2 ORDER BY number DESC LIMIT 1",
		SFU_ORDER_TOTAL_OFFSET + 1);
	if (status == 0)
		status = ask(l, "SELECT count(*) FROM row WHERE kind = 3", &l->licences);
	if (status == 0)
		status = ask(l, sql, &l->total);
	if (status == 0)
		status = sfu_ledger_row_get(l, l->number, &row, &found);
	if (status == 0 && !found)
		return sfu_fail(EX_DATAERR, l->path, "is an empty ledger");
	if (status == 0) {
		memcpy(l->hash, row.hash, SFU_HASH);
		sfu_ledger_seal(&row, l->begin.id, l->seal);
	}
	return status;
}

static int load_begin(struct sfu_ledger *l)
{
	struct sfu_ledger_row row;
	int found, status = sfu_ledger_row_get(l, 1, &row, &found);

	if (status == 0 && !found)
		status = sfu_fail(EX_DATAERR, l->path, "row 1 was removed");
	else if (status == 0 &&
		(row.kind != SFU_LEDGER_BEGIN || row.size != SFU_LEDGER_BEGIN_SIZE ||
			!sfu_ledger_begin_decode(row.body, &l->begin)))
		status = sfu_fail(EX_DATAERR, l->path,
			"row 1 was changed: it is not the beginning of a ledger");
	return status;
}

static int open_file(struct sfu_ledger *l, const char *path, int flags)
{
	memset(l, 0, sizeof(*l));
	l->path = path;
	if (sqlite3_open_v2(path, &l->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return sfu_ledger_broken(l, "be opened");
	(void)sqlite3_busy_timeout(l->db, BUSY_WAIT);
	return run(l,
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -512;",
		"be opened");
}

int sfu_ledger_create(struct sfu_ledger *l, const char *path, struct sfu_hsm *hsm,
	const struct sfu_ledger_begin *begin)
{
	uint8_t body[SFU_LEDGER_BEGIN_SIZE];
	const mode_t mask = umask(077);
	int kept, status = open_file(l, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);

	umask(mask);
	l->begin = *begin;
	sfu_ledger_begin_encode(begin, body);
	if (status == 0)
		status = run(l, schema, "be made");
	if (status == 0)
		status = prepare(l);
	if (status == 0)
		status = sfu_ledger_append(l, hsm, SFU_LEDGER_BEGIN, body, sizeof(body));
	if (status == 0)
		status = sfu_ledger_commit(l, hsm, &kept);
	return status;
}

int sfu_ledger_open(struct sfu_ledger *l, const char *path)
{
	int status;

	memset(l, 0, sizeof(*l));
	if (access(path, F_OK) != 0)
		return sfu_fail(EX_NOINPUT, path, "there is no ledger");
	/* a reader writes too: the index of the write-ahead log, which a service that was killed leaves */
	status = open_file(l, path, SQLITE_OPEN_READWRITE);
	if (status == 0)
		status = prepare(l);
	if (status == 0)
		status = load_begin(l);
	if (status == 0)
		status = load(l);
	return status;
}

int sfu_ledger_append(
	struct sfu_ledger *l, struct sfu_hsm *hsm, uint32_t kind, const uint8_t *body, size_t size)
{
	struct sfu_ledger_row row = { .number = l->number + 1, .kind = kind, .size = size };
	uint8_t seal[SFU_LEDGER_SEAL_SIZE], digest[SFU_HASH];
	const struct sfu_part part = { seal, SFU_LEDGER_SEAL_SIGNATURE_OFFSET };
	int status = l->open ? 0 : run(l, "BEGIN IMMEDIATE", "be written");

	if (status != 0)
		return status;
	l->open = 1;
	row.time = (uint64_t)time(NULL);
	memcpy(row.previous, l->hash, SFU_HASH);
	memcpy(row.body, body, size);
	status = sfu_ledger_hash(&row, row.hash);
	sfu_ledger_seal(&row, l->begin.id, seal);
	if (status == 0)
		status = sfu_crypt_sha256(&part, 1, digest);
	if (status == 0)
		status = sfu_token_sign(&hsm->token, hsm->seal, digest, row.seal);
	if (status == 0) {
		sqlite3_bind_int64(l->insert, 1, row.number);
		sqlite3_bind_int64(l->insert, 2, row.kind);
		sqlite3_bind_int64(l->insert, 3, (sqlite3_int64)row.time);
		sqlite3_bind_blob(l->insert, 4, row.body, (int)row.size, SQLITE_STATIC);
		sqlite3_bind_blob(l->insert, 5, row.hash, sizeof(row.hash), SQLITE_STATIC);
		sqlite3_bind_blob(l->insert, 6, row.seal, sizeof(row.seal), SQLITE_STATIC);
		if (sqlite3_step(l->insert) != SQLITE_DONE)
			status = sfu_ledger_broken(l, "take a row");
		sqlite3_reset(l->insert);
		sqlite3_clear_bindings(l->insert);
	}
	if (status != 0) {
		sfu_ledger_undo(l);
		return status;
	}
	l->number = row.number;
	l->time = row.time;
	memcpy(l->hash, row.hash, SFU_HASH);
	sfu_ledger_seal(&row, l->begin.id, l->seal);
	if (kind == SFU_LEDGER_LICENCE)
		l->licences++;
	if (kind == SFU_LEDGER_ORDER)
		l->total = sfu_get32(body + SFU_ORDER_TOTAL_OFFSET);
	return 0;
}

void sfu_ledger_undo(struct sfu_ledger *l)
{
	l->open = 0;
	l->undone++;
	if (sqlite3_get_autocommit(l->db) == 0)
		(void)sqlite3_exec(l->db, "ROLLBACK", NULL, NULL, NULL);
	(void)load(l);
}

int sfu_ledger_commit(struct sfu_ledger *l, struct sfu_hsm *hsm, int *kept)
{
	int status;

	*kept = 0;
	if (!l->open)
		return 0;
	status = run(l, "COMMIT", "be written");
	if (status != 0) {
		sfu_ledger_undo(l);
		return status;
	}
	l->open = 0;
	*kept = 1;
	return sfu_ledger_head_put(hsm, l->seal, &l->turn);
}

void sfu_ledger_close(struct sfu_ledger *l)
{
	int i;

	sqlite3_finalize(l->insert);
	sqlite3_finalize(l->by_number);
	for (i = 0; i < 3; i++)
		sqlite3_finalize(l->of_uid[i]);
	sqlite3_close(l->db);
	memset(l, 0, sizeof(*l));
}
