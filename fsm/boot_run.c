/* What the boot machine's events are, and the way to its first one. */
#include "boot.h"
#include "bytes.h"
#include "check.h"
#include "config.h"
#include "device.h"
#include "manifest.h"
#include "port.h"
#include "sfu_codes.h"

/* two slots, at most three events for each, one more to end: enough for every path */
#define STEPS 10u

/* the slot is there, in question and in that state */
#define SFU_BOOT_OPEN(d, n, wanted) \
	((n) < sfu_layout.slot_count && (d)->boot.excluded[n] == 0 && (d)->journal.state.slot[n] == (wanted))
/* `which` is, of the slots in that state, the one with the higher install number */
#define SFU_BOOT_PREFERRED(d, wanted, which) \
	((SFU_BOOT_OPEN(d, 0, wanted) && SFU_BOOT_OPEN(d, 1, wanted) ==> \
	  (which) == ((d)->journal.state.install[1] > (d)->journal.state.install[0] ? 1 : 0)) \
	 && (SFU_BOOT_OPEN(d, 0, wanted) && !SFU_BOOT_OPEN(d, 1, wanted) ==> (which) == 0) \
	 && (!SFU_BOOT_OPEN(d, 0, wanted) && SFU_BOOT_OPEN(d, 1, wanted) ==> (which) == 1) \
	 && (!SFU_BOOT_OPEN(d, 0, wanted) && !SFU_BOOT_OPEN(d, 1, wanted) ==> (which) == SFU_SLOT_NONE))

/*@ requires read: \valid_read(d) && slot <= 1;
    assigns \nothing;
    ensures choice: \result == 0 || \result == 1;
    ensures open: \result == 1 <==> SFU_BOOT_OPEN(d, slot, wanted); */
static uint32_t open_for(const struct sfu_device *d, uint32_t slot, uint32_t wanted)
{
	return slot < sfu_layout.slot_count && d->boot.excluded[slot] == 0
	       && d->journal.state.slot[slot] == wanted;
}

/* the slot in state `wanted` with the higher install number, or SFU_SLOT_NONE */
/*@ requires read: \valid_read(d);
    assigns \nothing;
    ensures there: \result < sfu_layout.slot_count || \result == SFU_SLOT_NONE;
    ensures preferred: SFU_BOOT_PREFERRED(d, wanted, \result); */
static uint8_t preferred(const struct sfu_device *d, uint32_t wanted)
{
	const uint32_t first = open_for(d, 0, wanted), second = open_for(d, 1, wanted);

	if (first != 0 && second != 0)
		return d->journal.state.install[1] > d->journal.state.install[0] ? 1 : 0;
	if (first != 0)
		return 0;
	return second != 0 ? 1 : SFU_SLOT_NONE;
}

/*@ requires read: \valid(d);
    assigns d->boot.candidate;
    ensures event: \result == SFU_BOOT_EVENT_TRIAL || \result == SFU_BOOT_EVENT_GOOD
             || \result == SFU_BOOT_EVENT_NONE;
    ensures chosen: \result != SFU_BOOT_EVENT_NONE ==> d->boot.candidate < sfu_layout.slot_count
             || sfu_layout.slot_count > SFU_SLOT_NONE;
    ensures trial: \result == SFU_BOOT_EVENT_TRIAL ==> SFU_BOOT_PREFERRED(d, SFU_SLOT_TRIAL, d->boot.candidate)
             && d->boot.candidate != SFU_SLOT_NONE;
    ensures good: \result != SFU_BOOT_EVENT_TRIAL ==> SFU_BOOT_PREFERRED(d, SFU_SLOT_TRIAL, SFU_SLOT_NONE)
             && SFU_BOOT_PREFERRED(d, SFU_SLOT_CONFIRMED, d->boot.candidate)
             && (\result == SFU_BOOT_EVENT_NONE <==> d->boot.candidate == SFU_SLOT_NONE); */
static unsigned char choose(struct sfu_device *d)
{
	d->boot.candidate = preferred(d, SFU_SLOT_TRIAL);
	if (d->boot.candidate != SFU_SLOT_NONE)
		return SFU_BOOT_EVENT_TRIAL;
	d->boot.candidate = preferred(d, SFU_SLOT_CONFIRMED);
	return d->boot.candidate != SFU_SLOT_NONE ? SFU_BOOT_EVENT_GOOD : SFU_BOOT_EVENT_NONE;
}

uint32_t sfu_boot_floor(const struct sfu_device *d)
{
	const uint32_t least = sfu_config_word(SFU_CONFIG_MIN_COUNTER_OFFSET);

	return d->journal.state.security_counter > least ? d->journal.state.security_counter : least;
}

uint32_t sfu_boot_revoked(const struct sfu_device *d, const uint8_t keys[SFU_AUTHORITY_KEYS])
{
	if (sfu_authority_revoked(keys, d->journal.state.key_floor) != 0
	    || sfu_authority_revoked(keys, sfu_config + SFU_CONFIG_KEY_FLOOR_OFFSET) != 0
	    || sfu_authority_revoked(keys, keys) != 0)
		return SFU_R_REVOKED;
	return SFU_OK;
}

uint32_t sfu_boot_check(struct sfu_device *d, struct sfu_check *c)
{
	uint32_t status;

	c->slot = d->boot.candidate;
	c->install = d->journal.state.install[c->slot];
	c->seal = d->journal.state.seal[c->slot];
	c->device = d->keys.device;
	c->oem = d->keys.oem;
	c->buffer = sfu_device_buffer(d);
	status = sfu_check_slot(c);
	if (status != SFU_OK)
		return status;
	//@ assert judged: SFU_BOOT_JUDGED(d->boot.candidate);
	d->boot.counter = sfu_manifest_word(c->manifest, SFU_MANIFEST_SECURITY_COUNTER_OFFSET);
	sfu_copy(d->boot.keys, c->manifest + SFU_MANIFEST_KEY_FLOOR_OFFSET, SFU_AUTHORITY_KEYS);
	if (d->boot.counter < sfu_boot_floor(d))
		return SFU_R_COUNTER;
	status = sfu_boot_revoked(d, d->boot.keys);
	if (status != SFU_OK)
		return status;
	//@ assert stands: SFU_BOOT_STANDS(d);
	sfu_copy(d->boot.version, c->manifest + SFU_MANIFEST_VERSION_OFFSET, SFU_VERSION_SIZE);
	//@ assert still_stands: SFU_BOOT_STANDS(d);
	return sfu_slot_vector(c->slot, sfu_manifest_word(c->manifest, SFU_MANIFEST_PLAIN_SIZE_OFFSET));
}

/*@ requires sound: \valid(d) && layout_sound && d->boot.candidate < sfu_layout.slot_count;
    assigns \nothing;
    ensures broken: d->boot.held != SFU_OK <==> \result == SFU_BOOT_EVENT_BROKEN;
    ensures attempts: \result == SFU_BOOT_EVENT_TRY ==> d->journal.state.attempts > 0;
    ensures event: d->boot.held == SFU_OK ==> \result == SFU_BOOT_EVENT_CONFIRM
             || \result == (d->boot.entry != 0 ? SFU_BOOT_EVENT_ASK : d->journal.state.attempts > 0 ? SFU_BOOT_EVENT_TRY
                            : SFU_BOOT_EVENT_SPENT); */
static unsigned char judge_trial(const struct sfu_device *d)
{
	if (d->boot.held != SFU_OK)
		return SFU_BOOT_EVENT_BROKEN;
	if (sfu_slot_confirmed(d->boot.candidate, d->journal.state.install[d->boot.candidate]) == 1)
		return SFU_BOOT_EVENT_CONFIRM;
	/* whoever asks for the loader costs the image no attempt */
	if (d->boot.entry != 0)
		return SFU_BOOT_EVENT_ASK;
	return d->journal.state.attempts > 0 ? SFU_BOOT_EVENT_TRY : SFU_BOOT_EVENT_SPENT;
}

/*@ requires valid: \valid(d);
    assigns d->boot.good;
    ensures failed: d->boot.status != SFU_OK <==> \result == SFU_BOOT_EVENT_FAILED;
    ensures good: d->boot.good == (d->boot.status == SFU_OK ? d->boot.candidate : \old(d->boot.good));
    ensures event: d->boot.status == SFU_OK ==>
             \result == (d->boot.entry != 0 ? SFU_BOOT_EVENT_ASK : SFU_BOOT_EVENT_RUN); */
static unsigned char settle(struct sfu_device *d)
{
	if (d->boot.status != SFU_OK)
		return SFU_BOOT_EVENT_FAILED;
	d->boot.good = d->boot.candidate;
	return d->boot.entry != 0 ? SFU_BOOT_EVENT_ASK : SFU_BOOT_EVENT_RUN;
}

/*@ requires sound: SFU_BOOT_SOUND(d);
    requires going: d->boot.state != SFU_BOOT_STATE_RUNNING && d->boot.state != SFU_BOOT_STATE_STAYING;
    assigns d->boot.candidate, d->boot.good, d->boot.status, d->boot.held, d->boot.counter,
            d->boot.keys[0 .. SFU_AUTHORITY_KEYS - 1], d->boot.version[0 .. SFU_VERSION_SIZE - 1], d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_chip,
            sfu_vouch.signature, sfu_judged;
    ensures fit: \result == SFU_BOOT_EVENT_HOLDS || \result == SFU_BOOT_EVENT_CONFIRM
             || \result == SFU_BOOT_EVENT_TRY ==> SFU_BOOT_FIT(d, d->boot.candidate);
    ensures run_held: \result == SFU_BOOT_EVENT_RUN && d->boot.state == SFU_BOOT_STATE_HELD ==>
             d->boot.good == d->boot.candidate;
    ensures sound: SFU_BOOT_SOUND(d);
    ensures chosen: \result == SFU_BOOT_EVENT_TRIAL || \result == SFU_BOOT_EVENT_GOOD ==>
             d->boot.state != SFU_BOOT_STATE_DECIDING || d->boot.candidate < sfu_layout.slot_count;
    ensures attempts: \result == SFU_BOOT_EVENT_TRY ==> d->journal.state.attempts > 0;
    ensures good: d->boot.good == \old(d->boot.good) || d->boot.good < sfu_layout.slot_count;
    ensures run: \result == SFU_BOOT_EVENT_RUN ==> d->boot.good < sfu_layout.slot_count;
    ensures held: \result == SFU_BOOT_EVENT_HOLDS || \result == SFU_BOOT_EVENT_CONFIRM
             || \result == SFU_BOOT_EVENT_TRY ==> d->boot.held == SFU_OK; */
static unsigned char classify(struct sfu_device *d)
{
	if (d->boot.state == SFU_BOOT_STATE_DECIDING)
		return choose(d);
	if (d->boot.state == SFU_BOOT_STATE_HELD)
		return settle(d);
	d->boot.status = SFU_OK;
	d->boot.held = sfu_boot_examine(d);
	if (d->boot.state == SFU_BOOT_STATE_TRIAL)
		return judge_trial(d);
	return d->boot.held == SFU_OK ? SFU_BOOT_EVENT_HOLDS : SFU_BOOT_EVENT_BROKEN;
}

uint32_t sfu_boot(struct sfu_device *d)
{
	unsigned char event;
	uint32_t i;

	d->boot.good = SFU_SLOT_NONE;
	d->boot.candidate = SFU_SLOT_NONE;
	d->boot.excluded[0] = 0;
	d->boot.excluded[1] = 0;
	d->boot.state = SFU_BOOT_STATE_DECIDING;
	d->boot.cs = SFU_BOOT_STATE_DECIDING;
	d->boot.entry = (uint8_t)sfu_port_entry();
	d->boot.trouble = sfu_boot_prepare(d);
	if (d->boot.trouble != SFU_OK)
		return SFU_E_BLANK;
	/*@ loop invariant range: 0 <= i <= STEPS;
	    loop invariant sound: SFU_BOOT_SOUND(d);
	    loop invariant good: d->boot.good == SFU_SLOT_NONE || d->boot.good < sfu_layout.slot_count;
	    loop invariant run: d->boot.state == SFU_BOOT_STATE_RUNNING ==> d->boot.good < sfu_layout.slot_count;
	    loop invariant flash: areas_kept(\at(sfu_flash, Pre), sfu_flash, SFU_AREA_JOURNAL, SFU_AREA_SLOT, sfu_layout);
	    loop assigns i, event, d->boot, d->journal, d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip,
	                 sfu_vouch.signature, sfu_judged;
	    loop variant STEPS - i; */
	for (i = 0; i < STEPS; i++) {
		if (d->boot.state == SFU_BOOT_STATE_RUNNING || d->boot.state == SFU_BOOT_STATE_STAYING)
			break;
		event = classify(d);
		sfu_boot_step(d, &event);
	}
	return d->boot.state == SFU_BOOT_STATE_RUNNING ? SFU_OK : SFU_E_BLANK;
}

void sfu_boot_failure(struct sfu_device *d, uint32_t code)
{
	struct sfu_state next = d->journal.state;

	if (d->boot.trouble != SFU_OK || d->boot.failure_stored != 0 || next.failure == code)
		return;
	d->boot.failure_stored = 1;
	next.failure = code;
	/* if it cannot be stored there is nothing better to do with it */
	(void)sfu_journal_append(&d->journal, &next);
}

void sfu_boot_report(const struct sfu_device *d, uint8_t report[SFU_EXCHANGE_SIZE])
{
	const struct sfu_state *s = &d->journal.state;
	const uint32_t slot = d->boot.good;
	uint32_t check = 0, i;

	sfu_fill(report, 0, SFU_EXCHANGE_SIZE);
	sfu_put32(report + SFU_EXCHANGE_REPORT_OFFSET, SFU_EXCHANGE_REPORT_MAGIC);
	sfu_put32(report + SFU_EXCHANGE_INSTALL_OFFSET, s->install[slot]);
	report[SFU_EXCHANGE_SLOT_OFFSET] = (uint8_t)slot;
	report[SFU_EXCHANGE_TRIAL_OFFSET] = s->slot[slot] == SFU_SLOT_TRIAL ? 1 : 0;
	report[SFU_EXCHANGE_ATTEMPTS_OFFSET] = s->attempts;
	sfu_put32(report + SFU_EXCHANGE_FAILURE_OFFSET, s->failure);
	sfu_put32(report + SFU_EXCHANGE_MAILBOX_OFFSET, sfu_slot_mailbox(slot));
	/*@ loop invariant range: SFU_EXCHANGE_REPORT_OFFSET <= i <= SFU_EXCHANGE_REPORT_CHECK_OFFSET && i % 4 == 0;
	    loop assigns i, check;
	    loop variant SFU_EXCHANGE_REPORT_CHECK_OFFSET - i; */
	for (i = SFU_EXCHANGE_REPORT_OFFSET; i < SFU_EXCHANGE_REPORT_CHECK_OFFSET; i += 4)
		check ^= sfu_get32(report + i);
	sfu_put32(report + SFU_EXCHANGE_REPORT_CHECK_OFFSET, ~check);
}
