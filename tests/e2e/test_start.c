/* Starts that must not get far: protection, configuration, layout, keys, entropy; and a lost journal. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
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

static struct maker maker;

static int begin(void **state)
{
	(void)state;
	desk_running();
	maker = desk_maker();
	return 0;
}

static void reconfigure(uint32_t offset, uint32_t value)
{
	sfu_put32(config_bytes() + offset, value);
	sfu_put32(config_bytes() + SFU_CONFIG_CRC_OFFSET, sfu_crc32(config_bytes(), SFU_CONFIG_CRC_OFFSET));
}

/* In trouble: nothing runs, nothing is written, the station is told why, and in the end there is a reset. */
static void in_trouble(uint32_t code)
{
	uint32_t glitch = host.lock_glitch;

	desk_mark();
	host.lock_reads = 0;
	assert_int_equal(desk_power(0), 0);
	host.lock_glitch = 0;
	assert_int_equal(sfu_device.boot.trouble, code);
	assert_int_equal(desk_ask(SFU_MESSAGE_HELLO, NULL, 0), SFU_MESSAGE_INFO);
	assert_int_equal(desk_word(SFU_INFO_REFUSAL_OFFSET), code);
	assert_int_equal(desk_word(SFU_INFO_FLAGS_OFFSET) & SFU_INFO_KEYS_READY, 0);
	assert_int_equal(desk_word(SFU_INFO_FREE_SLOT_OFFSET), SFU_SLOT_NONE);
	assert_int_equal(desk_offer(desk_new.package[desk_free()]), SFU_MESSAGE_REFUSE);
	assert_int_equal(desk.code, code);
	assert_int_equal(desk_record(desk_new.package[0], desk_new.size[0], 0), SFU_MESSAGE_REFUSE);
	assert_int_equal(desk_ask(SFU_MESSAGE_FINISH, NULL, 0), SFU_MESSAGE_REFUSE);
	(void)desk_wait(SFU_TIME_SESSION + 2000, NULL);
	assert_true(desk.left);
	desk_untouched();
	host.lock_glitch = glitch;
}

static void t71_protection_below_the_profile(void **state)
{
	const uint32_t low[] = { SFU_FLASH_LOCK_OPEN, 0, 1, 0xFFFFFFFF, SFU_OK };
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof low / sizeof low[0]; i++) {
		host.lock = low[i];
		in_trouble(SFU_E_LOCKED);
	}
	/* any bit of a known word makes it unknown */
	for (i = 0; i < 32; i++) {
		host.lock = SFU_FLASH_LOCK_FIELD ^ (1u << i);
		in_trouble(SFU_E_LOCKED);
		host.lock = SFU_FLASH_LOCK_FINAL ^ (1u << i);
		in_trouble(SFU_E_LOCKED);
	}
	host.lock = SFU_FLASH_LOCK_FIELD;
	assert_true(desk_runs(&desk_old));
	reconfigure(SFU_CONFIG_LOCK_PROFILE_OFFSET, SFU_FLASH_LOCK_FINAL);
	in_trouble(SFU_E_LOCKED);
	host.lock = SFU_FLASH_LOCK_FINAL;
	assert_true(desk_runs(&desk_old));
}

static void t71_one_wrong_read_is_not_enough(void **state)
{
	(void)state;
	host.lock = SFU_FLASH_LOCK_OPEN;
	host.lock_glitch = 1;
	in_trouble(SFU_E_LOCKED);
	host.lock_glitch = 2;
	in_trouble(SFU_E_LOCKED);
	host.lock_glitch = 0;
}

/* The factory's keys, without the mark of a test. */
static void unmark(void)
{
	const uint32_t at = sfu_layout.area[SFU_AREA_KEYS].address + SFU_FLASH_CELL;
	uint8_t was[SFU_KEYS_SIZE], is[SFU_KEYS_SIZE];
	uint32_t i;

	assert_int_equal(sfu_port_flash_read(at, was, sizeof was), SFU_OK);
	memcpy(is, was, sizeof is);
	assert_int_equal(sfu_get32(is + SFU_KEYS_FLAGS_OFFSET), SFU_FLASH_KEYS_TEST);
	sfu_put32(is + SFU_KEYS_FLAGS_OFFSET, 0);
	sfu_put32(is + SFU_KEYS_CRC_OFFSET, sfu_crc32(is, SFU_KEYS_CRC_OFFSET));
	for (i = 0; i < sizeof is; i++)
		host_flash_flip(at + i, was[i] ^ is[i]);
}

static void t13_profiles_and_test_keys(void **state)
{
	(void)state;
	/* open is for tests, and says so */
	host.lock = SFU_FLASH_LOCK_OPEN;
	reconfigure(SFU_CONFIG_LOCK_PROFILE_OFFSET, SFU_FLASH_LOCK_OPEN);
	assert_true(desk_runs(&desk_old));
	reconfigure(SFU_CONFIG_FLAGS_OFFSET, 0);
	in_trouble(SFU_E_CONFIG);
	/* a marked key page does not work in a loader that is not marked */
	host.lock = SFU_FLASH_LOCK_FINAL;
	reconfigure(SFU_CONFIG_LOCK_PROFILE_OFFSET, SFU_FLASH_LOCK_FIELD);
	in_trouble(SFU_E_KEYS);
	/* and one that is not works in either */
	desk_factory();
	unmark();
	assert_int_equal(desk_power(0), 0);
	assert_int_equal(sfu_device.boot.trouble, SFU_OK);
	reconfigure(SFU_CONFIG_FLAGS_OFFSET, 0);
	assert_int_equal(desk_power(0), 0);
	assert_int_equal(sfu_device.boot.trouble, SFU_OK);
}

static void every_byte_of_the_configuration(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < SFU_CONFIG_SIZE; i++) {
		config_bytes()[i] ^= (uint8_t)(1u << i % 8);
		in_trouble(SFU_E_CONFIG);
		config_bytes()[i] ^= (uint8_t)(1u << i % 8);
	}
	assert_true(desk_runs(&desk_old));
}

static void fields_of_the_configuration(void **state)
{
	const struct { uint32_t offset, value; } wrong[] = {
		{ SFU_CONFIG_MAGIC_OFFSET, SFU_FLASH_KEYS_MAGIC }, { SFU_CONFIG_FORMAT_OFFSET, 0 },
		{ SFU_CONFIG_FORMAT_OFFSET, 2 }, { SFU_CONFIG_KEY_COUNT_OFFSET, 0 }, { SFU_CONFIG_KEY_COUNT_OFFSET, 5 },
		{ SFU_CONFIG_KEY_COUNT_OFFSET, 0xFFFFFFFF }, { SFU_CONFIG_LOCK_PROFILE_OFFSET, 0 },
		{ SFU_CONFIG_LOCK_PROFILE_OFFSET, SFU_FLASH_LOCK_FIELD ^ 1 },
	};
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		maker_config(SFU_FLASH_LOCK_FIELD);
		reconfigure(wrong[i].offset, wrong[i].value);
		in_trouble(SFU_E_CONFIG);
	}
	maker_config(SFU_FLASH_LOCK_FIELD);
	reconfigure(SFU_CONFIG_EPOCH_OFFSET, 2);
	in_trouble(SFU_E_KEYS);
}

static void no_keys(void **state)
{
	uint32_t i;

	(void)state;
	host_flash_begin(1, 0);
	in_trouble(SFU_E_KEYS);
	/* a key page whose cell is not what it was */
	for (i = 0; i < SFU_KEYS_SIZE; i++) {
		desk_factory();
		host_flash_flip(sfu_layout.area[SFU_AREA_KEYS].address + SFU_FLASH_CELL + i, 1);
		in_trouble(SFU_E_KEYS);
	}
}

static void no_entropy(void **state)
{
	(void)state;
	desk_factory();
	host.entropy_fails = 1;
	in_trouble(SFU_E_ENTROPY);
	host.entropy_fails = 0;
	assert_int_equal(desk_power(0), 0);
	assert_int_equal(sfu_device.boot.trouble, SFU_OK);
	/* once the device key is there, none is needed */
	desk_running();
	host.entropy_fails = 1;
	assert_true(desk_runs(&desk_old));
}

/* The layout is constant data; here its page of memory is made writable for a while. */
static struct sfu_layout *open_layout(void)
{
	/* volatile, so that the compiler does not know that these are constants */
	volatile uintptr_t at = (uintptr_t)&sfu_layout;
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	assert_int_equal(mprotect((void *)(at - at % page), page * (at % page + sizeof sfu_layout > page ? 2 : 1),
	                          PROT_READ | PROT_WRITE), 0);
	return (struct sfu_layout *)at;
}

static void t35_t83_wrong_layouts(void **state)
{
	struct sfu_layout *l = open_layout(), right = *l;
	uint32_t *fields[] = { &l->unit, &l->erased, &l->image_offset, &l->record_max, &l->slot_count, &l->region_count,
		               &l->region[0].sector, &l->region[1].address, &l->area[SFU_AREA_JOURNAL].address,
		               &l->area[SFU_AREA_JOURNAL + 1].size, &l->area[SFU_AREA_KEYS].address, &l->area[SFU_AREA_SLOT].address, &l->area[SFU_AREA_SLOT].size };
	const uint32_t values[] = { 3, 0x55, 1000, 4096, 3, 5, 0, 0, 0x08000000u, 0, 0x08001000u, 0x08001000u, 100 };
	static const uint8_t no_slots[SFU_INFO_SLOT1_OFFSET + SFU_SLOT_INFO_SIZE - SFU_INFO_SLOT0_OFFSET];
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof values / sizeof values[0]; i++) {
		*fields[i] = values[i];
		/* the flash simulator reads the layout, too: only the counters can be asked */
		host_flash_counts.operations = 0;
		assert_int_equal(desk_power(0), 0);
		assert_int_equal(sfu_device.boot.trouble, SFU_E_LAYOUT);
		assert_int_equal(desk_offer(desk_new.package[0]), SFU_MESSAGE_REFUSE);
		assert_int_equal(desk.code, SFU_E_LAYOUT);
		/* and says so: of slots that may not be where the layout puts them it tells nothing */
		assert_int_equal(desk_ask(SFU_MESSAGE_HELLO, NULL, 0), SFU_MESSAGE_INFO);
		assert_int_equal(desk_word(SFU_INFO_REFUSAL_OFFSET), SFU_E_LAYOUT);
		assert_memory_equal(desk.info + SFU_INFO_SLOT0_OFFSET, no_slots, sizeof no_slots);
		assert_int_equal(host_flash_counts.operations, 0);
		*l = right;
	}
	assert_true(desk_runs(&desk_old));
}

static void entry_by_request(void **state)
{
	(void)state;
	rig_enter();
	station_begin(NULL, 0, NULL, 0);
	/* it stays, hears nothing, and resets; the request held once */
	assert_int_equal(rig_boot(), RIG_RESET);
	assert_in_range(host.time, SFU_TIME_SESSION, SFU_TIME_SESSION + 3000);
	assert_true(desk_runs(&desk_old));
}

static void entry_costs_no_trial_boot(void **state)
{
	uint32_t i;

	(void)state;
	assert_int_equal(desk_power(1), 0);
	desk_try(&maker);
	for (i = 0; i < 10; i++)
		assert_int_equal(desk_power(1), 0);
	assert_int_equal(sfu_device.journal.state.attempts, SFU_LIMIT_TRIAL_BOOTS);
}

static uint32_t tells_version(uint32_t slot)
{
	static const uint8_t none[SFU_VERSION_SIZE];
	const uint32_t at = slot == 0 ? SFU_INFO_SLOT0_OFFSET : SFU_INFO_SLOT1_OFFSET;

	assert_int_equal(desk_ask(SFU_MESSAGE_HELLO, NULL, 0), SFU_MESSAGE_INFO);
	return memcmp(desk.info + at + SFU_SLOT_INFO_VERSION_OFFSET, none, sizeof none) != 0;
}

/* Only of an image that was found whole in this boot, or was just installed. */
static void whose_version_is_told(void **state)
{
	const uint32_t slot = maker.slot;

	(void)state;
	assert_int_equal(desk_power(1), 0);
	assert_true(tells_version(0));
	assert_int_equal(desk_offer(desk_new.package[slot]), SFU_MESSAGE_ACCEPT);
	assert_int_equal(tells_version(0), sfu_layout.slot_count > 1);
	assert_int_equal(desk_send(desk_new.package[slot], desk_new.size[slot], 0), SFU_MESSAGE_DONE);
	assert_true(tells_version(slot));
	assert_int_equal(desk_power(1), 0);
	assert_int_equal(sfu_device.boot.candidate, slot);
	assert_true(tells_version(slot));
	/* a word that a fault has changed */
	sfu_device.boot.held = SFU_R_SEAL;
	assert_false(tells_version(slot));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(t71_protection_below_the_profile, begin),
		cmocka_unit_test_setup(t71_one_wrong_read_is_not_enough, begin),
		cmocka_unit_test_setup(t13_profiles_and_test_keys, begin),
		cmocka_unit_test_setup(every_byte_of_the_configuration, begin),
		cmocka_unit_test_setup(fields_of_the_configuration, begin),
		cmocka_unit_test_setup(no_keys, begin),
		cmocka_unit_test_setup(no_entropy, begin),
		cmocka_unit_test_setup(t35_t83_wrong_layouts, begin),
		cmocka_unit_test_setup(whose_version_is_told, begin),
		cmocka_unit_test_setup(entry_by_request, begin),
		cmocka_unit_test_setup(entry_costs_no_trial_boot, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
