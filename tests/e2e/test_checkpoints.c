/* Where an installation can be resumed: at the first sector boundary a sixteenth of the image, and at least 8 KiB, behind
 * the last such place (spec/formats.md). Images of up to half a MiB, given to the upgrade's effects, which judge nothing:
 * the station's side of a resumed installation is in test_cuts.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "bytes.h"
#include "crypto.h"
#include "device.h"
#include "flash.h"
#include "host.h"
#include "layout.h"
#include "port.h"
#include "sfu_codes.h"
#include "sfu_format.h"
#include "upgrade_flash.h"

#define RECORD SFU_FORMAT_RECORD_LARGE
#define LEAST 8192u
#define IMAGE_MAX 0x80000u

static struct sfu_device device;
static uint32_t plain, count, last; /* of the image; where the last checkpoint is */
static uint8_t image[IMAGE_MAX];

static void power(void)
{
	memset(&device, 0, sizeof device);
	host_flash_reset();
	memset(device.keys.device, 0xD0, sizeof device.keys.device);
	memset(device.keys.oem, 0x4B, sizeof device.keys.oem);
	sfu_put32(device.upgrade.manifest + SFU_MANIFEST_PLAIN_SIZE_OFFSET, plain);
	device.upgrade.manifest[SFU_MANIFEST_RECORD_SIZE_OFFSET + 1] = RECORD >> 8;
	device.upgrade.manifest[SFU_MANIFEST_RECORD_COUNT_OFFSET] = (uint8_t)(count & 0xFF);
	device.upgrade.manifest[SFU_MANIFEST_RECORD_COUNT_OFFSET + 1] = (uint8_t)(count >> 8);
	device.upgrade.state = SFU_UPGRADE_STATE_RECEIVING;
}

static void begin(uint32_t size)
{
	const struct sfu_state empty = { 0 };
	uint32_t i;

	host_flash_begin(1, 0);
	host_begin(1);
	plain = size;
	count = (size - 1) / RECORD + 1;
	for (i = 0; i < size; i++)
		image[i] = (uint8_t)(i * 7u + (i >> 8) * 31u + (i >> 16));
	power();
	assert_int_equal(sfu_layout_check(), SFU_OK);
	(void)sfu_journal_load(&device.journal, device.keys.device);
	assert_int_equal(sfu_journal_format(&device.journal, &empty), SFU_OK);
	sfu_upgrade_begin(&device);
	assert_int_equal(device.upgrade.status, SFU_OK);
	last = 0;
}

/* Stores the next record; behind it there is a checkpoint if one is due, and else none. Answers what came of it. */
static uint32_t store(void)
{
	const uint32_t at = device.upgrade.next * RECORD, n = plain - at < RECORD ? plain - at : RECORD, end = at + n;
	const uint32_t sector = sfu_layout_sector(sfu_layout.area[SFU_AREA_SLOT].address + sfu_layout.image_offset + end);
	const uint32_t apart = plain / 16 > LEAST ? plain / 16 : LEAST;
	static uint8_t record[RECORD + 32];

	memcpy(record, image + at, n);
	sfu_cipher(device.upgrade.key, device.upgrade.next, record, n);
	memset(record + n, (int)device.upgrade.next, 32);
	sfu_upgrade_store(&device, record, n + 32);
	if (device.upgrade.status != SFU_OK)
		return device.upgrade.status;
	/* where there is none yet, from the slot's begin on */
	if (sector != 0 && end < plain && end - last + (last == 0 ? sfu_layout.image_offset : 0) >= apart)
		last = end;
	assert_int_equal(device.journal.state.next_record * RECORD, last);
	return SFU_OK;
}

static void resumes(void)
{
	const uint32_t checkpoint = device.journal.state.next_record * RECORD;

	power();
	assert_int_equal(sfu_journal_load(&device.journal, device.keys.device), SFU_OK);
	assert_int_equal(device.journal.state.slot[0], SFU_SLOT_INSTALLING);
	assert_int_equal(device.journal.state.next_record * RECORD, checkpoint);
	sfu_upgrade_resume(&device);
	assert_int_equal(device.upgrade.status, SFU_OK);
	assert_int_equal(device.upgrade.next * RECORD, checkpoint);
	/* the hash that the record before the checkpoint promised */
	if (checkpoint != 0)
		assert_int_equal(device.upgrade.expected[0], (device.upgrade.next - 1) & 0xFF);
	last = checkpoint;
}

static void test_checkpoints(void **state)
{
	static const uint32_t sizes[] = { 4096, 3 * 4096 + 32, 0x10000, 0x1FF00, 0x20000, 0x21000, 0x30020, IMAGE_MAX };
	static uint8_t seen[IMAGE_MAX];
	uint32_t i, stored, checkpoints, was;

	(void)state;
	for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		begin(sizes[i]);
		for (stored = checkpoints = 0; device.upgrade.next < count; stored++) {
			was = last;
			assert_int_equal(store(), SFU_OK);
			checkpoints += last != was;
			/* the power goes now and then */
			if (stored % 23 == 22)
				resumes();
		}
		assert_true(checkpoints <= 16);
		assert_true(plain <= 2 * LEAST || checkpoints > 0);
		assert_int_equal(sfu_port_flash_read(sfu_layout.area[SFU_AREA_SLOT].address + sfu_layout.image_offset, seen, plain),
		                 SFU_OK);
		assert_memory_equal(seen, image, plain);
	}
}

/* From some program or erase on none works: it is told, and the next start goes on from a checkpoint that there was. */
static void test_weak(void **state)
{
	uint32_t from, status = SFU_E_IO, before;

	(void)state;
	for (from = 0; status != SFU_OK; from++) {
		begin(0x10000);
		host_flash_weak_from(from);
		for (status = SFU_OK; status == SFU_OK && device.upgrade.next < count;)
			status = store();
		assert_true(status == SFU_OK || status == SFU_E_IO);
		before = device.upgrade.next;
		resumes();
		assert_true(device.upgrade.next <= before);
		while (device.upgrade.next < count)
			assert_int_equal(store(), SFU_OK);
	}
	assert_true(from > 2 * count);
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(test_checkpoints), cmocka_unit_test(test_weak) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
