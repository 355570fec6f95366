/* Every path that can choose an image: it never chooses one below the floor, nor one that was changed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "bytes.h"
#include "crc.h"
#include "desk.h"
#include "flash.h"
#include "host.h"
#include "layout.h"
#include "port.h"
#include "sfu.h"
#include "sfu_codes.h"
#include "sfu_format.h"
#include "station.h"

static const uint32_t NUMBERS[] = { 0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF };
static uint8_t package[MAKER_PACKAGE];
static struct maker maker;

static int begin(void **state)
{
	(void)state;
	desk_running();
	maker = desk_maker();
	assert_int_equal(desk_power(1), 0);
	return 0;
}

static void blank(void)
{
	desk_factory();
	maker.slot = 0;
	assert_int_equal(desk_power(1), 0);
}

static void offered(uint32_t code)
{
	(void)maker_package(&maker, package);
	if (code == SFU_OK) {
		assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
		return;
	}
	desk_mark();
	assert_int_equal(desk_offer(package), SFU_MESSAGE_REFUSE);
	assert_int_equal(desk.code, code);
	desk_same();
}

static void set_version(uint32_t high, uint32_t build)
{
	maker.version[0] = (uint8_t)(high >> 24);
	maker.version[1] = (uint8_t)(high >> 16);
	maker.version[2] = (uint8_t)high;
	maker.version[3] = (uint8_t)(high >> 8);
	sfu_put32(maker.version + 4, build);
}

/* T43: in both directions, and for both slots where there are two */
static void t40_t43_versions(void **state)
{
	uint32_t a, b, field, older;

	(void)state;
	for (field = 0; field < 2; field++)
		for (a = 0; a < 5; a++)
			for (b = 0; b < 5; b++)
				for (older = 0; older < 2; older++) {
					blank();
					maker.flags = 0;
					set_version(field ? 7 : NUMBERS[a], field ? NUMBERS[a] : 7);
					desk_install(&maker);
					assert_int_equal(desk_power(1), 0);
					maker.slot = desk_free();
					maker.flags = older ? SFU_FORMAT_FLAG_ALLOW_OLDER : 0;
					set_version(field ? 7 : NUMBERS[b], field ? NUMBERS[b] : 7);
					offered(b > a || older ? SFU_OK : SFU_R_VERSION);
				}
}

static void t40_t41_counters_at_download(void **state)
{
	uint32_t a, b;

	(void)state;
	for (a = 1; a < 5; a++)
		for (b = 0; b < 5; b++) {
			blank();
			maker.counter = NUMBERS[a];
			set_version(1, 0);
			desk_install(&maker);
			assert_int_equal(sfu_device.journal.state.security_counter, NUMBERS[a]);
			assert_int_equal(desk_power(1), 0);
			maker.slot = desk_free();
			maker.counter = NUMBERS[b];
			/* neither a high version nor the flag helps */
			maker.flags = SFU_FORMAT_FLAG_ALLOW_OLDER;
			set_version(2, 0);
			offered(b >= a ? SFU_OK : SFU_R_COUNTER);
			maker.flags = 0;
		}
}

/* The newer image is damaged: the older one is below the floor, so nothing runs until something newer comes. */
static void t41_t46_fallback_to_the_older_slot(void **state)
{
	uint32_t higher;

	(void)state;
	if (sfu_layout.slot_count < 2)
		return;
	for (higher = 0; higher < 2; higher++) {
		(void)begin(NULL);
		maker.counter = 5 + higher;
		desk_install(&maker);
		host_flash_flip(sfu_layout.area[SFU_AREA_SLOT + 1].address + sfu_layout.image_offset + 100, 4);
		assert_int_equal(desk_boots(), higher ? SFU_SLOT_NONE : 0);
		assert_int_equal(desk_power(1), 0);
		assert_int_equal(desk_ask(SFU_MESSAGE_HELLO, NULL, 0), SFU_MESSAGE_INFO);
		assert_true(desk_word(SFU_INFO_FAILURE_OFFSET) == SFU_R_SEAL
		            || desk_word(SFU_INFO_FAILURE_OFFSET) == SFU_R_IMAGE
		            || desk_word(SFU_INFO_FAILURE_OFFSET) == SFU_R_COUNTER);
		assert_int_equal(desk_word(SFU_INFO_SECURITY_COUNTER_OFFSET), 5 + higher);
		/* T26: the way back is the same download with the same floor */
		maker.counter = 4 + higher;
		maker.slot = desk_word(SFU_INFO_FREE_SLOT_OFFSET);
		offered(SFU_R_COUNTER);
		maker.counter = 5 + higher;
		maker.version[0]++;
		desk_install(&maker);
	}
}

static void t41_t42_revert_and_the_floor(void **state)
{
	uint32_t i;

	(void)state;
	maker.counter = 0xFFFFFFFF;
	desk_try(&maker);
	for (i = 0; i < SFU_LIMIT_TRIAL_BOOTS; i++) {
		assert_int_equal(desk_boots(), desk_free());
		assert_int_equal(rig.trial, 1);
		/* T42: it rises in the confirming cell alone */
		assert_int_equal(sfu_device.journal.state.security_counter, 5);
	}
	assert_int_equal(desk_boots(), sfu_layout.slot_count > 1 ? 0 : SFU_SLOT_NONE);
	assert_int_equal(desk_power(1), 0);
	assert_int_equal(desk_ask(SFU_MESSAGE_HELLO, NULL, 0), SFU_MESSAGE_INFO);
	assert_int_equal(desk_word(SFU_INFO_FAILURE_OFFSET), SFU_R_TRIAL);
	assert_int_equal(desk_word(SFU_INFO_SECURITY_COUNTER_OFFSET), 5);
	/* given up for good: also a confirmation that comes now is too late */
	(void)rig_confirm();
	assert_int_equal(desk_boots(), sfu_layout.slot_count > 1 ? 0 : SFU_SLOT_NONE);
}

static void t41_counter_of_the_configuration(void **state)
{
	(void)state;
	sfu_put32(config_bytes() + SFU_CONFIG_MIN_COUNTER_OFFSET, 6);
	sfu_put32(config_bytes() + SFU_CONFIG_CRC_OFFSET, sfu_crc32(config_bytes(), SFU_CONFIG_CRC_OFFSET));
	/* the running image has 5 */
	assert_int_equal(desk_boots(), SFU_SLOT_NONE);
	assert_int_equal(desk_power(1), 0);
	maker.slot = 0;
	maker.counter = 5;
	offered(SFU_R_COUNTER);
	maker.counter = 6;
	offered(SFU_OK);
}

static void t26_recovery_is_a_download_like_any(void **state)
{
	(void)state;
	blank();
	maker.counter = 0;
	offered(SFU_R_COUNTER);
	maker.counter = 3;
	desk_try(&maker);
	assert_int_equal(desk_boots(), 0);
	assert_int_equal(rig.trial, 1);
	assert_int_equal(rig.install, 1);
}

static void confirmation_is_of_one_installation(void **state)
{
	uint32_t i;

	(void)state;
	desk_try(&maker);
	assert_int_equal(desk_boots(), desk_free());
	/* another installation's number, in all cells */
	rig.install ^= 4;
	for (i = 0; i < SFU_FLASH_MAILBOX_CELLS; i++)
		(void)rig_confirm();
	assert_int_equal(desk_boots(), desk_free());
	assert_int_equal(rig.trial, 1);
}

/* Each finds its whole slot blank, the mailbox too, which an earlier image in it has written to. */
static void t34_many_installations(void **state)
{
	uint32_t i, at;
	uint8_t byte;

	(void)state;
	for (i = 0; i < 12; i++) {
		maker.version[0]++;
		desk_try(&maker);
		for (at = 0; at < SFU_FLASH_MAILBOX; at++) {
			const uint32_t mailbox = sfu_layout.area[SFU_AREA_SLOT + maker.slot].address + sfu_layout.area[SFU_AREA_SLOT + maker.slot].size
			                         - SFU_FLASH_MAILBOX;

			assert_int_equal(sfu_port_flash_read(mailbox + at, &byte, 1), SFU_OK);
			assert_int_equal(byte, sfu_layout.erased);
		}
		assert_int_equal(desk_boots(), maker.slot);
		(void)rig_confirm();
		assert_int_equal(desk_boots(), maker.slot);
		assert_int_equal(rig.trial, 0);
		assert_int_equal(desk_power(1), 0);
		maker.slot = sfu_layout.slot_count > 1 ? 1 - maker.slot : 0;
	}
}

/* T08, T50: a flipped bit anywhere under the check, after the installation */
static void t50_every_byte_of_an_installed_image(void **state)
{
	uint32_t at, signature = 0;
	void *whole;

	(void)state;
	blank();
	maker.size = 2080;
	desk_install(&maker);
	whole = host_flash_snapshot();
	for (at = 0; at < sfu_layout.image_offset + maker.size; at++) {
		uint32_t slot;

		if (at == SFU_MANIFEST_SIZE)
			at = sfu_layout.image_offset;
		host_flash_restore(whole);
		host_flash_flip(sfu_layout.area[SFU_AREA_SLOT].address + at, (uint8_t)(1u << at % 8));
		slot = desk_boots();
		/* the seal does not cover the signature; the boot check `signature` does */
		if (at < SFU_MANIFEST_SIZE && at >= SFU_FORMAT_MANIFEST_SIGNED)
			signature += slot == 0;
		else
			assert_int_equal(slot, SFU_SLOT_NONE);
	}
	assert_true(signature == 0 || signature == SFU_MANIFEST_SIGNATURE_SIZE);
	host_flash_restore(whole);
	free(whole);
	host_flash_flip(sfu_layout.area[SFU_AREA_SLOT].address + sfu_layout.image_offset, 1);
	assert_int_equal(desk_boots(), SFU_SLOT_NONE);
	/* and it can be installed again */
	assert_int_equal(desk_power(0), 0);
	desk_install(&maker);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(t40_t43_versions, begin),
		cmocka_unit_test_setup(t40_t41_counters_at_download, begin),
		cmocka_unit_test_setup(t41_t46_fallback_to_the_older_slot, begin),
		cmocka_unit_test_setup(t41_t42_revert_and_the_floor, begin),
		cmocka_unit_test_setup(t41_counter_of_the_configuration, begin),
		cmocka_unit_test_setup(t26_recovery_is_a_download_like_any, begin),
		cmocka_unit_test_setup(confirmation_is_of_one_installation, begin),
		cmocka_unit_test_setup(t34_many_installations, begin),
		cmocka_unit_test_setup(t50_every_byte_of_an_installed_image, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
