#include "lock_profile.h"

#include <string.h>

#include "sfu_format.h"

static const struct {
	uint32_t profile;
	const char *name;
} profiles[] = {
	{ SFU_FLASH_LOCK_OPEN, "open" },
	{ SFU_FLASH_LOCK_FIELD, "field" },
	{ SFU_FLASH_LOCK_FINAL, "final" },
};

int sfu_lock_rank(uint32_t profile)
{
	int i;

	for (i = 0; i < 3; i++)
		if (profiles[i].profile == profile)
			return i + 1;
	return 0;
}

const char *sfu_lock_name(uint32_t profile)
{
	const int rank = sfu_lock_rank(profile);

	return rank == 0 ? "unknown" : profiles[rank - 1].name;
}

int sfu_lock_parse(const char *text, uint32_t *profile)
{
	int i;

	for (i = 0; i < 3; i++)
		if (strcmp(text, profiles[i].name) == 0) {
			*profile = profiles[i].profile;
			return 1;
		}
	return 0;
}
