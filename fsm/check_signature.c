#include "check.h"

uint32_t sfu_check_slot(struct sfu_check *c)
{
	const uint32_t status = sfu_check_oem(c, 0);

	//@ ghost if (status == SFU_OK) sfu_judge(c);
	return status;
}

uint32_t sfu_check_again(const struct sfu_check *c)
{
	uint8_t hash[32];

	sfu_hash_final(&c->pass.hash, hash);
	return sfu_equal(hash, c->manifest + SFU_MANIFEST_IMAGE_HASH_OFFSET, sizeof hash);
}
