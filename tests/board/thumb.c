#include "thumb.h"

static int lowers_sp_16(uint16_t i)
{
	return (i & 0xFE00) == 0xB400      /* PUSH */
		|| (i & 0xFF80) == 0xB080  /* SUB SP, SP, #imm7 */
		|| (i & 0xFF87) == 0x4685  /* MOV SP, Rm */
		|| (i & 0xFF87) == 0x4485; /* ADD SP, Rm */
}

static int lowers_sp_32(uint16_t i, uint16_t j)
{
	return i == 0xE92D                                            /* STMDB SP!, PUSH.W */
		|| ((i & 0xFFEF) == 0xED2D && (j & 0x0E00) == 0x0A00) /* VPUSH */
		|| (i == 0xF84D && (j & 0x0D00) == 0x0D00)            /* STR Rt, [SP, #-n]! */
		|| ((i & 0xFF6F) == 0xE96D)                           /* STRD ..., [SP, #n]! */
		||
		((i & 0xFA00) == 0xF000 && (j & 0x8F00) == 0x0D00) /* data processing, immediate */
		||
		((i & 0xFE00) == 0xEA00 && (j & 0x0F00) == 0x0D00); /* data processing, register */
}

static uint8_t decode_16(uint16_t i)
{
	unsigned flags = BOARD_THUMB_KNOWN;

	if ((i & 0xFF00) == 0xBF00 && (i & 0xF) != 0)
		flags |= BOARD_THUMB_IT;
	else if (i == 0xBF20 || i == 0xBF30 || i == 0xBF40)
		flags |= BOARD_THUMB_SLEEPS;
	else if ((i & 0xFFE8) == 0xB660)
		flags |= BOARD_THUMB_MASKS;
	else if (lowers_sp_16(i))
		flags |= BOARD_THUMB_LOWERS_SP;
	return (uint8_t)flags;
}

static uint8_t decode_32(uint16_t i, uint16_t j)
{
	unsigned flags = BOARD_THUMB_KNOWN;

	if ((i & 0xFFE0) == 0xF380 && (j & 0xD000) == 0x8000)
		flags |= (j & 0xFF) == 8 || (j & 0xFF) == 9 ? BOARD_THUMB_LOWERS_SP
							    : BOARD_THUMB_MASKS;
	if (i == 0xF3AF && j >= 0x8002 && j <= 0x8004)
		flags |= BOARD_THUMB_SLEEPS;
	if ((i & 0xEC00) == 0xEC00 && ((j & 0x0F00) == 0x0A00 || (j & 0x0F00) == 0x0B00) &&
		(i & 0x0300) != 0x0300)
		flags |= BOARD_THUMB_FP;
	if (lowers_sp_32(i, j))
		flags |= BOARD_THUMB_LOWERS_SP;
	return (uint8_t)flags;
}

uint8_t board_thumb_decode(uint16_t first, uint16_t second)
{
	return board_thumb_size(first) == 2 ? decode_16(first) : decode_32(first, second);
}

/* The lowest set bit of the mask ends the block: 1000 is one instruction, xxx1 four. */
unsigned board_thumb_it_length(uint16_t it)
{
	unsigned n = 4;

	while (n > 1 && (it & 1) == 0) {
		it = (uint16_t)(it >> 1);
		n--;
	}
	return n;
}
