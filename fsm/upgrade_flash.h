/* The effects of the upgrade machine: what it does to flash. Used by upgrade.rl alone.
 *
 * Each stores SFU_OK or a failure in d->upgrade.status. */
#ifndef SFU_UPGRADE_FLASH_H
#define SFU_UPGRADE_FLASH_H

#include <stdint.h>

struct sfu_device;

/* The journal says that the slot is being installed, from record 0; then the first sector is erased. */
void sfu_upgrade_begin(struct sfu_device *d);

/* The same from the journal's checkpoint. */
void sfu_upgrade_resume(struct sfu_device *d);

/* Decrypts and programs the record awaited, whose hash was as expected; erases and checkpoints on the way. */
void sfu_upgrade_store(struct sfu_device *d, uint8_t *record, uint32_t size);

/* Checks, seals and commits the image. */
void sfu_upgrade_seal(struct sfu_device *d);

/* Image offset in the slot of record `index`. */
uint32_t sfu_upgrade_offset(const struct sfu_device *d, uint32_t index);

#endif
