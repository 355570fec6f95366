/* Records: damaged, foreign, too long, in any order, sent again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "bytes.h"
#include "desk.h"
#include "flash.h"
#include "host.h"
#include "layout.h"
#include "port.h"
#include "sfu.h"
#include "sfu_codes.h"
#include "sfu_format.h"
#include "station.h"

static const uint8_t *package;
static uint32_t size, count;
static uint8_t other[MAKER_PACKAGE], body[2084 + 8];

static int begin(void **state)
{
	(void)state;
	desk_running();
	package = desk_new.package[desk_free()];
	size = desk_new.size[desk_free()];
	count = desk_records(package);
	desk_other(other);
	assert_int_equal(desk_power(1), 0);
	return 0;
}

static void finishes(void)
{
	assert_int_equal(desk_send(package, size, sfu_device.upgrade.next), SFU_MESSAGE_DONE);
	assert_true(desk.install > 0);
	assert_true(desk_runs(&desk_new));
}

static void every_byte_of_a_record(void **state)
{
	uint32_t i, n;

	(void)state;
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
	assert_int_equal(desk_record(package, size, 0), SFU_MESSAGE_ACK);
	n = desk_record_body(package, size, 1, body);
	desk_mark();
	for (i = 4; i < n; i++) {
		body[i] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(desk_ask(SFU_MESSAGE_RECORD, body, n), SFU_MESSAGE_REFUSE);
		assert_int_equal(desk.code, SFU_R_RECORD);
		assert_int_equal(desk.detail, 1);
		body[i] ^= (uint8_t)(1u << i % 8);
	}
	desk_untouched();
	finishes();
}

static void t80_every_length_of_a_record(void **state)
{
	uint32_t n, whole;

	(void)state;
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
	whole = desk_record_body(package, size, 0, body);
	desk_mark();
	for (n = 0; n <= sizeof body; n++) {
		if (n == whole)
			continue;
		desk.type = desk_ask(SFU_MESSAGE_RECORD, body, n);
		/* a frame that is too long is nothing at all */
		assert_int_equal(desk.type, n > 4 + SFU_FORMAT_RECORD_MAX ? 0 : SFU_MESSAGE_REFUSE);
		if (desk.type != 0)
			assert_int_equal(desk.code, SFU_R_LENGTH);
	}
	desk_untouched();
	finishes();
}

static void t80_every_length_of_an_offer(void **state)
{
	uint32_t n;

	(void)state;
	memcpy(body, package, SFU_MANIFEST_SIZE);
	for (n = 0; n < sizeof body - 8; n += n < 300 ? 1 : 97)
		if (n != SFU_MANIFEST_SIZE)
			desk_refused(SFU_MESSAGE_OFFER, body, n, SFU_R_LENGTH);
}

static void t08_record_of_another_package(void **state)
{
	uint32_t i, n;

	(void)state;
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
	for (i = 0; i < count; i++) {
		n = desk_record_body(other, size, i, body);
		desk_refused(SFU_MESSAGE_RECORD, body, n, SFU_R_RECORD);
		/* and one of this package under another's number */
		n = desk_record_body(package, size, (i + 1) % count, body);
		sfu_put32(body, i);
		desk_refused(SFU_MESSAGE_RECORD, body, n, i + 1 >= count - 1 ? SFU_R_LENGTH : SFU_R_RECORD);
		assert_int_equal(desk_record(package, size, i), SFU_MESSAGE_ACK);
	}
	finishes();
}

static void t20_records_in_any_order(void **state)
{
	uint32_t round, i, seed = 1;

	(void)state;
	for (round = 0; round < 40; round++) {
		desk_running();
		assert_int_equal(desk_power(1), 0);
		assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
		for (i = 0; sfu_device.upgrade.next < count && i < 400; i++) {
			const uint32_t next = sfu_device.upgrade.next;
			uint32_t index, n;

			seed = seed * 1103515245u + 12345u;
			index = seed / 65536u % count;
			n = desk_record_body(package, size, index, body);
			/* indices beyond the image, too */
			if (seed / 256u % 8u == 0) {
				index = seed;
				sfu_put32(body, index);
			}
			desk_mark();
			assert_int_equal(desk_ask(SFU_MESSAGE_RECORD, body, n), SFU_MESSAGE_ACK);
			if (index == next) {
				assert_int_equal(desk.next, next + 1);
			} else {
				assert_int_equal(desk.next, next);
				desk_untouched();
			}
		}
		assert_int_equal(sfu_device.upgrade.next, count);
		finishes();
	}
}

static void finish_too_early(void **state)
{
	uint32_t i;

	(void)state;
	desk_refused(SFU_MESSAGE_FINISH, NULL, 0, SFU_R_ORDER);
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
	for (i = 0; i < count; i++) {
		desk_refused(SFU_MESSAGE_FINISH, NULL, 0, SFU_R_INCOMPLETE);
		assert_int_equal(desk_record(package, size, i), SFU_MESSAGE_ACK);
	}
	/* nothing may follow the last one */
	sfu_put32(body, count);
	desk_refused(SFU_MESSAGE_RECORD, body, 1060, SFU_R_ORDER);
	finishes();
}

/* what the last INFO says of the slot the package is for */
static const uint8_t *info_of_slot(void)
{
	return desk.info + (desk_free() == 0 ? SFU_INFO_SLOT0_OFFSET : SFU_INFO_SLOT1_OFFSET);
}

static void answers_that_were_lost(void **state)
{
	uint32_t i;

	(void)state;
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
	for (i = 0; i < count; i++) {
		assert_int_equal(desk_record(package, size, i), SFU_MESSAGE_ACK);
		desk_mark();
		/* the station says everything again: nothing is done twice */
		assert_int_equal(desk_record(package, size, i), SFU_MESSAGE_ACK);
		assert_int_equal(desk.next, i + 1);
		assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
		assert_int_equal(desk.next, i + 1);
		desk_untouched();
	}
	assert_int_equal(desk_ask(SFU_MESSAGE_FINISH, NULL, 0), SFU_MESSAGE_DONE);
	i = desk.install;
	desk_mark();
	assert_int_equal(desk_ask(SFU_MESSAGE_FINISH, NULL, 0), SFU_MESSAGE_DONE);
	assert_int_equal(desk.install, i);
	desk_untouched();
	/* if DONE was lost, INFO tells the station what became of its package */
	assert_int_equal(desk_ask(SFU_MESSAGE_HELLO, NULL, 0), SFU_MESSAGE_INFO);
	assert_int_equal(sfu_get32(info_of_slot() + SFU_SLOT_INFO_STATE_OFFSET), SFU_SLOT_TRIAL);
	assert_int_equal(sfu_get32(info_of_slot() + SFU_SLOT_INFO_INSTALL_OFFSET), i);
	assert_memory_equal(info_of_slot() + SFU_SLOT_INFO_VERSION_OFFSET, package + SFU_MANIFEST_VERSION_OFFSET,
	                    SFU_VERSION_SIZE);
}

/* Each byte of a frame comes alone, with a look at the line in between; also types that could begin YMODEM. */
static void t80_frames_byte_by_byte(void **state)
{
	static uint8_t line[1024];
	uint32_t i, n, offer;

	(void)state;
	for (offer = 0; offer < 2; offer++) {
		station_frame(offer ? SFU_MESSAGE_OFFER : SFU_MESSAGE_HELLO, package, offer ? SFU_MANIFEST_SIZE : 0);
		n = sfu_port_rx_peek(0, line, sizeof line);
		sfu_port_rx_skip(n);
		for (i = 0; i < n; i++) {
			assert_int_equal(desk_wait(2, NULL), 2);
			host_send(line + i, 1);
		}
		/* the answer is to these bytes: nothing else is sent */
		assert_int_equal(desk_hear(), offer ? SFU_MESSAGE_ACCEPT : SFU_MESSAGE_INFO);
	}
}

static void t82_resume_with_another_package(void **state)
{
	struct maker m = desk_new.maker;
	static uint8_t large[2][MAKER_PACKAGE];
	uint32_t i, n[2];

	(void)state;
	m.slot = desk_free();
	m.size = 21504;
	n[0] = maker_package(&m, large[0]);
	m.fill++;
	n[1] = maker_package(&m, large[1]);
	assert_int_equal(desk_offer(large[0]), SFU_MESSAGE_ACCEPT);
	for (i = 0; i < 15; i++)
		assert_int_equal(desk_record(large[0], n[0], i), SFU_MESSAGE_ACK);
	assert_int_equal(desk_power(1), 0);
	assert_int_equal(desk_ask(SFU_MESSAGE_HELLO, NULL, 0), SFU_MESSAGE_INFO);
	assert_true((desk_word(SFU_INFO_FLAGS_OFFSET) & SFU_INFO_RESUMABLE) != 0);
	/* the same one goes on; another begins, and then the first one begins too */
	assert_int_equal(desk_offer(large[0]), SFU_MESSAGE_ACCEPT);
	assert_in_range(desk.next, 1, 15);
	assert_int_equal(desk_power(1), 0);
	assert_int_equal(desk_offer(large[1]), SFU_MESSAGE_ACCEPT);
	assert_int_equal(desk.next, 0);
	assert_int_equal(desk_offer(large[0]), SFU_MESSAGE_ACCEPT);
	assert_int_equal(desk.next, 0);
	assert_int_equal(desk_offer(large[1]), SFU_MESSAGE_ACCEPT);
	assert_int_equal(desk_send(large[1], n[1], 0), SFU_MESSAGE_DONE);
	assert_int_equal(desk_power(0), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_byte_of_a_record, begin),
		cmocka_unit_test_setup(t80_every_length_of_a_record, begin),
		cmocka_unit_test_setup(t80_every_length_of_an_offer, begin),
		cmocka_unit_test_setup(t08_record_of_another_package, begin),
		cmocka_unit_test_setup(t20_records_in_any_order, begin),
		cmocka_unit_test_setup(finish_too_early, begin),
		cmocka_unit_test_setup(answers_that_were_lost, begin),
		cmocka_unit_test_setup(t80_frames_byte_by_byte, begin),
		cmocka_unit_test_setup(t82_resume_with_another_package, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
