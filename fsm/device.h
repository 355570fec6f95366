/* All of the core's memory: one object, no other static data.
 *
 * Modules with a life of their own (link, ymodem, keys, journal) define their context in their own
 * header; the four machines that work on the whole device have theirs here. */
#ifndef SFU_DEVICE_H
#define SFU_DEVICE_H

#include <stdint.h>
#include "boot_machine.h"
#include "journal.h"
#include "keys.h"
#include "link.h"
#include "session_machine.h"
#include "manifest.h"
#include "personalize_machine.h"
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
	uint8_t keys[SFU_AUTHORITY_KEYS]; /* its floors, its signer and issuer: the manifest from key_floor on */
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
	uint8_t manifest[SFU_FORMAT_HEAD]; /* with its certificate, if it has one */
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
	uint32_t head;               /* YMODEM: bytes of the manifest, once it is known with its certificate */
};

struct sfu_personal {
	int cs;
	uint8_t state;               /* SFU_PERSONALIZE_STATE_… */
	uint32_t status;             /* what the last effect came to */
	uint8_t scalar[32];          /* of the challenge's public key, until its permit comes */
	uint8_t challenge[SFU_CHALLENGE_SIZE]; /* the last one */
};

struct sfu_device { /* what is used most comes first: near fields take shorter instructions */
	struct sfu_session session;
	struct sfu_boot boot;
	struct sfu_upgrade upgrade;
	struct sfu_ymodem ymodem;
	struct sfu_keys keys;
	struct sfu_journal journal;
	struct sfu_personal personal;
	struct sfu_link link;        /* its buffer is also the pass's while no frame is in it */
};

/* What the contracts say of the device. Where fields are written around them, they say it of the single fields, by
 * these macros: of a predicate over an object in memory the provers must find out, write by write, that it still
 * holds; of a field WP itself knows. */
#define SFU_PERSONAL_TOTAL(p) (0 <= (p).state < SFU_PERSONALIZE_STATES && (p).cs == (p).state)
#define SFU_SESSION_TOTAL(s) (0 <= (s).state < SFU_SESSION_STATES && (s).cs == (s).state)
#define SFU_DEVICE_GOOD(d) \
	(((d)->boot.trouble != SFU_E_LAYOUT ==> layout_sound) \
	 && ((d)->boot.good < sfu_layout.slot_count || (d)->boot.good == SFU_SLOT_NONE))
#define SFU_UPGRADE_PLAIN(d) SFU_WORD((d)->upgrade.manifest, SFU_MANIFEST_PLAIN_SIZE_OFFSET)
#define SFU_UPGRADE_RECORD(d) SFU_HALF((d)->upgrade.manifest, SFU_MANIFEST_RECORD_SIZE_OFFSET)
#define SFU_UPGRADE_COUNT(d) SFU_HALF((d)->upgrade.manifest, SFU_MANIFEST_RECORD_COUNT_OFFSET)
#define SFU_UPGRADE_COUNTER(d) SFU_WORD((d)->upgrade.manifest, SFU_MANIFEST_SECURITY_COUNTER_OFFSET)
#define SFU_UPGRADE_FITS(d) \
	sfu_upgrade_fits(SFU_UPGRADE_PLAIN(d), SFU_UPGRADE_RECORD(d), SFU_UPGRADE_COUNT(d), (d)->upgrade.slot, sfu_layout)
#define SFU_UPGRADE_FAR(d) \
	(SFU_UPGRADE_FITS(d) \
	 && sfu_upgrade_far((d)->upgrade.next, (d)->upgrade.erased, (d)->upgrade.checkpoint, SFU_UPGRADE_RECORD(d), \
	                    SFU_UPGRADE_COUNT(d), (d)->upgrade.slot, sfu_layout))
#define SFU_UPGRADE_READY(d) \
	(\valid(d) \
	 && 0 <= (d)->upgrade.state < SFU_UPGRADE_STATES && (d)->upgrade.cs == (d)->upgrade.state \
	 && (d)->upgrade.next <= 65535 \
	 && ((d)->boot.trouble == SFU_OK ==> SFU_JOURNAL_VALID(&(d)->journal)))
#define SFU_UPGRADE_BEGUN(d) \
	((d)->upgrade.state != SFU_UPGRADE_STATE_IDLE ==> \
	 (d)->boot.trouble == SFU_OK && SFU_UPGRADE_FITS(d) && sfu_vouch.accepted == 1)
#define SFU_UPGRADE_UNDER_WAY(d) \
	((d)->upgrade.state == SFU_UPGRADE_STATE_RECEIVING || (d)->upgrade.state == SFU_UPGRADE_STATE_COMPLETE \
	 ==> SFU_UPGRADE_FAR(d))
#define SFU_UPGRADE_AWAITING(d) \
	((d)->upgrade.state == SFU_UPGRADE_STATE_RECEIVING ==> (d)->upgrade.next < SFU_UPGRADE_COUNT(d))
#define SFU_UPGRADE_VALUE(d) (SFU_UPGRADE_BEGUN(d) && SFU_UPGRADE_UNDER_WAY(d) && SFU_UPGRADE_AWAITING(d))

#define SFU_UPGRADE_SOUND(d) (SFU_UPGRADE_READY(d) && SFU_UPGRADE_VALUE(d))

/* the installation is of the same sizes (a postcondition) */
#define SFU_SIZES_STAY(d) \
	(SFU_UPGRADE_PLAIN(d) == \old(SFU_UPGRADE_PLAIN(d)) && SFU_UPGRADE_RECORD(d) == \old(SFU_UPGRADE_RECORD(d)) \
	 && SFU_UPGRADE_COUNT(d) == \old(SFU_UPGRADE_COUNT(d)))

/* C3: the counter that the journal holds never falls (a postcondition) */
#define SFU_COUNTER_STAYS(d) \
	((d)->journal.state.security_counter >= \old((d)->journal.state.security_counter))
/* what the journal says of the slots is what it said (a postcondition) */
#define SFU_SLOTS_STAY(d) \
	((d)->journal.state.slot[0] == \old((d)->journal.state.slot[0]) \
	 && (d)->journal.state.slot[1] == \old((d)->journal.state.slot[1]) \
	 && (d)->journal.state.attempts == \old((d)->journal.state.attempts))
/* C4: the slot is what it was when a check of this boot held */
#define SFU_BOOT_JUDGED(slot) slot_judged(sfu_flash, slot, sfu_judged, sfu_layout)
/* its signer and issuer are revoked neither by the journal nor by itself */
#define SFU_BOOT_STANDS(d) \
	(SFU_KEYS_STAND((d)->boot.keys, (d)->journal.state.key_floor) && SFU_KEYS_STAND((d)->boot.keys, (d)->boot.keys))
/* C3, C4: and its counter is no lower than the journal's */
#define SFU_BOOT_FIT(d, slot) \
	((d)->boot.held == SFU_OK && SFU_BOOT_JUDGED(slot) && (d)->boot.counter >= (d)->journal.state.security_counter \
	 && SFU_BOOT_STANDS(d))
#define SFU_BOOT_TOTAL(b) (0 <= (b).state < SFU_BOOT_STATES && (b).cs == (b).state)
/* the boot machine, once everything is ready */
#define SFU_BOOT_SOUND(d) \
	(SFU_JOURNAL_VALID(&(d)->journal) && \valid(d) && SFU_BOOT_TOTAL((d)->boot) && (d)->boot.trouble == SFU_OK \
	 && ((d)->boot.state == SFU_BOOT_STATE_TRIAL || (d)->boot.state == SFU_BOOT_STATE_GOOD \
	     || (d)->boot.state == SFU_BOOT_STATE_HELD ==> (d)->boot.candidate < sfu_layout.slot_count) \
	 && ((d)->boot.state == SFU_BOOT_STATE_HELD ==> SFU_BOOT_FIT(d, (d)->boot.candidate)) \
	 && ((d)->boot.state == SFU_BOOT_STATE_RUNNING ==> SFU_BOOT_FIT(d, (d)->boot.good)))

/* the whole, between two polls of the session */
#define SFU_DEVICE_SOUND(d) \
	(SFU_UPGRADE_READY(d) && SFU_UPGRADE_VALUE(d) && SFU_SESSION_TOTAL((d)->session) && SFU_LINK_SOUND((d)->link) \
	 && SFU_YMODEM_SOUND((d)->ymodem) && SFU_PERSONAL_TOTAL((d)->personal) && SFU_DEVICE_GOOD(d))
/* the same as postconditions, one for each part */
#define SFU_DEVICE_STAYS_SOUND(d) \
	ensures ready: SFU_UPGRADE_READY(d); \
	ensures upgrade: SFU_UPGRADE_VALUE(d); \
	ensures total: SFU_SESSION_TOTAL((d)->session); \
	ensures link: SFU_LINK_SOUND((d)->link); \
	ensures ymodem: SFU_YMODEM_SOUND((d)->ymodem); \
	ensures personal: SFU_PERSONAL_TOTAL((d)->personal); \
	ensures good: SFU_DEVICE_GOOD(d); \
	ensures counter: SFU_COUNTER_STAYS(d); \
	ensures flash: session_kept(\old(sfu_flash), sfu_flash, (d)->boot.trouble, sfu_layout);

/*@ // C6: an upgrade writes to the journal and to its slot alone,
    predicate upgrade_kept(integer f, integer g, integer slot, struct sfu_layout l) =
         \forall integer i; 0 <= i < SFU_AREA_SLOT + l.slot_count && i != SFU_AREA_SLOT + slot
         && !(SFU_AREA_JOURNAL <= i < SFU_AREA_KEYS) ==> area_kept(f, g, l.area[i]);
    // and a session neither to the loader nor, unless the device holds the OEM master key, to the keys.
    predicate session_kept(integer f, integer g, integer trouble, struct sfu_layout l) =
         area_kept(f, g, l.area[SFU_AREA_LOADER])
         && (trouble != SFU_E_MASTER ==>
             area_kept(f, g, l.area[SFU_AREA_KEYS]) && area_kept(f, g, l.area[SFU_AREA_KEYS + 1]));
    // the manifest is one that its slot has room for
    predicate sfu_upgrade_fits(integer plain, integer record, integer count, integer slot, struct sfu_layout l) =
         sfu_sizes(plain, record, count) && sfu_room(plain, slot, l);
    // how far its installation may be
    predicate sfu_upgrade_far(integer next, integer erased, integer checkpoint, integer record, integer count,
                              integer slot, struct sfu_layout l) =
         next <= count && erased <= l.area[SFU_AREA_SLOT + slot].size && checkpoint <= l.image_offset + sfu_rows(record, next);
*/

/* the one buffer, from the place where it is aligned to 4 */
/*@ requires valid: \valid(d);
    assigns \nothing;
    ensures place: \result == &d->link.buffer[0] + (SFU_LINK_PAD + 1); */
uint8_t *sfu_device_buffer(struct sfu_device *d);

#endif
