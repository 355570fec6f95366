/* Whole lives of a device: what the power supply and the flash are allowed to interrupt. */
#ifndef CUTS_H
#define CUTS_H

#include <stdint.h>
#include "rig.h"

struct cuts {
	struct rig_firmware first, second, third; /* 1.0.0, 1.1.0 and one that never confirms itself */
	uint32_t seed;
	int ecc;
	uint32_t lives, cuts, failures;
};
extern struct cuts cuts;

/* Packs the three with images of about `size` bytes. */
void cuts_pack(uint32_t size, uint32_t record);

/* The same, where the second is signed by a key that was added, and revokes the first one's. */
void cuts_pack_keys(uint32_t size, uint32_t record);

/* The loader with the keys that this needs. */
void cuts_signers(void);

/* Lives. Each answers null, or what went wrong. */
const char *cuts_install(void);  /* a blank device: until the first image is confirmed */
const char *cuts_upgrade(void);  /* the first image runs: until the second is confirmed */
const char *cuts_revoke(void);   /* the same after cuts_pack_keys: and then nothing by the first one's signer boots */
const char *cuts_revert(void);   /* the second runs: the third is tried and given up */

/* Counts a life, and prints it if something went wrong. `where` tells it apart from others. */
void cuts_result(const char *life, const char *wrong, const char *where, uint32_t at, int when);

/* The flash as it is left by a life without any trouble. */
void *cuts_factory(void);        /* keys programmed, nothing else */
void *cuts_running(void);        /* the first image confirmed */
void *cuts_upgraded(void);       /* and then the second */

/* Puts the flash and everything around it back to one of these. */
void cuts_restore(const void *snapshot, uint32_t floor, uint32_t seed);

/* Appends to the journal until only `room` cells are left in its page, then puts that into a new snapshot. */
void *cuts_aged(const void *snapshot, uint32_t room);

#endif
