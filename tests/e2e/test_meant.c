/* Signed manifests that are not for this device, or do not fit it: each is refused by the code of its own. */
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

static uint8_t package[MAKER_PACKAGE];
static uint32_t size;
static struct maker maker; /* of a package that is acceptable until a test changes it */

static int begin(void **state)
{
	(void)state;
	desk_running();
	maker = desk_maker();
	size = maker_package(&maker, package);
	assert_int_equal(desk_power(1), 0);
	return 0;
}

static void pack(void)
{
	size = maker_package(&maker, package);
}

static void put(uint32_t offset, uint32_t value)
{
	sfu_put32(package + offset, value);
}

static void put16(uint32_t offset, uint32_t value)
{
	package[offset] = (uint8_t)value;
	package[offset + 1] = (uint8_t)(value >> 8);
}

/* Refused though signed: the reason may be kept in the journal, once; all else stays, and the old image runs. */
static void refused_signed(uint32_t code)
{
	uint32_t wrote;

	maker_sign(package, 0);
	desk_mark();
	assert_int_equal(desk_offer(package), SFU_MESSAGE_REFUSE);
	assert_int_equal(desk.code, code);
	desk_same();
	assert_int_equal(sfu_device.upgrade.state, SFU_UPGRADE_STATE_IDLE);
	wrote = host_flash_counts.operations;
	assert_int_equal(desk_offer(package), SFU_MESSAGE_REFUSE);
	assert_int_equal(host_flash_counts.operations, wrote);
	desk_same();
	assert_int_equal(desk_power(1), 0);
	assert_int_equal(desk_ask(SFU_MESSAGE_HELLO, NULL, 0), SFU_MESSAGE_INFO);
	assert_int_equal(desk_word(SFU_INFO_FAILURE_OFFSET), code);
	assert_int_equal(desk_record(desk_new.package[0], desk_new.size[0], 0), SFU_MESSAGE_REFUSE);
	assert_int_equal(desk.code, SFU_R_ORDER);
	assert_true(desk_runs(&desk_old));
	assert_int_equal(desk_power(1), 0);
}

static void t44_for_another_product(void **state)
{
	(void)state;
	maker.product = 1;
	pack();
	refused_signed(SFU_R_PRODUCT);
	/* one byte of the padding counts as well */
	maker.product = 0;
	pack();
	package[SFU_MANIFEST_PRODUCT_OFFSET + 15] = 'x';
	refused_signed(SFU_R_PRODUCT);
}

static void t44_for_other_hardware(void **state)
{
	static const uint32_t none[] = { 0, 2, 0xFFFFFFFE, 0x80000000 };
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof none / sizeof none[0]; i++) {
		maker.hardware = none[i];
		pack();
		refused_signed(SFU_R_HARDWARE);
		desk_running();
		assert_int_equal(desk_power(1), 0);
	}
	maker.hardware = 0xFFFFFFFF;
	pack();
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
}

static void t44_for_another_epoch(void **state)
{
	static const uint32_t others[] = { 0, 1, 3, 0x80000002, 0xFFFFFFFF };
	uint32_t i;

	(void)state;
	maker.epoch = 2;
	pack();
	refused_signed(SFU_R_EPOCH);
	/* a device of epoch 2, with the same key even: the other way round */
	desk_factory();
	host_flash_begin(1, 0);
	maker_epoch(2);
	maker_keys();
	assert_int_equal(desk_power(0), 0);
	assert_int_equal(sfu_device.boot.trouble, SFU_OK);
	for (i = 0; i < sizeof others / sizeof others[0]; i++) {
		maker.epoch = others[i];
		pack();
		assert_int_equal(desk_power(0), 0);
		desk_mark();
		assert_int_equal(desk_offer(package), SFU_MESSAGE_REFUSE);
		assert_int_equal(desk.code, SFU_R_EPOCH);
		desk_same();
	}
	maker.epoch = 2;
	desk_install(&maker);
	assert_int_equal(desk_power(0), 1);
}

static void t44_for_another_device(void **state)
{
	(void)state;
	memcpy(maker.uid, host.uid, sizeof maker.uid);
	maker.uid[11] ^= 1;
	pack();
	refused_signed(SFU_R_UID);
	maker.uid[11] ^= 1;
	pack();
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
}

static void t44_for_a_newer_loader(void **state)
{
	(void)state;
	maker.loader_major = 2;
	pack();
	refused_signed(SFU_R_LOADER);
	maker.loader_major = 1;
	pack();
	/* the loader is 1.0.0+0 */
	put(SFU_MANIFEST_LOADER_MIN_OFFSET + 4, 1);
	refused_signed(SFU_R_LOADER);
}

static void another_oem_key(void **state)
{
	(void)state;
	maker.key = 1;
	pack();
	refused_signed(SFU_R_KEY);
}

static void t02_slots_and_addresses(void **state)
{
	const uint32_t image = sfu_layout.area[SFU_AREA_SLOT + desk_free()].address + sfu_layout.image_offset;
	const uint32_t wrong[] = { 0, 0xFFFFFFFF, image + 1, image - 1, image + 32, image ^ 0x80000000u, image - 0x08000000u,
		                   sfu_layout.area[SFU_AREA_SLOT + desk_free()].address, sfu_layout.area[SFU_AREA_KEYS].address,
		                   sfu_layout.area[SFU_AREA_JOURNAL].address, sfu_layout.area[SFU_AREA_LOADER].address,
		                   sfu_layout.area[SFU_AREA_SLOT].address + sfu_layout.area[SFU_AREA_SLOT].size };
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		desk_running();
		assert_int_equal(desk_power(1), 0);
		put(SFU_MANIFEST_LOAD_ADDRESS_OFFSET, wrong[i]);
		refused_signed(SFU_R_SLOT);
	}
	if (sfu_layout.slot_count < 2)
		return;
	/* and the slot whose image runs */
	desk_running();
	assert_int_equal(desk_power(1), 0);
	maker.slot = 0;
	pack();
	refused_signed(SFU_R_SLOT);
}

static void t01_t07_sizes(void **state)
{
	const uint32_t room = sfu_layout.area[SFU_AREA_SLOT + desk_free()].size - sfu_layout.image_offset - SFU_FLASH_MAILBOX;
	const struct { uint32_t plain, record, count; } wrong[] = {
		{ 0, 1024, 0 }, { 0, 1024, 1 }, { 1, 1024, 1 }, { 31, 1024, 1 }, { 33, 1024, 1 }, { 32, 0, 1 },
		{ 32, 32, 1 }, { 1024, 512, 2 }, { 1024, 1023, 2 }, { 4096, 4096, 1 }, { 32, 0xFFFF, 1 },
		{ 3200, 1024, 3 }, { 3200, 1024, 5 }, { 3200, 1024, 0 }, { 3200, 1024, 0xFFFF }, { 3200, 2048, 4 },
		{ room + 32, 1024, (room + 31) / 1024 + 1 }, { room + 32, 1024, room / 1024 },
		{ 0x7FFFFFE0, 1024, 0xFFFF }, { 0x80000000, 1024, 0 }, { 0xFFFFFFE0, 1024, 0 },
		{ 0xFFFFFFE0, 1024, 0xFFFF }, { 0xFFFFFFFF, 1024, 0 }, { 0x80000020, 1024, 1 },
		{ 0xFFFFF800u + 32, 2048, 0xFFFF }, { 0x04000020, 1024, 1 }, { 0x08000000, 2048, 0 },
	};
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		desk_running();
		assert_int_equal(desk_power(1), 0);
		put(SFU_MANIFEST_PLAIN_SIZE_OFFSET, wrong[i].plain);
		put16(SFU_MANIFEST_RECORD_SIZE_OFFSET, wrong[i].record);
		put16(SFU_MANIFEST_RECORD_COUNT_OFFSET, wrong[i].count);
		refused_signed(SFU_R_SIZE);
	}
}

static void t07_a_full_slot_fits(void **state)
{
	(void)state;
	maker.size = sfu_layout.area[SFU_AREA_SLOT + desk_free()].size - sfu_layout.image_offset - SFU_FLASH_MAILBOX;
	maker.record = 2048;
	pack();
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
	assert_int_equal(desk_send(package, size, 0), SFU_MESSAGE_DONE);
	assert_int_equal(desk_power(0), 1);
	assert_int_equal(sfu_device.boot.good, desk_free());
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(t44_for_another_product, begin),
		cmocka_unit_test_setup(t44_for_other_hardware, begin),
		cmocka_unit_test_setup(t44_for_another_epoch, begin),
		cmocka_unit_test_setup(t44_for_another_device, begin),
		cmocka_unit_test_setup(t44_for_a_newer_loader, begin),
		cmocka_unit_test_setup(another_oem_key, begin),
		cmocka_unit_test_setup(t02_slots_and_addresses, begin),
		cmocka_unit_test_setup(t01_t07_sizes, begin),
		cmocka_unit_test_setup(t07_a_full_slot_fits, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
