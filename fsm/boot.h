/* The boot decision: from the journal, the entry request and the check of the slots to "run this image"
 * or "stay in the loader". */
#ifndef SFU_BOOT_H
#define SFU_BOOT_H

#include <stdint.h>
#include "device.h"

/* Makes the device ready (layout, configuration, lock profile, keys, journal) and runs the machine to its
 * end. Answers SFU_OK if d->boot.good is to be run now, SFU_E_BLANK if the loader stays: because it was asked
 * to, because no image is good, or because of d->boot.trouble. May write the journal and the key page,
 * never a slot. */
uint32_t sfu_boot(struct sfu_device *d);

/*@ predicate sfu_boot_total(struct sfu_boot *b) =
         0 <= b->state <= SFU_BOOT_STATE_STAYING && b->cs == b->state;
    predicate sfu_boot_same(struct sfu_boot *b, integer cs, integer state) =
         b->cs == cs && b->state == state;
*/

/* One event of the machine. Running is entered from held alone, and held only with an image that holds. */
/*@ requires valid: \valid(d) && \valid_read(p) && \separated(d, p);
    requires total: sfu_boot_total(&d->boot);
    requires candidate: (d->boot.state == SFU_BOOT_STATE_TRIAL || d->boot.state == SFU_BOOT_STATE_GOOD
                         || d->boot.state == SFU_BOOT_STATE_HELD) ==> d->boot.candidate <= 1;
    requires attempts: *p == SFU_BOOT_EVENT_TRY ==> d->journal.state.attempts > 0;
    assigns *d;
    ensures total: sfu_boot_total(&d->boot);
    ensures running: d->boot.state == SFU_BOOT_STATE_RUNNING ==>
             \old(d->boot.state) == SFU_BOOT_STATE_RUNNING
             || (\old(d->boot.state) == SFU_BOOT_STATE_HELD && *p == SFU_BOOT_EVENT_RUN);
    ensures held: d->boot.state == SFU_BOOT_STATE_HELD ==>
             (\old(d->boot.state) == SFU_BOOT_STATE_GOOD && *p == SFU_BOOT_EVENT_HOLDS)
             || (\old(d->boot.state) == SFU_BOOT_STATE_TRIAL
                 && (*p == SFU_BOOT_EVENT_CONFIRM || *p == SFU_BOOT_EVENT_TRY));
    ensures staying: \old(d->boot.state) == SFU_BOOT_STATE_STAYING ==>
             d->boot.state == SFU_BOOT_STATE_STAYING; */
void sfu_boot_step(struct sfu_device *d, const unsigned char *p);

/* SFU_OK, or why this device cannot work. Part of sfu_boot. */
uint32_t sfu_boot_prepare(struct sfu_device *d);

/* The lowest security counter that may be installed or run: the highest confirmed, and never below what the
 * loader was built with. */
uint32_t sfu_boot_floor(const struct sfu_device *d);

/* Fills in struct EXCHANGE for the application in d->boot.good. */
void sfu_boot_report(const struct sfu_device *d, uint8_t report[SFU_EXCHANGE_SIZE]);

/* Stores `code` as the last failure in the journal, unless it is there already or one was stored in this
 * boot (else whoever causes failures wears the flash out). */
/*@ requires valid: \valid(d);
    assigns *d;
    ensures kept: sfu_boot_same(&d->boot, \old(d->boot.cs), \old(d->boot.state));
    ensures candidate: d->boot.candidate == \old(d->boot.candidate); */
void sfu_boot_failure(struct sfu_device *d, uint32_t code);

#endif
