#include "standing.h"

#include <string.h>

/* The number at the end of the first `size` characters, behind a colon: its value, and in *before what is before the
 * colon. 1; 0 if there is none; more than three digits are the number 1000. */
static int last_number(const char *text, size_t size, size_t *before, uint32_t *value)
{
	size_t at = size, i;

	while (at > 0 && text[at - 1] >= '0' && text[at - 1] <= '9')
		at--;
	if (at == size || at < 2 || text[at - 1] != ':')
		return 0;
	*value = 0;
	for (i = at; i < size && *value < 1000; i++)
		*value = *value * 10 + (uint32_t)(text[i] - '0');
	*before = at - 1;
	return 1;
}

static int fits(uint32_t rank, uint32_t serial)
{
	return rank < SFU_FORMAT_RANKS &&
		serial <= (rank == SFU_FORMAT_RANKS - 1 ? UINT8_MAX : SFU_FORMAT_SERIAL_MAX);
}

int sfu_standing_split(const char *text, size_t *name_size, struct sfu_standing *standing)
{
	uint32_t rank = 0, serial = 0, last;
	size_t before;

	*name_size = strlen(text);
	if (last_number(text, *name_size, &before, &last)) {
		*name_size = before;
		rank = last;
		if (last_number(text, *name_size, &before, &rank)) {
			*name_size = before;
			serial = last;
		}
	}
	if (!fits(rank, serial))
		return 0;
	standing->rank = (uint8_t)rank;
	standing->serial = (uint8_t)serial;
	return 1;
}

/* RANK:SERIAL or, if `alone`, RANK */
static int parse(const char *text, int alone, uint32_t *rank, uint32_t *serial)
{
	size_t size = strlen(text), before = 0;

	*serial = 0;
	if (last_number(text, size, &before, serial))
		size = before;
	else if (!alone)
		return 0;
	if (size != 1 || text[0] < '0' || text[0] > '9')
		return 0;
	*rank = (uint32_t)(text[0] - '0');
	return 1;
}

int sfu_standing_option(const struct sfu_args *args, const char *name, struct sfu_standing *standing)
{
	const char *text = sfu_args_text(args, name, 0);
	uint32_t rank, serial;

	if (text == NULL)
		return 0;
	if (!parse(text, 1, &rank, &serial) || !fits(rank, serial))
		return sfu_args_wrong(args,
			"--%s: `%s` is not RANK or RANK:SERIAL, ranks 0 to 3, serials 0 to %u", name, text,
			SFU_FORMAT_SERIAL_MAX);
	standing->rank = (uint8_t)rank;
	standing->serial = (uint8_t)serial;
	return 0;
}

int sfu_standing_revoke(const struct sfu_args *args, uint8_t floor[SFU_FORMAT_RANKS])
{
	const int count = sfu_args_count(args, "revoke");
	uint32_t rank, serial;
	int i;

	memset(floor, 0, SFU_FORMAT_RANKS);
	for (i = 0; i < count; i++) {
		const char *text = sfu_args_text(args, "revoke", i);

		if (!parse(text, 0, &rank, &serial) || rank >= SFU_FORMAT_RANKS || serial == 0 ||
			serial > SFU_FORMAT_SERIAL_MAX + 1)
			return sfu_args_wrong(args,
				"--revoke: `%s` is not RANK:SERIAL, serials 1 to %u", text,
				SFU_FORMAT_SERIAL_MAX + 1);
		if (rank == SFU_FORMAT_RANKS - 1)
			return sfu_args_wrong(args, "--revoke: keys of rank 3 cannot be revoked");
		if (floor[rank] != 0)
			return sfu_args_wrong(args, "--revoke: rank %u is given twice", rank);
		floor[rank] = (uint8_t)serial;
	}
	return 0;
}
