/* sfu_layout_check: a layout that works, and every way in which one does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* The header's object is constant; this test needs one that is not, under the same name. */
#define sfu_layout sfu_layout_declared
#include "layout.h"
#undef sfu_layout
#include "port.h"
#include "sfu_codes.h"
#include "sfu_format.h"

struct sfu_layout_declared sfu_layout;

static const struct sfu_layout_declared good = {
	.unit = 4,
	.erased = 0xFF,
	.image_offset = 2048,
	.record_max = SFU_FORMAT_RECORD_LARGE,
	.slot_count = 2,
	.region_count = 3,
	/* as on F4: the regions join */
	.region = { { 0x08000000, 0x4000, 4 }, { 0x08010000, 0x10000, 1 }, { 0x08020000, 0x20000, 7 } },
	.area = {
		[SFU_AREA_LOADER] = { 0x08000000, 0x8000 },
		[SFU_AREA_JOURNAL] = { 0x08008000, 0x4000 }, { 0x0800C000, 0x4000 },
		[SFU_AREA_KEYS] = { 0x08010000, 0x10000 }, { 0x080E0000, 0x20000 },
		[SFU_AREA_SLOT] = { 0x08020000, 0x60000 }, { 0x08080000, 0x60000 },
	},
};

static uint32_t erased[64], erase_count, erase_fails;

uint32_t sfu_port_flash_erase(uint32_t address)
{
	erased[erase_count++] = address;
	return erase_count == erase_fails ? SFU_E_IO : SFU_OK;
}

static int begin(void **state)
{
	(void)state;
	sfu_layout = good;
	erase_count = erase_fails = 0;
	return 0;
}

static void accepted(void)
{
	assert_int_equal(sfu_layout_check(), SFU_OK);
	sfu_layout = good;
}

static void refused(void)
{
	assert_int_equal(sfu_layout_check(), SFU_E_LAYOUT);
	sfu_layout = good;
}

static void test_good(void **state)
{
	uint32_t unit;

	(void)state;
	accepted();
	for (unit = 2; unit <= 32; unit *= 2) {
		sfu_layout.unit = unit;
		accepted();
	}
	sfu_layout.erased = 0;
	accepted();
	sfu_layout.record_max = SFU_FORMAT_RECORD_SMALL;
	accepted();
	/* a slot over two regions */
	sfu_layout.area[SFU_AREA_KEYS] = (struct sfu_area){ 0x08080000, 0x60000 };
	sfu_layout.area[SFU_AREA_SLOT + 1] = (struct sfu_area){ 0, 0 };
	sfu_layout.slot_count = 1;
	sfu_layout.area[SFU_AREA_SLOT] = (struct sfu_area){ 0x08010000, 0x70000 };
	accepted();
	/* the last byte there is */
	sfu_layout.region[2].address = 0xFFFFFFFF - 0x1BFFFF - 0x20000 + 1;
	sfu_layout.region_count = 2;
	sfu_layout.region[1] = (struct sfu_region){ 0x08020000, 0x20000, 7 };
	refused();
}

static void test_numbers(void **state)
{
	(void)state;
	sfu_layout.unit = 0;
	refused();
	sfu_layout.unit = 1;
	refused();
	sfu_layout.unit = 24;
	refused();
	sfu_layout.unit = 64;
	refused();
	sfu_layout.erased = 0xFE;
	refused();
	sfu_layout.image_offset = 0;
	refused();
	sfu_layout.image_offset = 1024;
	refused();
	sfu_layout.record_max = 4096;
	refused();
	sfu_layout.slot_count = 0;
	refused();
	sfu_layout.slot_count = 3;
	refused();
	sfu_layout.slot_count = 1;
	refused();
}

static void test_regions(void **state)
{
	(void)state;
	sfu_layout.region_count = 0;
	refused();
	sfu_layout.region_count = 5;
	refused();
	sfu_layout.region_count = 2;
	refused();
	sfu_layout.region[1].sector = 0;
	refused();
	sfu_layout.region[1].count = 0;
	refused();
	sfu_layout.region[0].count = 5;
	refused();
	sfu_layout.region[2].count = 0x8000;
	refused();
	sfu_layout.region[2].count = 0xFFFFFFFF;
	refused();
	sfu_layout.region[0].sector = 0x4001;
	refused();
	sfu_layout.region[0].address += 1;
	refused();
	sfu_layout.region[0].address += SFU_FORMAT_GRAIN / 2;
	refused();
	sfu_layout.region[1] = good.region[2];
	sfu_layout.region[2] = good.region[1];
	refused();
}

/* Each area in turn, in each way. */
static void test_areas(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < SFU_AREAS; i++) {
		struct sfu_area *area = &sfu_layout.area[i];

		area->address += 32;
		refused();
		area->size -= 32;
		refused();
		area->size = 0;
		refused();
		area->address = 0x40000000;
		refused();
		area->address = 0x08100000;
		refused();
		area->size = 0xFFFFFFFF;
		refused();
		for (j = 0; j < SFU_AREAS; j++) {
			if (i == j)
				continue;
			*area = sfu_layout.area[j];
			refused();
		}
	}
}

static void test_sizes(void **state)
{
	(void)state;
	sfu_layout.region[0] = (struct sfu_region){ 0x08000000, 1024, 64 };
	sfu_layout.area[SFU_AREA_JOURNAL].size = 3072;
	refused();
	sfu_layout.region[0] = (struct sfu_region){ 0x08000000, 1024, 64 };
	sfu_layout.area[SFU_AREA_JOURNAL].size = 4096;
	accepted();
	sfu_layout.region[1] = (struct sfu_region){ 0x08010000, 256, 256 };
	sfu_layout.area[SFU_AREA_KEYS].size = 768;
	refused();
	sfu_layout.region[1] = (struct sfu_region){ 0x08010000, 256, 256 };
	sfu_layout.area[SFU_AREA_KEYS].size = 1024;
	accepted();
	sfu_layout.image_offset = 0x60000;
	refused();
	sfu_layout.image_offset = 0x60000 - 2048;
	refused();
	sfu_layout.image_offset = 0x60000 - 4096;
	accepted();
}

static void test_sector(void **state)
{
	(void)state;
	assert_int_equal(sfu_layout_sector(0x08000000), 0x4000);
	assert_int_equal(sfu_layout_sector(0x08000020), 0);
	assert_int_equal(sfu_layout_sector(0x0800C000), 0x4000);
	assert_int_equal(sfu_layout_sector(0x08010000), 0x10000);
	assert_int_equal(sfu_layout_sector(0x080E0000), 0x20000);
	assert_int_equal(sfu_layout_sector(0x08100000), 0);
	assert_int_equal(sfu_layout_sector(0x07FFC000), 0);
	assert_int_equal(sfu_layout_sector(0), 0);
}

static void test_erase(void **state)
{
	(void)state;
	sfu_layout.area[SFU_AREA_KEYS] = (struct sfu_area){ 0x0800C000, 0x34000 };
	assert_int_equal(sfu_layout_erase(SFU_AREA_KEYS), SFU_OK);
	assert_int_equal(erase_count, 3);
	assert_int_equal(erased[0], 0x0800C000);
	assert_int_equal(erased[1], 0x08010000);
	assert_int_equal(erased[2], 0x08020000);
	erase_count = 0;
	erase_fails = 2;
	assert_int_equal(sfu_layout_erase(SFU_AREA_KEYS), SFU_E_IO);
	assert_int_equal(erase_count, 2);
	/* never a sector that is not all the area's */
	erase_count = erase_fails = 0;
	sfu_layout.area[SFU_AREA_KEYS] = (struct sfu_area){ 0x08000000, 0x4020 };
	assert_int_equal(sfu_layout_erase(SFU_AREA_KEYS), SFU_E_LAYOUT);
	assert_int_equal(erase_count, 1);
	/* nor where no sector begins, as sfu_layout_check would have said */
	sfu_layout.area[SFU_AREA_KEYS] = (struct sfu_area){ 0x08000020, 0x4000 };
	assert_int_equal(sfu_layout_erase(SFU_AREA_KEYS), SFU_E_LAYOUT);
	sfu_layout.area[SFU_AREA_KEYS] = (struct sfu_area){ 0x40000000, 0x4000 };
	assert_int_equal(sfu_layout_erase(SFU_AREA_KEYS), SFU_E_LAYOUT);
	assert_int_equal(erase_count, 1);
	sfu_layout.area[SFU_AREA_KEYS] = (struct sfu_area){ 0x08000000, 0 };
	assert_int_equal(sfu_layout_erase(SFU_AREA_KEYS), SFU_OK);
	assert_int_equal(erase_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_good, begin),
		cmocka_unit_test_setup(test_numbers, begin),
		cmocka_unit_test_setup(test_regions, begin),
		cmocka_unit_test_setup(test_areas, begin),
		cmocka_unit_test_setup(test_sizes, begin),
		cmocka_unit_test_setup(test_sector, begin),
		cmocka_unit_test_setup(test_erase, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
