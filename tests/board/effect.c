#include "effect.h"

#include <string.h>

#include "cpu.h"
#include "it.h"
#include "stop.h"
#include "thumb.h"

enum { SP = 1 << 13, LR = 1 << 14, ALL = 0x7FFF };

/* PC is no destination here: a branch is turned round, not sent to nowhere. */
static uint16_t bit(unsigned reg)
{
	return (uint16_t)(1u << (reg & 15) & ALL);
}

static uint16_t data_16(uint16_t i) /* 010000, 010001 */
{
	const unsigned op = i >> 6 & 15, high = (i >> 4 & 8) | (i & 7);

	if ((i & 0x0400) == 0)
		return op == 8 || op == 10 || op == 11 ? 0 : bit(i & 7); /* TST, CMP, CMN */
	if ((i & 0x0300) == 0x0300)
		return (i & 0x80) != 0 ? LR : 0; /* BLX, BX */
	return (i & 0x0300) == 0x0100 ? 0 : bit(high);
}

static uint16_t misc_16(uint16_t i) /* 1011 */
{
	switch (i >> 8 & 15) {
	case 0: /* ADD, SUB of SP */
	case 4: /* PUSH */
	case 5:
		return SP;
	case 2: /* extensions */
	case 10: /* REV */
		return bit(i & 7);
	case 12: /* POP */
	case 13:
		return (uint16_t)(SP | (i & 0xFF));
	default:
		return 0;
	}
}

static uint16_t writes_16(uint16_t i)
{
	const int load = (i & 0x0800) != 0;

	switch (i >> 12) {
	case 0:
	case 1:
		return bit(i & 7);
	case 2:
	case 3:
		return (i & 0x3800) == 0x2800 ? 0 : bit(i >> 8 & 7); /* CMP */
	case 4:
		return load ? bit(i >> 8 & 7) : data_16(i);
	case 5:
		return (i >> 9 & 7) < 3 ? 0 : bit(i & 7);
	case 6:
	case 7:
	case 8:
		return load ? bit(i & 7) : 0;
	case 9:
		return load ? bit(i >> 8 & 7) : 0;
	case 10:
		return bit(i >> 8 & 7);
	case 11:
		return misc_16(i);
	case 12:
		return load ? (uint16_t)((i & 0xFF) | bit(i >> 8 & 7)) : bit(i >> 8 & 7);
	default:
		return 0;
	}
}

static uint16_t multiple(uint16_t i, uint16_t j) /* LDM, STM; LDRD, STRD, exclusives, TBB, TBH */
{
	const unsigned low = j >> 4 & 15;
	const int load = (i & 0x10) != 0;
	const uint16_t back = (i & 0x20) != 0 ? bit(i & 15) : 0;

	if ((i & 0x40) == 0)
		return (uint16_t)(back | (load ? j & ALL : 0));
	if ((i & 0x0120) != 0)
		return (uint16_t)(back | (load ? bit(j >> 12) | bit(j >> 8) : 0));
	if ((i & 0x80) == 0)
		return bit(load ? j >> 12 : j >> 8); /* LDREX, STREX */
	if (load)
		return low <= 1 ? 0 : bit(j >> 12); /* TBB, TBH; LDREXB, LDREXH */
	return bit(j);
}

static uint16_t single(uint16_t i, uint16_t j) /* LDR, STR of one register */
{
	const int load = (i & 0x10) != 0, indexed = (i & 0x80) == 0 && (i & 15) != 15;
	const uint16_t back = indexed && (j & 0x0900) == 0x0900 ? bit(i & 15) : 0;

	return (uint16_t)(back | (load ? bit(j >> 12) : 0));
}

static uint16_t writes_32(uint16_t i, uint16_t j)
{
	if ((i & 0xFE00) == 0xE800)
		return multiple(i, j);
	if ((i & 0xFE00) == 0xEA00)
		return bit(j >> 8);
	if ((i & 0xF800) == 0xF000 && (j & 0x8000) == 0)
		return bit(j >> 8);
	if ((i & 0xF800) == 0xF000)
		return (j & 0xD000) == 0xD000 ? LR : i == 0xF3EF ? bit(j >> 8) : 0; /* BL, MRS */
	if ((i & 0xFE00) == 0xF800)
		return single(i, j);
	if ((i & 0xFF80) == 0xFB80) /* SDIV, UDIV; long products */
		return (uint16_t)(bit(j >> 8) | ((i & 0x50) == 0x10 ? 0 : bit(j >> 12)));
	return (i & 0xFE00) == 0xFA00 ? bit(j >> 8) : 0;
}

uint16_t board_effect_writes(uint16_t first, uint16_t second)
{
	return board_thumb_size(first) == 2 ? writes_16(first) : writes_32(first, second);
}

/* The `bits` low bits of value, as a signed number. */
static uint32_t extended(uint32_t value, unsigned bits)
{
	return (value ^ UINT32_C(1) << (bits - 1)) - (UINT32_C(1) << (bits - 1));
}

static int is_wide(uint16_t i, uint16_t j)
{
	return (i & 0xF800) == 0xF000 && (j & 0xD000) == 0x8000 && (i & 0x0380) != 0x0380;
}

int board_effect_branches(uint32_t pc, uint16_t i, uint16_t j, uint32_t *target)
{
	if ((i & 0xF000) == 0xD000 && (i & 0x0E00) != 0x0E00)
		*target = pc + 4 + extended((i & 0xFFu) << 1, 9);
	else if ((i & 0xF500) == 0xB100)
		*target = pc + 4 + ((i >> 3 & 0x40u) | (i >> 2 & 0x3Eu));
	else if (is_wide(i, j))
		*target = pc + 4 + extended((i & 0x400u) << 10 | (j & 0x800u) << 8 |
						    (j & 0x2000u) << 5 | (i & 0x3Fu) << 12 |
						    (j & 0x7FFu) << 1,
					    21);
	else
		return 0;
	return 1;
}

/* ARM A7.3 */
static int holds(unsigned condition)
{
	const uint32_t f = board_reg(UC_ARM_REG_XPSR);
	const unsigned n = f >> 31 & 1, z = f >> 30 & 1, c = f >> 29 & 1, v = f >> 28 & 1;
	const unsigned of[] = { z, c, n, v, c & (z ^ 1), (n ^ v) ^ 1, (z ^ 1) & ((n ^ v) ^ 1), 1 };

	return (of[condition >> 1 & 7] ^ (condition & 1)) != 0;
}

static int is_taken(uint16_t i)
{
	if ((i & 0xF500) == 0xB100)
		return (board_reg(UC_ARM_REG_R0 + (i & 7)) == 0) == ((i & 0x0800) == 0);
	return holds((i & 0xF000) == 0xD000 ? i >> 8 & 15u : i >> 6 & 15u);
}

/* The low bit of each condition: of the first in the condition itself, of the others in the mask. */
uint16_t board_effect_turned(uint16_t it, unsigned i)
{
	const unsigned length = board_thumb_it_length(it);

	if ((it & 0xE0) == 0xE0 || i > length)
		return 0;
	if (i == 0)
		return (uint16_t)(it ^ (0x1Fu & ~((1u << (5 - length)) - 1)));
	return (uint16_t)(it ^ 0x10u >> (i - 1));
}

void board_effect_set(unsigned r, uint32_t value)
{
	board_set_reg(r < 13 ? UC_ARM_REG_R0 + (int)r : r == 13 ? UC_ARM_REG_SP : UC_ARM_REG_LR, value);
}

int board_effect_turn(void)
{
	const uint32_t pc = board_cpu_pc();
	const uint8_t *code = board_cpu_memory(pc, 4);
	uint16_t words[2] = { 0, 0 };
	uint32_t target;

	if (code != NULL)
		memcpy(words, code, 4);
	if (board_it_inside() || (board_thumb_decode(words[0], words[1]) & BOARD_THUMB_IT))
		return 0;
	if (!board_effect_branches(pc, words[0], words[1], &target))
		board_fail(BOARD_EX_USAGE, "--turn: the instruction at 0x%08x has no condition", pc);
	if (!is_taken(words[0]))
		board_cpu_go_on_at(target);
	return 1;
}
