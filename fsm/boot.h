/* The boot decision: from the journal, the entry request and the check of the slots to "run this image"
 * or "stay in the loader". */
#ifndef SFU_BOOT_H
#define SFU_BOOT_H

#include <stdint.h>
#include "boot_machine.h"
#include "sfu_format.h"

struct sfu_device;

struct sfu_boot {
	int cs;
	uint8_t state;               /* SFU_BOOT_STATE_… */
	uint8_t entry;               /* 1: the loader was asked for */
	uint8_t candidate;           /* the slot being considered, or SFU_SLOT_NONE */
	uint8_t excluded;            /* slots (bits) that are out of question in this boot */
	uint8_t good;                /* the slot whose check held, or SFU_SLOT_NONE */
	uint8_t failure_stored;      /* 1: a failure was stored in this boot */
	uint32_t trouble;            /* SFU_OK, or why neither images nor packages can be dealt with */
	uint32_t held;               /* SFU_OK: the candidate's check held in this boot */
	uint32_t status;             /* what the last effect came to */
	uint32_t counter;            /* security counter of the good slot's manifest */
	uint8_t version[SFU_VERSION_SIZE]; /* and its version */
};

/* Makes the device ready (layout, configuration, lock profile, keys, journal) and runs the machine to its
 * end. Answers SFU_OK if d->boot.good is to be run now, SFU_E_BLANK if the loader stays: because it was asked
 * to, because no image is good, or because of d->boot.trouble. May write the journal and the key page,
 * never a slot. */
uint32_t sfu_boot(struct sfu_device *d);

/* One event of the machine. */
void sfu_boot_step(struct sfu_device *d, const unsigned char *p);

/* SFU_OK, or why this device cannot work. Part of sfu_boot. */
uint32_t sfu_boot_prepare(struct sfu_device *d);

/* Fills in struct EXCHANGE for the application in d->boot.good. */
void sfu_boot_report(const struct sfu_device *d, uint8_t report[SFU_EXCHANGE_SIZE]);

/* Stores `code` as the last failure in the journal, unless it is there already or one was stored in this
 * boot (else whoever causes failures wears the flash out). */
void sfu_boot_failure(struct sfu_device *d, uint32_t code);

#endif
