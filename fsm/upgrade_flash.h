/* The effects of the upgrade machine: what it does to flash. Used by upgrade.rl alone.
 *
 * Each stores SFU_OK or a failure in d->upgrade.status. */
#ifndef SFU_UPGRADE_FLASH_H
#define SFU_UPGRADE_FLASH_H

#include <stdint.h>
#include "upgrade.h"

/* The journal says that the slot is being installed, from record 0; then the first sector is erased. */
/*@ requires valid: \valid(d);
    requires order: d->upgrade.state != SFU_UPGRADE_STATE_DONE;
    assigns *d;
    ensures kept: sfu_upgrade_same(&d->upgrade, \old(d->upgrade.cs), \old(d->upgrade.state)); */
void sfu_upgrade_begin(struct sfu_device *d);

/* The same from the journal's checkpoint. */
/*@ requires valid: \valid(d);
    requires order: d->upgrade.state != SFU_UPGRADE_STATE_DONE;
    assigns *d;
    ensures kept: sfu_upgrade_same(&d->upgrade, \old(d->upgrade.cs), \old(d->upgrade.state)); */
void sfu_upgrade_resume(struct sfu_device *d);

/* Decrypts and programs the record awaited, whose hash was as expected; erases and checkpoints on the way. */
/*@ requires valid: \valid(d) && \valid(record + (0 .. size - 1));
    requires size: size > SFU_FORMAT_HASH && size <= SFU_FORMAT_RECORD_MAX;
    requires order: d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING;
    assigns *d, record[0 .. size - 1];
    ensures kept: sfu_upgrade_same(&d->upgrade, \old(d->upgrade.cs), \old(d->upgrade.state)); */
void sfu_upgrade_store(struct sfu_device *d, uint8_t *record, uint32_t size);

/* Checks, seals and commits the image. */
/*@ requires valid: \valid(d);
    requires order: d->upgrade.state == SFU_UPGRADE_STATE_COMPLETE;
    assigns *d;
    ensures kept: sfu_upgrade_same(&d->upgrade, \old(d->upgrade.cs), \old(d->upgrade.state)); */
void sfu_upgrade_seal(struct sfu_device *d);

/* Image offset in the slot of record `index`. */
uint32_t sfu_upgrade_offset(const struct sfu_device *d, uint32_t index);

#endif
