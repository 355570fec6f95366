#include "upgrade_flash.h"
#include "boot.h"
#include "bytes.h"
#include "device.h"
#include "manifest.h"
#include "port.h"
#include "sfu_codes.h"
#include "slot.h"

#define CHECKPOINT_MIN 8192u /* bytes between checkpoints, at least; and a sixteenth of the image */

static const uint8_t LABEL_IMAGE[9] = { 's', 'f', 'u', ' ', 'i', 'm', 'a', 'g', 'e' };

/*@ requires read: \valid_read(d);
    assigns \nothing;
    ensures plain: \result == SFU_UPGRADE_PLAIN(d); */
static uint32_t plain_size(const struct sfu_device *d)
{
	return sfu_manifest_word(d->upgrade.manifest, SFU_MANIFEST_PLAIN_SIZE_OFFSET);
}

uint32_t sfu_upgrade_offset(const struct sfu_device *d, uint32_t index)
{
	return sfu_layout.image_offset
	       + index * sfu_get16(d->upgrade.manifest + SFU_MANIFEST_RECORD_SIZE_OFFSET);
}

/*@ ghost
    // Claim C8: before each operation on the slot. The journal says that the slot is being installed, so no start takes it
    // for an image, nor is it the one that is confirmed; and whatever a cut in it leaves of the `size` bytes at `address`,
    // the other slot and the journal are what they were.
    /@ requires installing: d->journal.state.slot[d->upgrade.slot] == SFU_SLOT_INSTALLING;
       requires crash: \forall integer g; flash_elsewhere(sfu_flash, g, address, size) ==>
                areas_kept(sfu_flash, g, SFU_AREA_SLOT + d->upgrade.slot, SFU_AREA_SLOT + d->upgrade.slot + 1, sfu_layout);
       assigns \nothing; @/
    void sfu_slot_changes(const struct sfu_device *d, uint32_t address, uint32_t size);
*/
/*@ ghost
    // Begin or resume made the journal say so, and between two events nobody changes what it says of the slot.
    /@ requires order: d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING || d->upgrade.state == SFU_UPGRADE_STATE_COMPLETE;
       assigns \nothing;
       ensures installing: d->journal.state.slot[d->upgrade.slot] == SFU_SLOT_INSTALLING; @/
    void sfu_install_known(const struct sfu_device *d);
*/
#define INSTALLS(d) ((d)->journal.state.slot[(d)->upgrade.slot] == SFU_SLOT_INSTALLING)

/* Erases on until `end` (an offset in the slot) is inside what is erased. A sector is erased once, when the
 * image reaches it: what lies behind a checkpoint is erased again when the installation is resumed. */
/*@ requires place: \valid(d);
    requires layout: layout_sound;
    requires accepted: sfu_vouch.accepted == 1;
    requires slot: d->upgrade.slot < sfu_layout.slot_count;
    requires installing: d->upgrade.erased < end ==> INSTALLS(d);
    requires inside: d->upgrade.erased <= sfu_layout.area[SFU_AREA_SLOT + d->upgrade.slot].size
             && end <= sfu_layout.area[SFU_AREA_SLOT + d->upgrade.slot].size;
    assigns d->upgrade.erased, sfu_flash, sfu_chip;
    ensures flash: SFU_WRITES(SFU_AREA_SLOT + d->upgrade.slot, SFU_AREA_SLOT + d->upgrade.slot + 1);
    ensures inside: d->upgrade.erased <= sfu_layout.area[SFU_AREA_SLOT + d->upgrade.slot].size;
    ensures reached: \result == SFU_OK ==> d->upgrade.erased >= end;
    ensures enough: end <= \old(d->upgrade.erased) ==> \result == SFU_OK
             && d->upgrade.erased == \old(d->upgrade.erased) && sfu_flash == \old(sfu_flash); */
static uint32_t erase_to(struct sfu_device *d, uint32_t end)
{
	const struct sfu_area slot = sfu_layout.area[SFU_AREA_SLOT + d->upgrade.slot];
	uint32_t status = SFU_OK, sector;

	/*@ loop invariant inside: d->upgrade.erased <= slot.size;
	    loop invariant enough: end <= \at(d->upgrade.erased, Pre) ==> status == SFU_OK
	                           && d->upgrade.erased == \at(d->upgrade.erased, Pre) && sfu_flash == \at(sfu_flash, Pre);
	    loop invariant flash: areas_kept(\at(sfu_flash, Pre), sfu_flash, SFU_AREA_SLOT + d->upgrade.slot,
	                                     SFU_AREA_SLOT + d->upgrade.slot + 1, sfu_layout);
	    loop assigns status, sector, d->upgrade.erased, sfu_flash, sfu_chip;
	    loop variant slot.size - d->upgrade.erased; */
	while (status == SFU_OK && d->upgrade.erased < end) {
		sector = sfu_layout_sector(slot.address + d->upgrade.erased);
		if (sector == 0 || sector > slot.size - d->upgrade.erased)
			return SFU_E_LAYOUT;
		/*@ assert inside: flash_inside(slot.address + d->upgrade.erased, sector,
		                               sfu_layout.area[SFU_AREA_SLOT + d->upgrade.slot]); */
		//@ ghost sfu_slot_changes(d, slot.address + d->upgrade.erased, sector);
		status = sfu_port_flash_erase(slot.address + d->upgrade.erased) /*@ ghost (sector) */;
		d->upgrade.erased += sector;
		sfu_port_kick();
	}
	return status;
}

/* Programs what was vouched for, `offset` bytes into the slot. */
/*@ requires read: \valid_read(d) && \valid_read(data + (0 .. size - 1)) && size > 0;
    requires layout: layout_sound && d->upgrade.slot < sfu_layout.slot_count;
    requires inside: offset + size <= sfu_layout.area[SFU_AREA_SLOT + d->upgrade.slot].size;
    requires vouched: data == sfu_vouch.bytes && size <= sfu_vouch.size;
    requires installing: INSTALLS(d);
    assigns sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_SLOT + d->upgrade.slot, SFU_AREA_SLOT + d->upgrade.slot + 1); */
static uint32_t program(const struct sfu_device *d, uint32_t offset, const uint8_t *data, uint32_t size)
{
	const uint32_t address = sfu_layout.area[SFU_AREA_SLOT + d->upgrade.slot].address + offset;

	//@ assert inside: flash_inside(address, size, sfu_layout.area[SFU_AREA_SLOT + d->upgrade.slot]);
	//@ ghost sfu_slot_changes(d, address, size);
	return sfu_port_flash_program(address, data, size);
}

/* as postconditions: the journal says that this manifest is being installed, from the record awaited on */
#define INSTALLING(d, ok, number) \
	ensures installing: ok ==> (d)->journal.state.slot[(d)->upgrade.slot] == SFU_SLOT_INSTALLING \
	         && (d)->journal.state.install[(d)->upgrade.slot] == (number) \
	         && (d)->journal.state.next_record == (d)->upgrade.next; \
	ensures promised: ok ==> \
	         \forall integer i; 0 <= i < 32 ==> (d)->journal.state.expected[i] == (d)->upgrade.expected[i]; \
	ensures named: ok ==> \
	         \forall integer i; 0 <= i < SFU_STATE_MANIFEST_ID_SIZE ==> (d)->journal.state.manifest_id[i] == (d)->upgrade.hash[i];
/* and of the other slot what it said */
#define OTHER_STAYS(d) \
	ensures other: (d)->journal.state.slot[1 - (d)->upgrade.slot] == \old((d)->journal.state.slot[1 - (d)->upgrade.slot]) \
	         && (d)->journal.state.install[1 - (d)->upgrade.slot] \
	            == \old((d)->journal.state.install[1 - (d)->upgrade.slot]);

/* The state in which this manifest is being installed from `next_record` on. */
/*@ requires place: \valid(d) && d->upgrade.slot <= 1;
    requires layout: layout_sound;
    requires journal: SFU_JOURNAL_PLACE(&d->journal);
    assigns d->journal, sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_JOURNAL, SFU_AREA_KEYS);
    ensures counter: SFU_COUNTER_STAYS(d);
    INSTALLING(d, \result == SFU_OK, install)
    OTHER_STAYS(d)
    ensures journal: SFU_JOURNAL_PLACE(&d->journal); */
static uint32_t append_progress(struct sfu_device *d, uint32_t install)
{
	struct sfu_state next = d->journal.state;

	next.slot[d->upgrade.slot] = SFU_SLOT_INSTALLING;
	next.install[d->upgrade.slot] = install;
	sfu_copy(next.manifest_id, d->upgrade.hash, sizeof next.manifest_id);
	next.next_record = d->upgrade.next;
	sfu_copy(next.expected, d->upgrade.expected, sizeof next.expected);
	return sfu_journal_append(&d->journal, &next);
}

/*@ requires read: \valid_read(d);
    assigns \nothing;
    ensures higher: \max(d->journal.state.install[0], d->journal.state.install[1]) < UINT32_MAX ==>
             \result == \max(d->journal.state.install[0], d->journal.state.install[1]) + 1;
    ensures last: \max(d->journal.state.install[0], d->journal.state.install[1]) == UINT32_MAX ==>
             \result == UINT32_MAX; */
static uint32_t next_install(const struct sfu_device *d)
{
	const uint32_t *install = d->journal.state.install;

	const uint32_t highest = install[0] > install[1] ? install[0] : install[1];

	/* no flash lives to see the last number */
	return highest == UINT32_MAX ? highest : highest + 1u;
}

/* From record d->upgrade.next on: the journal first, then the sector the record lies in. */
/*@ requires place: \valid(d);
    requires layout: layout_sound;
    requires journal: SFU_JOURNAL_PLACE(&d->journal);
    requires fits: SFU_UPGRADE_FITS(d) && sfu_vouch.accepted == 1;
    requires next: d->upgrade.next < SFU_UPGRADE_COUNT(d);
    assigns d->upgrade.status, d->upgrade.erased, d->upgrade.checkpoint, d->upgrade.key[0 .. 31], d->journal,
            sfu_flash, sfu_chip;
    ensures flash: SFU_UPGRADE_WRITES(d);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures journal: SFU_JOURNAL_PLACE(&d->journal);
    ensures far: SFU_UPGRADE_FAR(d);
    INSTALLING(d, d->upgrade.status == SFU_OK, install)
    ensures ready: d->upgrade.status == SFU_OK ==> SFU_UPGRADE_READY_FOR_NEXT(d);
    OTHER_STAYS(d) */
static void start(struct sfu_device *d, uint32_t install)
{
	struct sfu_upgrade *u = &d->upgrade;

	sfu_manifest_derive(u->key, d->keys.oem, u->manifest, LABEL_IMAGE, sizeof LABEL_IMAGE, 1);
	u->erased = u->next == 0 ? 0 : sfu_upgrade_offset(d, u->next);
	u->checkpoint = u->erased;
	//@ assert far: SFU_UPGRADE_FAR(d);
	u->status = append_progress(d, install);
	//@ assert far: SFU_UPGRADE_FAR(d);
	if (u->status != SFU_OK)
		return;
	u->status = erase_to(d, sfu_upgrade_offset(d, u->next) + 1);
	//@ assert far: SFU_UPGRADE_FAR(d);
}

void sfu_upgrade_begin(struct sfu_device *d)
{
	/* in a single slot the image that ran is gone from here on */
	if (d->upgrade.slot == d->boot.good)
		d->boot.good = SFU_SLOT_NONE;
	d->upgrade.next = 0;
	sfu_copy(d->upgrade.expected, d->upgrade.manifest + SFU_MANIFEST_FIRST_HASH_OFFSET, 32);
	start(d, next_install(d));
}

void sfu_upgrade_resume(struct sfu_device *d)
{
	d->upgrade.next = d->journal.state.next_record;
	sfu_copy(d->upgrade.expected, d->journal.state.expected, 32);
	start(d, d->journal.state.install[d->upgrade.slot]);
}

/* At a sector boundary: a checkpoint if the last one is far enough behind, then the next sector, so that it
 * is ready before the station is told to go on. */
/*@ requires place: \valid(d);
    requires layout: layout_sound;
    requires journal: SFU_JOURNAL_PLACE(&d->journal);
    requires far: SFU_UPGRADE_FAR(d) && sfu_vouch.accepted == 1;
    requires end: d->upgrade.checkpoint <= end
             && end == sfu_layout.image_offset + sfu_rows(SFU_UPGRADE_RECORD(d), d->upgrade.next)
             && end <= sfu_layout.image_offset + SFU_UPGRADE_PLAIN(d);
    requires installing: INSTALLS(d);
    assigns d->upgrade.erased, d->upgrade.checkpoint, d->journal, sfu_flash, sfu_chip;
    ensures flash: SFU_UPGRADE_WRITES(d);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures journal: SFU_JOURNAL_PLACE(&d->journal);
    ensures far: SFU_UPGRADE_FAR(d);
    ensures erased: \result == SFU_OK ==> d->upgrade.erased > end;
    ensures checkpoint: d->upgrade.checkpoint == \old(d->upgrade.checkpoint) || d->upgrade.checkpoint == end;
    ensures near: \result == SFU_OK ==> end - d->upgrade.checkpoint < CHECKPOINT_MIN
             || end - d->upgrade.checkpoint < SFU_UPGRADE_PLAIN(d) / 16;
    ensures seldom: d->upgrade.checkpoint != \old(d->upgrade.checkpoint) ==>
             end - \old(d->upgrade.checkpoint) >= CHECKPOINT_MIN
             && end - \old(d->upgrade.checkpoint) >= SFU_UPGRADE_PLAIN(d) / 16;
    OTHER_STAYS(d) */
static uint32_t cross(struct sfu_device *d, uint32_t end)
{
	const uint32_t sixteenth = plain_size(d) / 16;
	uint32_t status = SFU_OK;

	if (end - d->upgrade.checkpoint >= CHECKPOINT_MIN && end - d->upgrade.checkpoint >= sixteenth) {
		d->upgrade.checkpoint = end;
		status = append_progress(d, d->journal.state.install[d->upgrade.slot]);
	}
	//@ assert far: SFU_UPGRADE_FAR(d);
	if (status != SFU_OK)
		return status;
	return erase_to(d, end + 1);
}

void sfu_upgrade_store(struct sfu_device *d, uint8_t *record, uint32_t size)
{
	struct sfu_upgrade *u = &d->upgrade;
	const uint32_t plain = size - 32, offset = sfu_upgrade_offset(d, u->next), end = offset + plain;

	/*@ assert end: end == sfu_layout.image_offset
	               + (d->upgrade.next + 1 < SFU_UPGRADE_COUNT(d) ? sfu_rows(SFU_UPGRADE_RECORD(d), d->upgrade.next + 1)
	                  : SFU_UPGRADE_PLAIN(d)); */
	//@ ghost sfu_install_known(d);
	sfu_cipher(u->key, u->next, record, plain);
	u->status = erase_to(d, end);
	//@ assert erased: upgrade_kept(\at(sfu_flash, Pre), sfu_flash, d->upgrade.slot, sfu_layout);
	if (u->status == SFU_OK)
		u->status = program(d, offset, record, plain);
	//@ assert stored: upgrade_kept(\at(sfu_flash, Pre), sfu_flash, d->upgrade.slot, sfu_layout);
	sfu_copy(u->expected, record + plain, 32);
	u->next++;
	//@ assert far: SFU_UPGRADE_FAR(d);
	/*@ assert end: end == sfu_layout.image_offset
	               + (d->upgrade.next < SFU_UPGRADE_COUNT(d) ? sfu_rows(SFU_UPGRADE_RECORD(d), d->upgrade.next)
	                  : SFU_UPGRADE_PLAIN(d)); */
	if (u->status != SFU_OK || end != u->erased
	    || u->next >= sfu_get16(u->manifest + SFU_MANIFEST_RECORD_COUNT_OFFSET))
		return;
	u->status = cross(d, end);
	//@ assert crossed: upgrade_kept(\at(sfu_flash, Pre), sfu_flash, d->upgrade.slot, sfu_layout);
	//@ assert far: SFU_UPGRADE_FAR(d);
}

/* the pass went over the whole image; and what it hashed is what the manifest says */
#define PASSED(d, p) \
	((p)->chunk == 1 + (SFU_UPGRADE_PLAIN(d) + SFU_FORMAT_SEAL_CHUNK - 1) / SFU_FORMAT_SEAL_CHUNK)
#define HASHED(d, p) \
	(\forall integer i; 0 <= i < SFU_FORMAT_HASH ==> \
	 sfu_sha_byte((p)->hash.sha, i) == (d)->upgrade.manifest[SFU_MANIFEST_IMAGE_HASH_OFFSET + i])

/* The one pass over the finished image; its buffer is the frame's, which is used up. */
/*@ requires place: \valid(d);
    requires layout: layout_sound;
    requires fits: SFU_UPGRADE_FITS(d);
    requires pass: \valid(p) && \separated(p, d);
    assigns *p, d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_chip;
    ensures whole: \result == SFU_OK ==> PASSED(d, p);
    ensures vector: \result == SFU_OK ==> flash_read(sfu_flash, SFU_SLOT_IMAGE(d->upgrade.slot), 8) == SFU_OK ==>
             slot_vector(sfu_flash, SFU_SLOT_IMAGE(d->upgrade.slot), SFU_UPGRADE_PLAIN(d));
    ensures hash: \result == SFU_OK ==> HASHED(d, p); */
static uint32_t verify(struct sfu_device *d, struct sfu_pass *p)
{
	struct sfu_upgrade *u = &d->upgrade;
	uint8_t *buffer = sfu_device_buffer(d);
	const uint32_t plain = plain_size(d);
	uint32_t status;
	uint8_t hash[32];

	/*@ assert inside: sfu_layout.area[SFU_AREA_SLOT + d->upgrade.slot].address + sfu_layout.image_offset + plain
	      + SFU_FLASH_MAILBOX <= UINT32_MAX; */

	p->sealing = 1;
	p->hashing = 1;
	sfu_pass_begin(p, u->manifest, u->hash, d->journal.state.install[u->slot], d->keys.device,
	               d->keys.oem, buffer);
	status = sfu_pass_image(p, sfu_slot_image(u->slot), plain, buffer);
	sfu_wipe(p->key, sizeof p->key);
	//@ assert wiped: \forall integer i; 0 <= i < 32 ==> p->key[i] == 0;
	if (status != SFU_OK)
		return status;
	sfu_hash_final(&p->hash, hash);
	status = sfu_equal(hash, u->manifest + SFU_MANIFEST_IMAGE_HASH_OFFSET, sizeof hash);
	return status == SFU_OK ? sfu_slot_vector(u->slot, plain) : status;
}

/* What becomes of the installation: on trial with its seal, or given up with its reason. */
/*@ requires place: \valid(d) && d->upgrade.slot <= 1;
    requires layout: layout_sound;
    requires journal: SFU_JOURNAL_PLACE(&d->journal);
    requires pass: \valid_read(p) && \separated(p, d);
    requires verified: status == SFU_OK ==> PASSED(d, p) && HASHED(d, p);
    assigns d->journal, sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_JOURNAL, SFU_AREA_KEYS);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures trial: \result == SFU_OK && status == SFU_OK ==>
             d->journal.state.slot[d->upgrade.slot] == SFU_SLOT_TRIAL
             && d->journal.state.attempts == SFU_LIMIT_TRIAL_BOOTS && d->journal.state.failure == 0;
    ensures given_up: \result == SFU_OK && status != SFU_OK ==>
             d->journal.state.slot[d->upgrade.slot] == SFU_SLOT_EMPTY
             && d->journal.state.attempts == 0 && d->journal.state.failure == status;
    ensures over: \result == SFU_OK ==> d->journal.state.next_record == 0;
    OTHER_STAYS(d)
    ensures journal: SFU_JOURNAL_PLACE(&d->journal); */
static uint32_t conclude(struct sfu_device *d, const struct sfu_pass *p, uint32_t status)
{
	struct sfu_state next = d->journal.state;
	const uint32_t slot = d->upgrade.slot;

	next.slot[slot] = status == SFU_OK ? SFU_SLOT_TRIAL : SFU_SLOT_EMPTY;
	next.attempts = status == SFU_OK ? SFU_LIMIT_TRIAL_BOOTS : 0;
	next.failure = status == SFU_OK ? 0 : status;
	next.next_record = 0;
	sfu_fill(next.manifest_id, 0, sizeof next.manifest_id);
	sfu_fill(next.expected, 0, sizeof next.expected);
	if (status == SFU_OK)
		sfu_copy(next.seal[slot], p->tag, SFU_FORMAT_TAG);
	else
		sfu_fill(next.seal[slot], 0, SFU_FORMAT_TAG);
	return sfu_journal_append(&d->journal, &next);
}

/* From here on a cut must lead back to the first sector's erase: its manifest is programmed once. */
/*@ requires place: \valid(d);
    requires layout: layout_sound;
    requires journal: SFU_JOURNAL_PLACE(&d->journal);
    assigns d->journal, sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_JOURNAL, SFU_AREA_KEYS);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures forgotten: \result == SFU_OK ==> d->journal.state.next_record == 0;
    ensures first: \result == SFU_OK && \old(d->journal.state.next_record) != 0 ==>
             \forall integer i; 0 <= i < 32 ==>
             d->journal.state.expected[i] == d->upgrade.manifest[SFU_MANIFEST_FIRST_HASH_OFFSET + i];
    ensures slots: SFU_SLOTS_STAY(d);
    ensures journal: SFU_JOURNAL_PLACE(&d->journal); */
static uint32_t forget_checkpoints(struct sfu_device *d)
{
	struct sfu_state next = d->journal.state;

	if (next.next_record == 0)
		return SFU_OK;
	next.next_record = 0;
	sfu_copy(next.expected, d->upgrade.manifest + SFU_MANIFEST_FIRST_HASH_OFFSET, sizeof next.expected);
	return sfu_journal_append(&d->journal, &next);
}

void sfu_upgrade_seal(struct sfu_device *d)
{
	const struct sfu_area slot = sfu_layout.area[SFU_AREA_SLOT + d->upgrade.slot];
	struct sfu_pass p;
	uint32_t status, written;

	//@ ghost sfu_install_known(d);
	/* the rest of the slot too: the mailbox must be blank */
	status = erase_to(d, slot.size);
	//@ assert erased: upgrade_kept(\at(sfu_flash, Pre), sfu_flash, d->upgrade.slot, sfu_layout);
	if (status == SFU_OK)
		status = verify(d, &p);
	//@ assert verified: status == SFU_OK ==> PASSED(d, &p) && HASHED(d, &p);
	if (status == SFU_OK)
		status = forget_checkpoints(d);
	//@ assert forgotten: upgrade_kept(\at(sfu_flash, Pre), sfu_flash, d->upgrade.slot, sfu_layout);
	//@ ghost sfu_vouch_manifest(d);
	if (status == SFU_OK)
		status = program(d, 0, d->upgrade.manifest, sfu_manifest_extent(d->upgrade.manifest));
	//@ assert sealed: upgrade_kept(\at(sfu_flash, Pre), sfu_flash, d->upgrade.slot, sfu_layout);
	written = conclude(d, &p, status);
	//@ assert concluded: upgrade_kept(\at(sfu_flash, Pre), sfu_flash, d->upgrade.slot, sfu_layout);
	d->upgrade.status = status != SFU_OK ? status : written;
}
