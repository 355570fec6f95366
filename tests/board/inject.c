#include "inject.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cpu.h"
#include "effect.h"
#include "file.h"
#include "memory.h"
#include "path.h"
#include "stop.h"
#include "tries.h"

enum what { CUT, SKIP, FLIP, RESULT, TURN, TRIES };
enum { MAX = 64 };

static struct {
	uint64_t operation;
	enum board_cut when;
} g_cuts[MAX];
static struct event {
	uint64_t instruction; /* before which it happens; 1 is the first */
	enum what what;
	uint32_t address, bit; /* RESULT: value, register */
} g_events[MAX];
static unsigned g_cut_count, g_event_count, g_next;

static struct event *new_event(
	const char *option, const char *text, const char *number, enum what what)
{
	if (g_event_count == MAX)
		board_fail(BOARD_EX_USAGE, "%s %s: more than %d of them", option, text, MAX);
	g_events[g_event_count].what = what;
	g_events[g_event_count].instruction = board_number_of(option, number, UINT64_MAX - 1);
	if (g_events[g_event_count].instruction == 0)
		board_fail(BOARD_EX_USAGE, "%s %s: the first instruction is 1", option, text);
	return &g_events[g_event_count++];
}

/* Splits "a:b" at the last sign; fails if it is not there. */
static char *split(const char *option, char *text, char sign, const char *form)
{
	char *at = strrchr(text, sign);

	if (at == NULL)
		board_fail(BOARD_EX_USAGE, "%s %s: not of the form %s", option, text, form);
	*at = '\0';
	return at + 1;
}

static char *copy(const char *text)
{
	char *p = strdup(text);

	if (p == NULL)
		board_fail(BOARD_EX_SOFTWARE, "no memory");
	return p;
}

void board_inject_cut(const char *text)
{
	static const char *const names[] = { "", "before", "inside", "after" };
	char *number = copy(text), *when = split("--cut", number, ':', "N:before|inside|after");
	unsigned i = 3;

	while (i > 0 && strcmp(when, names[i]) != 0)
		i--;
	if (i == 0 || g_cut_count == MAX)
		board_fail(BOARD_EX_USAGE, "--cut %s: not of the form N:before|inside|after", text);
	g_cuts[g_cut_count].when = (enum board_cut)i;
	g_cuts[g_cut_count].operation = board_number_of("--cut", number, UINT64_MAX);
	if (g_cuts[g_cut_count++].operation == 0)
		board_fail(BOARD_EX_USAGE, "--cut %s: the first operation is 1", text);
	free(number);
}

void board_inject_cut_instruction(const char *text)
{
	new_event("--cut-instruction", text, text, CUT);
}

void board_inject_skip(const char *text)
{
	new_event("--skip-instruction", text, text, SKIP);
}

void board_inject_flip(const char *text)
{
	char *place = copy(text), *number = split("--flip", place, '@', "ADDR:BIT@N");
	char *bit = split("--flip", place, ':', "ADDR:BIT@N");
	struct event *e = new_event("--flip", text, number, FLIP);

	e->address = (uint32_t)board_number_of("--flip", place, UINT32_MAX);
	e->bit = (uint32_t)board_number_of("--flip", bit, 31);
	free(place);
}

void board_inject_result(const char *text)
{
	char *number = copy(text), *value = split("--result", number, ':', "N:R:VALUE");
	char *reg = split("--result", number, ':', "N:R:VALUE");
	struct event *e = new_event("--result", text, number, RESULT);

	e->instruction++;
	e->address = (uint32_t)board_number_of("--result", value, UINT32_MAX);
	e->bit = (uint32_t)board_number_of("--result", reg, 14);
	free(number);
}

void board_inject_turn(const char *text)
{
	new_event("--turn", text, text, TURN);
}

void board_inject_path(const char *text)
{
	char *from = copy(text), *to = split("--path", from, '-', "N-M or N-M:ends");
	char *colon = strchr(to, ':');

	if (colon != NULL && strcmp(colon, ":ends") != 0)
		board_fail(BOARD_EX_USAGE, "--path %s: not of the form N-M or N-M:ends", text);
	if (colon != NULL)
		*colon = '\0';
	board_path_begin(board_number_of("--path", from, UINT64_MAX - 2),
		board_number_of("--path", to, UINT64_MAX - 2), colon != NULL);
	free(from);
}

void board_inject_tries(uint64_t instruction)
{
	char number[24];

	(void)snprintf(number, sizeof number, "%llu", (unsigned long long)instruction);
	new_event("--tries", number, number, TRIES);
}

void board_inject_ecc(const char *text)
{
	char *address = copy(text), *colon = strchr(address, ':');
	uint64_t at;

	if (colon != NULL && strcmp(colon, ":nmi") != 0)
		board_fail(BOARD_EX_USAGE, "--ecc %s: not of the form ADDR or ADDR:nmi", text);
	if (colon != NULL)
		*colon = '\0';
	at = board_number_of("--ecc", address, UINT32_MAX);
	if (!board_in((uint32_t)at, BOARD_FLASH_BASE, BOARD_FLASH_SIZE))
		board_fail(BOARD_EX_USAGE, "--ecc %s: not inside flash", text);
	board_memory_make_unreadable((uint32_t)at, colon != NULL);
	free(address);
}

/* The first instruction of an IT block, the IT, has already been looked at when the block begins. */
static int is_at(uint64_t insns, enum what what)
{
	unsigned i;

	for (i = 0; i < g_event_count; i++)
		if (g_events[i].what == what && g_events[i].instruction - 1 == insns)
			return 1;
	return 0;
}

int board_inject_skips_at(uint64_t insns)
{
	return is_at(insns, SKIP);
}

int board_inject_turns_at(uint64_t insns)
{
	return is_at(insns, TURN);
}

enum board_cut board_inject_at_operation(uint64_t number)
{
	unsigned i;

	for (i = 0; i < g_cut_count; i++)
		if (g_cuts[i].operation == number)
			return g_cuts[i].when;
	return BOARD_CUT_NONE;
}

static int by_instruction(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return x->instruction < y->instruction ? -1 : x->instruction > y->instruction;
}

static int happen(void);

static void arm(void)
{
	uint64_t at = board_path_next();

	if (g_next < g_event_count && g_events[g_next].instruction - 1 < at)
		at = g_events[g_next].instruction - 1;
	board_cpu_inject(at, happen);
}

static void flip(const struct event *e)
{
	uint8_t *byte = board_cpu_memory(e->address, e->bit / 8 + 1) + e->bit / 8;

	*byte ^= (uint8_t)(1u << e->bit % 8);
	board_cpu_code_changed(e->address & ~UINT32_C(1), 4);
}

static void put_in_order(void)
{
	qsort(g_events + g_next, g_event_count - g_next, sizeof *g_events, by_instruction);
}

/* A fork comes back with a fault more, which may be due now. */
static void try(void)
{
	board_tries_fork();
	put_in_order();
}

static int happen(void)
{
	int skip = 0;

	board_path_tell();
	while (g_next < g_event_count && g_events[g_next].instruction - 1 <= board_insns) {
		const struct event *e = &g_events[g_next++];

		if (e->what == CUT)
			board_stop(BOARD_STOP_CUT);
		else if (e->what == SKIP)
			skip = e->instruction - 1 == board_insns;
		else if (e->what == TURN)
			skip = e->instruction - 1 == board_insns && board_effect_turn();
		else if (e->what == RESULT)
			board_effect_set(e->bit, e->address);
		else if (e->what == TRIES)
			try();
		else
			flip(e);
	}
	arm();
	return skip;
}

void board_inject_start(void)
{
	unsigned i;

	for (i = 0; i < g_event_count; i++)
		if (g_events[i].what == FLIP &&
			board_cpu_memory(g_events[i].address, g_events[i].bit / 8 + 1) == NULL)
			board_fail(BOARD_EX_USAGE, "--flip: no flash, SRAM or CCM at 0x%08x",
				g_events[i].address);
	put_in_order();
	arm();
}
