/* The boot decision: from the journal, the entry request and the check of the slots to "run this image"
 * or "stay in the loader". */
#ifndef SFU_BOOT_H
#define SFU_BOOT_H

#include <stdint.h>
#include "check.h"
#include "device.h"

/* Makes the device ready (layout, configuration, lock profile, keys, journal) and runs the machine to its
 * end. Answers SFU_OK if d->boot.good is to be run now, SFU_E_BLANK if the loader stays: because it was asked
 * to, because no image is good, or because of d->boot.trouble. May write the journal and the key page,
 * never a slot. */
/*@ requires place: \valid(d);
    assigns d->boot, d->keys, d->journal, d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip,
            sfu_vouch.signature, sfu_judged;
    ensures flash: layout_sound ==> SFU_WRITES(SFU_AREA_JOURNAL, SFU_AREA_SLOT);
    ensures layout: d->boot.trouble != SFU_E_LAYOUT ==> layout_sound;
    ensures journal: d->boot.trouble == SFU_OK ==> SFU_JOURNAL_VALID(&d->journal);
    ensures good: d->boot.good == SFU_SLOT_NONE || d->boot.good < sfu_layout.slot_count;
    ensures run: \result == SFU_OK ==> d->boot.state == SFU_BOOT_STATE_RUNNING && d->boot.trouble == SFU_OK
             && d->boot.good < sfu_layout.slot_count;
    ensures judged: \result == SFU_OK ==> SFU_BOOT_JUDGED(d->boot.good) && d->boot.held == SFU_OK;
    ensures counter: \result == SFU_OK ==> d->boot.counter >= d->journal.state.security_counter;
    ensures stands: \result == SFU_OK ==> SFU_BOOT_STANDS(d); */
uint32_t sfu_boot(struct sfu_device *d);

/* One event of the machine. Running is entered from held alone, and held only with an image that holds. */
/*@ requires valid: \valid(d) && \valid_read(p) && \separated(d, p);
    requires sound: SFU_BOOT_SOUND(d);
    requires chosen: *p == SFU_BOOT_EVENT_TRIAL || *p == SFU_BOOT_EVENT_GOOD ==>
             d->boot.state != SFU_BOOT_STATE_DECIDING || d->boot.candidate < sfu_layout.slot_count;
    requires attempts: *p == SFU_BOOT_EVENT_TRY ==> d->journal.state.attempts > 0;
    requires holds: *p == SFU_BOOT_EVENT_HOLDS || *p == SFU_BOOT_EVENT_CONFIRM || *p == SFU_BOOT_EVENT_TRY ==>
             SFU_BOOT_FIT(d, d->boot.candidate);
    requires run: *p == SFU_BOOT_EVENT_RUN && d->boot.state == SFU_BOOT_STATE_HELD ==>
             d->boot.good == d->boot.candidate;
    assigns d->boot.cs, d->boot.state, d->boot.excluded[0 .. 1], d->boot.failure_stored, d->boot.status, d->journal,
            sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_JOURNAL, SFU_AREA_KEYS);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures sound: SFU_BOOT_SOUND(d);
    ensures running: d->boot.state == SFU_BOOT_STATE_RUNNING ==>
             \old(d->boot.state) == SFU_BOOT_STATE_RUNNING
             || (\old(d->boot.state) == SFU_BOOT_STATE_HELD && *p == SFU_BOOT_EVENT_RUN);
    ensures held: d->boot.state == SFU_BOOT_STATE_HELD ==>
             (\old(d->boot.state) == SFU_BOOT_STATE_GOOD && *p == SFU_BOOT_EVENT_HOLDS)
             || (\old(d->boot.state) == SFU_BOOT_STATE_TRIAL
                 && (*p == SFU_BOOT_EVENT_CONFIRM || *p == SFU_BOOT_EVENT_TRY));
    ensures staying: \old(d->boot.state) == SFU_BOOT_STATE_STAYING ==>
             d->boot.state == SFU_BOOT_STATE_STAYING;
    ensures considers: \old(d->boot.state) == SFU_BOOT_STATE_DECIDING ==>
             (d->boot.state == SFU_BOOT_STATE_TRIAL <==> \old(*p) == SFU_BOOT_EVENT_TRIAL)
             && (d->boot.state == SFU_BOOT_STATE_GOOD <==> \old(*p) == SFU_BOOT_EVENT_GOOD);
    ensures tried: \old(d->boot.state) == SFU_BOOT_STATE_TRIAL && \old(*p) == SFU_BOOT_EVENT_TRY
             && d->boot.status == SFU_OK ==> d->journal.state.attempts == \old(d->journal.state.attempts) - 1
             && d->journal.state.slot[d->boot.candidate] == SFU_SLOT_TRIAL;
    ensures confirmed: \old(d->boot.state) == SFU_BOOT_STATE_TRIAL && \old(*p) == SFU_BOOT_EVENT_CONFIRM
             && d->boot.status == SFU_OK ==> d->journal.state.security_counter >= d->boot.counter
             && (\forall integer i; 0 <= i < SFU_FORMAT_RANKS ==> d->journal.state.key_floor[i] >= d->boot.keys[i])
             && d->journal.state.slot[d->boot.candidate] == SFU_SLOT_CONFIRMED;
    ensures given_up: \old(d->boot.state) == SFU_BOOT_STATE_TRIAL
             && (\old(*p) == SFU_BOOT_EVENT_BROKEN || \old(*p) == SFU_BOOT_EVENT_SPENT) ==>
             d->boot.excluded[d->boot.candidate] == 1 && d->boot.state == SFU_BOOT_STATE_DECIDING
             && (d->boot.status == SFU_OK ==> d->journal.state.slot[d->boot.candidate] == SFU_SLOT_EMPTY);
    ensures excluded: (\old(d->boot.state) == SFU_BOOT_STATE_GOOD && \old(*p) == SFU_BOOT_EVENT_BROKEN)
             || (\old(d->boot.state) == SFU_BOOT_STATE_HELD && \old(*p) == SFU_BOOT_EVENT_FAILED) ==>
             d->boot.excluded[d->boot.candidate] == 1 && d->boot.state == SFU_BOOT_STATE_DECIDING; */
void sfu_boot_step(struct sfu_device *d, const unsigned char *p);
#include "boot_contract.h"

/* SFU_OK, or why this device cannot work. Part of sfu_boot. */
/*@ requires place: \valid(d);
    assigns d->keys, d->journal, d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip, sfu_vouch.signature;
    ensures flash: layout_sound ==> SFU_WRITES(SFU_AREA_JOURNAL, SFU_AREA_SLOT);
    ensures layout: \result != SFU_E_LAYOUT ==> layout_sound;
    ensures journal: \result == SFU_OK ==> SFU_JOURNAL_VALID(&d->journal);
    ensures locked: \result == SFU_OK ==> \old(sfu_protected(sfu_chip)); */
uint32_t sfu_boot_prepare(struct sfu_device *d);

/* SFU_OK, or SFU_E_LOCKED: the keys are not touched on a chip that is less protected than the loader was built for. Whoever
 * asks does so twice: one glitched read or skipped instruction must not be enough. */
/*@ assigns \nothing;
    ensures answer: \result == SFU_OK || \result == SFU_E_LOCKED;
    ensures locked: \result == SFU_OK <==> sfu_protected(sfu_chip); */
uint32_t sfu_boot_locked(void);

/* The lowest security counter that may be installed or run: the highest confirmed, and never below what the
 * loader was built with. */
/*@ requires valid: \valid_read(d);
    assigns \nothing;
    ensures floor: \result == \max(d->journal.state.security_counter,
             SFU_WORD(sfu_config, SFU_CONFIG_MIN_COUNTER_OFFSET)); */
uint32_t sfu_boot_floor(const struct sfu_device *d);

/* Is a manifest's signer or issuer revoked, by the journal or by the configuration; or by the manifest itself, which
 * sfu_authority_verify refuses? SFU_OK or SFU_R_REVOKED. `keys` is the manifest from its key_floor on. */
/*@ requires valid: \valid_read(d) && \valid_read(keys + (0 .. SFU_AUTHORITY_KEYS - 1));
    assigns \nothing;
    ensures answer: \result == SFU_OK || \result == SFU_R_REVOKED;
    ensures stands: \result == SFU_OK <==> SFU_KEYS_STAND(keys, d->journal.state.key_floor)
             && SFU_KEYS_STAND(keys, sfu_config + SFU_CONFIG_KEY_FLOOR_OFFSET) && SFU_KEYS_STAND(keys, keys); */
uint32_t sfu_boot_revoked(const struct sfu_device *d, const uint8_t keys[SFU_AUTHORITY_KEYS]);

/* Checks the candidate: its bytes, its keys and its counter against the floors, its first two words. Leaves in `c` what it
 * went by. SFU_OK, or why not: the codes of sfu_check_slot, SFU_R_COUNTER, SFU_R_REVOKED, those of sfu_slot_vector. */
/*@ requires sound: \valid(d) && layout_sound && d->boot.candidate < sfu_layout.slot_count;
    requires apart: \valid(c) && \separated(d, c);
    assigns *c, d->boot.counter, d->boot.keys[0 .. SFU_AUTHORITY_KEYS - 1], d->boot.version[0 .. SFU_VERSION_SIZE - 1],
            d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_chip, sfu_vouch.signature, sfu_judged;
    ensures judged: \result == SFU_OK ==> SFU_BOOT_JUDGED(d->boot.candidate);
    ensures counter: \result == SFU_OK ==> d->boot.counter >= d->journal.state.security_counter;
    ensures stands: \result == SFU_OK ==> SFU_BOOT_STANDS(d);
    ensures seal: c->seal == &d->journal.state.seal[d->boot.candidate][0]; */
uint32_t sfu_boot_check(struct sfu_device *d, struct sfu_check *c);

/* The same, and the counter, the keys and the last comparison once more: one fault must not be enough to believe an image. */
/*@ requires sound: \valid(d) && layout_sound && d->boot.candidate < sfu_layout.slot_count;
    assigns d->boot.counter, d->boot.keys[0 .. SFU_AUTHORITY_KEYS - 1], d->boot.version[0 .. SFU_VERSION_SIZE - 1],
            d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_chip, sfu_vouch.signature, sfu_judged;
    ensures judged: \result == SFU_OK ==> SFU_BOOT_JUDGED(d->boot.candidate);
    ensures counter: \result == SFU_OK ==> d->boot.counter >= d->journal.state.security_counter;
    ensures stands: \result == SFU_OK ==> SFU_BOOT_STANDS(d); */
uint32_t sfu_boot_examine(struct sfu_device *d);

/* Fills in struct EXCHANGE for the application in d->boot.good. */
/*@ requires place: \valid_read(d) && layout_sound && d->boot.good < sfu_layout.slot_count;
    requires report: \valid(report + (0 .. SFU_EXCHANGE_SIZE - 1))
             && \separated(d, report + (0 .. SFU_EXCHANGE_SIZE - 1));
    assigns report[0 .. SFU_EXCHANGE_SIZE - 1]; */
void sfu_boot_report(const struct sfu_device *d, uint8_t report[SFU_EXCHANGE_SIZE]);

/* Stores `code` as the last failure in the journal, unless it is there already or one was stored in this
 * boot (else whoever causes failures wears the flash out). */
/*@ requires valid: \valid(d);
    requires journal: d->boot.trouble == SFU_OK ==> SFU_JOURNAL_VALID(&d->journal);
    assigns d->boot.failure_stored, d->journal, sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_JOURNAL, SFU_AREA_KEYS);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures told: d->boot.trouble == SFU_OK ==> d->boot.failure_stored != 0 || d->journal.state.failure == code;
    ensures once: d->boot.failure_stored == \old(d->boot.failure_stored) || d->boot.failure_stored == 1;
    ensures slots: SFU_SLOTS_STAY(d);
    ensures failure: d->journal.state.failure == code || d->journal.state.failure == \old(d->journal.state.failure);
    ensures enough: d->boot.trouble != SFU_OK || \old(d->boot.failure_stored) != 0
             || \old(d->journal.state.failure) == code ==> sfu_flash == \old(sfu_flash);
    ensures journal: d->boot.trouble == SFU_OK ==> SFU_JOURNAL_VALID(&d->journal); */
void sfu_boot_failure(struct sfu_device *d, uint32_t code);

#endif
