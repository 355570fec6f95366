/* Checks a ledger row by row, from its file or an export, as who has nothing but its rows can. */
#ifndef SFU_TOOL_LEDGER_CHECK_H
#define SFU_TOOL_LEDGER_CHECK_H

#include <stdio.h>

#include "ledger.h"

/* where rows come from: the ledger itself, or an export */
struct sfu_ledger_source {
	const char *path;
	struct sfu_ledger *ledger; /* or NULL */
	FILE *file;                /* or NULL */
	uint32_t next;
};

void sfu_ledger_source_ledger(struct sfu_ledger_source *source, struct sfu_ledger *ledger);

/* EX_NOINPUT, EX_DATAERR: it is no export. */
int sfu_ledger_source_file(struct sfu_ledger_source *source, const char *path);

/* The next row; *found is 0 at the end. EX_DATAERR: an export that was cut short. */
int sfu_ledger_source_next(
	struct sfu_ledger_source *source, struct sfu_ledger_row *row, int *found);

/* Begins anew. */
int sfu_ledger_source_rewind(struct sfu_ledger_source *source);
void sfu_ledger_source_close(struct sfu_ledger_source *source);

struct sfu_ledger_device {
	uint8_t uid[SFU_CHALLENGE_UID_SIZE];
	uint32_t licence, row; /* licence 0: the place is free */
	uint32_t permits, receipts;
};

struct sfu_ledger_check {
	const char *path;
	struct sfu_ledger_begin begin;
	EVP_PKEY *seal_key;
	uint32_t number; /* of the last row that was good */
	uint8_t (*hashes)[SFU_HASH];
	uint32_t room;
	uint32_t total, licences, receipts;
	struct sfu_ledger_device *devices; /* by a hash of the uid; count is a power of two */
	uint32_t device_room;
};

/* `seal_key`: of the token or the OEM's record; NULL: believe the first row. */
void sfu_ledger_check_begin(
	struct sfu_ledger_check *check, const char *path, const uint8_t seal_key[SFU_POINT]);

/* EX_DATAERR and a sentence: this row was changed, removed or added. */
int sfu_ledger_check_row(struct sfu_ledger_check *check, struct sfu_ledger_row *row);

/* Both for a whole source. */
int sfu_ledger_check_all(struct sfu_ledger_check *check, struct sfu_ledger_source *source);

/* The device's entry, or NULL. */
struct sfu_ledger_device *sfu_ledger_check_device(
	const struct sfu_ledger_check *check, const uint8_t uid[12]);

void sfu_ledger_check_free(struct sfu_ledger_check *check);

#endif
