/* Rank and serial of a signing key, and floors of serials, as people write them: spec/formats.md, Signing keys. */
#ifndef SFU_TOOL_STANDING_H
#define SFU_TOOL_STANDING_H

#include "args.h"

struct sfu_standing {
	uint8_t rank, serial;
};

/* NAME, NAME:RANK or NAME:RANK:SERIAL. *name_size gets the length of NAME, *standing rank and serial, 0 where they are
 * not given. 1; or 0 if RANK is not 0 to 3, or SERIAL not 0 to SFU_FORMAT_SERIAL_MAX, of rank 3 255. A colon
 * that no number follows belongs to NAME. */
int sfu_standing_split(const char *text, size_t *name_size, struct sfu_standing *standing);

/* RANK or RANK:SERIAL, the value of option `name`; left alone where it was not given. EX_USAGE. */
int sfu_standing_option(const struct sfu_args *args, const char *name, struct sfu_standing *standing);

/* RANK:SERIAL, each value of option --revoke: keys of that rank with a lower serial. EX_USAGE for rank 3, which cannot be
 * revoked. */
int sfu_standing_revoke(const struct sfu_args *args, uint8_t floor[SFU_FORMAT_RANKS]);

#endif
