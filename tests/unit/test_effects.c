/* T23, with effects that fail: the functions that make a machine's events, in every state, with every guard and
 * every outcome of every effect. Which effect must run, and what its failure leads to, is read off ragel's XML.
 * Includes the C of those functions; what they call is below, except the machines. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "boot_run.c"
#include "upgrade_events.c"

struct move {
	uint8_t effect, target;
};
#include "moves.h"

#define COUNT 3u /* records of the manifest */
#define PART 100u
#define VERDICTS 5u

const struct sfu_layout sfu_layout = { .slot_count = 2 };
const uint8_t sfu_config[SFU_CONFIG_SIZE];

static struct sfu_device device;
static uint32_t effect, effects, outcome;

/* what the functions that judge answer */
static struct {
	uint32_t authentic, meant, fits, slot, version, counter, key, hash, revoked;
} say;
static uint32_t authentics, others;

/* boot: what each slot is found to be, and which appends fail, the first in bit 0 */
static uint32_t verdict[2], confirmed[2], entry, fails, appends, checked, must_fail;
static struct sfu_state appended;
static uint32_t pairs[SFU_BOOT_STATES][SFU_BOOT_EVENTS];

/* upgrade: the effects */
static void ran(struct sfu_device *d, uint32_t which)
{
	effect = which;
	effects++;
	d->upgrade.status = outcome;
}

void sfu_upgrade_begin(struct sfu_device *d) { ran(d, UPGRADE_BEGIN); }
void sfu_upgrade_resume(struct sfu_device *d) { ran(d, UPGRADE_RESUME); }
void sfu_upgrade_seal(struct sfu_device *d) { ran(d, UPGRADE_SEAL); }

void sfu_upgrade_store(struct sfu_device *d, uint8_t *record, uint32_t size)
{
	(void)record;
	assert_true(size == PART + SFU_FORMAT_HASH || size == 0);
	d->upgrade.next++;
	ran(d, UPGRADE_STORE);
}

/* upgrade: what is judged with */
uint32_t sfu_manifest_word(const uint8_t m[SFU_MANIFEST_SIZE], uint32_t offset) { return sfu_get32(m + offset); }
uint32_t sfu_manifest_chunk(const uint8_t m[SFU_MANIFEST_SIZE], uint32_t index) { (void)m; (void)index; return PART; }
uint32_t sfu_upgrade_offset(const struct sfu_device *d, uint32_t index) { (void)d; return index * PART; }

uint32_t sfu_manifest_authentic(const uint8_t m[SFU_MANIFEST_SIZE], const uint8_t c[SFU_CERTIFICATE_SIZE], uint8_t hash[32])
{
	(void)m;
	(void)c;
	sfu_fill(hash, 7, 32);
	authentics++;
	return say.authentic;
}

uint32_t sfu_authority_revoked(const uint8_t keys[SFU_AUTHORITY_KEYS], const uint8_t floor[SFU_FORMAT_RANKS])
{
	(void)keys;
	return floor == device.journal.state.key_floor ? say.revoked : 0;
}

/* nothing is looked at before it is known to be the OEM's */
uint32_t sfu_manifest_meant(const uint8_t m[SFU_MANIFEST_SIZE])
{
	(void)m;
	assert_int_equal(authentics, 1);
	others++;
	return say.meant;
}

uint32_t sfu_manifest_fits(const uint8_t m[SFU_MANIFEST_SIZE], uint32_t *slot)
{
	(void)m;
	*slot = say.slot;
	return say.fits;
}

uint32_t sfu_version_compare(const uint8_t a[SFU_VERSION_SIZE], const uint8_t b[SFU_VERSION_SIZE])
{
	(void)a;
	(void)b;
	return say.version;
}

void sfu_manifest_derive(uint8_t out[32], const uint8_t key[32], const uint8_t m[SFU_MANIFEST_SIZE],
	const uint8_t *label, uint32_t label_size, uint32_t with_hash)
{
	(void)key;
	(void)m;
	(void)label;
	(void)label_size;
	(void)with_hash;
	sfu_fill(out, say.key == SFU_OK ? 0 : 1, 32);
}

uint32_t sfu_equal(const uint8_t *a, const uint8_t *b, uint32_t size) { return memcmp(a, b, size) == 0 ? SFU_OK : SFU_E_BLANK; }
void sfu_hash_init(struct sfu_hash *h) { (void)h; }
void sfu_hash_update(struct sfu_hash *h, const uint8_t *data, uint32_t size) { (void)h; (void)data; (void)size; }

void sfu_hash_final(const struct sfu_hash *h, uint8_t digest[32])
{
	(void)h;
	sfu_fill(digest, say.hash == SFU_OK ? 0 : 1, 32);
}

/* boot: the chip, the slots, the journal */
uint32_t sfu_boot_prepare(struct sfu_device *d) { (void)d; return SFU_OK; }
uint32_t sfu_config_word(uint32_t offset) { (void)offset; return 5; }
uint32_t sfu_port_entry(void) { return entry; }
uint32_t sfu_slot_mailbox(uint32_t slot) { return slot; }
uint8_t *sfu_device_buffer(struct sfu_device *d) { return d->link.buffer; }
uint32_t sfu_slot_confirmed(uint32_t slot, uint32_t install) { (void)install; return confirmed[slot]; }
uint32_t sfu_slot_vector(uint32_t slot, uint32_t plain)
{
	(void)plain;
	return verdict[slot] == SFU_R_VECTOR ? SFU_R_VECTOR : SFU_OK;
}

uint32_t sfu_check_slot(struct sfu_check *c)
{
	checked = c->slot;
	sfu_put32(c->manifest + SFU_MANIFEST_SECURITY_COUNTER_OFFSET, verdict[c->slot] == SFU_R_COUNTER ? 4 : 9);
	return verdict[c->slot] == SFU_R_SEAL ? SFU_R_SEAL : SFU_OK;
}

/* fsm/sfu.c asks again what sfu_boot_check has asked */
uint32_t sfu_boot_examine(struct sfu_device *d)
{
	struct sfu_check c;
	const uint32_t status = sfu_boot_check(d, &c);

	return status == SFU_OK && verdict[c.slot] == SFU_R_IMAGE ? SFU_R_IMAGE : status;
}

uint32_t sfu_journal_append(struct sfu_journal *j, const struct sfu_state *next)
{
	const uint32_t bad = fails >> appends & 1u;

	appends++;
	appended = *next;
	if (bad != 0)
		return SFU_E_IO;
	j->state = *next;
	return SFU_OK;
}

void __real_sfu_boot_step(struct sfu_device *d, const unsigned char *p);
void __wrap_sfu_boot_step(struct sfu_device *d, const unsigned char *p);

/* each step of the boot against the table, and the outcome of its effect against the next event */
void __wrap_sfu_boot_step(struct sfu_device *d, const unsigned char *p)
{
	const struct sfu_device before = *d;
	const struct move move = boot_moves[d->boot.state][*p];
	const uint32_t count = appends, slot = d->boot.candidate;
	uint32_t excluded, found;

	assert_int_equal(must_fail, *p == SFU_BOOT_EVENT_FAILED);
	pairs[d->boot.state][*p]++;
	__real_sfu_boot_step(d, p);
	assert_int_equal(d->boot.state, move.target);
	excluded = slot <= 1 && before.boot.excluded[slot] == 0 && d->boot.excluded[slot] == 1;
	found = excluded == 0 ? 0 : BOOT_EXCLUDE;
	if (appends > count) {
		assert_int_equal(appends, count + 1);
		if (appended.slot[slot] == before.journal.state.slot[slot] && excluded != 0) {
			assert_int_equal(appended.failure, before.boot.held);
			found = BOOT_DROP;
		} else {
			found = appended.slot[slot] == SFU_SLOT_EMPTY ? BOOT_REVERT
				: appended.slot[slot] == SFU_SLOT_TRIAL ? BOOT_ATTEMPT : BOOT_CONFIRM;
			assert_int_equal(excluded, found == BOOT_REVERT);
		}
	} else if (move.effect == BOOT_DROP && found == BOOT_EXCLUDE) {
		found = BOOT_DROP; /* a failure is stored once in a boot */
	}
	assert_int_equal(found, move.effect);
	if (found == BOOT_ATTEMPT || found == BOOT_CONFIRM || found == BOOT_REVERT)
		assert_int_equal(appended.attempts, found == BOOT_ATTEMPT ? before.journal.state.attempts - 1 : 0);
	must_fail = (found == BOOT_ATTEMPT || found == BOOT_CONFIRM) && (fails >> count & 1u) != 0;
}

static void boot_once(uint32_t first, uint32_t second, uint32_t attempts, uint32_t newer)
{
	struct sfu_state start;
	uint32_t status, good;

	memset(&device, 0, sizeof device);
	memset(&appended, 0, sizeof appended);
	appends = must_fail = 0;
	checked = SFU_SLOT_NONE;
	device.journal.state.slot[0] = (uint8_t)first;
	device.journal.state.slot[1] = (uint8_t)second;
	device.journal.state.attempts = (uint8_t)attempts;
	device.journal.state.install[newer] = 1;
	start = device.journal.state;
	status = sfu_boot(&device);
	good = device.boot.good;
	assert_true(device.boot.state == SFU_BOOT_STATE_RUNNING || device.boot.state == SFU_BOOT_STATE_STAYING);
	assert_int_equal(status == SFU_OK, device.boot.state == SFU_BOOT_STATE_RUNNING);
	if (status != SFU_OK)
		return;
	/* what runs is what was checked last, and holds; on trial, the attempt or the confirmation is stored */
	assert_int_equal(entry, 0);
	assert_true(good <= 1);
	assert_int_equal(good, checked);
	assert_int_equal(verdict[good], SFU_OK);
	if (start.slot[good] == SFU_SLOT_TRIAL && confirmed[good] == 0) {
		assert_int_equal(device.journal.state.slot[good], SFU_SLOT_TRIAL);
		assert_int_equal(device.journal.state.attempts, attempts - 1);
	} else {
		assert_int_equal(device.journal.state.slot[good], SFU_SLOT_CONFIRMED);
	}
}

static void t23_boot_effects_fail(void **unused)
{
	static const uint32_t verdicts[VERDICTS] = { SFU_OK, SFU_R_SEAL, SFU_R_COUNTER, SFU_R_VECTOR, SFU_R_IMAGE };
	uint32_t n, bits, state, event, seen = 0, possible = 0;

	(void)unused;
	for (n = 0; n < VERDICTS * VERDICTS << 13; n++) {
		verdict[0] = verdicts[n % VERDICTS];
		verdict[1] = verdicts[n / VERDICTS % VERDICTS];
		bits = n / (VERDICTS * VERDICTS);
		confirmed[0] = bits & 1u;
		confirmed[1] = bits >> 1 & 1u;
		entry = bits >> 2 & 1u;
		fails = bits >> 3 & 7u;
		boot_once(bits >> 6 & 3u, bits >> 8 & 3u, bits >> 10 & 3u, bits >> 12 & 1u);
	}
	for (state = 0; state < SFU_BOOT_STATES; state++)
		for (event = 0; event < SFU_BOOT_EVENTS; event++) {
			seen += pairs[state][event] > 0;
			possible += boot_moves[state][event].effect != 0;
			if (boot_moves[state][event].effect != 0)
				assert_true(pairs[state][event] > 0);
		}
	assert_true(possible > 0 && seen >= possible);
}

static void upgrade_in(uint32_t state)
{
	memset(&device, 0, sizeof device);
	memset(&say, 0, sizeof say);
	say.authentic = say.meant = say.fits = say.key = say.hash = SFU_OK;
	say.version = 2;
	say.revoked = 0;
	effect = effects = authentics = others = 0;
	device.upgrade.cs = (int)state;
	device.upgrade.state = (uint8_t)state;
	device.upgrade.manifest[SFU_MANIFEST_RECORD_COUNT_OFFSET] = COUNT;
	device.boot.trouble = SFU_OK;
	device.boot.good = SFU_SLOT_NONE;
}

/* What must have come of `event` in `state`. */
static void upgrade_came(uint32_t state, uint32_t event)
{
	const struct move move = upgrade_moves[state][event];
	uint32_t target = move.target;

	if (move.effect != 0 && outcome != SFU_OK) {
		target = upgrade_moves[target][SFU_UPGRADE_EVENT_FAILED].target;
		assert_int_equal(target, SFU_UPGRADE_STATE_IDLE);
	}
	assert_int_equal(effects, move.effect != 0);
	assert_int_equal(effect, move.effect);
	assert_int_equal(device.upgrade.state, target);
	assert_int_equal(device.upgrade.cs, target);
	assert_int_equal(device.upgrade.status, move.effect != 0 ? outcome : SFU_OK);
}

static void t23_upgrade_effects_fail(void **unused)
{
	uint32_t state, event, fail;

	(void)unused;
	for (fail = 0; fail < 2; fail++)
		for (state = 0; state < SFU_UPGRADE_STATES; state++)
			for (event = 0; event < 256; event++) {
				outcome = fail != 0 ? SFU_E_IO : SFU_OK;
				upgrade_in(state);
				step(&device, (unsigned char)event, NULL, 0);
				upgrade_came(state, event);
			}
}

/* Every combination of what can be wrong with an offer: the machine begins if nothing is, and only then. */
static void offer_once(uint32_t state, uint32_t wrong, uint32_t stored)
{
	uint8_t manifest[SFU_FORMAT_HEAD] = { 0 };
	const uint32_t event = stored == 7 ? SFU_UPGRADE_EVENT_RESUME : SFU_UPGRADE_EVENT_START;
	uint32_t status;

	upgrade_in(state);
	manifest[0] = 1; /* not the one that is being installed */
	manifest[SFU_MANIFEST_RECORD_COUNT_OFFSET] = COUNT;
	manifest[SFU_MANIFEST_SECURITY_COUNTER_OFFSET] = 5;
	device.boot.good = 1;
	device.journal.state.slot[0] = (stored & 1u) != 0 ? SFU_SLOT_INSTALLING : SFU_SLOT_EMPTY;
	device.journal.state.next_record = (stored & 2u) != 0 ? COUNT - 1 : COUNT;
	memset(device.journal.state.manifest_id, (stored & 4u) != 0 ? 7 : 8, sizeof device.journal.state.manifest_id);
	/* a failure that is there already is not appended again */
	device.boot.failure_stored = 1;
	if ((wrong & 1u) != 0)
		device.boot.trouble = SFU_E_IO;
	if ((wrong & 2u) != 0)
		device.journal.state.slot[1] = SFU_SLOT_TRIAL;
	if ((wrong & 4u) != 0)
		device.upgrade.offers = SFU_LIMIT_OFFERS;
	say.authentic = (wrong & 8u) != 0 ? SFU_R_SIGNATURE : SFU_OK;
	say.meant = (wrong & 16u) != 0 ? SFU_R_PRODUCT : SFU_OK;
	manifest[SFU_MANIFEST_SECURITY_COUNTER_OFFSET] = (wrong & 32u) != 0 ? 4 : 5;
	say.version = (wrong & 64u) != 0 ? 1 : 2;
	say.fits = (wrong & 128u) != 0 ? SFU_R_SLOT : SFU_OK;
	say.slot = (wrong & 256u) != 0 ? 1 : 0;
	say.key = (wrong & 512u) != 0 ? SFU_R_KEY : SFU_OK;
	say.revoked = (wrong & 1024u) != 0;
	status = sfu_upgrade_offer(&device, manifest);
	if (wrong != 0) {
		assert_int_not_equal(status, SFU_OK);
		assert_int_equal(effects, 0);
		assert_int_equal(device.upgrade.state, state);
		assert_int_equal(device.upgrade.manifest[0], 0);
		assert_int_equal(others, (wrong & 15u) == 0);
		return;
	}
	assert_int_equal(authentics, 1);
	upgrade_came(state, event);
	assert_int_equal(status, device.upgrade.status);
}

static void t23_offers(void **unused)
{
	uint32_t state, wrong, stored, fail;

	(void)unused;
	for (fail = 0; fail < 2; fail++)
		for (state = 0; state < SFU_UPGRADE_STATES; state++)
			for (wrong = 0; wrong < 2048; wrong++)
				for (stored = 0; stored < 8; stored++) {
					outcome = fail != 0 ? SFU_E_IO : SFU_OK;
					offer_once(state, wrong, stored);
				}
}

static void record_once(uint32_t state, uint32_t next, uint32_t index, uint32_t wrong)
{
	uint8_t record[PART + SFU_FORMAT_HASH] = { 0 };
	const uint32_t size = sizeof record - (wrong & 1u);
	uint32_t status;

	upgrade_in(state);
	device.upgrade.next = next;
	say.hash = (wrong & 2u) != 0 ? SFU_R_RECORD : SFU_OK;
	status = sfu_upgrade_record(&device, index, record, size);
	if (state == SFU_UPGRADE_STATE_RECEIVING && index == next && wrong == 0) {
		upgrade_came(state, next + 1 == COUNT ? SFU_UPGRADE_EVENT_LAST : SFU_UPGRADE_EVENT_RECORD);
		assert_int_equal(status, outcome);
		return;
	}
	assert_int_equal(effects, 0);
	assert_int_equal(device.upgrade.state, state);
	assert_int_equal(status == SFU_OK, (state == SFU_UPGRADE_STATE_COMPLETE && index < COUNT)
	                                           || (state == SFU_UPGRADE_STATE_RECEIVING && index < next));
}

static void t23_records(void **unused)
{
	uint32_t state, next, index, wrong, fail;

	(void)unused;
	for (fail = 0; fail < 2; fail++)
		for (state = 0; state < SFU_UPGRADE_STATES; state++)
			for (next = 0; next < COUNT; next++)
				for (index = 0; index <= COUNT + 1; index++)
					for (wrong = 0; wrong < 4; wrong++) {
						outcome = fail != 0 ? SFU_E_IO : SFU_OK;
						record_once(state, next, index, wrong);
					}
}

static void t23_ends(void **unused)
{
	uint32_t state, fail, status;

	(void)unused;
	for (fail = 0; fail < 2; fail++)
		for (state = 0; state < SFU_UPGRADE_STATES; state++) {
			outcome = fail != 0 ? SFU_E_IO : SFU_OK;
			upgrade_in(state);
			status = sfu_upgrade_finish(&device);
			if (state == SFU_UPGRADE_STATE_COMPLETE) {
				upgrade_came(state, SFU_UPGRADE_EVENT_FINISH);
				assert_int_equal(status, outcome);
			} else {
				assert_int_equal(effects, 0);
				assert_int_equal(device.upgrade.state, state);
				assert_int_equal(status == SFU_OK, state == SFU_UPGRADE_STATE_DONE);
			}
			upgrade_in(state);
			sfu_upgrade_leave(&device);
			upgrade_came(state, SFU_UPGRADE_EVENT_LEAVE);
		}
}

/* A record is awaited while records are received, and never else. */
static void t23_record_sizes(void **unused)
{
	uint32_t state;

	(void)unused;
	for (state = 0; state < SFU_UPGRADE_STATES; state++) {
		upgrade_in(state);
		assert_int_equal(sfu_upgrade_record_size(&device),
		                 state == SFU_UPGRADE_STATE_RECEIVING ? PART + SFU_FORMAT_HASH : 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(t23_boot_effects_fail), cmocka_unit_test(t23_upgrade_effects_fail),
		cmocka_unit_test(t23_offers), cmocka_unit_test(t23_records), cmocka_unit_test(t23_ends),
		cmocka_unit_test(t23_record_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
