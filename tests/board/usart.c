#include "usart.h"

#include <string.h>

#include "clock.h"
#include "dma.h"
#include "gpio.h"
#include "host.h"
#include "nvic.h"
#include "rcc.h"
#include "report.h"
#include "stop.h"

enum {
	SR = 0x00,
	DR = 0x04,
	BRR = 0x08,
	CR1 = 0x0C,
	CR2 = 0x10,
	CR3 = 0x14,
	GTPR = 0x18,
	PORTS = 4
};
enum { SR_ERRORS = 0x0F, SR_ORE = 8, SR_IDLE = 0x10, SR_RXNE = 0x20, SR_TC = 0x40, SR_TXE = 0x80 };
enum {
	RE = 4,
	TE = 8,
	IDLEIE = 0x10,
	RXNEIE = 0x20,
	TCIE = 0x40,
	TXEIE = 0x80,
	PCE = 0x400,
	M = 0x1000,
	UE = 0x2000,
	OVER8 = 0x8000,
	EIE = 1,
	DMAR = 0x40,
	DMAT = 0x80
};

struct pins {
	uint8_t port, tx, rx;
};

static const struct wiring {
	const char *name;
	unsigned bus, irq, af, controller, channel, rx_streams[2], tx_streams[2];
	struct pins pins[3];
} g_wiring[PORTS] = {
	{ "USART1", 2, BOARD_IRQ_USART1, 7, 1, 4, { 2, 5 }, { 7, 7 },
		{ { 0, 9, 10 }, { 1, 6, 7 }, { 0, 9, 10 } } },
	{ "USART2", 1, BOARD_IRQ_USART2, 7, 0, 4, { 5, 5 }, { 6, 6 },
		{ { 0, 2, 3 }, { 3, 5, 6 }, { 0, 2, 3 } } },
	{ "USART3", 1, BOARD_IRQ_USART3, 7, 0, 4, { 1, 1 }, { 3, 3 },
		{ { 1, 10, 11 }, { 2, 10, 11 }, { 3, 8, 9 } } },
	{ "USART6", 2, BOARD_IRQ_USART6, 8, 1, 5, { 1, 2 }, { 6, 7 },
		{ { 2, 6, 7 }, { 6, 14, 9 }, { 2, 6, 7 } } },
};

static struct usart {
	uint32_t sr, seen, brr, cr1, cr2, cr3, gtpr;
	uint8_t rdr, tdr, shift;
	int tdr_full, shifting, noted;
} g_usart[PORTS];
static unsigned g_connected;
static int g_receiving;

uint64_t board_uart_in, board_uart_out, board_uart_lost;

static void update_irq(unsigned i)
{
	const struct usart *u = &g_usart[i];
	const int level = ((u->cr1 & RXNEIE) && (u->sr & (SR_RXNE | SR_ORE))) ||
		((u->cr1 & IDLEIE) && (u->sr & SR_IDLE)) || ((u->cr1 & TCIE) && (u->sr & SR_TC)) ||
		((u->cr1 & TXEIE) && (u->sr & SR_TXE)) ||
		((u->cr3 & EIE) && (u->cr3 & DMAR) && (u->sr & SR_ORE));

	board_nvic_line(g_wiring[i].irq, level);
}

/* 30.3.4: in both oversampling modes the divider counts BRR's bits as one fixed-point number. */
static uint64_t character_time(unsigned i)
{
	const struct usart *u = &g_usart[i];
	const uint32_t div = u->cr1 & OVER8 ? (u->brr >> 4) * 8 + (u->brr & 7) : u->brr;
	const unsigned bits = 1u + (u->cr1 & M ? 9u : 8u) + ((u->cr2 >> 12 & 3) == 2 ? 2u : 1u);
	const uint32_t clock = board_rcc_pclk(g_wiring[i].bus);

	if (!(u->cr1 & UE) || div == 0 || clock == 0)
		return board_ticks(10, 115200); /* nobody listens; the host sends at some speed */
	return board_ticks((uint64_t)bits * div, clock);
}

static int pin_set(unsigned i, int rx)
{
	const struct wiring *w = &g_wiring[i];
	unsigned n;

	for (n = 0; n < 3; n++)
		if (board_gpio_is_alternate(
			    w->pins[n].port, rx ? w->pins[n].rx : w->pins[n].tx, w->af))
			return 1;
	return 0;
}

static void shift_out(unsigned i, uint8_t byte)
{
	g_usart[i].shift = byte;
	g_usart[i].shifting = 1;
	board_timer_set(BOARD_TIMER_TX + i, board_now() + character_time(i));
}

static void transmit(unsigned i, uint8_t byte)
{
	struct usart *u = &g_usart[i];

	if (!(u->cr1 & UE) || !(u->cr1 & TE))
		return;
	if (!u->shifting) {
		shift_out(i, byte);
		return;
	}
	if (u->tdr_full)
		board_note("note: %s: DR written while TXE is 0: a byte is lost", g_wiring[i].name);
	u->tdr = byte;
	u->tdr_full = 1;
	u->sr &= ~(uint32_t)(SR_TXE);
}

static void feed_by_dma(unsigned i)
{
	const struct wiring *w = &g_wiring[i];
	struct usart *u = &g_usart[i];
	uint8_t byte;

	while ((u->cr3 & DMAT) && (u->cr1 & (UE | TE)) == (UE | TE) && (u->sr & SR_TXE) &&
		(board_dma_to_peripheral(w->controller, w->tx_streams[0], w->channel, &byte) ||
			board_dma_to_peripheral(
				w->controller, w->tx_streams[1], w->channel, &byte)))
		transmit(i, byte);
}

static void sent(unsigned i)
{
	struct usart *u = &g_usart[i];

	u->shifting = 0;
	board_report_byte(u->shift);
	if (i == g_connected && pin_set(i, 0)) {
		board_uart_out++;
		board_host_send(u->shift);
	} else if (i == g_connected && !u->noted) {
		u->noted = 1;
		board_note("note: %s transmits, but no pin has it as its alternate function",
			g_wiring[i].name);
	}
	if (u->tdr_full) {
		u->tdr_full = 0;
		u->sr |= SR_TXE;
		shift_out(i, u->tdr);
	}
	feed_by_dma(i);
	if (!u->shifting)
		u->sr |= SR_TC;
	update_irq(i);
}

static void sent_0(void)
{
	sent(0);
}
static void sent_1(void)
{
	sent(1);
}
static void sent_2(void)
{
	sent(2);
}
static void sent_3(void)
{
	sent(3);
}

static int receive_by_dma(unsigned i, uint8_t byte)
{
	const struct wiring *w = &g_wiring[i];

	return (g_usart[i].cr3 & DMAR) &&
		(board_dma_from_peripheral(w->controller, w->rx_streams[0], w->channel, byte) ||
			board_dma_from_peripheral(
				w->controller, w->rx_streams[1], w->channel, byte));
}

static void receive(unsigned i, uint8_t byte)
{
	struct usart *u = &g_usart[i];

	board_uart_in++;
	if (!(u->cr1 & UE) || !(u->cr1 & RE) || !pin_set(i, 1) ||
		!board_rcc_enabled(g_wiring[i].bus == 1 ? 0x40 : 0x44,
			i == 0           ? 4
				: i == 3 ? 5
					 : 16 + i)) {
		board_uart_lost++;
		return;
	}
	if (u->sr & SR_RXNE) { /* 30.3.3: the new byte is lost, the old one stays */
		u->sr |= SR_ORE;
		board_uart_lost++;
	} else if (!receive_by_dma(i, byte)) {
		u->rdr = byte;
		u->sr |= SR_RXNE;
	}
	update_irq(i);
}

static void receive_next(void)
{
	uint8_t byte;

	g_receiving = 0;
	if (!board_host_receive(&byte))
		return;
	receive(g_connected, byte);
	board_usart_host_ready();
	if (!g_receiving)
		board_timer_set(BOARD_TIMER_IDLE, board_now() + character_time(g_connected));
}

void board_usart_host_ready(void)
{
	if (g_receiving || !board_host_has_bytes())
		return;
	g_receiving = 1;
	board_timer_set(BOARD_TIMER_IDLE, BOARD_NEVER);
	board_timer_set(BOARD_TIMER_RX, board_now() + character_time(g_connected));
}

static void idle(void)
{
	struct usart *u = &g_usart[g_connected];

	if ((u->cr1 & (UE | RE)) != (UE | RE))
		return;
	u->sr |= SR_IDLE;
	update_irq(g_connected);
}

void board_usart_dma_ready(void)
{
	unsigned i;

	for (i = 0; i < PORTS; i++) {
		feed_by_dma(i);
		update_irq(i);
	}
}

void board_usart_init(unsigned connected)
{
	g_connected = connected == 6 ? 3 : connected - 1;
	board_timer_handle(BOARD_TIMER_RX, receive_next);
	board_timer_handle(BOARD_TIMER_IDLE, idle);
	board_timer_handle(BOARD_TIMER_TX, sent_0);
	board_timer_handle(BOARD_TIMER_TX + 1, sent_1);
	board_timer_handle(BOARD_TIMER_TX + 2, sent_2);
	board_timer_handle(BOARD_TIMER_TX + 3, sent_3);
}

void board_usart_reset(void)
{
	unsigned i;

	for (i = 0; i < PORTS; i++)
		board_usart_reset_port(i);
	board_timer_set(BOARD_TIMER_IDLE, BOARD_NEVER);
}

void board_usart_reset_port(unsigned i)
{
	memset(&g_usart[i], 0, sizeof g_usart[i]);
	g_usart[i].sr = SR_TC | SR_TXE;
	board_timer_set(BOARD_TIMER_TX + i, BOARD_NEVER);
	update_irq(i);
}

/* 30.6.1: IDLE and the error flags fall when SR is read and then DR. */
static uint32_t read_dr(struct usart *u)
{
	u->sr &= ~((u->seen & (SR_ERRORS | SR_IDLE)) | SR_RXNE);
	u->seen &= SR_TC;
	return u->rdr;
}

uint32_t board_usart_read(unsigned instance, uint32_t offset)
{
	struct usart *u = &g_usart[instance];
	uint32_t value;

	switch (offset) {
	case SR:
		if (!(u->sr & SR_RXNE))
			board_host_polled();
		u->seen = u->sr;
		return u->sr;
	case DR:
		value = read_dr(u);
		update_irq(instance);
		return value;
	case BRR:
		return u->brr;
	case CR1:
		return u->cr1;
	case CR2:
		return u->cr2;
	case CR3:
		return u->cr3;
	default:
		return offset == GTPR ? u->gtpr : 0;
	}
}

static void write_dr(unsigned i, uint8_t byte)
{
	g_usart[i].sr &= ~(g_usart[i].seen & SR_TC);
	g_usart[i].seen &= ~(uint32_t)(SR_TC);
	transmit(i, byte);
}

void board_usart_write(unsigned instance, uint32_t offset, uint32_t value, uint32_t mask)
{
	struct usart *u = &g_usart[instance];

	value &= mask;
	switch (offset) {
	case SR:
		u->sr &= value | ~(uint32_t)(SR_RXNE | SR_TC);
		break;
	case DR:
		write_dr(instance, (uint8_t)value);
		break;
	case BRR:
		u->brr = value & 0xFFFF;
		break;
	case CR1:
		u->cr1 = value | (u->cr1 & ~mask);
		break;
	case CR2:
		u->cr2 = value | (u->cr2 & ~mask);
		break;
	case CR3:
		u->cr3 = value | (u->cr3 & ~mask);
		break;
	case GTPR:
		u->gtpr = value & 0xFFFF;
		break;
	default:
		break;
	}
	feed_by_dma(instance);
	update_irq(instance);
}
