#include "config.h"
#include "bytes.h"
#include "crc.h"
#include "sfu_codes.h"

uint32_t sfu_config_word(uint32_t offset)
{
	return sfu_get32(sfu_config + offset);
}

uint32_t sfu_config_lock_rank(uint32_t lock)
{
	if (lock == SFU_FLASH_LOCK_FINAL)
		return 2;
	return lock == SFU_FLASH_LOCK_FIELD ? 1 : 0;
}

uint32_t sfu_config_check(void)
{
	const uint32_t keys = sfu_config_word(SFU_CONFIG_KEY_COUNT_OFFSET);
	const uint32_t lock = sfu_config_word(SFU_CONFIG_LOCK_PROFILE_OFFSET);
	const uint32_t flags = sfu_config_word(SFU_CONFIG_FLAGS_OFFSET);

	if (sfu_config_word(SFU_CONFIG_MAGIC_OFFSET) != SFU_FLASH_CONFIG_MAGIC
	    || sfu_config_word(SFU_CONFIG_FORMAT_OFFSET) != 1
	    || sfu_crc32(sfu_config, SFU_CONFIG_CRC_OFFSET) != sfu_config_word(SFU_CONFIG_CRC_OFFSET))
		return SFU_E_CONFIG;
	if (keys == 0 || keys > SFU_FLASH_CONFIG_KEYS)
		return SFU_E_CONFIG;
	/* an unlocked chip is for test keys only, and says so */
	if (sfu_config_lock_rank(lock) == 0
	    && (lock != SFU_FLASH_LOCK_OPEN || (flags & SFU_FLASH_CONFIG_TEST) == 0))
		return SFU_E_CONFIG;
	return SFU_OK;
}

const uint8_t *sfu_config_signer(uint32_t id)
{
	const uint32_t count = sfu_config_word(SFU_CONFIG_KEY_COUNT_OFFSET);
	uint32_t i, at = SFU_CONFIG_KEY0_OFFSET;

	/*@ loop invariant range: 0 <= i <= SFU_FLASH_CONFIG_KEYS;
	    loop invariant others: \forall integer j; 0 <= j < i ==> !sfu_config_knows(j, id);
	    loop invariant place: at == SFU_CONFIG_KEY0_OFFSET + i * SFU_SIGNER_SIZE;
	    loop assigns i, at;
	    loop variant SFU_FLASH_CONFIG_KEYS - i; */
	for (i = 0; i < SFU_FLASH_CONFIG_KEYS; i++) {
		/*@ assert here: sfu_config_knows(i, id) <==>
		      i < count && SFU_WORD(sfu_config, at + SFU_SIGNER_ID_OFFSET) == id; */
		if (i < count && sfu_config_word(at + SFU_SIGNER_ID_OFFSET) == id)
			return sfu_config + at;
		at += SFU_SIGNER_SIZE;
	}
	return 0;
}
