/* The effects of the upgrade machine: what it does to flash. Used by upgrade.rl alone.
 *
 * Each stores SFU_OK or a failure in d->upgrade.status. */
#ifndef SFU_UPGRADE_FLASH_H
#define SFU_UPGRADE_FLASH_H

#include <stdint.h>
#include "upgrade.h"

/*@ ghost
    // the manifest that was accepted may be programmed, with the certificate it was accepted by
    /@ requires accepted: sfu_vouch.accepted == 1;
       assigns sfu_vouch.bytes, sfu_vouch.size;
       ensures manifest: sfu_vouch.bytes == &d->upgrade.manifest[0]
             && sfu_vouch.size == (SFU_AUTHORITY_CERTIFIED(d->upgrade.manifest) ? SFU_FORMAT_HEAD : SFU_MANIFEST_SIZE); @/
    void sfu_vouch_manifest(const struct sfu_device *d);
*/

/* the flash is erased up to where the record awaited begins, and beyond */
#define SFU_UPGRADE_READY_FOR_NEXT(d) \
	((d)->upgrade.erased > sfu_layout.image_offset + sfu_rows(SFU_UPGRADE_RECORD(d), (d)->upgrade.next))

/* The journal says that the slot is being installed, from record 0; then the first sector is erased. */
/*@ requires ready: SFU_UPGRADE_READY(d) && d->boot.trouble == SFU_OK && SFU_UPGRADE_FITS(d);
    requires accepted: sfu_vouch.accepted == 1 && SFU_UPGRADE_COUNTER(d) >= d->journal.state.security_counter;
    requires order: d->upgrade.state != SFU_UPGRADE_STATE_DONE;
    assigns d->boot.good, d->upgrade.status, d->upgrade.next, d->upgrade.erased, d->upgrade.checkpoint,
            d->upgrade.expected[0 .. 31], d->upgrade.key[0 .. 31], d->journal, sfu_flash, sfu_chip;
    ensures flash: SFU_UPGRADE_WRITES(d);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures ready: SFU_UPGRADE_READY(d) && d->boot.trouble == SFU_OK;
    ensures fits: SFU_UPGRADE_FITS(d);
    ensures far: SFU_UPGRADE_FAR(d);
    ensures next: d->upgrade.next == 0;
    ensures first: \forall integer i; 0 <= i < 32 ==>
             d->upgrade.expected[i] == d->upgrade.manifest[SFU_MANIFEST_FIRST_HASH_OFFSET + i];
    ensures installing: d->upgrade.status == SFU_OK ==>
             d->journal.state.slot[d->upgrade.slot] == SFU_SLOT_INSTALLING && d->journal.state.next_record == 0;
    ensures erased: d->upgrade.status == SFU_OK ==> SFU_UPGRADE_READY_FOR_NEXT(d);
    ensures good: d->boot.good == (\old(d->boot.good) == d->upgrade.slot ? SFU_SLOT_NONE : \old(d->boot.good)); */
void sfu_upgrade_begin(struct sfu_device *d);

/* The same from the journal's checkpoint. */
/*@ requires ready: SFU_UPGRADE_READY(d) && d->boot.trouble == SFU_OK && SFU_UPGRADE_FITS(d);
    requires accepted: sfu_vouch.accepted == 1 && SFU_UPGRADE_COUNTER(d) >= d->journal.state.security_counter;
    requires order: d->upgrade.state != SFU_UPGRADE_STATE_DONE;
    requires next: d->journal.state.next_record < SFU_UPGRADE_COUNT(d);
    assigns d->upgrade.status, d->upgrade.next, d->upgrade.erased, d->upgrade.checkpoint,
            d->upgrade.expected[0 .. 31], d->upgrade.key[0 .. 31], d->journal, sfu_flash, sfu_chip;
    ensures flash: SFU_UPGRADE_WRITES(d);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures ready: SFU_UPGRADE_READY(d) && d->boot.trouble == SFU_OK;
    ensures fits: SFU_UPGRADE_FITS(d);
    ensures far: SFU_UPGRADE_FAR(d);
    ensures next: d->upgrade.next == \old(d->journal.state.next_record);
    ensures promised: \forall integer i; 0 <= i < 32 ==>
             d->upgrade.expected[i] == \old(d->journal.state.expected[i]);
    ensures installing: d->upgrade.status == SFU_OK ==>
             d->journal.state.slot[d->upgrade.slot] == SFU_SLOT_INSTALLING
             && d->journal.state.next_record == d->upgrade.next;
    ensures erased: d->upgrade.status == SFU_OK ==> SFU_UPGRADE_READY_FOR_NEXT(d); */
void sfu_upgrade_resume(struct sfu_device *d);

/* Decrypts and programs the record awaited, whose hash was as expected; erases and checkpoints on the way. */
/*@ requires sound: SFU_UPGRADE_SOUND(d);
    requires order: d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING;
    requires place: sfu_upgrade_place(d, record, size);
    requires vouched: SFU_UPGRADE_VOUCHED(record, size);
    requires size: size == sfu_part(SFU_UPGRADE_PLAIN(d), SFU_UPGRADE_RECORD(d), SFU_UPGRADE_COUNT(d), d->upgrade.next) + SFU_FORMAT_HASH;
    assigns d->upgrade.status, d->upgrade.next, d->upgrade.erased, d->upgrade.checkpoint,
            d->upgrade.expected[0 .. 31], d->journal, d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip;
    ensures flash: SFU_UPGRADE_WRITES(d);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures ready: SFU_UPGRADE_READY(d) && d->boot.trouble == SFU_OK;
    ensures fits: SFU_UPGRADE_FITS(d);
    ensures far: SFU_UPGRADE_FAR(d);
    ensures next: d->upgrade.next == \old(d->upgrade.next) + 1;
    ensures erased: d->upgrade.status == SFU_OK && d->upgrade.next < SFU_UPGRADE_COUNT(d) ==>
             SFU_UPGRADE_READY_FOR_NEXT(d); */
void sfu_upgrade_store(struct sfu_device *d, uint8_t *record, uint32_t size);

/* Checks, seals and commits the image. */
/*@ requires sound: SFU_UPGRADE_SOUND(d);
    requires order: d->upgrade.state == SFU_UPGRADE_STATE_COMPLETE;
    assigns d->upgrade.status, d->upgrade.erased, d->journal, d->link.buffer[0 .. SFU_LINK_BUFFER - 1],
            sfu_flash, sfu_chip, sfu_vouch.bytes, sfu_vouch.size;
    ensures flash: SFU_UPGRADE_WRITES(d);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures ready: SFU_UPGRADE_READY(d) && d->boot.trouble == SFU_OK;
    ensures fits: SFU_UPGRADE_FITS(d);
    ensures trial: d->upgrade.status == SFU_OK ==> d->journal.state.slot[d->upgrade.slot] == SFU_SLOT_TRIAL
             && d->journal.state.attempts == SFU_LIMIT_TRIAL_BOOTS; */
void sfu_upgrade_seal(struct sfu_device *d);

/* Image offset in the slot of record `index`. */
/*@ requires fits: \valid_read(d) && layout_sound && SFU_UPGRADE_FITS(d);
    requires index: index < SFU_UPGRADE_COUNT(d);
    assigns \nothing;
    ensures offset: \result == sfu_layout.image_offset + sfu_rows(SFU_UPGRADE_RECORD(d), index);
    ensures inside: \result < sfu_layout.image_offset + SFU_UPGRADE_PLAIN(d); */
uint32_t sfu_upgrade_offset(const struct sfu_device *d, uint32_t index);

#endif
