/* A device on the host port, its station and its owner, and what must hold of it whatever happens (design, claims C2 to
 * C6 and C8, C9). tests/e2e/rig.c runs it; here is what watches it.
 *
 * The watcher knows every package the OEM has signed (world_known), and what the application has confirmed. Whatever
 * the loader writes into a slot must come from a package that was offered in this boot and that a device may take;
 * whatever it runs must be the whole image of one. */
#ifndef WORLD_H
#define WORLD_H

#include <stdint.h>
#include "fuzz.h"
#include "rig.h"

#define WORLD_PACKAGES 8u
#define WORLD_FORGED 5u /* from here on they are made by inputs */

/* how a life begins */
enum world_stage { WORLD_FACTORY, WORLD_RUNNING, WORLD_BEGUN, WORLD_TRIAL, WORLD_UPGRADED, WORLD_STAGES };

struct world {
	struct rig_firmware *known[WORLD_PACKAGES];
	uint32_t signed_by_oem[WORLD_PACKAGES];
	uint32_t offered[WORLD_PACKAGES]; /* 1: offered in this boot */
	uint32_t in_slot[2];         /* which of them the slot's manifest is of; WORLD_PACKAGES: none */
	uint32_t good;               /* the slot whose image is confirmed and whole; 2: none */
	uint32_t tries[2];           /* boots on trial since it was installed */
	uint32_t confirmed[2];       /* 1: the application confirmed it */
	uint32_t floor;
	uint8_t key_floor[4];        /* and of serials */
	uint32_t state_spoiled;      /* 1: the journal was damaged: it may say what it said once */
	uint32_t keys_spoiled;
	uint32_t slot_spoiled[2];
	uint32_t fails, failing;     /* 1: a call of the flash fails in the next boot, in this one */
	uint32_t boots;
	uint32_t application;        /* 1: who writes is not the loader */
};
extern struct world world;

/* A device of this geometry (geometry.h) at the beginning of a life. */
void world_begin(uint32_t geometry, int ecc, enum world_stage stage, uint32_t seed);

/* Makes known[number] a package of the input's choosing. */
void world_forge(uint32_t number, struct fuzz_input *in);

/* The station says OFFER with this manifest, which is package `number`'s as the OEM signed it. */
void world_offer(uint32_t number);

/* One boot, with `idle` called whenever the device sleeps; judges what it came to. */
enum rig_end world_boot(void (*idle)(void));

/* The image that runs confirms itself. */
void world_confirm(void);

/* Damages a unit, or flips bits of a byte: of journal, keys and slots, as `where` has it. */
void world_damage(uint32_t where, uint32_t offset, uint8_t bits);

/* Power is steady, nobody is on the line: a device with a good image runs it. */
void world_settle(void);

#endif
