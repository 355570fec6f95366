/* Images that were signed and cannot run, or are not what the manifest promises. */
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
#include "sfu.h"
#include "sfu_codes.h"
#include "sfu_format.h"
#include "station.h"

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

static void image_with_another_hash(void **state)
{
	const uint32_t size = maker_package(&maker, package);

	(void)state;
	package[SFU_MANIFEST_IMAGE_HASH_OFFSET] ^= 1;
	maker_sign(package, 0);
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
	assert_int_equal(desk_send(package, size, 0), SFU_MESSAGE_REFUSE);
	assert_int_equal(desk.code, SFU_R_IMAGE);
	assert_int_equal(desk_ask(SFU_MESSAGE_HELLO, NULL, 0), SFU_MESSAGE_INFO);
	assert_int_equal(desk_word(SFU_INFO_FAILURE_OFFSET), SFU_R_IMAGE);
	assert_int_equal(desk_boots(), sfu_layout.slot_count > 1 ? 0 : SFU_SLOT_NONE);
}

static void t12_vectors(void **state)
{
	const uint32_t slot = desk_free(), image = sfu_layout.area[SFU_AREA_SLOT + slot].address + sfu_layout.image_offset;
	const struct { uint32_t stack, entry, runs; } words[] = {
		{ 0x20000000, 0, 0 }, { 0x20000004, 0, 0 }, { 0x20001001, 0, 0 }, { 0x1FFFFFF8, 0, 0 },
		{ 0x20020008, 0, 0 }, { 0xFFFFFFF8, 0, 0 }, { image, 0, 0 }, { 0x20020000, 0, 1 }, { 0x20000008, 0, 1 },
		{ 0, image + 8, 0 }, { 0, image + 7, 0 }, { 0, image + 1, 0 }, { 0, image - 1, 0 }, { 0, 1, 0 },
		{ 0, image + maker.size + 1, 0 }, { 0, image + maker.size - 1, 1 }, { 0, 0xFFFFFFFF, 0 },
		{ 0, sfu_layout.area[SFU_AREA_LOADER].address + 0x101, 0 }, { 0, 0x20000101, 0 },
	};
	uint32_t i, size;

	(void)state;
	for (i = 0; i < sizeof words / sizeof words[0]; i++) {
		desk_running();
		assert_int_equal(desk_power(1), 0);
		maker.stack = words[i].stack;
		maker.entry = words[i].entry;
		size = maker_package(&maker, package);
		assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
		assert_int_equal(desk_send(package, size, 0), words[i].runs ? SFU_MESSAGE_DONE : SFU_MESSAGE_REFUSE);
		assert_int_equal(desk.code, words[i].runs ? 0 : SFU_R_VECTOR);
		if (words[i].runs)
			assert_int_equal(desk_boots(), slot);
		else
			assert_int_equal(desk_boots(), sfu_layout.slot_count > 1 ? 0 : SFU_SLOT_NONE);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(image_with_another_hash, begin),
		cmocka_unit_test_setup(t12_vectors, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
