/* Reading the ledger. */
#include <string.h>

#include "ledger.h"
#include "say.h"

int sfu_ledger_broken(const struct sfu_ledger *l, const char *what)
{
	return sfu_fail(EX_IOERR, l->path, "the ledger cannot %s: %s", what,
		l->db == NULL ? "there is no memory" : sqlite3_errmsg(l->db));
}

static void fixed(sqlite3_stmt *s, int column, uint8_t *out, size_t size)
{
	memset(out, 0, size);
	if (sqlite3_column_bytes(s, column) == (int)size)
		memcpy(out, sqlite3_column_blob(s, column), size);
}

/* The row a statement stands on: number, kind, time, body, hash, seal. */
static void take(sqlite3_stmt *s, struct sfu_ledger_row *row)
{
	const size_t size = (size_t)sqlite3_column_bytes(s, 3);

	memset(row, 0, sizeof(*row));
	row->number = (uint32_t)sqlite3_column_int64(s, 0);
	row->kind = (uint32_t)sqlite3_column_int64(s, 1);
	row->time = (uint64_t)sqlite3_column_int64(s, 2);
	row->size = size < sizeof(row->body) ? size : sizeof(row->body);
	if (row->size > 0)
		memcpy(row->body, sqlite3_column_blob(s, 3), row->size);
	fixed(s, 4, row->hash, sizeof(row->hash));
	fixed(s, 5, row->seal, sizeof(row->seal));
}

static int step(struct sfu_ledger *l, sqlite3_stmt *s, struct sfu_ledger_row *row, int *found)
{
	const int result = sqlite3_step(s);

	*found = result == SQLITE_ROW;
	if (*found)
		take(s, row);
	sqlite3_reset(s);
	return result == SQLITE_ROW || result == SQLITE_DONE ? 0 : sfu_ledger_broken(l, "be read");
}

int sfu_ledger_row_next(
	struct sfu_ledger *l, uint32_t number, struct sfu_ledger_row *row, int *found)
{
	if (sqlite3_bind_int64(l->by_number, 1, number) != SQLITE_OK)
		return sfu_ledger_broken(l, "be read");
	return step(l, l->by_number, row, found);
}

int sfu_ledger_row_get(
	struct sfu_ledger *l, uint32_t number, struct sfu_ledger_row *row, int *found)
{
	const int status = sfu_ledger_row_next(l, number, row, found);

	*found = *found && row->number == number;
	return status;
}

int sfu_ledger_row_of(struct sfu_ledger *l, uint32_t kind, const uint8_t uid[12], uint32_t after,
	struct sfu_ledger_row *row, int *found)
{
	sqlite3_stmt *s = l->of_uid[kind - SFU_LEDGER_LICENCE];

	if (sqlite3_bind_blob(s, 1, uid, 12, SQLITE_STATIC) != SQLITE_OK ||
		sqlite3_bind_int64(s, 2, after) != SQLITE_OK)
		return sfu_ledger_broken(l, "be read");
	return step(l, s, row, found);
}
