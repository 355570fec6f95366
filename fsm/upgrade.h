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

/*@ requires valid: \valid(u);
    assigns u->cs, u->state, u->status, u->next, u->offers;
    ensures idle: u->state == SFU_UPGRADE_STATE_IDLE && u->cs == u->state;
    ensures zero: u->next == 0 && u->offers == 0 && u->status == SFU_OK; */
void sfu_upgrade_init(struct sfu_upgrade *u);

/*@ // where messages lie: in the frame's buffer, behind the type, or behind type and index
    predicate sfu_upgrade_place(struct sfu_device *d, uint8_t *bytes, integer size) =
         (bytes == &d->link.buffer[0] + (SFU_LINK_PAD + 1) || bytes == &d->link.buffer[0] + (SFU_LINK_PAD + 5))
      && size <= SFU_LINK_BUFFER - (SFU_LINK_PAD + 5);
    predicate sfu_upgrade_record_event(struct sfu_device *d, uint8_t *record, integer size, integer event) =
         sfu_upgrade_place(d, record, size)
      && (d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING ==>
          size == sfu_part(SFU_UPGRADE_PLAIN(d), SFU_UPGRADE_RECORD(d), SFU_UPGRADE_COUNT(d), d->upgrade.next) + SFU_FORMAT_HASH
          && (event == SFU_UPGRADE_EVENT_LAST <==>
              d->upgrade.next + 1 == SFU_UPGRADE_COUNT(d)));
*/

/* C2: the record was authenticated, all of it but the hash behind it belongs into the slot */
#define SFU_UPGRADE_VOUCHED(record, size) (sfu_vouch.bytes == (record) && sfu_vouch.size == (size) - SFU_FORMAT_HASH)
/* C6, as a postcondition: nothing was written but the journal and the slot */
#define SFU_UPGRADE_WRITES(d) upgrade_kept(\old(sfu_flash), sfu_flash, (d)->upgrade.slot, sfu_layout)

/* One event of the machine; `record` and `size` (hash included) are those of RECORD and LAST. */
/*@ requires valid: SFU_UPGRADE_READY(d) && \valid_read(p) && \separated(d, p);
    requires begins: *p == SFU_UPGRADE_EVENT_START || *p == SFU_UPGRADE_EVENT_RESUME ==>
             d->boot.trouble == SFU_OK && SFU_UPGRADE_FITS(d) && sfu_vouch.accepted == 1
             && SFU_UPGRADE_COUNTER(d) >= d->journal.state.security_counter;
    requires resumes: *p == SFU_UPGRADE_EVENT_RESUME ==>
             d->journal.state.next_record < SFU_UPGRADE_COUNT(d);
    requires sound: *p != SFU_UPGRADE_EVENT_START && *p != SFU_UPGRADE_EVENT_RESUME ==> SFU_UPGRADE_SOUND(d);
    requires record: (*p == SFU_UPGRADE_EVENT_RECORD || *p == SFU_UPGRADE_EVENT_LAST) ==>
             sfu_upgrade_record_event(d, record, size, *p);
    requires vouched: (*p == SFU_UPGRADE_EVENT_RECORD || *p == SFU_UPGRADE_EVENT_LAST)
             && d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING ==> SFU_UPGRADE_VOUCHED(record, size);
    assigns d->boot.good, d->upgrade.cs, d->upgrade.state, d->upgrade.status, d->upgrade.next,
            d->upgrade.erased, d->upgrade.checkpoint, d->upgrade.expected[0 .. 31], d->upgrade.key[0 .. 31],
            d->journal, d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip, sfu_vouch.bytes, sfu_vouch.size;
    ensures flash: SFU_UPGRADE_WRITES(d);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures ready: SFU_UPGRADE_READY(d);
    ensures sound: SFU_UPGRADE_VALUE(d);
    ensures good: d->boot.good == \old(d->boot.good) || d->boot.good == SFU_SLOT_NONE;
    ensures begun: (\old(*p) == SFU_UPGRADE_EVENT_START || \old(*p) == SFU_UPGRADE_EVENT_RESUME)
             && \old(d->upgrade.state) != SFU_UPGRADE_STATE_DONE ==>
             d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING;
    ensures stored: \old(*p) == SFU_UPGRADE_EVENT_RECORD && \old(d->upgrade.state) == SFU_UPGRADE_STATE_RECEIVING ==>
             d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING && d->upgrade.next == \old(d->upgrade.next) + 1;
    ensures last: \old(*p) == SFU_UPGRADE_EVENT_LAST && \old(d->upgrade.state) == SFU_UPGRADE_STATE_RECEIVING ==>
             d->upgrade.state == SFU_UPGRADE_STATE_COMPLETE && d->upgrade.next == \old(d->upgrade.next) + 1;
    ensures sealed: \old(*p) == SFU_UPGRADE_EVENT_FINISH && \old(d->upgrade.state) == SFU_UPGRADE_STATE_COMPLETE ==>
             d->upgrade.state == SFU_UPGRADE_STATE_DONE;
    ensures receiving: d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING ==>
             \old(d->upgrade.state) == SFU_UPGRADE_STATE_RECEIVING
             || ((\old(*p) == SFU_UPGRADE_EVENT_START || \old(*p) == SFU_UPGRADE_EVENT_RESUME)
                 && \old(d->upgrade.state) != SFU_UPGRADE_STATE_DONE);
    ensures complete: d->upgrade.state == SFU_UPGRADE_STATE_COMPLETE ==>
             \old(d->upgrade.state) == SFU_UPGRADE_STATE_COMPLETE
             || (\old(d->upgrade.state) == SFU_UPGRADE_STATE_RECEIVING && \old(*p) == SFU_UPGRADE_EVENT_LAST);
    ensures done: d->upgrade.state == SFU_UPGRADE_STATE_DONE ==>
             \old(d->upgrade.state) == SFU_UPGRADE_STATE_DONE
             || (\old(d->upgrade.state) == SFU_UPGRADE_STATE_COMPLETE && \old(*p) == SFU_UPGRADE_EVENT_FINISH);
    ensures idle: \old(*p) == SFU_UPGRADE_EVENT_FAILED ==> d->upgrade.state == SFU_UPGRADE_STATE_IDLE; */
void sfu_upgrade_step(struct sfu_device *d, const unsigned char *p, uint8_t *record, uint32_t size);
#include "upgrade_contract.h"

/* Offers a manifest, with its certificate behind it if it has one. SFU_OK: accepted, the first sector is erased, d->upgrade.next is the record to begin
 * with. Else why not; nothing has changed then, or an earlier installation goes on. */
/*@ requires sound: SFU_UPGRADE_SOUND(d);
    requires place: sfu_upgrade_place(d, manifest, SFU_FORMAT_HEAD);
    assigns d->boot.good, d->boot.failure_stored,
            d->upgrade, d->journal, d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip, sfu_vouch;
    ensures flash: SFU_UPGRADE_WRITES(d);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures ready: SFU_UPGRADE_READY(d);
    ensures sound: SFU_UPGRADE_VALUE(d);
    ensures good: d->boot.good == \old(d->boot.good) || d->boot.good == SFU_SLOT_NONE;
    ensures accepted: \result == SFU_OK ==> d->upgrade.state != SFU_UPGRADE_STATE_IDLE;
    ensures trouble: \old(d->boot.trouble) != SFU_OK ==>
             \result == \old(d->boot.trouble) && sfu_flash == \old(sfu_flash);
    ensures busy: \old(d->boot.trouble) == SFU_OK && (\old(d->journal.state.slot[0]) == SFU_SLOT_TRIAL
             || \old(d->journal.state.slot[1]) == SFU_SLOT_TRIAL) ==>
             \result == SFU_R_BUSY && sfu_flash == \old(sfu_flash);
    ensures offers: \old(d->upgrade.offers) >= SFU_LIMIT_OFFERS ==> sfu_flash == \old(sfu_flash); */
uint32_t sfu_upgrade_offer(struct sfu_device *d, const uint8_t manifest[SFU_FORMAT_HEAD]);

/* Offers record `index` of `size` bytes, hash included; decrypts in place. SFU_OK: it is in flash, or was
 * there before (index below next). SFU_E_TIMEOUT: it is beyond the one awaited, send that again.
 * SFU_R_ORDER, SFU_R_LENGTH, SFU_R_RECORD: refused, nothing has changed. SFU_E_IO: the flash failed. */
/*@ requires sound: SFU_UPGRADE_SOUND(d);
    requires place: sfu_upgrade_place(d, record, size);
    assigns d->boot.good,
            d->upgrade, d->journal, d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip, sfu_vouch.bytes, sfu_vouch.size;
    ensures flash: SFU_UPGRADE_WRITES(d);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures ready: SFU_UPGRADE_READY(d);
    ensures sound: SFU_UPGRADE_VALUE(d);
    ensures good: d->boot.good == \old(d->boot.good) || d->boot.good == SFU_SLOT_NONE;
    ensures next: \old(d->upgrade.next) <= d->upgrade.next;
    ensures order: \old(d->upgrade.state) != SFU_UPGRADE_STATE_RECEIVING ==>
             d->upgrade.next == \old(d->upgrade.next) && d->upgrade.state == \old(d->upgrade.state);
    ensures stored: \result == SFU_OK ==> d->upgrade.state != SFU_UPGRADE_STATE_IDLE
             && (\old(d->upgrade.state) == SFU_UPGRADE_STATE_RECEIVING ==> index < d->upgrade.next);
    ensures beyond: \result == SFU_E_TIMEOUT && \old(d->upgrade.state) == SFU_UPGRADE_STATE_RECEIVING
             && \old(d->upgrade.next) < index ==> d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING;
    ensures later: \result == SFU_E_TIMEOUT ==> \old(d->upgrade.state) == SFU_UPGRADE_STATE_RECEIVING;
    ensures fits: \old(d->upgrade.state) == SFU_UPGRADE_STATE_RECEIVING ==> SFU_UPGRADE_FITS(d);
    ensures early: \old(d->upgrade.state) != SFU_UPGRADE_STATE_RECEIVING ==>
             \result == (\old(d->upgrade.state) == SFU_UPGRADE_STATE_COMPLETE && index < \old(SFU_UPGRADE_COUNT(d))
                         ? SFU_OK : SFU_R_ORDER);
    ensures again: \old(d->upgrade.state) == SFU_UPGRADE_STATE_RECEIVING && index < \old(d->upgrade.next) ==>
             \result == SFU_OK && d->upgrade.next == \old(d->upgrade.next);
    ensures gap: \old(d->upgrade.state) == SFU_UPGRADE_STATE_RECEIVING && \old(d->upgrade.next) < index ==>
             \result == SFU_E_TIMEOUT && d->upgrade.next == \old(d->upgrade.next);
    ensures length: \old(d->upgrade.state) == SFU_UPGRADE_STATE_RECEIVING && index == \old(d->upgrade.next)
             && size != \old(sfu_part(SFU_UPGRADE_PLAIN(d), SFU_UPGRADE_RECORD(d), SFU_UPGRADE_COUNT(d),
                                      d->upgrade.next)) + SFU_FORMAT_HASH ==>
             \result == SFU_R_LENGTH && d->upgrade.next == \old(d->upgrade.next)
             && d->upgrade.state == \old(d->upgrade.state); */
uint32_t sfu_upgrade_record(struct sfu_device *d, uint32_t index, uint8_t *record, uint32_t size);

/* All records were sent. SFU_OK: the image is sealed and on trial at the next reset. SFU_R_ORDER,
 * SFU_R_INCOMPLETE: not now. SFU_R_IMAGE, SFU_R_VECTOR, SFU_E_…: given up. */
/*@ requires sound: SFU_UPGRADE_SOUND(d);
    assigns d->boot.good,
            d->upgrade, d->journal, d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip, sfu_vouch.bytes, sfu_vouch.size;
    ensures flash: SFU_UPGRADE_WRITES(d);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures ready: SFU_UPGRADE_READY(d);
    ensures sound: SFU_UPGRADE_VALUE(d);
    ensures good: d->boot.good == \old(d->boot.good) || d->boot.good == SFU_SLOT_NONE;
    ensures done: \result == SFU_OK ==> d->upgrade.state == SFU_UPGRADE_STATE_DONE;
    ensures again: \old(d->upgrade.state) == SFU_UPGRADE_STATE_DONE ==> \result == SFU_OK;
    ensures failed: \old(d->upgrade.state) == SFU_UPGRADE_STATE_COMPLETE && \result != SFU_OK ==>
             d->upgrade.state == SFU_UPGRADE_STATE_IDLE;
    ensures incomplete: \old(d->upgrade.state) == SFU_UPGRADE_STATE_RECEIVING ==>
             \result == SFU_R_INCOMPLETE && d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING
             && d->upgrade.next == \old(d->upgrade.next) && SFU_SIZES_STAY(d);
    ensures order: \old(d->upgrade.state) == SFU_UPGRADE_STATE_IDLE ==>
             \result == SFU_R_ORDER && d->upgrade.state == SFU_UPGRADE_STATE_IDLE; */
uint32_t sfu_upgrade_finish(struct sfu_device *d);

/* Leaves the installation; it can be resumed by offering the same manifest. */
/*@ requires sound: SFU_UPGRADE_SOUND(d);
    assigns d->boot.good,
            d->upgrade, d->journal, d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip, sfu_vouch.bytes, sfu_vouch.size;
    ensures flash: SFU_UPGRADE_WRITES(d);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures ready: SFU_UPGRADE_READY(d);
    ensures sound: SFU_UPGRADE_VALUE(d);
    ensures good: d->boot.good == \old(d->boot.good) || d->boot.good == SFU_SLOT_NONE;
    ensures left: d->upgrade.state == (\old(d->upgrade.state) == SFU_UPGRADE_STATE_DONE ? SFU_UPGRADE_STATE_DONE
             : SFU_UPGRADE_STATE_IDLE); */
void sfu_upgrade_leave(struct sfu_device *d);

/* 1 if an image is on trial: then nothing is installed. */
/*@ requires read: \valid_read(d);
    assigns \nothing;
    ensures choice: \result == 0 || \result == 1;
    ensures trial: \result != 0 <==> d->journal.state.slot[0] == SFU_SLOT_TRIAL
                                     || d->journal.state.slot[1] == SFU_SLOT_TRIAL; */
uint32_t sfu_upgrade_on_trial(const struct sfu_device *d);

/* First record that may not yet be sent: below it the line may be kept busy. */
/*@ requires fits: \valid_read(d) && layout_sound && d->upgrade.next <= 65535 && SFU_UPGRADE_FITS(d);
    assigns \nothing;
    ensures limit: \result <= SFU_UPGRADE_COUNT(d);
    ensures last: d->upgrade.next + 1 >= SFU_UPGRADE_COUNT(d) ==> \result == SFU_UPGRADE_COUNT(d);
    ensures window: d->upgrade.next + 1 < SFU_UPGRADE_COUNT(d) ==>
             d->upgrade.next + 1 <= \result <= d->upgrade.next + SFU_LIMIT_WINDOW; */
uint32_t sfu_upgrade_limit(const struct sfu_device *d);

/* The slot that an installation would take, or SFU_SLOT_NONE while an image is on trial. */
/*@ requires read: \valid_read(d);
    assigns \nothing;
    ensures none: \result == SFU_SLOT_NONE <==> d->boot.trouble != SFU_OK
             || d->journal.state.slot[0] == SFU_SLOT_TRIAL || d->journal.state.slot[1] == SFU_SLOT_TRIAL;
    ensures slot: \result <= 1 || \result == SFU_SLOT_NONE;
    ensures other: \result <= 1 && sfu_layout.slot_count >= 2 && d->boot.good <= 1 ==> \result == 1 - d->boot.good;
    ensures single: \result <= 1 && sfu_layout.slot_count < 2 ==> \result == 0;
    ensures interrupted: \result <= 1 && sfu_layout.slot_count >= 2 && d->boot.good > 1 ==>
             (\result == 1 <==> d->journal.state.slot[1] == SFU_SLOT_INSTALLING); */
uint32_t sfu_upgrade_free_slot(const struct sfu_device *d);

/* Size of the record awaited, hash included; 0 if none is. */
/*@ requires sound: SFU_UPGRADE_SOUND(d);
    assigns \nothing;
    ensures size: \result == (d->upgrade.state != SFU_UPGRADE_STATE_RECEIVING ? 0
             : sfu_part(SFU_UPGRADE_PLAIN(d), SFU_UPGRADE_RECORD(d), SFU_UPGRADE_COUNT(d), d->upgrade.next) + SFU_FORMAT_HASH);
    ensures range: \result <= SFU_FORMAT_RECORD_MAX; */
uint32_t sfu_upgrade_record_size(const struct sfu_device *d);

#endif
