/* What the upgrade machine's events are: everything is judged here before the machine hears of it. */
#include "upgrade.h"
#include "boot.h"
#include "bytes.h"
#include "crypto.h"
#include "device.h"
#include "manifest.h"
#include "sfu_codes.h"
#include "upgrade_flash.h"

static const uint8_t LABEL_CHECK[9] = { 's', 'f', 'u', ' ', 'c', 'h', 'e', 'c', 'k' };

void sfu_upgrade_init(struct sfu_upgrade *u)
{
	u->cs = SFU_UPGRADE_STATE_IDLE;
	u->state = SFU_UPGRADE_STATE_IDLE;
	u->status = SFU_OK;
	u->next = 0;
	u->offers = 0;
}

/*@ requires ready: SFU_UPGRADE_READY(d);
    requires begins: event == SFU_UPGRADE_EVENT_START || event == SFU_UPGRADE_EVENT_RESUME ==>
             d->boot.trouble == SFU_OK && SFU_UPGRADE_FITS(d) && sfu_vouch.accepted == 1
             && SFU_UPGRADE_COUNTER(d) >= d->journal.state.security_counter;
    requires resumes: event == SFU_UPGRADE_EVENT_RESUME ==>
             d->journal.state.next_record < SFU_UPGRADE_COUNT(d);
    requires sound: event != SFU_UPGRADE_EVENT_START && event != SFU_UPGRADE_EVENT_RESUME ==> SFU_UPGRADE_SOUND(d);
    requires record: event == SFU_UPGRADE_EVENT_RECORD || event == SFU_UPGRADE_EVENT_LAST ==>
             sfu_upgrade_record_event(d, record, size, event);
    requires vouched: (event == SFU_UPGRADE_EVENT_RECORD || event == SFU_UPGRADE_EVENT_LAST)
             && d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING ==> SFU_UPGRADE_VOUCHED(record, size);
    requires known: event <= SFU_UPGRADE_EVENT_LEAVE && event != SFU_UPGRADE_EVENT_FAILED;
    assigns d->boot.good, d->upgrade.cs, d->upgrade.state, d->upgrade.status, d->upgrade.next,
            d->upgrade.erased, d->upgrade.checkpoint, d->upgrade.expected[0 .. 31], d->upgrade.key[0 .. 31],
            d->journal, d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip, sfu_vouch.bytes, sfu_vouch.size;
    ensures flash: SFU_UPGRADE_WRITES(d);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures ready: SFU_UPGRADE_READY(d);
    ensures sound: SFU_UPGRADE_VALUE(d);
    ensures good: d->boot.good == \old(d->boot.good) || d->boot.good == SFU_SLOT_NONE;
    ensures begun: d->upgrade.status == SFU_OK
             && (event == SFU_UPGRADE_EVENT_START || event == SFU_UPGRADE_EVENT_RESUME) ==>
             d->upgrade.state != SFU_UPGRADE_STATE_IDLE;
    ensures stored: d->upgrade.status == SFU_OK && \old(d->upgrade.state) == SFU_UPGRADE_STATE_RECEIVING
             && (event == SFU_UPGRADE_EVENT_RECORD || event == SFU_UPGRADE_EVENT_LAST) ==>
             d->upgrade.state != SFU_UPGRADE_STATE_IDLE;
    ensures next: \old(d->upgrade.state) == SFU_UPGRADE_STATE_RECEIVING
             && (event == SFU_UPGRADE_EVENT_RECORD || event == SFU_UPGRADE_EVENT_LAST) ==>
             d->upgrade.next == \old(d->upgrade.next) + 1;
    ensures done: d->upgrade.status == SFU_OK && \old(d->upgrade.state) == SFU_UPGRADE_STATE_COMPLETE
             && event == SFU_UPGRADE_EVENT_FINISH ==> d->upgrade.state == SFU_UPGRADE_STATE_DONE;
    ensures failed: d->upgrade.status != SFU_OK ==> d->upgrade.state == SFU_UPGRADE_STATE_IDLE;
    ensures left: event == SFU_UPGRADE_EVENT_LEAVE && \old(d->upgrade.state) != SFU_UPGRADE_STATE_DONE ==>
             d->upgrade.state == SFU_UPGRADE_STATE_IDLE;
    ensures kept: event == SFU_UPGRADE_EVENT_LEAVE && \old(d->upgrade.state) == SFU_UPGRADE_STATE_DONE ==>
             d->upgrade.state == SFU_UPGRADE_STATE_DONE && d->upgrade.status == SFU_OK; */
static void step(struct sfu_device *d, unsigned char event, uint8_t *record, uint32_t size)
{
	const unsigned char failed = SFU_UPGRADE_EVENT_FAILED;

	d->upgrade.status = SFU_OK;
	sfu_upgrade_step(d, &event, record, size);
	if (d->upgrade.status != SFU_OK)
		sfu_upgrade_step(d, &failed, record, 0);
}

uint32_t sfu_upgrade_on_trial(const struct sfu_device *d)
{
	return d->journal.state.slot[0] == SFU_SLOT_TRIAL || d->journal.state.slot[1] == SFU_SLOT_TRIAL;
}

uint32_t sfu_upgrade_free_slot(const struct sfu_device *d)
{
	if (d->boot.trouble != SFU_OK || sfu_upgrade_on_trial(d) != 0)
		return SFU_SLOT_NONE;
	if (sfu_layout.slot_count < 2)
		return 0;
	if (d->boot.good <= 1)
		return 1u - d->boot.good;
	/* no image at all: either will do; an interrupted installation goes on where it was */
	return d->journal.state.slot[1] == SFU_SLOT_INSTALLING ? 1 : 0;
}

/* for this device; by keys that are not revoked; not below the floor; and of a higher version than what runs, or older by the OEM's leave */
#define MEANT(m) \
	(sfu_manifest_product(m) && sfu_manifest_hardware(m) && sfu_manifest_epoch(m) && sfu_manifest_uid(m) \
	 && sfu_manifest_loader(m))
#define KEYS(m) ((m) + SFU_MANIFEST_KEY_FLOOR_OFFSET)
#define STANDS(d, m) \
	(SFU_KEYS_STAND(KEYS(m), (d)->journal.state.key_floor) && SFU_KEYS_STAND(KEYS(m), KEYS(m)) \
	 && SFU_KEYS_STAND(KEYS(m), sfu_config + SFU_CONFIG_KEY_FLOOR_OFFSET))
#define NOT_BELOW(d, m) \
	(sfu_manifest_counter(m) >= (d)->journal.state.security_counter \
	 && sfu_manifest_counter(m) >= SFU_WORD(sfu_config, SFU_CONFIG_MIN_COUNTER_OFFSET))
#define NEWER(d, m) \
	((d)->boot.good == SFU_SLOT_NONE || ((m)[SFU_MANIFEST_FLAGS_OFFSET] & SFU_FORMAT_FLAG_ALLOW_OLDER) != 0 \
	 || sfu_version_less(&(d)->boot.version[0], (m) + SFU_MANIFEST_VERSION_OFFSET))

/* The manifest is the OEM's; is it what this device should take now? */
/*@ requires read: \valid_read(d) && layout_sound && sfu_manifest_readable(m) && \valid(slot);
    requires apart: \separated(slot, d) && \separated(slot, m + (0 .. SFU_MANIFEST_SIZE - 1));
    assigns *slot;
    ensures fits: \result == SFU_OK ==> sfu_manifest_sizes(m) && sfu_manifest_room(m, *slot);
    ensures counter: \result == SFU_OK ==> sfu_manifest_counter(m) >= d->journal.state.security_counter;
    ensures meant: \result == SFU_OK ==> MEANT(m);
    ensures revoked: \result == SFU_R_REVOKED <==> MEANT(m) && !STANDS(d, m);
    ensures stands: \result == SFU_OK ==> STANDS(d, m);
    ensures older: \result == SFU_R_COUNTER <==> MEANT(m) && STANDS(d, m) && !NOT_BELOW(d, m);
    ensures version: \result == SFU_R_VERSION <==> MEANT(m) && STANDS(d, m) && NOT_BELOW(d, m) && !NEWER(d, m);
    ensures newer: \result == SFU_OK ==> NEWER(d, m);
    ensures slot: \result == SFU_OK ==> sfu_manifest_slot(m, *slot);
    ensures free: \result == SFU_OK && sfu_layout.slot_count > 1 ==> *slot != d->boot.good; */
static uint32_t acceptable(const struct sfu_device *d, const uint8_t *m, uint32_t *slot)
{
	uint32_t status;

	status = sfu_manifest_meant(m);
	if (status != SFU_OK)
		return status;
	status = sfu_boot_revoked(d, m + SFU_MANIFEST_KEY_FLOOR_OFFSET);
	if (status != SFU_OK)
		return status;
	if (sfu_manifest_word(m, SFU_MANIFEST_SECURITY_COUNTER_OFFSET) < sfu_boot_floor(d))
		return SFU_R_COUNTER;
	if (d->boot.good != SFU_SLOT_NONE && (m[SFU_MANIFEST_FLAGS_OFFSET] & SFU_FORMAT_FLAG_ALLOW_OLDER) == 0
	    && sfu_version_compare(m + SFU_MANIFEST_VERSION_OFFSET, d->boot.version) != 2)
		return SFU_R_VERSION;
	status = sfu_manifest_fits(m, slot);
	if (status != SFU_OK)
		return status;
	/* A/B: never over the image that runs; without one, over either */
	return sfu_layout.slot_count > 1 && *slot == d->boot.good ? SFU_R_SLOT : SFU_OK;
}

/*@ requires read: \valid_read(d) && sfu_manifest_readable(m);
    requires apart: \separated(m + (0 .. SFU_MANIFEST_SIZE - 1), &d->keys.oem[0 .. 31]);
    assigns \nothing; */
static uint32_t key_fits(const struct sfu_device *d, const uint8_t *m)
{
	uint8_t check[32];
	uint32_t status;

	sfu_manifest_derive(check, d->keys.oem, m, LABEL_CHECK, sizeof LABEL_CHECK, 0);
	status = sfu_equal(check, m + SFU_MANIFEST_KEY_CHECK_OFFSET, SFU_MANIFEST_KEY_CHECK_SIZE);
	return status == SFU_OK ? SFU_OK : SFU_R_KEY;
}

/* The manifest that was being installed, with a checkpoint to go on from? */
/*@ requires read: \valid_read(d) && \valid_read(hash + (0 .. 31)) && slot <= 1;
    assigns \nothing;
    ensures event: \result == SFU_UPGRADE_EVENT_START || \result == SFU_UPGRADE_EVENT_RESUME;
    ensures resumes: \result == SFU_UPGRADE_EVENT_RESUME ==>
             d->journal.state.next_record < SFU_UPGRADE_COUNT(d);
    ensures resume: \result == SFU_UPGRADE_EVENT_RESUME <==>
             d->journal.state.slot[slot] == SFU_SLOT_INSTALLING
             && d->journal.state.next_record < SFU_UPGRADE_COUNT(d)
             && \forall integer i; 0 <= i < SFU_STATE_MANIFEST_ID_SIZE ==> hash[i] == d->journal.state.manifest_id[i]; */
static unsigned char start_or_resume(const struct sfu_device *d, const uint8_t hash[32], uint32_t slot)
{
	const struct sfu_state *s = &d->journal.state;
	const uint32_t count = sfu_get16(d->upgrade.manifest + SFU_MANIFEST_RECORD_COUNT_OFFSET);

	if (s->slot[slot] != SFU_SLOT_INSTALLING || s->next_record >= count
	    || sfu_equal(hash, s->manifest_id, sizeof s->manifest_id) != SFU_OK)
		return SFU_UPGRADE_EVENT_START;
	return SFU_UPGRADE_EVENT_RESUME;
}

uint32_t sfu_upgrade_offer(struct sfu_device *d, const uint8_t manifest[SFU_FORMAT_HEAD])
{
	uint32_t status, slot = 0;
	uint8_t hash[32];

	if (d->boot.trouble != SFU_OK)
		return d->boot.trouble;
	if (sfu_upgrade_on_trial(d) != 0)
		return SFU_R_BUSY;
	/* the answer was lost on the line: nothing is to be judged or erased again */
	if ((d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING || d->upgrade.state == SFU_UPGRADE_STATE_COMPLETE)
	    && sfu_equal(manifest, d->upgrade.manifest, SFU_MANIFEST_SIZE) == SFU_OK)
		return SFU_OK;
	if (d->upgrade.offers >= SFU_LIMIT_OFFERS)
		return SFU_R_OFFERS;
	d->upgrade.offers++;
	status = sfu_manifest_authentic(manifest, manifest + SFU_MANIFEST_SIZE, hash);
	if (status != SFU_OK)
		return status;
	status = acceptable(d, manifest, &slot);
	if (status == SFU_OK)
		status = key_fits(d, manifest);
	if (status != SFU_OK) {
		sfu_boot_failure(d, status);
		return status;
	}
	//@ ghost sfu_vouch.accepted = sfu_vouch.signature;
	//@ ghost Judged: ;
	/*@ assert sizes: sfu_sizes(sfu_manifest_plain(manifest), sfu_manifest_record(manifest), sfu_manifest_count(manifest))
	      && sfu_room(sfu_manifest_plain(manifest), slot, sfu_layout); */
	sfu_copy(d->upgrade.manifest, manifest, SFU_FORMAT_HEAD);
	/*@ assert same: SFU_UPGRADE_PLAIN(d) == \at(sfu_manifest_plain(manifest), Judged)
	      && SFU_UPGRADE_RECORD(d) == \at(sfu_manifest_record(manifest), Judged)
	      && SFU_UPGRADE_COUNT(d) == \at(sfu_manifest_count(manifest), Judged); */
	//@ assert kept: sfu_sizes(SFU_UPGRADE_PLAIN(d), SFU_UPGRADE_RECORD(d), SFU_UPGRADE_COUNT(d));
	//@ assert room: sfu_room(SFU_UPGRADE_PLAIN(d), slot, sfu_layout);
	sfu_copy(d->upgrade.hash, hash, sizeof hash);
	d->upgrade.slot = (uint8_t)slot;
	//@ assert counter: SFU_UPGRADE_COUNTER(d) >= d->journal.state.security_counter;
	//@ assert fits: SFU_UPGRADE_FITS(d);
	step(d, start_or_resume(d, hash, slot), 0, 0);
	return d->upgrade.status;
}

uint32_t sfu_upgrade_record_size(const struct sfu_device *d)
{
	if (d->upgrade.state != SFU_UPGRADE_STATE_RECEIVING)
		return 0;
	return sfu_manifest_chunk(d->upgrade.manifest, d->upgrade.next) + SFU_FORMAT_HASH;
}

/*@ ghost
    // what hashes to what was promised may be programmed
    /@ requires same: \forall integer i; 0 <= i < SFU_FORMAT_HASH ==> hash[i] == d->upgrade.expected[i];
       requires size: size >= SFU_FORMAT_HASH;
       assigns sfu_vouch.bytes, sfu_vouch.size;
       ensures record: SFU_UPGRADE_VOUCHED(record, size); @/
    void sfu_vouch_record(const struct sfu_device *d, const uint8_t *hash, const uint8_t *record, uint32_t size);
*/

/* hash(i) = SHA-256("SFUR" ‖ i ‖ record), against the one promised */
/*@ requires read: \valid_read(d) && \valid_read(record + (0 .. size - 1)) && size >= SFU_FORMAT_HASH;
    assigns sfu_vouch.bytes, sfu_vouch.size;
    ensures vouched: \result == SFU_OK ==> SFU_UPGRADE_VOUCHED(record, size); */
static uint32_t promised(const struct sfu_device *d, const uint8_t *record, uint32_t size)
{
	uint8_t prefix[8], hash[32];
	struct sfu_hash h;

	sfu_put32(prefix, SFU_FORMAT_RECORD_PREFIX);
	sfu_put32(prefix + 4, d->upgrade.next);
	sfu_hash_init(&h);
	sfu_hash_update(&h, prefix, sizeof prefix);
	sfu_hash_update(&h, record, size);
	sfu_hash_final(&h, hash);
	if (sfu_equal(hash, d->upgrade.expected, sizeof hash) != SFU_OK)
		return SFU_R_RECORD;
	//@ ghost sfu_vouch_record(d, hash, record, size);
	return SFU_OK;
}

uint32_t sfu_upgrade_record(struct sfu_device *d, uint32_t index, uint8_t *record, uint32_t size)
{
	const uint32_t count = sfu_get16(d->upgrade.manifest + SFU_MANIFEST_RECORD_COUNT_OFFSET);
	uint32_t status;

	if (d->upgrade.state == SFU_UPGRADE_STATE_COMPLETE && index < count)
		return SFU_OK;
	if (d->upgrade.state != SFU_UPGRADE_STATE_RECEIVING)
		return SFU_R_ORDER;
	if (index < d->upgrade.next)
		return SFU_OK;
	if (index > d->upgrade.next)
		return SFU_E_TIMEOUT;
	if (size != sfu_upgrade_record_size(d))
		return SFU_R_LENGTH;
	status = promised(d, record, size);
	if (status != SFU_OK)
		return status;
	step(d, index + 1 == count ? SFU_UPGRADE_EVENT_LAST : SFU_UPGRADE_EVENT_RECORD, record, size);
	return d->upgrade.status;
}

uint32_t sfu_upgrade_finish(struct sfu_device *d)
{
	if (d->upgrade.state == SFU_UPGRADE_STATE_DONE)
		return SFU_OK;
	if (d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING)
		return SFU_R_INCOMPLETE;
	if (d->upgrade.state != SFU_UPGRADE_STATE_COMPLETE)
		return SFU_R_ORDER;
	step(d, SFU_UPGRADE_EVENT_FINISH, 0, 0);
	return d->upgrade.status;
}

void sfu_upgrade_leave(struct sfu_device *d)
{
	step(d, SFU_UPGRADE_EVENT_LEAVE, 0, 0);
}

uint32_t sfu_upgrade_limit(const struct sfu_device *d)
{
	const uint32_t count = sfu_get16(d->upgrade.manifest + SFU_MANIFEST_RECORD_COUNT_OFFSET);
	uint32_t limit = d->upgrade.next + 1;

	if (limit >= count)
		return count;
	/* behind the record that fills the erased part, an erase keeps the device from listening */
	if (sfu_upgrade_offset(d, limit) < d->upgrade.erased)
		limit += SFU_LIMIT_WINDOW - 1;
	return limit < count ? limit : count;
}
