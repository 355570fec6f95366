/* One pass: what is hashed is what is sealed, and what is judged at boot is read once. The flash counts the reads
 * of each byte of the image, and answers every later read of it with something else. */
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
#include "slot.h"

#define VECTORS 8u /* bytes that are read again: for the vector check, and for the jump (spec/requirements.md) */

static uint32_t image, plain;
static uint8_t reads[MAKER_PACKAGE], most_vectors;
static const uint8_t *package;
static uint32_t size;

static void seen(uint32_t address, uint8_t *out, uint32_t count)
{
	uint32_t i, at;

	for (i = 0; i < count; i++) {
		at = address + i - image;
		if (at >= plain)
			continue;
		if (++reads[at] == 1)
			continue;
		if (at >= VECTORS)
			out[i] ^= 0xFF;
		else if (reads[at] > most_vectors)
			most_vectors = reads[at];
	}
}

static void watch(uint32_t slot)
{
	image = sfu_layout.area[SFU_AREA_SLOT + slot].address + sfu_layout.image_offset;
	memset(reads, 0, sizeof reads);
	most_vectors = 0;
	host_flash_seen = seen;
}

/* Every byte was read exactly once, the first eight at most three times. */
static void expect_once(void)
{
	uint32_t i;

	host_flash_seen = NULL;
	for (i = VECTORS; i < plain; i++)
		assert_int_equal(reads[i], 1);
	assert_true(reads[0] >= 1 && most_vectors <= 3);
}

static int begin(void **state)
{
	(void)state;
	host_flash_seen = NULL;
	desk_running();
	package = desk_new.package[desk_free()];
	size = desk_new.size[desk_free()];
	memcpy(&plain, package + SFU_MANIFEST_PLAIN_SIZE_OFFSET, 4);
	assert_true(plain > 2u * SFU_FORMAT_SEAL_CHUNK && plain <= sizeof reads);
	assert_int_equal(desk_power(1), 0);
	return 0;
}

static void t50_finish_reads_the_image_once(void **state)
{
	(void)state;
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
	while (desk.next < desk_records(package))
		assert_int_equal(desk_record(package, size, desk.next), SFU_MESSAGE_ACK);
	watch(desk_free());
	assert_int_equal(desk_ask(SFU_MESSAGE_FINISH, NULL, 0), SFU_MESSAGE_DONE);
	expect_once();
	assert_true(desk_runs(&desk_new));
}

static void t50_boot_reads_the_image_once(void **state)
{
	(void)state;
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
	assert_int_equal(desk_send(package, size, 0), SFU_MESSAGE_DONE);
	watch(desk_free());
	assert_int_equal(desk_power(0), 1);
	expect_once();
}

/* The instrument: memory that lies at the first read is found out. */
static void lie(uint32_t address, uint8_t *out, uint32_t count)
{
	if (image + 1000u - address < count)
		out[image + 1000u - address] ^= 1;
}

static void t50_a_changed_byte_is_seen(void **state)
{
	(void)state;
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
	while (desk.next < desk_records(package))
		assert_int_equal(desk_record(package, size, desk.next), SFU_MESSAGE_ACK);
	watch(desk_free());
	host_flash_seen = lie;
	assert_int_equal(desk_ask(SFU_MESSAGE_FINISH, NULL, 0), SFU_MESSAGE_REFUSE);
	assert_int_equal(desk.code, SFU_R_IMAGE);
	host_flash_seen = NULL;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(t50_finish_reads_the_image_once, begin),
		cmocka_unit_test_setup(t50_boot_reads_the_image_once, begin),
		cmocka_unit_test_setup(t50_a_changed_byte_is_seen, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
