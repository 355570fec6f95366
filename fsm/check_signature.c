#include "check.h"

uint32_t sfu_check_slot(struct sfu_check *c)
{
	const uint32_t status = sfu_check_oem(c, 0);

	//@ ghost if (status == SFU_OK) sfu_judge(c);
	return status;
}
