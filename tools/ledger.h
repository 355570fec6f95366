/* The ledger: rows in an SQLite file, sealed by a token that also remembers the newest one.
 *
 * Exit statuses: EX_IOERR (the file cannot be read or written), EX_DATAERR (it is not what the token
 * sealed), and those of token.h. */
#ifndef SFU_TOOL_LEDGER_H
#define SFU_TOOL_LEDGER_H

#include <sqlite3.h>

#include "hsm.h"
#include "ledger_row.h"

struct sfu_ledger {
	const char *path;
	sqlite3 *db;
	sqlite3_stmt *insert, *by_number, *of_uid[3];
	struct sfu_ledger_begin begin;
	uint32_t number; /* of the newest row */
	uint8_t hash[SFU_HASH];
	uint64_t time;
	uint8_t seal[SFU_LEDGER_SEAL_SIZE];
	uint32_t total, licences; /* ordered, taken */
	int open;                 /* a transaction is under way */
	uint32_t undone;          /* how often one was taken back */
	int turn;                 /* the head object that is written next */
};

/* Makes the file with its first row, and tells the token. EX_CANTCREAT. */
int sfu_ledger_create(struct sfu_ledger *ledger, const char *path, struct sfu_hsm *hsm,
	const struct sfu_ledger_begin *begin);

/* Opens the file; nothing is checked but that the first row is one. */
int sfu_ledger_open(struct sfu_ledger *ledger, const char *path);

/* Compares with what the token remembers, checks the rows since then and brings the token up to date.
 * EX_DATAERR: this is an older copy, or another one. */
int sfu_ledger_meet(struct sfu_ledger *ledger, struct sfu_hsm *hsm);

/* Adds a row; it counts after sfu_ledger_commit. A failure undoes all since the last commit. */
int sfu_ledger_append(struct sfu_ledger *ledger, struct sfu_hsm *hsm, uint32_t kind,
	const uint8_t *body, size_t size);

/* Puts what was appended on the disk, then tells the token. If only the latter failed, the rows
 * stay and *kept is 1. */
int sfu_ledger_commit(struct sfu_ledger *ledger, struct sfu_hsm *hsm, int *kept);
void sfu_ledger_undo(struct sfu_ledger *ledger);

void sfu_ledger_close(struct sfu_ledger *ledger);

/* Row `number`; *found is 0 if there is none. Hash and seal are what the file says; `previous` is not in
 * the file. */
int sfu_ledger_row_get(
	struct sfu_ledger *ledger, uint32_t number, struct sfu_ledger_row *row, int *found);

/* The first row from `number` on. */
int sfu_ledger_row_next(
	struct sfu_ledger *ledger, uint32_t number, struct sfu_ledger_row *row, int *found);

/* The first row behind row `after` of this kind (LICENCE, PERMIT or RECEIPT) for this device. */
int sfu_ledger_row_of(struct sfu_ledger *ledger, uint32_t kind, const uint8_t uid[12],
	uint32_t after, struct sfu_ledger_row *row, int *found);

/* What the token remembers of the newest row: a seal that L signed, *found 0 if it has none. */
int sfu_ledger_head_get(
	struct sfu_hsm *hsm, uint8_t seal[SFU_LEDGER_SEAL_SIZE], int *turn, int *found);
int sfu_ledger_head_put(struct sfu_hsm *hsm, const uint8_t seal[SFU_LEDGER_SEAL_SIZE], int *turn);

/* Says in SQLite's words what did not work; EX_IOERR. */
int sfu_ledger_broken(const struct sfu_ledger *ledger, const char *what);

#endif
