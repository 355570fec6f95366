/* Messages that do not exist, or come when they must not. */
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
#include "sfu.h"
#include "sfu_codes.h"
#include "sfu_format.h"

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

static void no_offer_while_on_trial(void **state)
{
	(void)state;
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
	assert_int_equal(desk_send(package, size, 0), SFU_MESSAGE_DONE);
	desk_refused(SFU_MESSAGE_OFFER, other, SFU_MANIFEST_SIZE, SFU_R_BUSY);
	desk_refused(SFU_MESSAGE_OFFER, package, SFU_MANIFEST_SIZE, SFU_R_BUSY);
	assert_int_equal(desk_power(1), 0);
	assert_int_equal(desk_ask(SFU_MESSAGE_HELLO, NULL, 0), SFU_MESSAGE_INFO);
	assert_int_equal(desk_word(SFU_INFO_FREE_SLOT_OFFSET), SFU_SLOT_NONE);
	desk_refused(SFU_MESSAGE_OFFER, other, SFU_MANIFEST_SIZE, SFU_R_BUSY);
}

/* Any message but those that exist, with or without a body; those that have none, with one. */
static void every_type(void **state)
{
	uint32_t type, n;

	(void)state;
	for (type = 0; type < 256; type++)
		for (n = 0; n < 3; n += 2) {
			if (type == SFU_MESSAGE_OFFER || type == SFU_MESSAGE_RECORD || type == SFU_MESSAGE_PERMIT)
				continue;
			if (type >= SFU_MESSAGE_HELLO && type <= SFU_MESSAGE_PERSONALIZE && n == 0)
				continue;
			desk_refused(type, "xx", n, SFU_R_TYPE);
		}
	assert_int_equal(desk_ask(SFU_MESSAGE_ENTER, NULL, 0), SFU_MESSAGE_INFO);
}

/* Sends frames 0 … upto of a download: HELLO, OFFER, each RECORD, FINISH. */
static void part_of_a_download(uint32_t upto)
{
	uint32_t i;

	for (i = 0; i <= upto; i++) {
		if (i == 0)
			assert_int_equal(desk_ask(SFU_MESSAGE_HELLO, NULL, 0), SFU_MESSAGE_INFO);
		else if (i == 1)
			assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
		else if (i < 2 + count)
			assert_int_equal(desk_record(package, size, i - 2), SFU_MESSAGE_ACK);
		else
			assert_int_equal(desk_ask(SFU_MESSAGE_FINISH, NULL, 0), SFU_MESSAGE_DONE);
	}
}

static void t21_reset_after_every_frame_then_any_other(void **state)
{
	uint32_t upto, type, n;

	(void)state;
	for (upto = 0; upto < 3 + count; upto++)
		for (type = SFU_MESSAGE_RECORD; type <= SFU_MESSAGE_ENTER; type++) {
			const int done = upto == 2 + count;

			desk_running();
			assert_int_equal(desk_power(1), 0);
			part_of_a_download(upto);
			assert_int_equal(desk_power(1), 0);
			desk_mark();
			n = type == SFU_MESSAGE_RECORD ? desk_record_body(package, size, upto < 2 ? 0 : (upto - 2) % count, body)
			                               : 0;
			desk.type = desk_ask(type, body, n);
			desk_untouched();
			if (type == SFU_MESSAGE_RECORD || type == SFU_MESSAGE_FINISH) {
				assert_int_equal(desk.type, SFU_MESSAGE_REFUSE);
				assert_int_equal(desk.code, SFU_R_ORDER);
			} else {
				assert_int_equal(desk.type, type == SFU_MESSAGE_ENTER ? SFU_MESSAGE_INFO : SFU_MESSAGE_DONE);
			}
			/* what runs then: the new image if it was finished, the old one as long as it is there */
			if (done)
				assert_true(desk_runs(&desk_new));
			else if (sfu_layout.slot_count > 1 || upto == 0)
				assert_true(desk_runs(&desk_old));
			else
				assert_int_equal(desk_power(0), 0);
		}
}

static void abort_and_reboot(void **state)
{
	uint32_t type;

	(void)state;
	for (type = SFU_MESSAGE_ABORT; type <= SFU_MESSAGE_REBOOT; type++) {
		(void)begin(NULL);
		assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
		assert_int_equal(desk_record(package, size, 0), SFU_MESSAGE_ACK);
		assert_int_equal(desk_ask(type, NULL, 0), SFU_MESSAGE_DONE);
		assert_int_equal(desk.install, 0);
		assert_true(desk.left);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(no_offer_while_on_trial, begin),
		cmocka_unit_test_setup(every_type, begin),
		cmocka_unit_test_setup(t21_reset_after_every_frame_then_any_other, begin),
		cmocka_unit_test_setup(abort_and_reboot, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
