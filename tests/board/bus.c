#include "bus.h"

#include <stddef.h>
#include <string.h>

#include "cpu.h"
#include "dma.h"
#include "flash.h"
#include "gpio.h"
#include "rcc.h"
#include "rng.h"
#include "scs.h"
#include "stop.h"
#include "usart.h"
#include "watchdog.h"

enum { ALWAYS = 0, AHB1 = 0x30, AHB2 = 0x34, APB1 = 0x40, APB2 = 0x44 };

#define RTC_BASE UINT32_C(0x40002800)
#define BKPSRAM_BASE UINT32_C(0x40024000)

struct peripheral {
	const char *name;
	uint32_t base, size;
	uint32_t enable; /* offset of its clock enable register, ALWAYS if none */
	unsigned bit, instance;
	uint32_t (*read)(unsigned instance, uint32_t offset);
	void (*write)(unsigned instance, uint32_t offset, uint32_t value, uint32_t mask);
	void (*reset)(unsigned instance); /* by its bit in RCC's reset registers; NULL: it has none */
};

static uint32_t flash_read(unsigned i, uint32_t offset)
{
	(void)i;
	return board_flash_read(offset);
}
static void flash_write(unsigned i, uint32_t offset, uint32_t v, uint32_t m)
{
	(void)i;
	board_flash_write(offset, v, m);
}

static void rng_reset(unsigned i)
{
	(void)i;
	board_rng_reset();
}

#define REMEMBERED NULL, NULL, NULL
#define GPIO(letter, i) \
	{ \
		"GPIO" letter, 0x40020000u + (i)*0x400u, 0x400, AHB1, i, i, board_gpio_read, \
			board_gpio_write, board_gpio_reset_port \
	}
#define USART(name, base, enable, bit, i) \
	{ \
		name, base, 0x400, enable, bit, i, board_usart_read, board_usart_write, \
			board_usart_reset_port \
	}
#define PLAIN(name, base, enable, bit) \
	{ \
		name, base, 0x400, enable, bit, 0, REMEMBERED \
	}

static const struct peripheral g_peripherals[] = {
	{ "RCC", 0x40023800, 0x400, ALWAYS, 0, 0, board_rcc_read, board_rcc_write, NULL },
	{ "FLASH", 0x40023C00, 0x400, ALWAYS, 0, 0, flash_read, flash_write, NULL },
	USART("USART1", 0x40011000, APB2, 4, 0),
	USART("USART2", 0x40004400, APB1, 17, 1),
	USART("USART3", 0x40004800, APB1, 18, 2),
	USART("USART6", 0x40011400, APB2, 5, 3),
	{ "DMA1", 0x40026000, 0x400, AHB1, 21, 0, board_dma_read, board_dma_write,
		board_dma_reset_controller },
	{ "DMA2", 0x40026400, 0x400, AHB1, 22, 1, board_dma_read, board_dma_write,
		board_dma_reset_controller },
	GPIO("A", 0),
	GPIO("B", 1),
	GPIO("C", 2),
	GPIO("D", 3),
	GPIO("E", 4),
	GPIO("F", 5),
	GPIO("G", 6),
	GPIO("H", 7),
	GPIO("I", 8),
	{ "RNG", 0x50060800, 0x400, AHB2, 6, 0, board_rng_read, board_rng_write, rng_reset },
	{ "IWDG", 0x40003000, 0x400, ALWAYS, 0, 0, board_iwdg_read, board_iwdg_write, NULL },
	{ "WWDG", 0x40002C00, 0x400, APB1, 11, 0, board_wwdg_read, board_wwdg_write,
		board_wwdg_reset },
	{ "PWR", 0x40007000, 0x400, APB1, 28, 0, board_pwr_read, board_pwr_write, board_pwr_reset },
	PLAIN("SYSCFG", 0x40013800, APB2, 14),
	PLAIN("EXTI", 0x40013C00, ALWAYS, 0),
	PLAIN("RTC", RTC_BASE, ALWAYS, 0),
	PLAIN("CRC", 0x40023000, AHB1, 12),
	PLAIN("TIM1", 0x40010000, APB2, 0),
	PLAIN("TIM2", 0x40000000, APB1, 0),
	PLAIN("TIM3", 0x40000400, APB1, 1),
	PLAIN("TIM4", 0x40000800, APB1, 2),
	PLAIN("TIM5", 0x40000C00, APB1, 3),
	PLAIN("TIM6", 0x40001000, APB1, 4),
	PLAIN("TIM7", 0x40001400, APB1, 5),
	PLAIN("TIM8", 0x40010400, APB2, 1),
	PLAIN("TIM9", 0x40014000, APB2, 16),
	PLAIN("TIM10", 0x40014400, APB2, 17),
	PLAIN("TIM11", 0x40014800, APB2, 18),
	PLAIN("TIM12", 0x40001800, APB1, 6),
	PLAIN("TIM13", 0x40001C00, APB1, 7),
	PLAIN("TIM14", 0x40002000, APB1, 8),
	PLAIN("SPI1", 0x40013000, APB2, 12),
	PLAIN("SPI2", 0x40003800, APB1, 14),
	PLAIN("SPI3", 0x40003C00, APB1, 15),
	PLAIN("UART4", 0x40004C00, APB1, 19),
	PLAIN("UART5", 0x40005000, APB1, 20),
	PLAIN("I2C1", 0x40005400, APB1, 21),
	PLAIN("I2C2", 0x40005800, APB1, 22),
	PLAIN("I2C3", 0x40005C00, APB1, 23),
	PLAIN("CAN1", 0x40006400, APB1, 25),
	PLAIN("CAN2", 0x40006800, APB1, 26),
	PLAIN("DAC", 0x40007400, APB1, 29),
	PLAIN("ADC", 0x40012000, APB2, 8),
	PLAIN("SDIO", 0x40012C00, APB2, 11),
	{ "BKPSRAM", BKPSRAM_BASE, 0x1000, AHB1, 18, 0, REMEMBERED },
	{ "ETH", 0x40028000, 0x1400, AHB1, 25, 0, REMEMBERED },
	{ "OTG_HS", 0x40040000, 0x40000, AHB1, 29, 0, REMEMBERED },
	{ "OTG_FS", 0x50000000, 0x40000, AHB2, 7, 0, REMEMBERED },
	PLAIN("DCMI", 0x50050000, AHB2, 0),
};

enum { PERIPHERALS = sizeof g_peripherals / sizeof g_peripherals[0], KEPT = 0x1000 / 4 };

static uint32_t g_kept[PERIPHERALS][KEPT];
static uint8_t g_noted[PERIPHERALS];

/* The backup domain (RTC, its registers, BKPSRAM) keeps its contents but for loss of power (5.1.2). */
void board_bus_reset(int power)
{
	int i;

	for (i = 0; i < PERIPHERALS; i++)
		if (power ||
			(g_peripherals[i].base != RTC_BASE &&
				g_peripherals[i].base != BKPSRAM_BASE))
			memset(g_kept[i], 0, sizeof g_kept[i]);
}

void board_bus_reset_by(uint32_t enable_register, uint32_t bits)
{
	int i;

	for (i = 0; i < PERIPHERALS; i++)
		if (g_peripherals[i].enable == enable_register &&
			(bits >> g_peripherals[i].bit & 1)) {
			memset(g_kept[i], 0, sizeof g_kept[i]);
			if (g_peripherals[i].reset != NULL)
				g_peripherals[i].reset(g_peripherals[i].instance);
		}
}

void board_bus_tell(void (*tell)(const char *name, uint32_t offset, uint32_t value))
{
	const struct peripheral *p;
	uint32_t offset, value;

	for (p = g_peripherals; p < g_peripherals + PERIPHERALS; p++)
		for (offset = 0; offset < 0x400; offset += 4) {
			value = p->read != NULL ? p->read(p->instance, offset)
						: g_kept[p - g_peripherals][offset / 4];
			if (value != 0)
				tell(p->name, offset, value);
		}
}

static int find(uint32_t address)
{
	int i;

	for (i = 0; i < PERIPHERALS; i++)
		if (address - g_peripherals[i].base < g_peripherals[i].size)
			return i;
	return -1;
}

/* The peripheral that may be accessed at this address, or -1 after a fault or diagnosis. */
static int selected(uint32_t address, const char *what)
{
	const int i = find(address);
	const struct peripheral *p = &g_peripherals[i < 0 ? 0 : i];

	if (i < 0) {
		board_cpu_bus_fault(address);
		return -1;
	}
	if (p->enable != ALWAYS && !board_rcc_enabled(p->enable, p->bit)) {
		board_diagnose("bus: %s of %s+0x%03x while its clock is off (RCC+0x%02x bit %u)",
			what, p->name, address - p->base, p->enable, p->bit);
		return -1;
	}
	if (p->enable != ALWAYS && board_rcc_held(p->enable, p->bit)) {
		board_diagnose("bus: %s of %s+0x%03x while it is held in reset (RCC+0x%02x bit %u)",
			what, p->name, address - p->base, p->enable - 0x20, p->bit);
		return -1;
	}
	if (p->read == NULL && !g_noted[i]) {
		g_noted[i] = 1;
		board_note("note: %s has no model: its registers only remember (first %s at pc "
			   "0x%08x)",
			p->name, what, board_cpu_pc());
	}
	return i;
}

static uint32_t read_word(uint32_t address)
{
	const int i = selected(address, "read");

	if (i < 0)
		return 0;
	if (g_peripherals[i].read != NULL)
		return g_peripherals[i].read(
			g_peripherals[i].instance, address - g_peripherals[i].base);
	return g_kept[i][(address - g_peripherals[i].base) / 4 % KEPT];
}

static void write_word(uint32_t address, uint32_t value, uint32_t mask)
{
	const int i = selected(address, "write");
	uint32_t *kept;

	if (i < 0)
		return;
	if (g_peripherals[i].write != NULL) {
		g_peripherals[i].write(
			g_peripherals[i].instance, address - g_peripherals[i].base, value, mask);
		return;
	}
	kept = &g_kept[i][(address - g_peripherals[i].base) / 4 % KEPT];
	*kept = (*kept & ~mask) | (value & mask);
}

static uint32_t mask_of(unsigned size)
{
	return size == 4 ? UINT32_MAX : (UINT32_C(1) << 8 * size) - 1;
}

static int is_bit_band(uint32_t address)
{
	return address - 0x42000000 < 0x2000000;
}

/* ARMv7-M peripheral bit-band: each word of the alias is one bit. */
static uint32_t bit_band_word(uint32_t address)
{
	return 0x40000000 + ((address - 0x42000000) / 32 & ~UINT32_C(3));
}

uint32_t board_bus_read(uint32_t address, unsigned size)
{
	const uint32_t word = address & ~UINT32_C(3), shift = 8 * (address & 3);

	if (address >= 0xE0000000)
		return board_scs_read(word) >> shift & mask_of(size);
	if (is_bit_band(address))
		return read_word(bit_band_word(address)) >> (address / 4 & 31) & 1;
	return read_word(word) >> shift & mask_of(size);
}

void board_bus_write(uint32_t address, unsigned size, uint32_t value)
{
	const uint32_t word = address & ~UINT32_C(3), shift = 8 * (address & 3);
	const uint32_t mask = mask_of(size) << shift;

	if (board_cpu_is_off())
		return;

	if (address >= 0xE0000000)
		board_scs_write(word, value << shift, mask);
	else if (is_bit_band(address))
		write_word(bit_band_word(address),
			(read_word(bit_band_word(address)) & ~(UINT32_C(1) << (address / 4 & 31))) |
				(value & 1) << (address / 4 & 31),
			UINT32_MAX);
	else
		write_word(word, value << shift, mask);
}
