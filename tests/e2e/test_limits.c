/* The loader always lets go: silence, noise and endless talk, in every state of a session. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "desk.h"
#include "flash.h"
#include "host.h"
#include "layout.h"
#include "sfu.h"
#include "sfu_codes.h"
#include "sfu_format.h"
#include "station.h"

#define MARGIN 3000u

static const uint8_t *package;
static uint32_t size, turn;
static uint8_t other[MAKER_PACKAGE];

static int begin(void **state)
{
	(void)state;
	desk_running();
	package = desk_new.package[desk_free()];
	size = desk_new.size[desk_free()];
	desk_other(other);
	turn = 0;
	assert_int_equal(desk_power(1), 0);
	return 0;
}

static void noise(void)
{
	uint8_t bytes[40];
	uint32_t i;

	for (i = 0; i < sizeof bytes; i++) {
		turn = turn * 1664525u + 1013904223u;
		bytes[i] = (uint8_t)(turn >> 24);
	}
	host_send(bytes, sizeof bytes);
}

static void zeros(void)
{
	static const uint8_t bytes[64];

	host_send(bytes, sizeof bytes);
}

static void flags(void)
{
	uint8_t bytes[64];

	memset(bytes, 0x7E, sizeof bytes);
	host_send(bytes, sizeof bytes);
}

static void one_byte_of_a_frame(void)
{
	static const uint8_t frame[] = { 0x7E, 0x01, 0x02, 0x03 };

	if (turn++ % 16 == 0)
		host_send(frame + turn / 16 % 4, 1);
}

static void hello(void)
{
	station_frame(SFU_MESSAGE_HELLO, NULL, 0);
}

static void enter(void)
{
	station_frame(SFU_MESSAGE_ENTER, NULL, 0);
}

static void finish(void)
{
	station_frame(SFU_MESSAGE_FINISH, NULL, 0);
}

static void unknown(void)
{
	station_frame((uint8_t)(turn++ % 64 + 0x10), package, 4);
}

static void wrong_offers(void)
{
	uint8_t manifest[SFU_MANIFEST_SIZE];

	memcpy(manifest, package, sizeof manifest);
	manifest[SFU_MANIFEST_SIGNATURE_OFFSET] ^= 1;
	station_frame(SFU_MESSAGE_OFFER, manifest, sizeof manifest);
}

static void same_offer(void)
{
	station_frame(SFU_MESSAGE_OFFER, package, SFU_MANIFEST_SIZE);
}

static void both_offers(void)
{
	station_frame(SFU_MESSAGE_OFFER, turn++ % 2 ? package : other, SFU_MANIFEST_SIZE);
}

static void first_record(void)
{
	uint8_t body[2084];

	station_frame(SFU_MESSAGE_RECORD, body, desk_record_body(package, size, 0, body));
}

static void last_record(void)
{
	uint8_t body[2084];
	const uint32_t last = desk_records(package) - 1;

	station_frame(SFU_MESSAGE_RECORD, body, desk_record_body(package, size, last, body));
}

static void wrong_record(void)
{
	uint8_t body[2084];
	const uint32_t n = desk_record_body(package, size, sfu_device.upgrade.next % desk_records(package), body);

	body[10] ^= 1;
	station_frame(SFU_MESSAGE_RECORD, body, n);
}

static void block0(void)
{
	static uint8_t block[133] = { 1, 0, 0xFF, 'a', 0, '9', 0 };

	host_send(block, sizeof block);
}

static void ymodem_starts(void)
{
	static const uint8_t start[] = { 1, 0, 0xFF };

	host_send(start, sizeof start);
}

static void cancels(void)
{
	static const uint8_t cancel[] = { 0x18, 0x18 };

	host_send(cancel, sizeof cancel);
}

static void (*const BABBLE[])(void) = {
	NULL, noise, zeros, flags, one_byte_of_a_frame, hello, enter, finish, unknown, wrong_offers, wrong_record,
	last_record, block0, ymodem_starts, cancels,
};
#define BABBLES (sizeof BABBLE / sizeof BABBLE[0])

static void t24_a_session_without_a_manifest_ends(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < BABBLES; i++) {
		(void)begin(NULL);
		desk_mark();
		(void)desk_wait(SFU_TIME_SESSION + MARGIN, BABBLE[i]);
		if (!desk.left)
			fail_msg("babble %u keeps the session open", i);
		assert_true(host.time > SFU_TIME_SESSION);
		desk_untouched();
		assert_true(desk_runs(&desk_old));
	}
}

static void stalls(uint32_t records, void (*const babble)(void), uint32_t limit)
{
	uint32_t i;

	(void)begin(NULL);
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
	for (i = 0; i < records; i++)
		assert_int_equal(desk_record(package, size, i), SFU_MESSAGE_ACK);
	(void)desk_wait(limit, babble);
	if (!desk.left)
		fail_msg("an installation with %u records is kept open", records);
	if (sfu_layout.slot_count > 1)
		assert_true(desk_runs(&desk_old));
	/* and another time it can be finished */
	assert_int_equal(desk_power(1), 0);
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
	assert_int_equal(desk_send(package, size, desk.next), SFU_MESSAGE_DONE);
	assert_true(desk_runs(&desk_new));
}

static void t24_an_installation_without_progress_ends(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < BABBLES; i++) {
		/* those would go on, or finish it */
		if (BABBLE[i] == finish || BABBLE[i] == last_record || BABBLE[i] == wrong_offers)
			continue;
		stalls(0, BABBLE[i], SFU_TIME_PROGRESS + MARGIN);
		stalls(2, BABBLE[i], SFU_TIME_PROGRESS + MARGIN);
	}
	stalls(2, finish, SFU_TIME_PROGRESS + MARGIN);
	stalls(2, last_record, SFU_TIME_PROGRESS + MARGIN);
	stalls(2, first_record, SFU_TIME_PROGRESS + MARGIN);
	stalls(2, same_offer, SFU_TIME_PROGRESS + MARGIN);
	stalls(0, same_offer, SFU_TIME_PROGRESS + MARGIN);
	stalls(desk_records(package), last_record, SFU_TIME_PROGRESS + MARGIN);
	stalls(desk_records(package), NULL, SFU_TIME_PROGRESS + MARGIN);
	stalls(2, wrong_offers, SFU_TIME_PROGRESS + MARGIN);
}

/* Two acceptable packages, offered in turn: each begins anew, eight times a session. */
static void t24_t28_endless_acceptable_offers(void **state)
{
	uint32_t erased;

	(void)state;
	host_flash_counts.erases = 0;
	(void)desk_wait(SFU_LIMIT_OFFERS * SFU_TIME_PROGRESS + MARGIN, both_offers);
	assert_true(desk.left);
	erased = host_flash_counts.erases;
	/* of each only the first sector is erased; and a few of the journal's */
	assert_in_range(erased, SFU_LIMIT_OFFERS, SFU_LIMIT_OFFERS + 8);
}

static void t24_an_installed_image_is_booted(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < BABBLES; i++) {
		(void)begin(NULL);
		assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
		assert_int_equal(desk_send(package, size, 0), SFU_MESSAGE_DONE);
		desk_mark();
		(void)desk_wait(SFU_TIME_PROGRESS + MARGIN, BABBLE[i]);
		if (!desk.left)
			fail_msg("babble %u keeps the session open", i);
		desk_untouched();
		assert_true(desk_runs(&desk_new));
	}
}

static void without_an_image_it_waits(void **state)
{
	(void)state;
	desk_factory();
	assert_int_equal(desk_power(0), 0);
	(void)desk_wait(600000, NULL);
	assert_false(desk.left);
	package = desk_new.package[0];
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
	assert_int_equal(desk_send(package, desk_new.size[0], 0), SFU_MESSAGE_DONE);
}

static void t24_the_clock_wraps(void **state)
{
	(void)state;
	host.time = 0xFFFFFFFFu - 5000u;
	sfu_device.session.began = sfu_device.session.progress = sfu_device.session.invited = host.time;
	assert_in_range(desk_wait(SFU_TIME_SESSION + MARGIN, NULL), SFU_TIME_SESSION, SFU_TIME_SESSION + MARGIN);
	assert_true(desk.left);
	assert_true(host.time < SFU_TIME_SESSION);
}

/* The number of an installation stays at the last one there is; what it seals boots all the same. */
static void the_last_install_number(void **state)
{
	struct sfu_state next = sfu_device.journal.state;

	(void)state;
	next.install[desk_free()] = UINT32_MAX - 1u;
	assert_int_equal(sfu_journal_append(&sfu_device.journal, &next), SFU_OK);
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
	assert_int_equal(sfu_device.journal.state.install[desk_free()], UINT32_MAX);
	/* another one, begun anew */
	assert_int_equal(desk_offer(other), SFU_MESSAGE_ACCEPT);
	assert_int_equal(sfu_device.journal.state.install[desk_free()], UINT32_MAX);
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
	assert_int_equal(desk_send(package, size, 0), SFU_MESSAGE_DONE);
	assert_int_equal(desk.install, UINT32_MAX);
	assert_true(desk_runs(&desk_new));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(t24_a_session_without_a_manifest_ends, begin),
		cmocka_unit_test_setup(t24_an_installation_without_progress_ends, begin),
		cmocka_unit_test_setup(t24_t28_endless_acceptable_offers, begin),
		cmocka_unit_test_setup(t24_an_installed_image_is_booted, begin),
		cmocka_unit_test_setup(without_an_image_it_waits, begin),
		cmocka_unit_test_setup(t24_the_clock_wraps, begin),
		cmocka_unit_test_setup(the_last_install_number, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
