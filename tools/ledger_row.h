/* The rows of a ledger, between bytes and fields: spec/formats.md, "Ledger". */
#ifndef SFU_TOOL_LEDGER_ROW_H
#define SFU_TOOL_LEDGER_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "crypt.h"
#include "point.h"

/* a body of a LICENCE or PERMIT row */
#define SFU_LEDGER_GRANT (SFU_CHALLENGE_SIZE + SFU_PERMIT_SIZE)

struct sfu_ledger_row {
	uint32_t number, kind;
	uint64_t time; /* seconds since 1970 */
	uint8_t previous[SFU_HASH];
	size_t size;
	uint8_t body[SFU_LEDGER_BODY_MAX];
	uint8_t hash[SFU_HASH]; /* of all the above */
	uint8_t seal[SFU_LEDGER_SEAL_SIGNATURE_SIZE];
};

/* struct LEDGER_BEGIN */
struct sfu_ledger_begin {
	uint32_t epoch, lock_profile, test;
	uint8_t id[SFU_LEDGER_BEGIN_LEDGER_SIZE];
	uint8_t product[SFU_LEDGER_BEGIN_PRODUCT_SIZE];
	uint8_t hsm_key[SFU_POINT], seal_key[SFU_POINT], order_key[SFU_POINT];
};

/* struct LEDGER_ROW of the row. */
void sfu_ledger_encode(const struct sfu_ledger_row *row, uint8_t bytes[SFU_LEDGER_ROW_SIZE]);

/* The same backwards, but for body, hash and seal. 0: magic or size are none of a row. */
int sfu_ledger_decode(const uint8_t bytes[SFU_LEDGER_ROW_SIZE], struct sfu_ledger_row *row);

int sfu_ledger_hash(const struct sfu_ledger_row *row, uint8_t hash[SFU_HASH]);

/* struct LEDGER_SEAL of the row. */
void sfu_ledger_seal(const struct sfu_ledger_row *row,
	const uint8_t id[SFU_LEDGER_BEGIN_LEDGER_SIZE], uint8_t seal[SFU_LEDGER_SEAL_SIZE]);

/* How many bytes the body of such a row has, 0: there is no such kind. */
size_t sfu_ledger_body(uint32_t kind);

/* The body of the first row. 0: its format is not known. */
int sfu_ledger_begin_decode(const uint8_t *body, struct sfu_ledger_begin *begin);
void sfu_ledger_begin_encode(const struct sfu_ledger_begin *begin, uint8_t *body);

void sfu_put64(uint8_t *p, uint64_t v);
uint64_t sfu_get64(const uint8_t *p);

/* 2026-03-01 12:00:00 UTC, in `text` */
#define SFU_TIME_TEXT 32
const char *sfu_time_print(char text[SFU_TIME_TEXT], uint64_t time);

#endif
