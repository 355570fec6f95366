/* Both journal pages are gone: what the OEM's signature vouches for is all there is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "desk.h"
#include "flash.h"
#include "host.h"
#include "layout.h"
#include "port.h"
#include "sfu.h"
#include "sfu_codes.h"
#include "sfu_format.h"
#include "station.h"

static struct maker maker;

static int begin(void **state)
{
	(void)state;
	desk_running();
	maker = desk_maker();
	assert_int_equal(desk_power(1), 0);
	return 0;
}

static void lose_journal(void)
{
	uint32_t i, at;

	for (i = 0; i < 2; i++)
		for (at = 0; at < sfu_layout.area[SFU_AREA_JOURNAL + i].size;
		     at += sfu_layout_sector(sfu_layout.area[SFU_AREA_JOURNAL + i].address + at))
			assert_int_equal(sfu_port_flash_erase(sfu_layout.area[SFU_AREA_JOURNAL + i].address + at), SFU_OK);
	/* the floor that was there is gone with it */
	rig.floor = 0;
	memset(rig.key_floor, 0, sizeof rig.key_floor);
}

static void offered(uint32_t counter, uint32_t code)
{
	static uint8_t package[MAKER_PACKAGE];

	assert_int_equal(desk_power(1), 0);
	assert_int_equal(desk_ask(SFU_MESSAGE_HELLO, NULL, 0), SFU_MESSAGE_INFO);
	maker.slot = sfu_device.boot.good == 0 ? desk_free() : 0;
	maker.counter = counter;
	maker.version[0] = 9;
	(void)maker_package(&maker, package);
	assert_int_equal(desk_offer(package), code == SFU_OK ? SFU_MESSAGE_ACCEPT : SFU_MESSAGE_REFUSE);
	assert_int_equal(desk.code, code == SFU_OK ? 0 : code);
}

static void no_image(void **state)
{
	(void)state;
	desk_factory();
	assert_int_equal(desk_boots(), SFU_SLOT_NONE);
	lose_journal();
	assert_int_equal(desk_boots(), SFU_SLOT_NONE);
	offered(0, SFU_R_COUNTER);
	offered(1, SFU_OK);
}

static void one_image(void **state)
{
	(void)state;
	lose_journal();
	assert_int_equal(desk_boots(), 0);
	(void)rig_confirm();
	assert_int_equal(desk_boots(), 0);
	assert_int_equal(rig.trial, 0);
	offered(4, SFU_R_COUNTER);
	offered(5, SFU_OK);
}

static void one_image_that_was_changed(void **state)
{
	(void)state;
	host_flash_flip(sfu_layout.area[SFU_AREA_SLOT].address + sfu_layout.image_offset + 77, 8);
	lose_journal();
	assert_int_equal(desk_boots(), SFU_SLOT_NONE);
	offered(1, SFU_OK);
}

static void t46_two_images(void **state)
{
	(void)state;
	if (sfu_layout.slot_count < 2)
		return;
	desk_install(&maker);
	assert_int_equal(sfu_device.journal.state.security_counter, 6);
	lose_journal();
	assert_int_equal(desk_boots(), 1);
	if (rig.trial) {
		/* the older one can still be fallen back to */
		assert_int_equal(sfu_device.journal.state.security_counter, 5);
		(void)rig_confirm();
		assert_int_equal(desk_boots(), 1);
	}
	assert_int_equal(rig.trial, 0);
	assert_int_equal(sfu_device.journal.state.security_counter, 6);
	offered(5, SFU_R_COUNTER);
}

static void t46_two_images_the_newer_in_slot_0(void **state)
{
	(void)state;
	if (sfu_layout.slot_count < 2)
		return;
	desk_install(&maker);
	assert_int_equal(desk_power(1), 0);
	maker.slot = 0;
	maker.counter = 7;
	maker.version[0] = 3;
	desk_install(&maker);
	lose_journal();
	assert_int_equal(desk_boots(), 0);
	(void)rig_confirm();
	assert_int_equal(desk_boots(), 0);
	assert_int_equal(rig.trial, 0);
	offered(6, SFU_R_COUNTER);
}

/* It had been given up; nobody knows that any more, so it gets its boots again, and then is given up again. */
static void t41_an_image_that_was_given_up(void **state)
{
	uint32_t i;

	(void)state;
	if (sfu_layout.slot_count < 2)
		return;
	desk_try(&maker);
	for (i = 0; i < SFU_LIMIT_TRIAL_BOOTS; i++)
		assert_int_equal(desk_boots(), 1);
	assert_int_equal(desk_boots(), 0);
	lose_journal();
	for (i = 0; i < SFU_LIMIT_TRIAL_BOOTS; i++) {
		assert_int_equal(desk_boots(), 1);
		assert_int_equal(rig.trial, 1);
	}
	assert_int_equal(desk_boots(), 0);
	assert_int_equal(sfu_device.journal.state.security_counter, 5);
}

static void an_installation_that_was_under_way(void **state)
{
	(void)state;
	assert_int_equal(desk_offer(desk_new.package[desk_free()]), SFU_MESSAGE_ACCEPT);
	assert_int_equal(desk_record(desk_new.package[desk_free()], desk_new.size[desk_free()], 0), SFU_MESSAGE_ACK);
	lose_journal();
	assert_int_equal(desk_boots(), sfu_layout.slot_count > 1 ? 0 : SFU_SLOT_NONE);
}

/* Whatever fails meanwhile: the image runs, or if it could not be read in that moment, one is taken again. */
static void t27_a_failure_while_it_is_recovered(void **state)
{
	uint32_t n, ran = 0;

	(void)state;
	lose_journal();
	/* a key page that cannot be read for once is copied */
	rig.provisioned = 0;
	for (n = 0; n < 400; n++) {
		void *before = host_flash_snapshot();

		host_flash_counts.calls = 0;
		rig_fail(n);
		station_begin(NULL, 0, NULL, 0);
		(void)rig_boot();
		rig_fail(HOST_NEVER);
		ran += desk_boots() == 0;
		if (sfu_device.boot.good != 0)
			offered(5, SFU_OK);
		host_flash_restore(before);
		free(before);
		rig.floor = 0;
		if (rig.calls > 0 && rig.calls < n)
			break;
	}
	assert_in_range(n, 10, 399);
	assert_in_range(ran, n / 2, n);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(no_image, begin),
		cmocka_unit_test_setup(one_image, begin),
		cmocka_unit_test_setup(one_image_that_was_changed, begin),
		cmocka_unit_test_setup(t46_two_images, begin),
		cmocka_unit_test_setup(t46_two_images_the_newer_in_slot_0, begin),
		cmocka_unit_test_setup(t41_an_image_that_was_given_up, begin),
		cmocka_unit_test_setup(an_installation_that_was_under_way, begin),
		cmocka_unit_test_setup(t27_a_failure_while_it_is_recovered, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
