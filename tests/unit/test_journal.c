/* The journal under power cuts: at every operation, before, inside and after it, a second time in
 * the recovery, with torn units that read differently at each reset; and under failures of the port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "flash.h"
#include "host.h"
#include "journal.h"
#include "sfu_codes.h"

#define RESETS 6u

static const uint8_t device_key[32] = { 1, 2, 3, 4 };
static struct sfu_journal journal;

/* What the flash may hold: the value last promised, and those that were under way since. */
static uint32_t promised, under_way[8], under_way_count;
static uint32_t runs;

/* in the message of a failing check, so that it can be repeated */
static struct {
	const char *scenario;
	uint32_t ecc, seed, first, first_when, second, second_when;
} at;

static void wrong(const char *what, uint32_t value)
{
	fail_msg("%s (%u, promised %u): %s unit %u erased %02X ecc %u seed %u cut %u/%u then %u/%u", what,
		value, promised, at.scenario, sfu_layout.unit, sfu_layout.erased, at.ecc, at.seed, at.first,
		at.first_when, at.second, at.second_when);
}

/* The journal of a chip that was never programmed. */
static void begin(uint32_t seed)
{
	host_flash_begin(seed, (int)at.ecc);
	memset(&journal, 0, sizeof journal);
	promised = 0;
	under_way_count = 0;
}

/* Value 0 is "no journal". */
static void boot(void)
{
	const uint32_t status = sfu_journal_load(&journal, device_key);
	const uint32_t value = status == SFU_OK ? journal.state.failure : 0;
	uint32_t i;

	if (value == promised)
		return;
	for (i = 0; i < under_way_count; i++)
		if (value == under_way[i])
			return;
	wrong("neither old nor new", value);
}

static uint32_t append(uint32_t value)
{
	struct sfu_state next = journal.state;
	uint32_t status;

	next.failure = value;
	next.security_counter = value;
	memset(next.expected, (int)value, sizeof next.expected);
	under_way[under_way_count++] = value;
	if (journal.state.sequence == 0)
		status = sfu_journal_format(&journal, &next);
	else
		status = sfu_journal_append(&journal, &next);
	if (status == SFU_OK) {
		promised = value;
		under_way_count = 0;
	}
	return status;
}

static void append_ok(uint32_t value)
{
	if (append(value) != SFU_OK)
		wrong("append fails", value);
}

static void resets(uint32_t count)
{
	while (count-- > 0) {
		host_flash_reset();
		boot();
	}
}

/* Each scenario prepares a flash and does something to it: the part that is cut. */
struct scenario {
	const char *name;
	uint32_t appended;           /* cells in the page before the last start, in starts of two */
	uint32_t torn;               /* 1: the next cell is torn, and reads as blank in some starts */
	uint32_t in_action;          /* appends in the part that is cut */
};

static const struct scenario scenarios[] = {
	{ "format", 0, 0, 1 },
	{ "append", 1, 0, 1 },
	{ "append three", 2, 0, 3 },
	{ "append to a torn cell", 2, 1, 2 },
	{ "fill a page", 24, 0, 6 },
	{ "two cells left", 29, 0, 2 },
	{ "one cell left", 30, 0, 2 },
	{ "full page", 31, 0, 2 },
	{ "back to the first page", 62, 0, 4 },
};

static void prepare(const struct scenario *s)
{
	uint32_t i;

	for (i = 0; i < s->appended; i++) {
		if (i % 8 == 0)
			resets(1);
		append_ok(i + 1);
	}
	if (s->torn)
		host_flash_tear(sfu_layout.area[SFU_AREA_JOURNAL + journal.store.current].address +
			journal.next * SFU_FLASH_CELL);
}

static void act(const struct scenario *s, uint32_t value)
{
	uint32_t i;

	host_flash_reset();
	boot();
	for (i = 0; i < s->in_action; i++)
		append_ok(value + i);
}

struct kept {
	void *flash;
	uint32_t promised, under_way[8], under_way_count;
};

static void keep(struct kept *k)
{
	k->flash = host_flash_snapshot();
	k->promised = promised;
	k->under_way_count = under_way_count;
	memcpy(k->under_way, under_way, sizeof under_way);
}

static void back(const struct kept *k, uint32_t seed)
{
	host_flash_restore(k->flash);
	host_flash_reseed(seed);
	promised = k->promised;
	under_way_count = k->under_way_count;
	memcpy(under_way, k->under_way, sizeof under_way);
}

/* Runs the action with a cut; 1 if there was one. */
static int cut(const struct scenario *s, uint32_t value, uint32_t n, uint32_t when)
{
	host_flash_reset();
	boot();
	if (setjmp(host_power_lost) != 0)
		return 1;
	host_flash_cut_at(n, (enum host_cut)when);
	if (value >= 2000)
		append_ok(value);
	else {
		uint32_t i;

		for (i = 0; i < s->in_action; i++)
			append_ok(value + i);
	}
	return 0;
}

/* After all cuts: whatever torn cells do, old or new; and what is promised from here on stays. */
static void settle(void)
{
	runs++;
	resets(RESETS);
	append_ok(3000);
	resets(RESETS);
	append_ok(3001);
	append_ok(3002);
	resets(RESETS);
}

static void second_cuts(const struct scenario *s, uint32_t stride)
{
	struct kept after;
	int reached = 1;

	keep(&after);
	for (at.second = at.first % stride; reached; at.second += stride) {
		for (at.second_when = 0; at.second_when < HOST_CUTS; at.second_when++) {
			back(&after, at.seed * 7919u + at.second);
			reached = cut(s, 2000, at.second, at.second_when);
			settle();
		}
	}
	free(after.flash);
}

static void all_cuts(const struct scenario *s, uint32_t seeds, uint32_t stride)
{
	struct kept before;
	int reached = 1;

	at.scenario = s->name;
	begin(1);
	boot();
	prepare(s);
	keep(&before);
	for (at.first = 0; reached; at.first++)
		for (at.first_when = 0; at.first_when < HOST_CUTS; at.first_when++)
			for (at.seed = 0; at.seed < seeds; at.seed++) {
				back(&before, at.seed * 104729u + at.first);
				reached = cut(s, 1000, at.first, at.first_when);
				second_cuts(s, stride);
			}
	free(before.flash);
}

/* Second cuts at every operation would take hours with 2-byte units: there they are spread so that
 * the first ones shift them, and SFU_CUT_STRIDE=1 is for the long run. */
static uint32_t stride(void)
{
	const char *set = getenv("SFU_CUT_STRIDE");

	if (set != NULL && set[0] != 0)
		return (uint32_t)strtoul(set, NULL, 10);
	return sfu_layout.unit >= 32 ? 1 : sfu_layout.unit >= 16 ? 17 : sfu_layout.unit >= 8 ? 97 : 997;
}

static void cuts(uint32_t ecc)
{
	size_t i;

	at.ecc = ecc;
	for (i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
		runs = 0;
		all_cuts(&scenarios[i], 2, stride());
		print_message("%s: %u runs\n", scenarios[i].name, runs);
	}
}

static void test_cuts_without_ecc(void **state)
{
	(void)state;
	cuts(0);
}

static void test_cuts_with_ecc(void **state)
{
	(void)state;
	cuts(1);
}

/* The port fails at its n-th call: the append says so or goes another way, and nothing is lost. */
static void test_failures(void **state)
{
	struct kept before;
	uint32_t calls;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++)
		for (at.ecc = 0; at.ecc < 2; at.ecc++) {
			at.scenario = scenarios[i].name;
			begin(1);
			boot();
			prepare(&scenarios[i]);
			keep(&before);
			act(&scenarios[i], 1000);
			calls = 600;
			for (at.first = 0; at.first < calls; at.first++)
				for (at.seed = 0; at.seed < 8; at.seed++) {
					back(&before, at.seed * 31u + at.first);
					resets(1);
					host_flash_fail_at(at.first);
					(void)append(1000);
					(void)append(1001);
					append_ok(1002);
					settle();
				}
			free(before.flash);
		}
}

/* One failing read while the journal is searched must not pass for an older state for good. */
static void test_failing_reads_at_load(void **state)
{
	uint32_t n;

	(void)state;
	begin(1);
	boot();
	for (n = 1; n < 20; n++)
		append_ok(n);
	for (n = 0; n < 60; n++) {
		host_flash_reset();
		host_flash_fail_at(n);
		(void)sfu_journal_load(&journal, device_key);
	}
	resets(2);
}

static void test_another_key(void **state)
{
	uint8_t key[32] = { 9 };

	(void)state;
	begin(1);
	boot();
	append_ok(7);
	assert_int_equal(sfu_journal_load(&journal, key), SFU_E_JOURNAL);
	assert_int_equal(journal.state.failure, 0);
	resets(1);
}

/* A loop of cuts in each first append must never push the state out of the cells that are tried. */
static void test_cut_loop(void **state)
{
	const struct scenario s = { "loop", 0, 0, 1 };
	uint32_t i;

	(void)state;
	at.scenario = s.name;
	for (at.ecc = 0; at.ecc < 2; at.ecc++)
		for (at.seed = 0; at.seed < 40; at.seed++) {
			begin(at.seed);
			boot();
			append_ok(1);
			for (i = 0; i < 300; i++) {
				under_way_count = 0;
				under_way[under_way_count++] = 1000;
				(void)cut(&s, 1000, i % 7, HOST_CUT_INSIDE);
				under_way_count = under_way_count > 0 ? 1 : 0;
			}
			settle();
		}
}

static void test_room(void **state)
{
	uint32_t room, i;

	(void)state;
	begin(1);
	boot();
	assert_int_equal(sfu_journal_room(&journal), 0);
	append_ok(1);
	room = sfu_journal_room(&journal);
	assert_int_equal(room, 4096 / 128 - 3);
	host_flash_counts.erases = 0;
	for (i = 0; i < room; i++)
		append_ok(2 + i);
	assert_int_equal(host_flash_counts.erases, 0);
	assert_int_equal(sfu_journal_room(&journal), 0);
	append_ok(100);
	assert_true(host_flash_counts.erases > 0);
	resets(1);
	assert_int_equal(sfu_journal_room(&journal), 6144 / 128 - 4);
}

/* A page that was begun, cut in its commit unit, begun again, cut while it was erased, taken for good and cut in
 * its second cell: nobody was told of what it held, and the page before it is whole. */
static void test_two_torn_cells_of_a_page_just_begun(void **state)
{
	uint32_t room, i, page;

	(void)state;
	begin(1);
	boot();
	append_ok(1);
	room = sfu_journal_room(&journal);
	for (i = 0; i < room; i++)
		append_ok(2 + i);
	append_ok(100);
	append_ok(101);
	assert_int_equal(journal.next, 3);
	page = sfu_layout.area[SFU_AREA_JOURNAL + journal.store.current].address;
	host_flash_flip(page + 128, 1);
	host_flash_flip(page + 256, 1);
	host_flash_reset();
	assert_int_equal(sfu_journal_load(&journal, device_key), SFU_OK);
	assert_int_equal(journal.state.failure, 1 + room);
	promised = 1 + room;
	append_ok(102);
	resets(4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_two_torn_cells_of_a_page_just_begun),
		cmocka_unit_test(test_another_key),
		cmocka_unit_test(test_failing_reads_at_load),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_cut_loop),
		cmocka_unit_test(test_cuts_with_ecc),
		cmocka_unit_test(test_cuts_without_ecc),
	};

	host_begin(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
