#include "personal.h"

#include <assert.h>
#include <string.h>

#include "bytes.h"
#include "crc.h"
#include "crypt.h"

void sfu_personal_config(const struct sfu_personal *p, uint8_t config[SFU_CONFIG_SIZE])
{
	int i;

	memset(config, 0, SFU_CONFIG_SIZE);
	sfu_put32(config + SFU_CONFIG_MAGIC_OFFSET, SFU_FLASH_CONFIG_MAGIC);
	sfu_put32(config + SFU_CONFIG_FORMAT_OFFSET, SFU_FORMAT_VERSION_ID);
	memcpy(config + SFU_CONFIG_PRODUCT_OFFSET, p->product, sizeof(p->product));
	sfu_put32(config + SFU_CONFIG_HARDWARE_OFFSET, p->hardware);
	sfu_put32(config + SFU_CONFIG_EPOCH_OFFSET, p->oem->epoch);
	sfu_put32(config + SFU_CONFIG_MIN_COUNTER_OFFSET, p->min_counter);
	sfu_put32(config + SFU_CONFIG_LOCK_PROFILE_OFFSET, p->lock);
	sfu_put32(config + SFU_CONFIG_FLAGS_OFFSET,
		(p->test ? SFU_FLASH_CONFIG_TEST : 0) |
			(p->unique ? SFU_FLASH_CONFIG_UNIQUE : 0));
	if (p->hsm != NULL)
		memcpy(config + SFU_CONFIG_HSM_KEY_OFFSET, p->hsm->point, SFU_CONFIG_HSM_KEY_SIZE);
	sfu_put32(config + SFU_CONFIG_KEY_COUNT_OFFSET, (uint32_t)p->signers->count);
	for (i = 0; i < p->signers->count; i++) {
		uint8_t *signer = config + SFU_CONFIG_KEY0_OFFSET + (size_t)i * SFU_SIGNER_SIZE;

		memcpy(signer + SFU_SIGNER_ID_OFFSET, p->signers->key[i].id, SFU_SIGNER_ID_SIZE);
		signer[SFU_SIGNER_RANK_OFFSET] = p->signers->standing[i].rank;
		signer[SFU_SIGNER_SERIAL_OFFSET] = p->signers->standing[i].serial;
		memcpy(signer + SFU_SIGNER_PUBLIC_KEY_OFFSET, p->signers->key[i].point,
			SFU_SIGNER_PUBLIC_KEY_SIZE);
	}
	memcpy(config + SFU_CONFIG_KEY_FLOOR_OFFSET, p->key_floor, sizeof(p->key_floor));
	sfu_put32(config + SFU_CONFIG_CRC_OFFSET, sfu_crc32(config, SFU_CONFIG_CRC_OFFSET));
}

static_assert(SFU_FLASH_CELL % SFU_COMMIT_SIZE == 0, "commit units fill the header");

static void make_commit(uint8_t commit[SFU_COMMIT_SIZE])
{
	memset(commit, 0, SFU_COMMIT_SIZE);
	sfu_put32(commit + SFU_COMMIT_MAGIC_OFFSET, SFU_FLASH_KEYS_MAGIC);
	sfu_put32(commit + SFU_COMMIT_GENERATION_OFFSET, 1);
	sfu_put32(commit + SFU_COMMIT_CRC_OFFSET, sfu_crc32(commit, SFU_COMMIT_CRC_OFFSET));
}

static void make_cell(const struct sfu_personal *p, uint8_t cell[SFU_KEYS_SIZE])
{
	memset(cell, 0, SFU_KEYS_SIZE);
	sfu_put32(cell + SFU_KEYS_KIND_OFFSET,
		p->oem->master ? SFU_FLASH_KEYS_MASTER : SFU_FLASH_KEYS_OEM);
	sfu_put32(cell + SFU_KEYS_EPOCH_OFFSET, p->oem->epoch);
	sfu_put32(cell + SFU_KEYS_FLAGS_OFFSET, p->test ? SFU_FLASH_KEYS_TEST : 0);
	memcpy(cell + SFU_KEYS_OEM_KEY_OFFSET, p->oem->key, SFU_KEYS_OEM_KEY_SIZE);
	sfu_put32(cell + SFU_KEYS_CRC_OFFSET, sfu_crc32(cell, SFU_KEYS_CRC_OFFSET));
}

int sfu_personal_keys(
	const struct sfu_personal *p, const struct sfu_layout *layout, struct sfu_spans *flash)
{
	const uint32_t page = layout->area[SFU_AREA_KEYS].address;
	uint8_t header[SFU_FLASH_CELL], cell[SFU_KEYS_SIZE];
	size_t at;
	int status;

	for (at = 0; at < sizeof(header); at += SFU_COMMIT_SIZE)
		make_commit(header + at);
	make_cell(p, cell);
	status = sfu_spans_add(flash, "key page", page, header, sizeof(header));
	if (status == 0)
		status =
			sfu_spans_add(flash, "key page", page + SFU_FLASH_CELL, cell, sizeof(cell));
	sfu_crypt_wipe(cell, sizeof(cell));
	return status;
}
