/* struct ORDER: what the OEM signs for a ledger. */
#ifndef SFU_TOOL_ORDER_H
#define SFU_TOOL_ORDER_H

#include "ledger_row.h"

struct sfu_order {
	uint8_t id[SFU_ORDER_LEDGER_SIZE];
	uint32_t number; /* of the row it names */
	uint8_t hash[SFU_HASH];
	uint32_t total;
	uint8_t reference[SFU_ORDER_REFERENCE_SIZE];
	uint8_t signature[SFU_ORDER_SIGNATURE_SIZE];
};

void sfu_order_encode(const struct sfu_order *order, uint8_t bytes[SFU_ORDER_SIZE]);

/* 0: this is no order. */
int sfu_order_decode(const uint8_t bytes[SFU_ORDER_SIZE], struct sfu_order *order);

/* NULL, or why this ledger cannot take it: not its own, not signed by its order key, or no more than
 * it has. Whether it has the row that the order names, the caller knows. */
const char *sfu_order_wrong(
	const uint8_t bytes[SFU_ORDER_SIZE], const struct sfu_ledger_begin *begin, uint32_t total);

#endif
