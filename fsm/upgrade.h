/* The upgrade: a manifest, its records in order, the end; nothing is saved before it is authenticated.
 *
 * A manifest is accepted only if it is signed, for this device, not older than it may be, and fits the free
 * slot. Then the journal says "installing" before the first erase. Each record must have the hash that the
 * manifest, or the record before it, promised: it is checked in RAM, then decrypted, then programmed. At the
 * end the slot is read back, hashed and sealed in one pass, its manifest is programmed, and last the journal
 * says "on trial". A cut leaves the slot "installing": it goes on from the last checkpoint. */
#ifndef SFU_UPGRADE_H
#define SFU_UPGRADE_H

#include <stdint.h>
#include "device.h"

/*@ predicate sfu_upgrade_total(struct sfu_upgrade *u) =
         0 <= u->state <= SFU_UPGRADE_STATE_DONE && u->cs == u->state;
    predicate sfu_upgrade_same(struct sfu_upgrade *u, integer cs, integer state) =
         u->cs == cs && u->state == state;
*/

/*@ requires valid: \valid(u);
    assigns u->cs, u->state, u->status, u->next, u->offers;
    ensures idle: sfu_upgrade_total(u) && u->state == SFU_UPGRADE_STATE_IDLE; */
void sfu_upgrade_init(struct sfu_upgrade *u);

/* One event of the machine; `record` and `size` (hash included) are those of RECORD and LAST. */
/*@ requires valid: \valid(d) && \valid_read(p) && \separated(d, p);
    requires total: sfu_upgrade_total(&d->upgrade);
    requires record: (*p == SFU_UPGRADE_EVENT_RECORD || *p == SFU_UPGRADE_EVENT_LAST) ==>
             size > SFU_FORMAT_HASH && size <= SFU_FORMAT_RECORD_MAX && \valid(record + (0 .. size - 1))
             && \separated(p, record + (0 .. size - 1));
    assigns *d, record[0 .. size - 1];
    ensures total: sfu_upgrade_total(&d->upgrade);
    ensures receiving: d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING ==>
             \old(d->upgrade.state) == SFU_UPGRADE_STATE_RECEIVING
             || ((*p == SFU_UPGRADE_EVENT_START || *p == SFU_UPGRADE_EVENT_RESUME)
                 && \old(d->upgrade.state) != SFU_UPGRADE_STATE_DONE);
    ensures complete: d->upgrade.state == SFU_UPGRADE_STATE_COMPLETE ==>
             \old(d->upgrade.state) == SFU_UPGRADE_STATE_COMPLETE
             || (\old(d->upgrade.state) == SFU_UPGRADE_STATE_RECEIVING && *p == SFU_UPGRADE_EVENT_LAST);
    ensures done: d->upgrade.state == SFU_UPGRADE_STATE_DONE ==>
             \old(d->upgrade.state) == SFU_UPGRADE_STATE_DONE
             || (\old(d->upgrade.state) == SFU_UPGRADE_STATE_COMPLETE && *p == SFU_UPGRADE_EVENT_FINISH);
    ensures idle: *p == SFU_UPGRADE_EVENT_FAILED ==> d->upgrade.state == SFU_UPGRADE_STATE_IDLE; */
void sfu_upgrade_step(struct sfu_device *d, const unsigned char *p, uint8_t *record, uint32_t size);

/* Offers a manifest. SFU_OK: accepted, the first sector is erased, d->upgrade.next is the record to begin
 * with. Else why not; nothing has changed then, or an earlier installation goes on. */
uint32_t sfu_upgrade_offer(struct sfu_device *d, const uint8_t manifest[SFU_MANIFEST_SIZE]);

/* Offers record `index` of `size` bytes, hash included; decrypts in place. SFU_OK: it is in flash, or was
 * there before (index below next). SFU_E_TIMEOUT: it is beyond the one awaited, send that again.
 * SFU_R_ORDER, SFU_R_LENGTH, SFU_R_RECORD: refused, nothing has changed. SFU_E_IO: the flash failed. */
uint32_t sfu_upgrade_record(struct sfu_device *d, uint32_t index, uint8_t *record, uint32_t size);

/* All records were sent. SFU_OK: the image is sealed and on trial at the next reset. SFU_R_ORDER,
 * SFU_R_INCOMPLETE: not now. SFU_R_IMAGE, SFU_R_VECTOR, SFU_E_…: given up. */
uint32_t sfu_upgrade_finish(struct sfu_device *d);

/* Leaves the installation; it can be resumed by offering the same manifest. */
void sfu_upgrade_leave(struct sfu_device *d);

/* 1 if an image is on trial: then nothing is installed. */
uint32_t sfu_upgrade_on_trial(const struct sfu_device *d);

/* First record that may not yet be sent: below it the line may be kept busy. */
uint32_t sfu_upgrade_limit(const struct sfu_device *d);

/* The slot that an installation would take, or SFU_SLOT_NONE while an image is on trial. */
uint32_t sfu_upgrade_free_slot(const struct sfu_device *d);

/* Size of the record awaited, hash included; 0 if none is. */
uint32_t sfu_upgrade_record_size(const struct sfu_device *d);

#endif
