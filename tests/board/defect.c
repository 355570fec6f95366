#include "defect.h"

#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "flash.h"
#include "part.h"
#include "stop.h"

enum { MAX = 64 };

static struct {
	uint32_t address, mask, value;
	uint64_t from; /* the operation it breaks at */
} g_cells[MAX];
static struct {
	uint64_t from;
	enum board_rng_fault fault;
} g_rng = { UINT64_MAX, BOARD_RNG_SOUND };
static unsigned g_cell_count;
static uint64_t g_hang;
static int g_stalls;
static uint32_t g_dead;

/* The number behind the last `sign`, which is cut off; `otherwise` if there is none. */
static uint64_t cut_number(const char *option, char *text, char sign, uint64_t otherwise)
{
	char *at = strrchr(text, sign);

	if (at == NULL)
		return otherwise;
	*at = '\0';
	return board_number_of(option, at + 1, UINT64_MAX - 1);
}

static char *copy(const char *text)
{
	char *p = strdup(text);

	if (p == NULL)
		board_fail(BOARD_EX_SOFTWARE, "no memory");
	return p;
}

void board_defect_cell(const char *text)
{
	char *place = copy(text);
	const uint64_t from = cut_number("--cell", place, '@', 1);
	const uint64_t value = cut_number("--cell", place, ':', 2);
	const uint64_t bit = cut_number("--cell", place, ':', 32);
	const uint64_t address = board_number_of("--cell", place, UINT32_MAX);

	if (value > 1 || bit > 31 || g_cell_count == MAX || address % 4 != 0 ||
		!board_in((uint32_t)address, BOARD_FLASH_BASE, BOARD_FLASH_SIZE))
		board_fail(BOARD_EX_USAGE,
			"--cell %s: not of the form ADDR:BIT:0|1[@N], ADDR a word of flash, or more "
			"than %d of them",
			text, MAX);
	g_cells[g_cell_count].address = (uint32_t)address;
	g_cells[g_cell_count].mask = UINT32_C(1) << bit;
	g_cells[g_cell_count].value = (uint32_t)value << bit;
	g_cells[g_cell_count++].from = from;
	free(place);
}

int board_defect_has_cells(void)
{
	return g_cell_count != 0;
}

uint32_t board_defect_word(uint32_t address, uint32_t word)
{
	unsigned i;

	for (i = 0; i < g_cell_count; i++)
		if (g_cells[i].address == (address & ~UINT32_C(3)) &&
			board_flash_operations >= g_cells[i].from)
			word = (word & ~g_cells[i].mask) | g_cells[i].value;
	return word;
}

void board_defect_hang(const char *text)
{
	char *number = copy(text), *colon = strchr(number, ':');

	if (colon != NULL && strcmp(colon, ":stall") != 0)
		board_fail(BOARD_EX_USAGE, "--hang %s: not of the form N or N:stall", text);
	g_stalls = colon != NULL;
	if (colon != NULL)
		*colon = '\0';
	g_hang = board_number_of("--hang", number, UINT64_MAX);
	if (g_hang == 0)
		board_fail(BOARD_EX_USAGE, "--hang %s: the first operation is 1", text);
	free(number);
}

int board_defect_hangs(uint64_t operation)
{
	return g_hang != 0 && operation == g_hang;
}

int board_defect_stalls(void)
{
	return g_stalls;
}

void board_defect_clock(const char *text)
{
	if (strcmp(text, "hse") != 0 && strcmp(text, "pll") != 0)
		board_fail(BOARD_EX_USAGE, "--dead %s: not hse or pll", text);
	g_dead |= UINT32_C(1) << (text[0] == 'h' ? 17 : 25); /* RM0090 7.3.1 */
}

uint32_t board_defect_dead_clocks(void)
{
	return g_dead;
}

void board_defect_rng(const char *text)
{
	static const char *const names[] = { "", "seed", "clock", "latched-seed", "latched-clock",
		"repeat", "silent" };
	char *name = copy(text);
	unsigned i = sizeof names / sizeof names[0] - 1;

	g_rng.from = cut_number("--rng", name, '@', 1);
	while (i > 0 && strcmp(name, names[i]) != 0)
		i--;
	if (i == 0)
		board_fail(BOARD_EX_USAGE,
			"--rng %s: not seed, clock, latched-seed, latched-clock, repeat or silent", text);
	g_rng.fault = (enum board_rng_fault)i;
	free(name);
}

enum board_rng_fault board_defect_rng_at(uint64_t number)
{
	return number >= g_rng.from ? g_rng.fault : BOARD_RNG_SOUND;
}
