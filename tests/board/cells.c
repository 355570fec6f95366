#include "cells.h"

#include <string.h>

#include "cpu.h"
#include "defect.h"
#include "part.h"
#include "random.h"
#include "store.h"

static uint8_t g_before[BOARD_FLASH_SIZE]; /* of the sectors under erase */
static struct {
	uint32_t address, old;
	unsigned size;
} g_last;

static int is_otp(uint32_t address)
{
	return board_in(address, BOARD_OTP_BASE, BOARD_OTP_SIZE);
}

static uint8_t *bytes_at(uint32_t address)
{
	return is_otp(address) ? board_store->otp + (address - BOARD_OTP_BASE)
			       : board_flash_bytes + (address - BOARD_FLASH_BASE);
}

static uint8_t *state_of(uint32_t address)
{
	return board_word_state + (address - BOARD_FLASH_BASE) / 4;
}

static uint8_t byte_bits(uint32_t address, unsigned size)
{
	return (uint8_t)(((1u << size) - 1) << (address & 3));
}

uint32_t board_cells_word(uint32_t address)
{
	uint32_t word;

	memcpy(&word, bytes_at(address & ~UINT32_C(3)), 4);
	return word;
}

int board_cells_programmed(uint32_t address, unsigned size)
{
	unsigned i;

	if (!is_otp(address))
		return (*state_of(address) & (byte_bits(address, size) | BOARD_WORD_TORN)) != 0;
	for (i = 0; i < size; i++)
		if (bytes_at(address)[i] != 0xFF)
			return 1;
	return 0;
}

int board_cells_torn(uint32_t address)
{
	return !is_otp(address) && (*state_of(address) & BOARD_WORD_TORN) != 0;
}

/* A cell with a defect holds what it likes. */
static void settle(uint32_t from, uint32_t size)
{
	uint32_t a, word;

	for (a = from & ~UINT32_C(3); board_defect_has_cells() && a < from + size; a += 4) {
		word = board_defect_word(a, board_cells_word(a));
		memcpy(board_flash_bytes + (a - BOARD_FLASH_BASE), &word, 4);
	}
}

/* Programming only clears bits (RM0090 3.6.4). */
void board_cells_program(uint32_t address, unsigned size, uint32_t value)
{
	uint8_t *bytes = bytes_at(address);
	unsigned i;

	g_last.address = address;
	g_last.size = size;
	g_last.old = board_cells_word(address);
	for (i = 0; i < size; i++)
		bytes[i] &= (uint8_t)(value >> 8 * i);
	if (is_otp(address))
		return;
	*state_of(address) |= byte_bits(address, size);
	settle(address, size);
}

void board_cells_erase(unsigned sector)
{
	const uint32_t base = board_sector_base(sector), size = board_sector_size(sector);

	memcpy(g_before + (base - BOARD_FLASH_BASE), board_flash_bytes + (base - BOARD_FLASH_BASE),
		size);
	board_store_erase(sector);
	settle(base, size);
	board_cpu_code_changed(base, size);
}

/* Of the bits on their way to 0, some arrived, some never left, some are in between. */
void board_cells_tear_program(uint64_t seed)
{
	struct board_random random = { seed };
	const uint32_t now = board_cells_word(g_last.address), moving = g_last.old & ~now;
	const uint32_t between = moving & (uint32_t)board_random_next(&random) &
		(uint32_t)board_random_next(&random);
	const uint32_t arrived = moving & ~between & (uint32_t)board_random_next(&random);
	const uint32_t torn = g_last.old & ~arrived;

	memcpy(bytes_at(g_last.address & ~UINT32_C(3)), &torn, 4);
	if (is_otp(g_last.address))
		return;
	*state_of(g_last.address) |= BOARD_WORD_TORN;
	board_marginal[(g_last.address - BOARD_FLASH_BASE) / 4] |= between;
}

static void tear_word(uint32_t index, struct board_random *random)
{
	const uint64_t draw = board_random_next(random);
	uint32_t old, moving, arrived, word;

	memcpy(&old, g_before + index * 4, 4);
	moving = ~old;
	arrived = draw >> 62 == 0 ? 0 : draw >> 62 == 1 ? moving : moving & (uint32_t)draw;
	word = old | arrived;
	memcpy(board_flash_bytes + index * 4, &word, 4);
	board_word_state[index] = BOARD_WORD_TORN | BOARD_WORD_BYTES;
	board_marginal[index] =
		draw >> 62 == 3 ? moving & ~arrived & (uint32_t)board_random_next(random) : 0;
}

/* A word of the sector is as before, erased, or a mix, with or without bits in between. */
void board_cells_tear_erase(uint32_t sectors, uint64_t seed)
{
	struct board_random random = { seed };
	unsigned sector;
	uint32_t i, first;

	for (sector = 0; sector < BOARD_SECTORS; sector++) {
		first = (board_sector_base(sector) - BOARD_FLASH_BASE) / 4;
		for (i = 0; (sectors >> sector & 1) && i < board_sector_size(sector) / 4; i++)
			tear_word(first + i, &random);
	}
}

void board_cells_draw_marginal(uint64_t seed)
{
	struct board_random random = { seed };
	uint32_t i, word, mask;

	for (i = 0; i < BOARD_WORDS; i++) {
		mask = board_marginal[i];
		if (mask == 0)
			continue;
		memcpy(&word, board_flash_bytes + i * 4, 4);
		word = (word & ~mask) | ((uint32_t)board_random_next(&random) & mask);
		memcpy(board_flash_bytes + i * 4, &word, 4);
	}
}

/* RM0090 3.8: lock byte i at +0x200 is 0x00 when block i takes no more. */
int board_otp_locked(uint32_t address)
{
	const uint32_t offset = address - BOARD_OTP_BASE;

	return is_otp(address) && offset < 0x200 && board_store->otp[0x200 + offset / 32] == 0;
}
