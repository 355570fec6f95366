/* T23: every event in every state of every machine: what it does and where it leads is what ragel's XML says,
 * and each transition is taken at least once. Includes the C of the machines whose step is hidden; the effects
 * of the others are the ones below, which only tell that they were called. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "boot.h"
#include "personalize_keys.h"
#include "session_reply.h"
#include "sfu_codes.h"
#include "upgrade_flash.h"

#include "journal.c"
#include "link.c"
#include "ymodem.c"

struct move {
	uint8_t effect, target;
};
#include "moves.h"

/* the journal's search, which is not called, reads it */
const struct sfu_layout sfu_layout = { .slot_count = 2 };

static uint32_t called, effects, taken, expected;
static struct sfu_device device;
static uint8_t sent[64];
static uint32_t sent_size;

static void tell(uint32_t effect)
{
	called = effect;
	effects++;
}

void sfu_upgrade_begin(struct sfu_device *d) { (void)d; tell(UPGRADE_BEGIN); }
void sfu_upgrade_resume(struct sfu_device *d) { (void)d; tell(UPGRADE_RESUME); }
void sfu_upgrade_seal(struct sfu_device *d) { (void)d; tell(UPGRADE_SEAL); }

void sfu_upgrade_store(struct sfu_device *d, uint8_t *record, uint32_t size)
{
	(void)d;
	(void)record;
	(void)size;
	tell(UPGRADE_STORE);
}

void sfu_session_tell(struct sfu_device *d) { (void)d; tell(SESSION_TELL); }
void sfu_session_offer(struct sfu_device *d, const uint8_t *body) { (void)d; (void)body; tell(SESSION_OFFER); }
void sfu_session_record(struct sfu_device *d, uint8_t *body) { (void)d; (void)body; tell(SESSION_RECORD); }
void sfu_session_finish(struct sfu_device *d) { (void)d; tell(SESSION_FINISH); }
void sfu_session_quit(struct sfu_device *d) { (void)d; tell(SESSION_QUIT); }
void sfu_session_refuse_type(struct sfu_device *d) { (void)d; tell(SESSION_JUNK); }

void sfu_session_personalize(struct sfu_device *d) { (void)d; tell(SESSION_PERSONALIZE); }
void sfu_session_permit(struct sfu_device *d, uint8_t *body) { (void)d; (void)body; tell(SESSION_PERMIT); }
void sfu_personal_challenge(struct sfu_device *d) { (void)d; tell(PERSONALIZE_CHALLENGE); }
void sfu_personal_settle(struct sfu_device *d, const uint8_t *permit) { (void)d; (void)permit; tell(PERSONALIZE_SETTLE); }
void sfu_personal_forget(struct sfu_personal *p) { (void)p; tell(PERSONALIZE_FORGET); }

/* which of boot's effects it was can be seen from what the journal is given */
uint32_t sfu_journal_append(struct sfu_journal *j, const struct sfu_state *next)
{
	(void)j;
	tell(next->slot[0] == SFU_SLOT_TRIAL ? BOOT_ATTEMPT : next->slot[0] == SFU_SLOT_CONFIRMED ? BOOT_CONFIRM
	                                                                                          : BOOT_REVERT);
	assert_int_equal(next->attempts, called == BOOT_ATTEMPT ? 2 : 0);
	assert_int_equal(next->security_counter, called == BOOT_CONFIRM ? 9 : 5);
	assert_int_equal(next->failure, called == BOOT_REVERT ? SFU_R_SEAL : 0);
	return SFU_OK;
}

void sfu_boot_failure(struct sfu_device *d, uint32_t code)
{
	(void)d;
	assert_int_equal(code, SFU_R_SEAL);
	tell(BOOT_DROP);
}

uint32_t sfu_store_read(uint32_t address, uint8_t *out, uint32_t size)
{
	(void)address;
	(void)out;
	(void)size;
	return SFU_E_BLANK;
}

uint32_t sfu_journal_decode(struct sfu_state *state, const uint8_t cell[SFU_STATE_SIZE], const uint8_t key[32])
{
	(void)state;
	(void)cell;
	(void)key;
	return SFU_E_JOURNAL;
}

uint32_t sfu_port_rx_peek(uint32_t skip, uint8_t *out, uint32_t max)
{
	(void)skip;
	(void)out;
	(void)max;
	return 0;
}

void sfu_port_rx_skip(uint32_t count) { (void)count; }
uint32_t sfu_port_time(void) { return 7; }

void sfu_port_tx(const uint8_t *data, uint32_t size)
{
	assert_in_range(size, 1, 2);
	memcpy(sent, data, size);
	sent_size = size;
}

static void begin(void)
{
	called = effects = sent_size = 0;
	memset(&device, 0, sizeof device);
}

static void took(struct move move, uint32_t effect, uint32_t state, uint32_t cs, uint32_t value, uint32_t events)
{
	if (effect != move.effect || state != move.target || cs != move.target || effects > 1)
		fail_msg("event %u leads to %u by effect %u, not to %u by %u", value, state, effect, move.target, move.effect);
	if (value < events)
		taken++;
}

static void t23_upgrade(void **unused)
{
	uint32_t state, value;

	(void)unused;
	expected += SFU_UPGRADE_STATES * SFU_UPGRADE_EVENTS;
	for (state = 0; state < SFU_UPGRADE_STATES; state++)
		for (value = 0; value < 256; value++) {
			const unsigned char event = (unsigned char)value;

			begin();
			device.upgrade.cs = (int)state;
			device.upgrade.state = (uint8_t)state;
			sfu_upgrade_step(&device, &event, NULL, 0);
			took(upgrade_moves[state][value], called, device.upgrade.state, (uint32_t)device.upgrade.cs, value,
			     SFU_UPGRADE_EVENTS);
		}
}

static void t23_session(void **unused)
{
	uint32_t state, value;

	(void)unused;
	expected += SFU_SESSION_STATES * SFU_SESSION_EVENTS;
	for (state = 0; state < SFU_SESSION_STATES; state++)
		for (value = 0; value < 256; value++) {
			const unsigned char event = (unsigned char)value;

			begin();
			device.session.cs = (int)state;
			device.session.state = (uint8_t)state;
			sfu_session_step(&device, &event, NULL);
			took(session_moves[state][value], called, device.session.state, (uint32_t)device.session.cs, value,
			     SFU_SESSION_EVENTS);
		}
}

static void t23_personalize(void **unused)
{
	uint32_t state, value;

	(void)unused;
	expected += SFU_PERSONALIZE_STATES * SFU_PERSONALIZE_EVENTS;
	for (state = 0; state < SFU_PERSONALIZE_STATES; state++)
		for (value = 0; value < 256; value++) {
			const unsigned char event = (unsigned char)value;

			begin();
			device.personal.cs = (int)state;
			device.personal.state = (uint8_t)state;
			sfu_personalize_step(&device, &event, NULL);
			took(personalize_moves[state][value], called, device.personal.state, (uint32_t)device.personal.cs, value,
			     SFU_PERSONALIZE_EVENTS);
		}
}

static void t23_boot(void **unused)
{
	uint32_t state, value;

	(void)unused;
	expected += SFU_BOOT_STATES * SFU_BOOT_EVENTS;
	for (state = 0; state < SFU_BOOT_STATES; state++)
		for (value = 0; value < 256; value++) {
			const unsigned char event = (unsigned char)value;

			begin();
			device.boot.cs = (int)state;
			device.boot.state = (uint8_t)state;
			device.boot.held = SFU_R_SEAL;
			device.boot.counter = 9;
			device.journal.state.attempts = 3;
			device.journal.state.security_counter = 5;
			sfu_boot_step(&device, &event);
			/* exclude alone is seen by its mark; after revert and drop it is there, too */
			if (called == 0 && device.boot.excluded[0] != 0)
				called = BOOT_EXCLUDE;
			assert_int_equal(device.boot.excluded[0],
			                 called == BOOT_EXCLUDE || called == BOOT_REVERT || called == BOOT_DROP);
			took(boot_moves[state][value], called, device.boot.state, (uint32_t)device.boot.cs, value,
			     SFU_BOOT_EVENTS);
		}
}

static void t23_journal(void **unused)
{
	struct sfu_replay r;
	uint32_t state, value;

	(void)unused;
	expected += SFU_JOURNAL_STATES * SFU_JOURNAL_EVENTS;
	for (state = 0; state < SFU_JOURNAL_STATES; state++)
		for (value = 0; value < 256; value++) {
			const unsigned char event = (unsigned char)value;

			begin();
			memset(&r, 0, sizeof r);
			r.cs = (int)state;
			r.phase = (uint8_t)state;
			r.at = 41;
			step(&r, &event);
			took(journal_moves[state][value], r.next == 42 ? JOURNAL_END_HERE : 0, r.phase, (uint32_t)r.cs, value,
			     SFU_JOURNAL_EVENTS);
		}
}

static void t23_link(void **unused)
{
	struct sfu_link *l = &device.link;
	uint32_t state, value, effect;

	(void)unused;
	expected += SFU_LINK_STATES * SFU_LINK_EVENTS;
	for (state = 0; state < SFU_LINK_STATES; state++)
		for (value = 0; value < 256; value++) {
			begin();
			l->cs = (int)state;
			l->state = state;
			l->fill = 10;
			sfu_link_step(l, (uint8_t)value, 'x', 1);
			effect = l->ready == 6 ? LINK_DELIVER : l->fill == 0 ? LINK_DROP : 0;
			if (l->fill == 11)
				effect = l->buffer[SFU_LINK_PAD + 10] == ('x' ^ SFU_LINK_XOR) ? LINK_UNESCAPE : LINK_KEEP;
			took(link_moves[state][value], effect, l->state, (uint32_t)l->cs, value, SFU_LINK_EVENTS);
		}
}

/* What ymodem's effect was can be seen from what is said and counted. */
static uint32_t ymodem_effect(const struct sfu_ymodem *y)
{
	const uint8_t more = sent_size == 2 ? sent[1] : 0;

	if (sent_size == 0)
		return y->length == 0 ? YMODEM_DROP : y->size == 50 ? YMODEM_HOLD : 0;
	if (sent[0] == SFU_YMODEM_CAN)
		return more == SFU_YMODEM_CAN ? YMODEM_REFUSE : 0;
	if (sent[0] == SFU_YMODEM_NAK)
		return more == 0 && y->errors == 4 ? YMODEM_RETRY : 0;
	if (sent[0] == SFU_YMODEM_CRC)
		return more == 0 && y->errors == 4 ? YMODEM_INVITE : 0;
	if (more == SFU_YMODEM_CRC)
		return y->left == 50 && y->block == 1 ? YMODEM_BEGIN : YMODEM_PROCEED;
	return y->block == 8 && y->errors == 0 ? YMODEM_TAKE : YMODEM_ACKNOWLEDGE;
}

static void t23_ymodem(void **unused)
{
	struct sfu_ymodem *y = &device.ymodem;
	uint32_t state, value;

	(void)unused;
	expected += SFU_YMODEM_STATES * SFU_YMODEM_EVENTS;
	for (state = 0; state < SFU_YMODEM_STATES; state++)
		for (value = 0; value < 256; value++) {
			begin();
			y->cs = (int)state;
			y->state = (uint8_t)state;
			y->block = 7;
			y->left = 1000;
			y->at = 20;
			y->size = 100;
			y->length = 133;
			y->errors = 3;
			sfu_ymodem_step(y, (uint8_t)value, 50);
			took(ymodem_moves[state][value], ymodem_effect(y), y->state, (uint32_t)y->cs, value, SFU_YMODEM_EVENTS);
		}
}

/* A state that a fault has made, and that is none: no event has an effect, or leads anywhere. */
static void no_state(void **unused)
{
	struct sfu_replay r;
	uint32_t value;

	(void)unused;
	for (value = 0; value < 256; value++) {
		const unsigned char event = (unsigned char)value;

		begin();
		memset(&r, 0, sizeof r);
		r.cs = device.upgrade.cs = device.session.cs = device.personal.cs = device.boot.cs = 77;
		device.link.cs = device.ymodem.cs = 77;
		device.link.fill = device.ymodem.left = 10;
		sfu_upgrade_step(&device, &event, NULL, 0);
		sfu_session_step(&device, &event, NULL);
		sfu_personalize_step(&device, &event, NULL);
		sfu_boot_step(&device, &event);
		step(&r, &event);
		sfu_link_step(&device.link, event, 'x', 1);
		sfu_ymodem_step(&device.ymodem, event, 50);
		assert_int_equal(effects + sent_size + r.next + device.link.ready + device.boot.excluded[0], 0);
		assert_true(r.cs == 77 && device.upgrade.cs == 77 && device.session.cs == 77 && device.personal.cs == 77);
		assert_true(device.boot.cs == 77 && device.link.cs == 77 && device.ymodem.cs == 77);
		assert_true(device.link.fill == 10 && device.ymodem.left == 10);
	}
}

static void every_transition_was_taken(void **unused)
{
	(void)unused;
	print_message("transitions %u/%u\n", taken, expected);
	assert_int_equal(taken, expected);
	assert_true(expected > 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(t23_upgrade), cmocka_unit_test(t23_session), cmocka_unit_test(t23_boot),
		cmocka_unit_test(t23_personalize), cmocka_unit_test(t23_journal), cmocka_unit_test(t23_link), cmocka_unit_test(t23_ymodem),
		cmocka_unit_test(no_state), cmocka_unit_test(every_transition_was_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
