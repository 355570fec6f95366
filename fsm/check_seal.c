#include "check.h"
#include "manifest.h"
#include "sfu_codes.h"

uint32_t sfu_check_slot(struct sfu_check *c)
{
	uint8_t hash[32];
	uint32_t status;

	status = sfu_check_read(c);
	if (status != SFU_OK)
		return status;
	sfu_manifest_hash(c->manifest, hash);
	status = sfu_check_pass(c, hash, 1, 0);
	if (status != SFU_OK)
		return status;
	if (sfu_equal(c->pass.tag, c->seal, SFU_FORMAT_TAG) != SFU_OK)
		return SFU_R_SEAL;
	//@ ghost sfu_vouch.signature = 0;
	//@ ghost sfu_judge(c);
	return SFU_OK;
}

uint32_t sfu_check_again(const struct sfu_check *c)
{
	return sfu_equal(c->pass.tag, c->seal, SFU_FORMAT_TAG);
}
