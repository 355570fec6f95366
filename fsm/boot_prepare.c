/* Everything that must be in order before the boot machine may decide: data, keys, journal. */
#include "boot.h"
#include "bytes.h"
#include "check.h"
#include "config.h"
#include "device.h"
#include "manifest.h"
#include "port.h"
#include "sfu_codes.h"

uint32_t sfu_boot_locked(void)
{
	const uint32_t wanted = sfu_config_word(SFU_CONFIG_LOCK_PROFILE_OFFSET);

	return sfu_config_lock_rank(sfu_port_lock()) < sfu_config_lock_rank(wanted) ? SFU_E_LOCKED : SFU_OK;
}

/*@ requires place: \valid(d) && layout_sound;
    assigns d->keys, sfu_flash, sfu_chip;
    ensures flash: SFU_WRITES(SFU_AREA_KEYS, SFU_AREA_SLOT); */
static uint32_t find_keys(struct sfu_device *d)
{
	uint32_t status;

	status = sfu_keys_load(&d->keys);
	if (status != SFU_OK)
		return status;
	if (d->keys.epoch != sfu_config_word(SFU_CONFIG_EPOCH_OFFSET))
		return SFU_E_KEYS;
	/* a marked test key works only in a loader that says it is a test loader */
	if ((d->keys.flags & SFU_FLASH_KEYS_TEST) != 0
	    && (sfu_config_word(SFU_CONFIG_FLAGS_OFFSET) & SFU_FLASH_CONFIG_TEST) == 0)
		return SFU_E_KEYS;
	if (d->keys.kind == SFU_FLASH_KEYS_MASTER)
		return SFU_E_MASTER;
	return sfu_keys_make(&d->keys);
}

/* Keys that may not be used, or not yet, are not kept in RAM. */
/*@ requires place: \valid(d) && layout_sound;
    assigns d->keys, sfu_flash, sfu_chip;
    ensures flash: SFU_WRITES(SFU_AREA_KEYS, SFU_AREA_SLOT);
    ensures wiped: \result != SFU_OK ==> d->keys.kind == 0
             && \forall integer i; 0 <= i < 32 ==> d->keys.oem[i] == 0 && d->keys.device[i] == 0; */
static uint32_t open_keys(struct sfu_device *d)
{
	const uint32_t status = find_keys(d);

	if (status != SFU_OK)
		sfu_keys_wipe(&d->keys);
	return status;
}

/* What the two slots hold, where there is no journal to say it. */
struct find {
	uint32_t held;               /* 1: the OEM signed it for this device, and it is whole */
	uint32_t counter;
	uint8_t version[SFU_VERSION_SIZE];
};

/* Is it an image the OEM signed? Then it is sealed anew, and what it revokes is revoked: whoever has lost a key may also
 * be able to destroy a journal. */
/*@ requires ready: sfu_check_ready(c) && \valid(s) && \valid(f);
    requires apart: \separated(s, c, f, c->buffer + (0 .. SFU_PASS_BUFFER - 1));
    assigns *s, *f, c->manifest[0 .. SFU_MANIFEST_SIZE - 1], c->pass, c->buffer[0 .. SFU_PASS_BUFFER - 1],
            sfu_chip, sfu_vouch.signature;
    ensures choice: f->held == 0 || f->held == 1;
    ensures signed: f->held == 1 ==> sfu_vouch.signature == 1;
    ensures floors: f->held == 1 ==> \forall integer i; 0 <= i < SFU_FORMAT_RANKS ==>
             s->key_floor[i] >= c->manifest[SFU_MANIFEST_KEY_FLOOR_OFFSET + i]; */
static void look(struct sfu_state *s, struct sfu_check *c, struct find *f)
{
	uint32_t i;

	f->held = sfu_check_oem(c, 1) == SFU_OK ? 1 : 0;
	if (f->held == 0)
		return;
	f->counter = sfu_manifest_word(c->manifest, SFU_MANIFEST_SECURITY_COUNTER_OFFSET);
	sfu_copy(f->version, c->manifest + SFU_MANIFEST_VERSION_OFFSET, SFU_VERSION_SIZE);
	/*@ loop invariant range: 0 <= i <= SFU_FORMAT_RANKS;
	    loop invariant floors: \forall integer j; 0 <= j < i ==>
	      s->key_floor[j] >= c->manifest[SFU_MANIFEST_KEY_FLOOR_OFFSET + j];
	    loop assigns i, s->key_floor[0 .. SFU_FORMAT_RANKS - 1];
	    loop variant SFU_FORMAT_RANKS - i; */
	for (i = 0; i < SFU_FORMAT_RANKS; i++) {
		if (c->manifest[SFU_MANIFEST_KEY_FLOOR_OFFSET + i] > s->key_floor[i])
			s->key_floor[i] = c->manifest[SFU_MANIFEST_KEY_FLOOR_OFFSET + i];
	}
	s->slot[c->slot] = SFU_SLOT_CONFIRMED;
	s->install[c->slot] = c->install;
	sfu_copy(s->seal[c->slot], c->pass.tag, SFU_FORMAT_TAG);
}

/*@ requires read: \valid_read(a) && \valid_read(b);
    assigns \nothing;
    ensures newer: a->counter != b->counter ==> (\result != 0 <==> a->counter > b->counter); */
static uint32_t newer(const struct find *a, const struct find *b)
{
	if (a->counter != b->counter)
		return a->counter > b->counter;
	return sfu_version_compare(a->version, b->version) == 2;
}

/* Nobody knows any more whether the newest image ever confirmed itself: it is on trial, and the floor is what
 * the other one needs, so that it can be fallen back to. Confirming raises the floor again. */
/*@ requires read: \valid(s) && \valid_read(f + (0 .. 1)) && \separated(s, f + (0 .. 1)) && newest <= 1;
    assigns s->slot[0 .. 1], s->attempts, s->security_counter;
    ensures none: f[newest].held == 0 ==> s->slot[newest] == \old(s->slot[newest]) && s->attempts == \old(s->attempts)
             && s->security_counter == \old(s->security_counter);
    ensures trial: f[newest].held != 0 ==> s->slot[newest] == SFU_SLOT_TRIAL && s->attempts == SFU_LIMIT_TRIAL_BOOTS
             && s->security_counter == (f[1 - newest].held == 1 ? f[1 - newest].counter : f[newest].counter);
    ensures other: s->slot[1 - newest] == \old(s->slot[1 - newest]); */
static void settle(struct sfu_state *s, const struct find f[2], uint32_t newest)
{
	const uint32_t oldest = f[1 - newest].held == 1 ? 1 - newest : newest;

	if (f[newest].held == 0)
		return;
	s->slot[newest] = SFU_SLOT_TRIAL;
	s->attempts = SFU_LIMIT_TRIAL_BOOTS;
	s->security_counter = f[oldest].counter;
}

/* Both journal pages are unreadable, or this is the first start: what the OEM's signature and the image hash
 * vouch for is all there is. */
/*@ requires place: \valid(d) && SFU_JOURNAL_VALID(&d->journal);
    assigns d->journal, d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip, sfu_vouch.signature;
    ensures flash: SFU_WRITES(SFU_AREA_JOURNAL, SFU_AREA_KEYS);
    ensures journal: SFU_JOURNAL_VALID(&d->journal); */
static uint32_t recover(struct sfu_device *d)
{
	struct find f[2];
	struct sfu_state s = { 0 };
	struct sfu_check c;
	uint32_t i, newest;

	c.device = d->keys.device;
	c.oem = d->keys.oem;
	c.buffer = sfu_device_buffer(d);
	/*@ loop invariant range: 0 <= i <= 2;
	    loop invariant ready: c.device == &d->keys.device[0] && c.oem == &d->keys.oem[0]
	                          && c.buffer == &d->link.buffer[0] + (SFU_LINK_PAD + 1);
	    loop invariant held: i > 1 ==> f[1].held == 0 || (f[1].held == 1 && sfu_layout.slot_count > 1);
	    loop assigns i, f[0 .. 1], s, c, d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_chip,
	                 sfu_vouch.signature;
	    loop variant 2 - i; */
	for (i = 0; i < 2; i++) {
		f[i].held = 0;
		c.slot = i;
		c.install = i + 1;
		if (i < sfu_layout.slot_count)
			look(&s, &c, &f[i]);
	}
	newest = f[1].held == 1 && (f[0].held == 0 || newer(&f[1], &f[0]) != 0) ? 1 : 0;
	if (newest == 0 && f[1].held == 1) {
		/* the preferred slot is the one with the higher install number, which its seal contains */
		c.slot = 0;
		c.install = 3;
		look(&s, &c, &f[0]);
	}
	settle(&s, f, newest);
	return sfu_journal_format(&d->journal, &s);
}

uint32_t sfu_boot_prepare(struct sfu_device *d)
{
	uint32_t status;

	status = sfu_layout_check();
	if (status != SFU_OK)
		return status;
	status = sfu_config_check();
	if (status != SFU_OK)
		return status;
	status = sfu_boot_locked();
	if (status != SFU_OK)
		return status;
	status = sfu_boot_locked();
	if (status != SFU_OK)
		return status;
	status = open_keys(d);
	if (status != SFU_OK)
		return status;
	status = sfu_journal_load(&d->journal, d->keys.device);
	return status == SFU_OK ? SFU_OK : recover(d);
}
