/* Attacks on what lies between the core and what it calls: answers of cryptography and flash that no document has, flash
 * that changes, addresses that are others' names. The linker puts this file between (E2E_LINK_test_attacks). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "boot.h"
#include "bytes.h"
#include "crypto.h"
#include "desk.h"
#include "flash.h"
#include "host.h"
#include "layout.h"
#include "port.h"
#include "sfu.h"
#include "sfu_codes.h"
#include "sfu_format.h"

uint32_t __real_sfu_verify(const uint8_t public_key[64], const uint8_t hash[32], const uint8_t signature[64]);
uint32_t __wrap_sfu_verify(const uint8_t public_key[64], const uint8_t hash[32], const uint8_t signature[64]);
uint32_t __real_sfu_equal(const uint8_t *a, const uint8_t *b, uint32_t size);
uint32_t __wrap_sfu_equal(const uint8_t *a, const uint8_t *b, uint32_t size);
void __real_sfu_cipher(const uint8_t key[32], uint32_t index, uint8_t *data, uint32_t size);
void __wrap_sfu_cipher(const uint8_t key[32], uint32_t index, uint8_t *data, uint32_t size);
uint32_t __real_sfu_port_flash_read(uint32_t address, uint8_t *out, uint32_t size);
uint32_t __wrap_sfu_port_flash_read(uint32_t address, uint8_t *out, uint32_t size);
uint32_t __real_sfu_port_flash_program(uint32_t address, const uint8_t *data, uint32_t size);
uint32_t __wrap_sfu_port_flash_program(uint32_t address, const uint8_t *data, uint32_t size);

uint32_t __real_sfu_boot(struct sfu_device *d);
uint32_t __wrap_sfu_boot(struct sfu_device *d);
uint32_t __real_sfu_layout_sector(uint32_t address);
uint32_t __wrap_sfu_layout_sector(uint32_t address);

static uint32_t verify_says, equal_says, program_says, sector_says; /* 0: what is so */
static uint32_t unreadable;                            /* no read takes this byte; 0: each does */
static void (*after_boot)(struct sfu_device *d);       /* what a fault makes of the decision, which is taken for a yes */
static uint32_t equal_size;                            /* of the comparison that is lied about */
static uint32_t ciphered;
static uint8_t reads[0x10000];                         /* of each byte of the flash behind the loader */

uint32_t __wrap_sfu_verify(const uint8_t public_key[64], const uint8_t hash[32], const uint8_t signature[64])
{
	const uint32_t status = __real_sfu_verify(public_key, hash, signature);

	return verify_says != 0 ? verify_says - 1 : status;
}

uint32_t __wrap_sfu_equal(const uint8_t *a, const uint8_t *b, uint32_t size)
{
	const uint32_t status = __real_sfu_equal(a, b, size);

	return equal_says != 0 && size == equal_size ? equal_says - 1 : status;
}

void __wrap_sfu_cipher(const uint8_t key[32], uint32_t index, uint8_t *data, uint32_t size)
{
	ciphered++;
	__real_sfu_cipher(key, index, data, size);
}

uint32_t __wrap_sfu_port_flash_read(uint32_t address, uint8_t *out, uint32_t size)
{
	uint32_t i;

	for (i = 0; i < size; i++)
		if (address + i - sfu_layout.area[SFU_AREA_SLOT].address < sizeof reads)
			reads[address + i - sfu_layout.area[SFU_AREA_SLOT].address]++;
	if (unreadable != 0 && unreadable - address < size)
		return SFU_E_ECC;
	return __real_sfu_port_flash_read(address, out, size);
}

uint32_t __wrap_sfu_boot(struct sfu_device *d)
{
	const uint32_t status = __real_sfu_boot(d);

	if (after_boot == NULL)
		return status;
	after_boot(d);
	return SFU_OK;
}

uint32_t __wrap_sfu_layout_sector(uint32_t address)
{
	return sector_says != 0 ? sector_says - 1 : __real_sfu_layout_sector(address);
}

uint32_t __wrap_sfu_port_flash_program(uint32_t address, const uint8_t *data, uint32_t size)
{
	const uint32_t status = __real_sfu_port_flash_program(address, data, size);

	return program_says != 0 ? program_says - 1 : status;
}

/* answers that are not success, though some have been taken for it elsewhere */
static const uint32_t odd[] = { 0, 1, 2, 0xFFFFFFFF, 0x80000000, 0x7FFFFFFF, SFU_OK ^ 1, SFU_OK ^ 0x80000000, SFU_OK << 8,
	SFU_OK & 0xFF, ~SFU_OK };

#define ODD (sizeof odd / sizeof odd[0])

static int end(void **state)
{
	(void)state;
	verify_says = equal_says = program_says = sector_says = unreadable = 0;
	after_boot = NULL;
	return 0;
}

static int begin(void **state)
{
	(void)end(state);
	desk_running();
	assert_int_equal(desk_power(1), 0);
	return 0;
}

/* a read or a program that wraps, or begins behind the end, is refused; one of nothing reads nothing */
static void t03_ranges_that_wrap(void **state)
{
	const struct sfu_region *last = &sfu_layout.region[sfu_layout.region_count - 1];
	const uint32_t first = sfu_layout.region[0].address, top = last->address + last->sector * last->count;
	uint8_t out[64] = { 0 };
	uint32_t i;
	const struct { uint32_t address, size; } outside[] = {
		{ 0xFFFFFFF0, 0x20 }, { 0xFFFFFFFF, 1 }, { 0, 1 }, { first - 1, 1 }, { first - 1, 2 }, { top, 1 }, { top - 1, 2 },
		{ top - 32, 33 },
	};

	(void)state;
	for (i = 0; i < sizeof outside / sizeof outside[0]; i++)
		assert_int_equal(sfu_port_flash_read(outside[i].address, out, outside[i].size), SFU_E_IO);
	assert_int_equal(sfu_port_flash_read(top - 64, out, 64), SFU_OK);
	memset(out, 0xA5, sizeof out);
	assert_int_equal(sfu_port_flash_read(first, out, 0), SFU_OK);
	assert_int_equal(out[0], 0xA5);
	assert_int_equal(sfu_layout_sector(0xFFFFFFF0), 0);
	assert_int_equal(sfu_layout_sector(top), 0);
}

/* only the one word of success passes */
static void t11_signatures_that_answer_oddly(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < ODD; i++) {
		begin(NULL);
		verify_says = odd[i] + 1;
		desk_mark();
		if (odd[i] + 1 != 0)
			assert_int_equal(desk_offer(desk_new.package[desk_free()]), SFU_MESSAGE_REFUSE);
		desk_same();
		verify_says = 0;
		assert_true(desk_runs(&desk_old));
	}
}

static void t11_comparisons_that_answer_oddly(void **state)
{
	static const uint32_t sizes[] = { 16, 32 };
	uint32_t i, n;

	(void)state;
	for (i = 0; i < 2 * ODD; i++) {
		if (odd[i / 2] + 1 == 0)
			continue;
		begin(NULL);
		equal_size = sizes[i % 2];
		equal_says = odd[i / 2] + 1;
		/* product and key check value have 16 bytes, hashes of records and of the image 32 */
		n = desk_offer(desk_new.package[desk_free()]);
		if (n == SFU_MESSAGE_ACCEPT)
			assert_int_equal(desk_record(desk_new.package[desk_free()], desk_new.size[desk_free()], 0), SFU_MESSAGE_REFUSE);
		equal_says = 0;
		if (sfu_layout.slot_count > 1)
			assert_true(desk_runs(&desk_old));
		/* at boot: no seal, or no image hash, is as it should be */
		begin(NULL);
		equal_says = odd[i / 2] + 1;
		rig.lenient = 1;
		n = desk_boots();
		assert_true(n == 0 || n == SFU_SLOT_NONE);
		equal_says = 0;
	}
}

static void t11_flash_that_answers_oddly(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < ODD; i++) {
		if (odd[i] + 1 == 0)
			continue;
		begin(NULL);
		assert_int_equal(desk_offer(desk_new.package[desk_free()]), SFU_MESSAGE_ACCEPT);
		program_says = odd[i] + 1;
		assert_int_equal(desk_record(desk_new.package[desk_free()], desk_new.size[desk_free()], 0), SFU_MESSAGE_REFUSE);
		program_says = 0;
		assert_int_not_equal(sfu_device.upgrade.state, SFU_UPGRADE_STATE_RECEIVING);
	}
}

/* From some program or erase on none works any more, though all can be read. Nothing is said to be done that is not,
 * what ran runs at the next start, and an image can be installed then. */
static void t27_flash_that_takes_nothing_more(void **state)
{
	const uint32_t slot = desk_free();
	uint32_t from, said = 0;

	(void)state;
	for (from = 0; said != SFU_MESSAGE_DONE; from++) {
		begin(NULL);
		host_flash_weak_from(from);
		said = desk_offer(desk_new.package[slot]);
		if (said == SFU_MESSAGE_ACCEPT)
			said = desk_send(desk_new.package[slot], desk_new.size[slot], 0);
		assert_true(said == SFU_MESSAGE_DONE || (said == SFU_MESSAGE_REFUSE && desk.code == SFU_E_IO));
		if (said == SFU_MESSAGE_DONE)
			assert_true(desk_runs(&desk_new));
		else if (sfu_layout.slot_count > 1)
			assert_true(desk_runs(&desk_old));
		assert_null(rig_live(&desk_new, &desk_old));
	}
	assert_true(from > 10);
}

/* A layout whose sectors are not where it says, which sfu_layout_check would not have let pass: nothing is erased. */
static void t83_sectors_that_are_none(void **state)
{
	static const uint32_t sectors[] = { 0, 0x10020, 0x80000000, 0xFFFFFFFE };
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof sectors / sizeof sectors[0]; i++) {
		begin(NULL);
		sector_says = sectors[i] + 1;
		desk_mark();
		assert_int_equal(desk_offer(desk_new.package[desk_free()]), SFU_MESSAGE_REFUSE);
		assert_int_equal(desk.code, SFU_E_LAYOUT);
		sector_says = 0;
		desk_same();
	}
}

static void not_running(struct sfu_device *d) { d->boot.state = SFU_BOOT_STATE_STAYING; }
static void not_held(struct sfu_device *d) { d->boot.held = SFU_R_SEAL; }
static void in_trouble(struct sfu_device *d) { d->boot.trouble = SFU_E_KEYS; }
static void as_it_is(struct sfu_device *d) { (void)d; }

/* One skipped comparison behind the decision: what it left is asked again before the jump. */
static void t70_a_decision_that_is_taken_for_another(void **state)
{
	void (*const faults[])(struct sfu_device *d) = { not_running, not_held, in_trouble };
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		begin(NULL);
		after_boot = faults[i];
		assert_int_equal(rig_boot(), RIG_RESET);
	}
	after_boot = as_it_is;
	assert_int_equal(rig_boot(), RIG_RUN);
	host.entry = 1;
	assert_int_equal(rig_boot(), RIG_RESET);
}

/* In trouble nothing is stored, whoever asks for it. */
static void in_trouble_no_failure_is_stored(void **state)
{
	(void)state;
	assert_int_equal(sfu_device.boot.failure_stored, 0);
	sfu_device.boot.trouble = SFU_E_KEYS;
	desk_mark();
	sfu_boot_failure(&sfu_device, SFU_R_SEAL);
	desk_untouched();
	sfu_device.boot.trouble = SFU_OK;
	sfu_boot_failure(&sfu_device, SFU_R_SEAL);
	assert_int_equal(sfu_device.journal.state.failure, SFU_R_SEAL);
	assert_int_not_equal(host_flash_counts.operations, 0);
}

/* other names of the same flash: boot alias, ITCM, swapped bank, secure alias; and neighbours */
static void t22_addresses_that_are_others(void **state)
{
	static uint8_t package[MAKER_PACKAGE];
	struct maker m = desk_maker();
	const uint32_t own = sfu_layout.area[SFU_AREA_SLOT + m.slot].address + sfu_layout.image_offset;
	const uint32_t aliases[] = { own - 0x08000000, own - 0x08000000 + 0x00200000, own + 0x04000000, own + 0x00100000,
		own | 0x80000000, own + 1, own - 1, own + 32, own - sfu_layout.image_offset, 0, 0xFFFFFFFF,
		sfu_layout.area[SFU_AREA_KEYS].address, sfu_layout.area[SFU_AREA_JOURNAL].address };
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
		begin(NULL);
		(void)maker_package(&m, package);
		sfu_put32(package + SFU_MANIFEST_LOAD_ADDRESS_OFFSET, aliases[i]);
		maker_sign(package, 0);
		desk_mark();
		assert_int_equal(desk_offer(package), SFU_MESSAGE_REFUSE);
		assert_int_equal(desk.code, SFU_R_SLOT);
		desk_same();
	}
}

/* what was programmed is read again before it counts: a bit that flips in between is seen */
static void t50_flash_that_changes_before_the_end(void **state)
{
	const uint8_t *package = desk_new.package[desk_free()];
	const uint32_t image = sfu_layout.area[SFU_AREA_SLOT + desk_free()].address + sfu_layout.image_offset;
	uint32_t i, count = desk_records(package);

	(void)state;
	for (i = 0; i < desk_new.maker.size; i += 131) {
		uint32_t n;

		begin(NULL);
		assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
		for (n = 0; n < count; n++)
			assert_int_equal(desk_record(package, desk_new.size[desk_free()], n), SFU_MESSAGE_ACK);
		host_flash_flip(image + i, (uint8_t)(1u << i % 8));
		assert_int_equal(desk_ask(SFU_MESSAGE_FINISH, NULL, 0), SFU_MESSAGE_REFUSE);
		assert_int_equal(desk.code, SFU_R_IMAGE);
	}
}

/* In a boot each byte of a slot's manifest, and of its image but for the first two words, is fetched once. */
static void t51_every_byte_is_fetched_once(void **state)
{
	const uint32_t first = sfu_layout.image_offset;
	uint32_t i;

	(void)state;
	memset(reads, 0, sizeof reads);
	assert_int_equal(desk_boots(), 0);
	for (i = 0; i < SFU_MANIFEST_SIZE; i++)
		assert_int_equal(reads[i], 1);
	for (i = first; i < first + desk_old.maker.size; i++)
		assert_int_equal(reads[i], i < first + 8 ? 2 : 1);
}

/* A record that is not the one promised is never decrypted. */
static void t61_nothing_is_decrypted_before_it_is_authentic(void **state)
{
	static uint8_t body[2084];
	const uint8_t *package = desk_new.package[desk_free()];
	uint32_t i, n;

	(void)state;
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
	n = desk_record_body(package, desk_new.size[desk_free()], 0, body);
	ciphered = 0;
	for (i = 4; i < n; i += 7) {
		body[i] ^= 0x10;
		assert_int_equal(desk_ask(SFU_MESSAGE_RECORD, body, n), SFU_MESSAGE_REFUSE);
		body[i] ^= 0x10;
	}
	for (i = 1; i < desk_records(package); i++)
		(void)desk_record(package, desk_new.size[desk_free()], i);
	assert_int_equal(ciphered, 0);
	assert_int_equal(desk_ask(SFU_MESSAGE_RECORD, body, n), SFU_MESSAGE_ACK);
	assert_int_equal(ciphered, 1);
}

static void lose_journal(void)
{
	uint32_t i, at;

	for (i = SFU_AREA_JOURNAL; i < SFU_AREA_JOURNAL + 2; i++)
		for (at = 0; at < sfu_layout.area[i].size; at += sfu_layout_sector(sfu_layout.area[i].address + at))
			assert_int_equal(sfu_port_flash_erase(sfu_layout.area[i].address + at), SFU_OK);
	/* what was confirmed last is on trial again, see decisions.md */
	rig.lenient = 1;
}

/* a whole and signed image counts only in the slot it was signed for */
static void t46_an_image_in_the_other_slot(void **state)
{
	static uint8_t slot[0x2000];
	const uint32_t from = sfu_layout.area[SFU_AREA_SLOT].address, to = sfu_layout.area[SFU_AREA_SLOT + 1].address;
	uint32_t at;

	(void)state;
	if (sfu_layout.slot_count < 2)
		return;
	for (at = 0; at < sizeof slot; at += sfu_layout_sector(to + at))
		assert_int_equal(sfu_port_flash_erase(to + at), SFU_OK);
	assert_int_equal(sfu_port_flash_read(from, slot, sizeof slot), SFU_OK);
	assert_int_equal(sfu_port_flash_program(to, slot, sizeof slot), SFU_OK);
	lose_journal();
	assert_int_equal(desk_boots(), 0);
	assert_true(rig_holds(&desk_old, 0));
}

/* A certificate that cannot be read vouches for nothing, at boot by the signature or where the journal is lost. */
static void t32_a_certificate_that_cannot_be_read(void **state)
{
	static const uint8_t standing[2][2] = { { 0, 0 }, { 1, 0 } };
	struct maker m = desk_maker();

	(void)state;
	maker_signers(2, standing, NULL);
	m.signer = 4;
	m.certified = m.issuer = 1;
	m.keys[6] = 1;
	assert_int_equal(desk_power(1), 0);
	desk_install(&m);
	lose_journal();
	unreadable = sfu_layout.area[SFU_AREA_SLOT + m.slot].address + SFU_MANIFEST_SIZE + 40;
	assert_int_equal(desk_boots(), sfu_layout.slot_count > 1 ? 0 : SFU_SLOT_NONE);
	unreadable = 0;
	lose_journal();
	assert_int_equal(desk_boots(), m.slot);
}

/* two images with one counter: the higher version is the newer */
static void t46_two_images_with_one_counter(void **state)
{
	struct maker m = desk_maker();

	(void)state;
	if (sfu_layout.slot_count < 2)
		return;
	m.counter = desk_old.maker.counter;
	desk_install(&m);
	lose_journal();
	assert_int_equal(desk_boots(), m.slot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(t03_ranges_that_wrap, begin, end),
		cmocka_unit_test_setup_teardown(t11_signatures_that_answer_oddly, begin, end),
		cmocka_unit_test_setup_teardown(t11_comparisons_that_answer_oddly, begin, end),
		cmocka_unit_test_setup_teardown(t11_flash_that_answers_oddly, begin, end),
		cmocka_unit_test_setup_teardown(t27_flash_that_takes_nothing_more, begin, end),
		cmocka_unit_test_setup_teardown(t83_sectors_that_are_none, begin, end),
		cmocka_unit_test_setup_teardown(t70_a_decision_that_is_taken_for_another, begin, end),
		cmocka_unit_test_setup_teardown(in_trouble_no_failure_is_stored, begin, end),
		cmocka_unit_test_setup_teardown(t32_a_certificate_that_cannot_be_read, begin, end),
		cmocka_unit_test_setup_teardown(t22_addresses_that_are_others, begin, end),
		cmocka_unit_test_setup_teardown(t46_an_image_in_the_other_slot, begin, end),
		cmocka_unit_test_setup_teardown(t46_two_images_with_one_counter, begin, end),
		cmocka_unit_test_setup_teardown(t50_flash_that_changes_before_the_end, begin, end),
		cmocka_unit_test_setup_teardown(t51_every_byte_is_fetched_once, begin, end),
		cmocka_unit_test_setup_teardown(t61_nothing_is_decrypted_before_it_is_authentic, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
