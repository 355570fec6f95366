#include "order.h"

#include <string.h>

#include "bytes.h"

void sfu_order_encode(const struct sfu_order *o, uint8_t bytes[SFU_ORDER_SIZE])
{
	sfu_put32(bytes + SFU_ORDER_MAGIC_OFFSET, SFU_LEDGER_ORDER_MAGIC);
	sfu_put32(bytes + SFU_ORDER_FORMAT_OFFSET, 1);
	memcpy(bytes + SFU_ORDER_LEDGER_OFFSET, o->id, sizeof(o->id));
	sfu_put32(bytes + SFU_ORDER_NUMBER_OFFSET, o->number);
	memcpy(bytes + SFU_ORDER_HASH_OFFSET, o->hash, SFU_HASH);
	sfu_put32(bytes + SFU_ORDER_TOTAL_OFFSET, o->total);
	memcpy(bytes + SFU_ORDER_REFERENCE_OFFSET, o->reference, sizeof(o->reference));
	memcpy(bytes + SFU_ORDER_SIGNATURE_OFFSET, o->signature, sizeof(o->signature));
}

int sfu_order_decode(const uint8_t bytes[SFU_ORDER_SIZE], struct sfu_order *o)
{
	memcpy(o->id, bytes + SFU_ORDER_LEDGER_OFFSET, sizeof(o->id));
	o->number = sfu_get32(bytes + SFU_ORDER_NUMBER_OFFSET);
	memcpy(o->hash, bytes + SFU_ORDER_HASH_OFFSET, SFU_HASH);
	o->total = sfu_get32(bytes + SFU_ORDER_TOTAL_OFFSET);
	memcpy(o->reference, bytes + SFU_ORDER_REFERENCE_OFFSET, sizeof(o->reference));
	memcpy(o->signature, bytes + SFU_ORDER_SIGNATURE_OFFSET, sizeof(o->signature));
	return sfu_get32(bytes + SFU_ORDER_MAGIC_OFFSET) == SFU_LEDGER_ORDER_MAGIC &&
		sfu_get32(bytes + SFU_ORDER_FORMAT_OFFSET) == 1;
}

const char *sfu_order_wrong(
	const uint8_t bytes[SFU_ORDER_SIZE], const struct sfu_ledger_begin *begin, uint32_t total)
{
	struct sfu_order order;
	int good;

	if (!sfu_order_decode(bytes, &order))
		return "this is no order";
	if (memcmp(order.id, begin->id, sizeof(order.id)) != 0)
		return "the order is for another ledger";
	if (sfu_point_verify(begin->order_key, bytes, SFU_ORDER_SIGNATURE_OFFSET, order.signature,
		    &good) != 0 ||
		!good)
		return "the order is not signed by the OEM's order key";
	if (order.total == total)
		return "the order is counted already";
	if (order.total < total)
		return "the order is older than one that is counted already";
	return NULL;
}
