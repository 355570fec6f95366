/* The two-page switch and the key page: cuts at every operation of sfu_keys_make, and of the switch that follows a
 * personalization, a second time in the recovery; failures of the port; pages that are torn or do not belong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "bytes.h"
#include "crc.h"
#include "flash.h"
#include "host.h"
#include "keys.h"
#include "port.h"
#include "sfu_codes.h"
#include "sfu_format.h"

static struct sfu_keys keys;
static uint8_t oem[32], device[32];
static uint32_t promised;            /* 1: `device` must never be lost again */
static uint32_t first_kind;          /* what the chip comes with: KEYS_OEM, or KEYS_MASTER */

#define K_BYTE 0x4B                  /* K of a device that came with M */

static struct {
	uint32_t ecc, seed, first, first_when, second, second_when;
} at;

static void wrong(const char *what)
{
	fail_msg("%s: unit %u erased %02X ecc %u seed %u cut %u/%u then %u/%u", what, sfu_layout.unit,
		sfu_layout.erased, at.ecc, at.seed, at.first, at.first_when, at.second, at.second_when);
}

static void put_commit(uint32_t address, uint32_t generation)
{
	uint8_t unit[SFU_COMMIT_SIZE] = { 0 };

	sfu_put32(unit, SFU_FLASH_KEYS_MAGIC);
	sfu_put32(unit + SFU_COMMIT_GENERATION_OFFSET, generation);
	sfu_put32(unit + SFU_COMMIT_CRC_OFFSET, sfu_crc32(unit, SFU_COMMIT_CRC_OFFSET));
	host_flash_put(address, unit, sizeof unit);
}

static void put_keys(uint32_t address, uint32_t kind)
{
	uint8_t cell[SFU_KEYS_SIZE] = { 0 };

	sfu_put32(cell, kind);
	sfu_put32(cell + SFU_KEYS_EPOCH_OFFSET, 5);
	memcpy(cell + SFU_KEYS_OEM_KEY_OFFSET, oem, sizeof oem);
	sfu_put32(cell + SFU_KEYS_CRC_OFFSET, sfu_crc32(cell, SFU_KEYS_CRC_OFFSET));
	host_flash_put(address, cell, sizeof cell);
}

/* What `sfu factory` programs. */
static void make_chip(uint32_t seed)
{
	uint32_t i;

	host_begin(seed);
	host_flash_begin(seed, (int)at.ecc);
	for (i = 0; i < sizeof oem; i++)
		oem[i] = (uint8_t)(0x80 + i);
	put_commit(sfu_layout.area[SFU_AREA_KEYS].address, 1);
	put_commit(sfu_layout.area[SFU_AREA_KEYS].address + SFU_COMMIT_SIZE, 1);
	put_keys(sfu_layout.area[SFU_AREA_KEYS].address + SFU_FLASH_CELL, first_kind);
	promised = 0;
}

static void promise(void)
{
	if (promised && memcmp(device, keys.device, sizeof device) != 0)
		wrong("the device key changed");
	memcpy(device, keys.device, sizeof device);
	promised = 1;
}

/* as personalization: K and a receipt in place of M */
static uint32_t replace(void)
{
	uint8_t cell[SFU_KEYS_SIZE] = { 0 };

	if (keys.kind == SFU_FLASH_KEYS_DEVICE)
		return SFU_OK;
	memset(cell + SFU_KEYS_OEM_KEY_OFFSET, K_BYTE, 32);
	if (sfu_port_entropy(cell + SFU_KEYS_DEVICE_KEY_OFFSET) != SFU_OK)
		return SFU_E_ENTROPY;
	sfu_put32(cell + SFU_KEYS_FLAGS_OFFSET, SFU_FLASH_KEYS_RECEIPT);
	memset(cell + SFU_KEYS_LICENCE_OFFSET, 0x77, SFU_KEYS_RECORD);
	return sfu_keys_replace(&keys, cell);
}

static uint32_t switch_keys(void)
{
	return first_kind == SFU_FLASH_KEYS_MASTER ? replace() : sfu_keys_make(&keys);
}

static void look(void)
{
	uint8_t expected[32], record[SFU_KEYS_RECORD] = { 0 };
	const int personal = first_kind == SFU_FLASH_KEYS_MASTER && keys.kind == SFU_FLASH_KEYS_DEVICE;

	memcpy(expected, oem, sizeof oem);
	if (personal) {
		memset(expected, K_BYTE, sizeof expected);
		memset(record, 0x77, sizeof record);
	}
	if (memcmp(keys.oem, expected, sizeof expected) != 0 || keys.epoch != 5)
		wrong("not the OEM's key");
	if (memcmp(keys.receipt, record, sizeof record) != 0 || keys.flags != (personal ? SFU_FLASH_KEYS_RECEIPT : 0))
		wrong("not the receipt");
}

static void boot(void)
{
	host_flash_reset();
	if (sfu_keys_load(&keys) != SFU_OK)
		wrong("no keys");
	look();
	if (keys.kind == SFU_FLASH_KEYS_DEVICE)
		promise();
	else if (promised)
		wrong("the device key is lost");
}

static void make(void)
{
	if (switch_keys() != SFU_OK)
		wrong("make fails");
	look();
	promise();
}

/* A start, and the making of D; a cut may fall into either. 1 if there was one. */
static int cut(uint32_t n, uint32_t when)
{
	host_flash_reset();
	if (setjmp(host_power_lost) != 0)
		return 1;
	host_flash_cut_at(n, (enum host_cut)when);
	if (sfu_keys_load(&keys) != SFU_OK)
		wrong("no keys");
	make();
	return 0;
}

/* Nothing is left of the other page, and nothing comes back: a unit whose erase was cut differs from reset to reset. */
static void gone(void)
{
	uint8_t page[1024];          /* beyond, no key ever was */
	uint32_t i, draw;

	for (draw = 0; draw < 4; draw++) {
		host_flash_reset();
		assert_int_equal(sfu_port_flash_read(sfu_layout.area[SFU_AREA_KEYS + (1 - keys.store.current)].address, page,
			sizeof page), SFU_OK);
		for (i = 0; i < sizeof page; i++)
			if (page[i] != sfu_layout.erased)
				wrong("the old key page is not blank");
	}
}

static void settle(void)
{
	uint32_t i;

	boot();
	if (keys.kind == SFU_FLASH_KEYS_DEVICE)
		gone();
	for (i = 0; i < 3; i++)
		boot();
	make();
	for (i = 0; i < 4; i++)
		boot();
	assert_int_equal(keys.store.both, 0);
	gone();
}

static uint32_t stride(void)
{
	const char *set = getenv("SFU_CUT_STRIDE");

	if (set != NULL && set[0] != 0)
		return (uint32_t)strtoul(set, NULL, 10);
	return sfu_layout.unit >= 8 ? 1 : sfu_layout.unit >= 4 ? 13 : 41;
}

static int from_oem(void **state)
{
	(void)state;
	first_kind = SFU_FLASH_KEYS_OEM;
	return 0;
}

static int from_master(void **state)
{
	(void)state;
	first_kind = SFU_FLASH_KEYS_MASTER;
	return 0;
}

static void test_cuts(void **state)
{
	void *before, *after;
	uint32_t kept_promise;
	int reached, again;

	(void)state;
	for (at.ecc = 0; at.ecc < 2; at.ecc++) {
		make_chip(1);
		before = host_flash_snapshot();
		for (at.first = 0, reached = 1; reached; at.first++)
			for (at.first_when = 0; at.first_when < HOST_CUTS; at.first_when++)
				for (at.seed = 0; at.seed < 8; at.seed++) {
					host_flash_restore(before);
					host_flash_reseed(at.seed * 7919u + at.first);
					promised = 0;
					reached = cut(at.first, at.first_when);
					kept_promise = promised;
					after = host_flash_snapshot();
					for (at.second = at.first % stride(), again = 1; again;
						at.second += stride())
						for (at.second_when = 0; at.second_when < HOST_CUTS;
							at.second_when++) {
							host_flash_restore(after);
							host_flash_reseed(at.seed + at.second * 31u);
							promised = kept_promise;
							again = cut(at.second, at.second_when);
							settle();
						}
					free(after);
				}
		free(before);
	}
}

static void test_failures(void **state)
{
	void *before;
	uint32_t status;

	(void)state;
	for (at.ecc = 0; at.ecc < 2; at.ecc++) {
		make_chip(1);
		before = host_flash_snapshot();
		for (at.first = 0; at.first < 60; at.first++)
			for (at.seed = 0; at.seed < 8; at.seed++) {
				host_flash_restore(before);
				host_flash_reseed(at.seed + at.first * 8u);
				promised = 0;
				boot();
				host_flash_fail_at(at.first);
				status = switch_keys();
				if (status == SFU_OK || keys.kind == SFU_FLASH_KEYS_DEVICE)
					promise();
				settle();
			}
		free(before);
	}
}

static void test_entropy_fails(void **state)
{
	(void)state;
	at.ecc = 0;
	make_chip(1);
	boot();
	host.entropy_fails = 1;
	host_flash_counts.operations = 0;
	assert_int_equal(sfu_keys_make(&keys), SFU_E_ENTROPY);
	assert_int_equal(host_flash_counts.operations, 0);
	assert_int_equal(keys.kind, SFU_FLASH_KEYS_OEM);
}

static void test_no_keys(void **state)
{
	static const uint8_t zeros[32];

	(void)state;
	at.ecc = 0;
	host_flash_begin(1, 0);
	memset(&keys, 0x55, sizeof keys);
	assert_int_equal(sfu_keys_load(&keys), SFU_E_KEYS);
	assert_int_equal(keys.kind, 0);
	assert_memory_equal(keys.oem, zeros, 32);
	assert_memory_equal(keys.device, zeros, 32);
	assert_int_equal(sfu_keys_make(&keys), SFU_E_KEYS);
	/* a page that counts, but whose cell is something else */
	put_commit(sfu_layout.area[SFU_AREA_KEYS + 1].address, 3);
	put_keys(sfu_layout.area[SFU_AREA_KEYS + 1].address + SFU_FLASH_CELL, 77);
	assert_int_equal(sfu_keys_load(&keys), SFU_E_KEYS);
	assert_int_equal(keys.kind, 0);
}

/* Any one unit of the factory's header may be unreadable; with ECC any unit of all but the keys. */
static void test_torn_units(void **state)
{
	uint32_t offset;

	(void)state;
	for (at.ecc = 0; at.ecc < 2; at.ecc++)
		for (offset = 0; offset < 1024; offset += sfu_layout.unit) {
			if (offset >= SFU_FLASH_CELL && offset < 2 * SFU_FLASH_CELL)
				continue;
			at.first = offset;
			make_chip(offset);
			host_flash_tear(sfu_layout.area[SFU_AREA_KEYS].address + offset);
			host_flash_tear(sfu_layout.area[SFU_AREA_KEYS + 1].address + offset);
			boot();
			make();
			settle();
		}
}

static void test_generations(void **state)
{
	struct sfu_store s;
	uint32_t page = 7;

	(void)state;
	host_flash_begin(1, 0);
	sfu_store_find(&s, SFU_AREA_KEYS, SFU_FLASH_KEYS_MAGIC);
	assert_int_equal(s.current, SFU_SLOT_NONE);
	assert_int_equal(sfu_store_fall_back(&s), SFU_E_BLANK);
	put_commit(sfu_layout.area[SFU_AREA_KEYS + 1].address + 3 * SFU_COMMIT_SIZE, 8);
	put_commit(sfu_layout.area[SFU_AREA_KEYS].address + 2 * SFU_COMMIT_SIZE, 9);
	sfu_store_find(&s, SFU_AREA_KEYS, SFU_FLASH_JOURNAL_MAGIC);
	assert_int_equal(s.current, SFU_SLOT_NONE);
	sfu_store_find(&s, SFU_AREA_KEYS, SFU_FLASH_KEYS_MAGIC);
	assert_int_equal(s.current, 0);
	assert_int_equal(s.both, 1);
	assert_int_equal(sfu_store_fall_back(&s), SFU_OK);
	assert_int_equal(s.current, 1);
	assert_int_equal(sfu_store_begin(&s, &page), SFU_OK);
	assert_int_equal(page, 0);
	assert_int_equal(sfu_store_commit(&s, page), SFU_OK);
	assert_int_equal(s.generation, 10);
	sfu_store_find(&s, SFU_AREA_KEYS, SFU_FLASH_KEYS_MAGIC);
	assert_int_equal(s.current, 0);
	assert_int_equal(s.generation, 10);
	/* the last generation there is */
	host_flash_begin(1, 0);
	put_commit(sfu_layout.area[SFU_AREA_KEYS].address, UINT32_MAX);
	sfu_store_find(&s, SFU_AREA_KEYS, SFU_FLASH_KEYS_MAGIC);
	assert_int_equal(sfu_store_begin(&s, &page), SFU_OK);
	assert_int_equal(sfu_store_commit(&s, page), SFU_E_IO);
	assert_int_equal(s.current, 0);
}

/* No more can be programmed or erased from some operation on: what is said to have failed has. */
static void test_weak(void **state)
{
	void *before;
	uint32_t status;

	(void)state;
	for (at.ecc = 0; at.ecc < 2; at.ecc++) {
		make_chip(1);
		before = host_flash_snapshot();
		for (at.first = 0, status = SFU_E_IO; status != SFU_OK; at.first++) {
			host_flash_restore(before);
			promised = 0;
			boot();
			host_flash_weak_from(at.first);
			status = switch_keys();
			if (status == SFU_OK || keys.kind == SFU_FLASH_KEYS_DEVICE)
				promise();
			settle();
		}
		/* the older page's two blank commit units, an erase, the cell, four commit units, and the other erase */
		assert_int_equal(at.first, 10);
		free(before);
	}
}

/* One commit unit alone is not trusted: before anything is erased a second one must be there. Two are. */
static void test_secured_or_not_begun(void **state)
{
	const uint32_t page = sfu_layout.area[SFU_AREA_KEYS].address;
	struct sfu_store s;
	uint32_t other = 7, units;

	(void)state;
	for (units = 1; units < 3; units++) {
		host_flash_begin(1, 0);
		put_commit(page, 5);
		if (units == 2)
			put_commit(page + SFU_COMMIT_SIZE, 5);
		put_commit(sfu_layout.area[SFU_AREA_KEYS + 1].address, 4);
		sfu_store_find(&s, SFU_AREA_KEYS, SFU_FLASH_KEYS_MAGIC);
		assert_int_equal(s.both, 1);
		host_flash_weak_from(0);
		assert_int_equal(sfu_store_secure(&s), units == 2 ? SFU_OK : SFU_E_IO);
		assert_int_equal(sfu_store_begin(&s, &other), SFU_E_IO);
		assert_int_equal(sfu_store_retire(&s), SFU_E_IO);
		assert_int_equal(s.both, 1);
		host_flash_reset();
		assert_int_equal(sfu_store_begin(&s, &other), SFU_OK);
		host_flash_weak_from(0);
		assert_int_equal(sfu_store_commit(&s, other), SFU_E_IO);
		assert_int_equal(s.current, 0);
		assert_int_equal(s.generation, 5);
	}
	/* an index that a fault has changed is none */
	s.both = 1;
	s.current = SFU_SLOT_NONE;
	assert_int_equal(sfu_store_fall_back(&s), SFU_E_BLANK);
}

/* The page that counts has no whole cell: it was torn in its first commit unit, and is being begun again. */
static void test_begun_again(void **state)
{
	(void)state;
	for (at.ecc = 0; at.ecc < 2; at.ecc++) {
		make_chip(1);
		put_commit(sfu_layout.area[SFU_AREA_KEYS + 1].address, 2);
		boot();
		assert_int_equal(keys.kind, first_kind);
		assert_int_equal(keys.store.current, 0);
		settle();
	}
}

/* A switch that was cut behind its commit, and then each copy of the keys in it. */
static void cut_copies(void)
{
	uint8_t cell[SFU_KEYS_SIZE] = { 0 };
	uint32_t page, i;

	make_chip(1);
	boot();
	sfu_put32(cell + SFU_KEYS_KIND_OFFSET, SFU_FLASH_KEYS_DEVICE);
	sfu_put32(cell + SFU_KEYS_EPOCH_OFFSET, 5);
	memcpy(cell + SFU_KEYS_OEM_KEY_OFFSET, oem, sizeof oem);
	sfu_put32(cell + SFU_KEYS_CRC_OFFSET, sfu_crc32(cell, SFU_KEYS_CRC_OFFSET));
	assert_int_equal(sfu_store_begin(&keys.store, &page), SFU_OK);
	assert_int_equal(sfu_store_program(&keys.store, page, 1, cell), SFU_OK);
	assert_int_equal(sfu_store_commit(&keys.store, page), SFU_OK);
	for (i = 0; i < 2; i++)
		assert_int_equal(cut(0, HOST_CUT_INSIDE), 1);
}

/* Nobody has had D then: the older page holds, and D is made anew. */
static void test_copies_torn(void **state)
{
	(void)state;
	at.ecc = 1;
	cut_copies();
	boot();
	assert_int_equal(keys.kind, first_kind);
	settle();
}

/* Where the older page's cells have become unreadable too, the one cell is all there is, and is kept. */
static void copies_and_older_page_torn(uint32_t end)
{
	uint32_t offset;

	at.ecc = 1;
	cut_copies();
	for (offset = SFU_FLASH_CELL; offset < end * SFU_FLASH_CELL; offset += sfu_layout.unit)
		host_flash_tear(sfu_layout.area[SFU_AREA_KEYS].address + offset);
	boot();
	assert_int_equal(keys.kind, SFU_FLASH_KEYS_DEVICE);
	settle();
}

static void test_copies_and_older_page_torn(void **state)
{
	(void)state;
	copies_and_older_page_torn(4);
}

/* The last of its cells that is looked at reads blank: what is marked in the newer page is not that. */
static void test_copies_and_older_cell_torn(void **state)
{
	(void)state;
	copies_and_older_page_torn(2);
}

/* M is no key that a device could work with. */
static void test_master(void **state)
{
	(void)state;
	at.ecc = 0;
	make_chip(1);
	boot();
	assert_int_equal(keys.kind, SFU_FLASH_KEYS_MASTER);
	host_flash_counts.operations = 0;
	assert_int_equal(sfu_keys_make(&keys), SFU_E_KEYS);
	assert_int_equal(host_flash_counts.operations, 0);
	assert_int_equal(keys.kind, SFU_FLASH_KEYS_MASTER);
}

/* A wiped context holds no key. */
static void test_wipe(void **state)
{
	(void)state;
	at.ecc = 0;
	make_chip(3);
	boot();
	sfu_keys_wipe(&keys);
	assert_int_equal(keys.kind, 0);
	assert_memory_equal(keys.oem, (const uint8_t[32]){ 0 }, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_no_keys, from_oem),
		cmocka_unit_test_setup(test_generations, from_oem),
		cmocka_unit_test_setup(test_entropy_fails, from_oem),
		cmocka_unit_test_setup(test_torn_units, from_oem),
		cmocka_unit_test_setup(test_wipe, from_oem),
		cmocka_unit_test_setup(test_failures, from_oem),
		cmocka_unit_test_setup(test_weak, from_oem),
		cmocka_unit_test_setup(test_secured_or_not_begun, from_oem),
		cmocka_unit_test_setup(test_begun_again, from_oem),
		cmocka_unit_test_setup(test_copies_torn, from_oem),
		cmocka_unit_test_setup(test_copies_and_older_page_torn, from_oem),
		cmocka_unit_test_setup(test_copies_and_older_cell_torn, from_oem),
		cmocka_unit_test_setup(test_cuts, from_oem),
		cmocka_unit_test_setup(test_master, from_master),
		cmocka_unit_test_setup(test_torn_units, from_master),
		cmocka_unit_test_setup(test_failures, from_master),
		cmocka_unit_test_setup(test_weak, from_master),
		cmocka_unit_test_setup(test_begun_again, from_master),
		cmocka_unit_test_setup(test_cuts, from_master),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
