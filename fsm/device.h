/* All of the core's memory: one object, no other static data.
 *
 * Modules with a life of their own (link, ymodem, keys, journal) define their context in their own
 * header; the three machines that work on the whole device have theirs here. */
#ifndef SFU_DEVICE_H
#define SFU_DEVICE_H

#include <stdint.h>
#include "boot_machine.h"
#include "journal.h"
#include "keys.h"
#include "link.h"
#include "session_machine.h"
#include "manifest.h"
#include "sfu_format.h"
#include "upgrade_machine.h"
#include "ymodem.h"

struct sfu_boot {
	int cs;
	uint8_t state;               /* SFU_BOOT_STATE_… */
	uint8_t entry;               /* 1: the loader was asked for */
	uint8_t candidate;           /* the slot being considered, or SFU_SLOT_NONE */
	uint8_t excluded[2];         /* 1: the slot is out of question in this boot */
	uint8_t good;                /* the slot whose check held, or SFU_SLOT_NONE */
	uint8_t failure_stored;      /* 1: a failure was stored in this boot */
	uint32_t trouble;            /* SFU_OK, or why neither images nor packages can be dealt with */
	uint32_t held;               /* SFU_OK: the candidate's check held in this boot */
	uint32_t status;             /* what the last effect came to */
	uint32_t counter;            /* security counter of the good slot's manifest */
	uint8_t version[SFU_VERSION_SIZE]; /* and its version */
};

struct sfu_upgrade {
	int cs;
	uint8_t state;               /* SFU_UPGRADE_STATE_… */
	uint8_t slot;                /* where the accepted manifest goes */
	uint32_t status;             /* what the last effect came to */
	uint32_t next;               /* index of the record awaited; all before it are in flash */
	uint32_t erased;             /* offset in the slot up to which it is erased or programmed */
	uint32_t checkpoint;         /* offset in the slot of the last checkpoint */
	uint32_t offers;             /* signatures checked in this session */
	uint8_t manifest[SFU_MANIFEST_SIZE];
	uint8_t hash[32];            /* of the manifest */
	uint8_t expected[32];        /* hash of the record awaited */
	uint8_t key[32];             /* image key */
};

struct sfu_session {
	int cs;
	uint8_t state;               /* SFU_SESSION_STATE_… */
	uint8_t ymodem;              /* 1: a YMODEM transfer is under way, frames are not looked for */
	uint8_t busy;                /* 1: the last poll found something to do */
	uint32_t began;              /* times, in milliseconds */
	uint32_t progress;
	uint32_t invited;
	uint32_t next;               /* how far the installation was when last looked at */
	uint8_t upgrade;
	uint32_t refusal;            /* code of the last refusal, or 0 */
	uint32_t at;                 /* YMODEM: index of the record being assembled … */
	uint32_t fill;               /* … and bytes of it that are there */
	uint32_t size;               /* body of the message being handled */
};

struct sfu_device { /* what is used most comes first: near fields take shorter instructions */
	struct sfu_session session;
	struct sfu_boot boot;
	struct sfu_upgrade upgrade;
	struct sfu_ymodem ymodem;
	struct sfu_keys keys;
	struct sfu_journal journal;
	struct sfu_link link;        /* its buffer is also the pass's while no frame is in it */
};

/*@ predicate sfu_boot_total(struct sfu_boot *b) = 0 <= b->state < SFU_BOOT_STATES && b->cs == b->state;
    predicate sfu_session_total(struct sfu_session *s) =
         0 <= s->state < SFU_SESSION_STATES && s->cs == s->state;
    predicate sfu_upgrade_total(struct sfu_upgrade *u) =
         0 <= u->state < SFU_UPGRADE_STATES && u->cs == u->state && u->next <= 65535;

    predicate sfu_device_place(struct sfu_device *d) = \valid(d) && \separated(d, &sfu_layout);

    // the boot machine, once everything is ready
    predicate sfu_boot_sound(struct sfu_device *d) =
         sfu_device_place(d) && layout_sound && journal_valid(&d->journal) && sfu_boot_total(&d->boot)
      && d->boot.trouble == SFU_OK
      && (d->boot.state == SFU_BOOT_STATE_TRIAL || d->boot.state == SFU_BOOT_STATE_GOOD
          || d->boot.state == SFU_BOOT_STATE_HELD ==> d->boot.candidate < sfu_layout.slot_count);

    // the manifest is one that its slot has room for
    predicate sfu_upgrade_fits(struct sfu_upgrade *u) =
         sfu_value_sizes(u->manifest) && sfu_value_room(u->manifest, u->slot, sfu_layout);
    // how far its installation may be
    predicate sfu_upgrade_far(struct sfu_upgrade *u) =
         sfu_upgrade_fits(u) && u->next <= sfu_value_count(u->manifest)
      && sfu_value_inside(u->erased, u->slot, sfu_layout)
      && sfu_value_behind(u->checkpoint, u->manifest, u->next, sfu_layout);
    // what holds whatever is offered next
    predicate sfu_upgrade_ready(struct sfu_device *d) =
         sfu_device_place(d) && sfu_upgrade_total(&d->upgrade)
      && (d->boot.trouble == SFU_OK ==> layout_sound && journal_valid(&d->journal));
    // what the state says of the installation
    predicate sfu_upgrade_begun(struct sfu_device *d) =
         d->upgrade.state != SFU_UPGRADE_STATE_IDLE ==> d->boot.trouble == SFU_OK && sfu_upgrade_fits(&d->upgrade);
    predicate sfu_upgrade_under_way(struct sfu_device *d) =
         d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING || d->upgrade.state == SFU_UPGRADE_STATE_COMPLETE
         ==> sfu_upgrade_far(&d->upgrade);
    predicate sfu_upgrade_awaiting(struct sfu_device *d) =
         d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING
         ==> d->upgrade.next < sfu_value_count(d->upgrade.manifest);
    predicate sfu_upgrade_sound(struct sfu_device *d) =
         sfu_upgrade_ready(d) && sfu_upgrade_begun(d) && sfu_upgrade_under_way(d) && sfu_upgrade_awaiting(d);

    // the whole, between two polls of the session
    predicate sfu_device_sound(struct sfu_device *d) =
         sfu_upgrade_sound(d) && sfu_session_total(&d->session) && sfu_link_sound(&d->link)
      && sfu_ymodem_sound(&d->ymodem)
      && (d->boot.trouble != SFU_E_LAYOUT ==> layout_sound)
      && (d->boot.good < sfu_layout.slot_count || d->boot.good == SFU_SLOT_NONE);
*/

/* the one buffer, from the place where it is aligned to 4 */
/*@ requires valid: \valid(d);
    assigns \nothing;
    ensures place: \result == &d->link.buffer[0] + (SFU_LINK_PAD + 1); */
uint8_t *sfu_device_buffer(struct sfu_device *d);

#endif
