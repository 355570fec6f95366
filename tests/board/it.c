#include "it.h"

#include <string.h>

#include "memory.h"
#include "thumb.h"

unsigned board_it_left;

static uint32_t g_address[6]; /* the IT itself, then what it governs */
static unsigned g_next, g_length;

static uint16_t halfword(uint32_t address)
{
	const uint8_t *p = board_cpu_memory(address, 2);
	uint16_t value = 0;

	if (p != NULL)
		memcpy(&value, p, 2);
	return value;
}

void board_it_begin(uint32_t it)
{
	unsigned i;

	g_length = board_thumb_it_length(halfword(it)) + 1;
	g_next = 0;
	g_address[0] = it;
	for (i = 1; i <= g_length; i++)
		g_address[i] = g_address[i - 1] + board_thumb_size(halfword(g_address[i - 1]));
	board_it_left = g_length;
}

unsigned board_it_skipped(uint32_t pc)
{
	unsigned i, skipped;

	for (i = g_next; i < g_length && g_address[i] != pc; i++)
		;
	skipped = i - g_next;
	g_next = i;
	board_it_left = g_length - i;
	return skipped;
}

void board_it_advance(void)
{
	g_next++;
	board_it_left--;
}

void board_it_end(void)
{
	board_it_left = 0;
}

uint32_t board_it_address(unsigned i)
{
	return g_address[i];
}
