#include "path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cpu.h"
#include "effect.h"
#include "part.h"
#include "stop.h"
#include "symbols.h"
#include "thumb.h"

enum { REGISTERS = 15 };

static uint64_t g_next = BOARD_NEVER, g_last;
static uint32_t g_before[REGISTERS], g_pc, g_exception;
static uint16_t g_writes = (1u << REGISTERS) - 1;
static struct {
	uint64_t first, last;
} *g_ends; /* of each halfword of flash; NULL: each instruction is told of */

void board_path_begin(uint64_t first, uint64_t last, int ends)
{
	if (first == 0 || last < first)
		board_fail(BOARD_EX_USAGE, "--path: the first instruction is 1, and none comes before it");
	g_next = first - 1;
	g_last = last;
	g_ends = ends ? calloc(BOARD_FLASH_SIZE / 2, sizeof *g_ends) : NULL;
	if (ends && g_ends == NULL)
		board_fail(BOARD_EX_SOFTWARE, "no memory for the path");
}

uint64_t board_path_next(void)
{
	return g_next;
}

/* An instruction that writes what effect.c does not know of would be missed by whoever asks for the path. */
static void compare(uint32_t pc)
{
	const uint32_t exception = board_reg(UC_ARM_REG_IPSR);
	unsigned i;

	for (i = 0; i < REGISTERS; i++) {
		const uint32_t now = board_reg(i < 13 ? UC_ARM_REG_R0 + (int)i
						      : i == 13 ? UC_ARM_REG_SP : UC_ARM_REG_LR);

		if (now != g_before[i] && exception == g_exception && !(g_writes >> i & 1))
			board_fail(BOARD_EX_SOFTWARE, "--path: the instruction at 0x%08x wrote r%u",
				g_pc, i);
		g_before[i] = now;
	}
	g_exception = exception;
	g_pc = pc;
}

static unsigned turns(uint32_t pc, const uint16_t words[2])
{
	uint32_t target;

	if ((board_thumb_decode(words[0], words[1]) & BOARD_THUMB_IT) &&
		board_effect_turned(words[0], 0) != 0)
		return board_thumb_it_length(words[0]) + 1;
	return (unsigned)board_effect_branches(pc, words[0], words[1], &target);
}

static void fetch(uint32_t pc, uint16_t words[2])
{
	const uint8_t *code = board_cpu_memory(pc, 4);

	words[0] = words[1] = 0;
	if (code != NULL)
		memcpy(words, code, 4);
}

static void say(uint64_t number, uint32_t pc, const char *more)
{
	uint16_t words[2];

	fetch(pc, words);
	printf("path %llu 0x%08x %s writes 0x%04x turns %u%s\n", (unsigned long long)number, pc,
		board_symbol_at(pc), board_effect_writes(words[0], words[1]), turns(pc, words), more);
}

void board_path_tell(void)
{
	const uint32_t pc = board_cpu_pc(), place = pc - BOARD_FLASH_BASE;
	uint16_t words[2];
	char lr[20];

	if (board_insns < g_next)
		return;
	compare(pc);
	fetch(pc, words);
	g_writes = board_effect_writes(words[0], words[1]);
	g_next = board_insns + 1 < g_last ? board_insns + 1 : BOARD_NEVER;
	if (g_ends == NULL) {
		(void)snprintf(lr, sizeof lr, " lr 0x%08x", board_reg(UC_ARM_REG_LR));
		say(board_insns + 1, pc, lr);
	} else if (place < BOARD_FLASH_SIZE) {
		g_ends[place / 2].last = board_insns + 1;
		if (g_ends[place / 2].first == 0)
			g_ends[place / 2].first = board_insns + 1;
	}
}

void board_path_finish(void)
{
	uint32_t i;

	for (i = 0; g_ends != NULL && i < BOARD_FLASH_SIZE / 2; i++) {
		if (g_ends[i].first != 0)
			say(g_ends[i].first, BOARD_FLASH_BASE + 2 * i, "");
		if (g_ends[i].last != g_ends[i].first)
			say(g_ends[i].last, BOARD_FLASH_BASE + 2 * i, "");
	}
}
