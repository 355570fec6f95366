/* A device on the host port with its station, its application and its power supply. */
#ifndef RIG_H
#define RIG_H

#include <stdint.h>
#include "maker.h"

enum rig_end { RIG_RUN, RIG_RESET, RIG_STAY, RIG_LOST };

/* one version of the firmware, packed for each slot */
struct rig_firmware {
	struct maker maker;          /* slot is set by rig_firmware */
	uint8_t package[2][MAKER_PACKAGE];
	uint32_t size[2];
	uint8_t image[2][MAKER_PACKAGE];
};

struct rig {
	uint32_t floor;              /* highest security counter seen at the end of a boot decision */
	uint8_t key_floor[4];        /* highest floors of serials seen then */
	uint32_t provisioned;        /* 1: from now on only slots and journal may be written */
	uint32_t slot;               /* where RIG_RUN went */
	uint32_t trial, install, mailbox; /* from the hand-over report */
	uint32_t operations;         /* flash operations since rig_plan */
	uint32_t reached;            /* planned cuts that took place */
	uint32_t cut[2];             /* at which operation each of them did, counted as it was planned */
	uint32_t calls;              /* of the port's flash functions by the device, since rig_fail */
	uint32_t lenient;            /* 1: the floor may seem lower for a while, as an old state was read */
	uint32_t resumed;            /* installations that went on behind their first record */
};
extern struct rig rig;

/* A chip from the factory: keys and configuration programmed, everything else blank. */
void rig_begin(uint32_t seed, int ecc);

/* Power on, or reset: runs the device until it hands over, resets, loses power, or has nothing more to do. */
enum rig_end rig_boot(void);

/* What host_idle is: it lets the station act. A test may put something else in its place for a while. */
void rig_idle(void);

/* What the application does: confirm itself. RIG_LOST if the power goes meanwhile. */
enum rig_end rig_confirm(void);

/* The application or a person asks for the loader at the next boot. */
void rig_enter(void);

/* Up to two power cuts: at operation `first` from now, and `second` operations later; HOST_NEVER for none. */
void rig_plan(uint32_t first, int when, uint32_t second, int when_second);

/* The n-th of the device's calls of the port's flash functions from now fails; HOST_NEVER for none. */
void rig_fail(uint32_t n);

/* Packs the firmware for both slots. */
void rig_firmware(struct rig_firmware *f, const char *version, uint32_t counter, uint32_t size, uint32_t record);

/* Packs it again as its maker now is. */
void rig_pack(struct rig_firmware *f);

/* 1 if the slot holds exactly this firmware. */
int rig_holds(const struct rig_firmware *f, uint32_t slot);

/* Lives until `wanted` runs and is confirmed, with the station offering it and the application confirming it;
 * `old` is what ran before, or null. Answers null, or what went wrong. */
const char *rig_live(const struct rig_firmware *wanted, const struct rig_firmware *old);

#endif
