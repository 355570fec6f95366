#include "ledger_row.h"

#include <string.h>
#include <time.h>

#include "bytes.h"

void sfu_put64(uint8_t *p, uint64_t v)
{
	sfu_put32(p, (uint32_t)(v & 0xFFFFFFFFu));
	sfu_put32(p + 4, (uint32_t)(v >> 32));
}

uint64_t sfu_get64(const uint8_t *p)
{
	return (uint64_t)sfu_get32(p) | (uint64_t)sfu_get32(p + 4) << 32;
}

void sfu_ledger_encode(const struct sfu_ledger_row *row, uint8_t bytes[SFU_LEDGER_ROW_SIZE])
{
	sfu_put32(bytes + SFU_LEDGER_ROW_MAGIC_OFFSET, SFU_LEDGER_ROW_MAGIC);
	sfu_put32(bytes + SFU_LEDGER_ROW_NUMBER_OFFSET, row->number);
	sfu_put32(bytes + SFU_LEDGER_ROW_KIND_OFFSET, row->kind);
	sfu_put32(bytes + SFU_LEDGER_ROW_SIZE_OFFSET, (uint32_t)row->size);
	sfu_put64(bytes + SFU_LEDGER_ROW_TIME_OFFSET, row->time);
	memcpy(bytes + SFU_LEDGER_ROW_PREVIOUS_OFFSET, row->previous, SFU_HASH);
}

int sfu_ledger_decode(const uint8_t bytes[SFU_LEDGER_ROW_SIZE], struct sfu_ledger_row *row)
{
	row->number = sfu_get32(bytes + SFU_LEDGER_ROW_NUMBER_OFFSET);
	row->kind = sfu_get32(bytes + SFU_LEDGER_ROW_KIND_OFFSET);
	row->size = sfu_get32(bytes + SFU_LEDGER_ROW_SIZE_OFFSET);
	row->time = sfu_get64(bytes + SFU_LEDGER_ROW_TIME_OFFSET);
	memcpy(row->previous, bytes + SFU_LEDGER_ROW_PREVIOUS_OFFSET, SFU_HASH);
	return sfu_get32(bytes + SFU_LEDGER_ROW_MAGIC_OFFSET) == SFU_LEDGER_ROW_MAGIC &&
		row->size <= sizeof(row->body);
}

int sfu_ledger_hash(const struct sfu_ledger_row *row, uint8_t hash[SFU_HASH])
{
	uint8_t bytes[SFU_LEDGER_ROW_SIZE];
	const struct sfu_part parts[] = { { bytes, sizeof(bytes) }, { row->body, row->size } };

	sfu_ledger_encode(row, bytes);
	return sfu_crypt_sha256(parts, 2, hash);
}

void sfu_ledger_seal(const struct sfu_ledger_row *row,
	const uint8_t id[SFU_LEDGER_BEGIN_LEDGER_SIZE], uint8_t seal[SFU_LEDGER_SEAL_SIZE])
{
	sfu_put32(seal + SFU_LEDGER_SEAL_MAGIC_OFFSET, SFU_LEDGER_SEAL_MAGIC);
	sfu_put32(seal + SFU_LEDGER_SEAL_NUMBER_OFFSET, row->number);
	memcpy(seal + SFU_LEDGER_SEAL_LEDGER_OFFSET, id, SFU_LEDGER_SEAL_LEDGER_SIZE);
	memcpy(seal + SFU_LEDGER_SEAL_HASH_OFFSET, row->hash, SFU_HASH);
	memcpy(seal + SFU_LEDGER_SEAL_SIGNATURE_OFFSET, row->seal, sizeof(row->seal));
}

size_t sfu_ledger_body(uint32_t kind)
{
	switch (kind) {
	case SFU_LEDGER_BEGIN:
		return SFU_LEDGER_BEGIN_SIZE;
	case SFU_LEDGER_ORDER:
		return SFU_ORDER_SIZE;
	case SFU_LEDGER_LICENCE:
	case SFU_LEDGER_PERMIT:
		return SFU_LEDGER_GRANT;
	case SFU_LEDGER_RECEIPT:
		return SFU_RECEIPT_SIZE;
	default:
		return 0;
	}
}

int sfu_ledger_begin_decode(const uint8_t *body, struct sfu_ledger_begin *b)
{
	b->epoch = sfu_get32(body + SFU_LEDGER_BEGIN_EPOCH_OFFSET);
	b->lock_profile = sfu_get32(body + SFU_LEDGER_BEGIN_LOCK_PROFILE_OFFSET);
	b->test = (sfu_get32(body + SFU_LEDGER_BEGIN_FLAGS_OFFSET) & SFU_LEDGER_TEST) != 0;
	memcpy(b->id, body + SFU_LEDGER_BEGIN_LEDGER_OFFSET, sizeof(b->id));
	memcpy(b->product, body + SFU_LEDGER_BEGIN_PRODUCT_OFFSET, sizeof(b->product));
	memcpy(b->hsm_key, body + SFU_LEDGER_BEGIN_HSM_KEY_OFFSET, SFU_POINT);
	memcpy(b->seal_key, body + SFU_LEDGER_BEGIN_SEAL_KEY_OFFSET, SFU_POINT);
	memcpy(b->order_key, body + SFU_LEDGER_BEGIN_ORDER_KEY_OFFSET, SFU_POINT);
	return sfu_get32(body + SFU_LEDGER_BEGIN_FORMAT_OFFSET) == 1;
}

void sfu_ledger_begin_encode(const struct sfu_ledger_begin *b, uint8_t *body)
{
	sfu_put32(body + SFU_LEDGER_BEGIN_FORMAT_OFFSET, 1);
	sfu_put32(body + SFU_LEDGER_BEGIN_EPOCH_OFFSET, b->epoch);
	memcpy(body + SFU_LEDGER_BEGIN_LEDGER_OFFSET, b->id, sizeof(b->id));
	memcpy(body + SFU_LEDGER_BEGIN_PRODUCT_OFFSET, b->product, sizeof(b->product));
	sfu_put32(body + SFU_LEDGER_BEGIN_LOCK_PROFILE_OFFSET, b->lock_profile);
	sfu_put32(body + SFU_LEDGER_BEGIN_FLAGS_OFFSET, b->test ? SFU_LEDGER_TEST : 0);
	memcpy(body + SFU_LEDGER_BEGIN_HSM_KEY_OFFSET, b->hsm_key, SFU_POINT);
	memcpy(body + SFU_LEDGER_BEGIN_SEAL_KEY_OFFSET, b->seal_key, SFU_POINT);
	memcpy(body + SFU_LEDGER_BEGIN_ORDER_KEY_OFFSET, b->order_key, SFU_POINT);
}

const char *sfu_time_print(char text[SFU_TIME_TEXT], uint64_t time)
{
	const time_t seconds = (time_t)time;
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL ||
		strftime(text, SFU_TIME_TEXT, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		return "an unknown time";
	return text;
}
