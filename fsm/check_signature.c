#include "check.h"

uint32_t sfu_check_slot(struct sfu_check *c)
{
	return sfu_check_oem(c, 0);
}
