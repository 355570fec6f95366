#include "patch.h"

#include <string.h>

#include "clock.h"
#include "cpu.h"
#include "effect.h"
#include "inject.h"
#include "it.h"

static uint32_t g_address, g_size; /* size 0: none */
static uint8_t g_other[4];         /* what is not in memory: the NOP or turned IT, or the instruction */
static int g_in_place, g_begun;

static int skipped(void)
{
	static const uint8_t nop[2] = { 0x00, 0xBF }, wide_nop[4] = { 0xAF, 0xF3, 0x00, 0x80 };
	unsigned i;

	for (i = 1; i < board_it_left; i++)
		if (board_inject_skips_at(board_insns + i)) {
			g_address = board_it_address(i);
			g_size = board_it_address(i + 1) - g_address;
			memcpy(g_other, g_size == 2 ? nop : wide_nop, g_size);
			return 1;
		}
	return 0;
}

static int turned(void)
{
	uint16_t it;
	unsigned i;

	for (i = 0; i < board_it_left; i++) {
		if (!board_inject_turns_at(board_insns + i))
			continue;
		g_address = board_it_address(0);
		memcpy(&it, board_cpu_memory(g_address, 2), 2);
		it = board_effect_turned(it, i);
		g_size = it != 0 ? 2 : 0;
		memcpy(g_other, &it, 2);
		return it != 0;
	}
	return 0;
}

int board_patch_needed(void)
{
	if (g_size != 0 || (!skipped() && !turned()))
		return 0;
	board_it_end();
	return 1;
}

static void swap(void)
{
	uint8_t bytes[4], *code = board_cpu_memory(g_address, g_size);

	memcpy(bytes, code, g_size);
	memcpy(code, g_other, g_size);
	memcpy(g_other, bytes, g_size);
	board_cpu_code_changed(g_address, g_size);
}

int board_patch_make(void)
{
	if (g_size == 0 || g_in_place)
		return 0;
	swap();
	g_in_place = 1;
	g_begun = 0;
	board_cpu_attend();
	return 1;
}

void board_patch_undo(void)
{
	if (g_in_place)
		swap();
	g_in_place = 0;
	g_size = 0;
}

/* The first look finds the IT itself, still outside of its block. */
int board_patch_settle(void)
{
	if (!g_in_place)
		return 0;
	if (g_begun && !board_it_inside())
		board_patch_undo();
	g_begun = 1;
	return g_in_place;
}
