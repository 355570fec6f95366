#include "gpio.h"

#include <string.h>

enum {
	MODER = 0x00,
	PUPDR = 0x0C,
	IDR = 0x10,
	ODR = 0x14,
	BSRR = 0x18,
	LCKR = 0x1C,
	AFRL = 0x20,
	SIZE = 0x28,
	PORTS = 9
};

static uint32_t g_regs[PORTS][SIZE / 4];
static int g_pressed;

uint64_t board_gpio_changes;

#define REG(port, offset) g_regs[port][(offset) / 4]

void board_gpio_press(int pressed)
{
	g_pressed = pressed;
}
int board_gpio_pressed(void)
{
	return g_pressed;
}

/* 8.4.1, 8.4.3, 8.4.4: the debug pins of ports A and B start as alternate functions. */
void board_gpio_reset(void)
{
	unsigned port;

	for (port = 0; port < PORTS; port++)
		board_gpio_reset_port(port);
}

void board_gpio_reset_port(unsigned port)
{
	memset(g_regs[port], 0, sizeof g_regs[port]);
	if (port > 1)
		return;
	REG(port, MODER) = port == 0 ? 0xA8000000 : 0x00000280;
	REG(port, 0x08) = port == 0 ? 0x0C000000 : 0x000000C0;
	REG(port, PUPDR) = port == 0 ? 0x64000000 : 0x00000100;
}

/* An output reads its own level, an input its pull-up; analog reads 0; the button drives PA0. */
static uint32_t idr(unsigned port)
{
	uint32_t value = 0, mode;
	unsigned pin;

	for (pin = 0; pin < 16; pin++) {
		mode = REG(port, MODER) >> 2 * pin & 3;
		if (mode == 1)
			value |= REG(port, ODR) & UINT32_C(1) << pin;
		else if (mode != 3 && (REG(port, PUPDR) >> 2 * pin & 3) == 1)
			value |= UINT32_C(1) << pin;
	}
	if (port == 0 && (REG(0, MODER) & 3) == 0)
		value = (value & ~UINT32_C(1)) | (uint32_t)g_pressed;
	return value;
}

uint32_t board_gpio_read(unsigned port, uint32_t offset)
{
	if (offset >= SIZE || offset == BSRR)
		return 0;
	return offset == IDR ? idr(port) : REG(port, offset);
}

static void set_output(unsigned port, uint32_t value)
{
	board_gpio_changes += (uint64_t)__builtin_popcount((REG(port, ODR) ^ value) & 0xFFFF);
	REG(port, ODR) = value & 0xFFFF;
}

void board_gpio_write(unsigned port, uint32_t offset, uint32_t value, uint32_t mask)
{
	value &= mask;
	if (offset == BSRR) /* set wins over reset (8.4.7) */
		set_output(port, (REG(port, ODR) & ~(value >> 16)) | (value & 0xFFFF));
	else if (offset == ODR)
		set_output(port, (REG(port, ODR) & ~mask) | value);
	else if (offset < SIZE && offset != IDR)
		REG(port, offset) = (REG(port, offset) & ~mask) | value;
}

int board_gpio_is_alternate(unsigned port, unsigned pin, unsigned af)
{
	return (REG(port, MODER) >> 2 * pin & 3) == 2 &&
		(REG(port, AFRL + pin / 8 * 4) >> 4 * (pin % 8) & 0xF) == af;
}
