#include "dma.h"

#include <string.h>

#include "clock.h"
#include "cpu.h"
#include "host.h"
#include "nvic.h"
#include "part.h"
#include "stop.h"
#include "usart.h"

enum {
	LISR = 0x00,
	HISR = 0x04,
	LIFCR = 0x08,
	HIFCR = 0x0C,
	STREAMS_AT = 0x10,
	STREAM_SIZE = 0x18,
	STREAMS = 8
};
enum {
	EN = 1,
	TEIE = 4,
	HTIE = 8,
	TCIE = 0x10,
	CIRC = 0x100,
	MINC = 0x400,
	DBM = 0x40000,
	CT = 0x80000
};
enum { TEIF = 8, HTIF = 0x10, TCIF = 0x20, ALL_FLAGS = 0x3D };
enum { FROM_PERIPHERAL = 0, TO_PERIPHERAL = 1, MEMORY_TO_MEMORY = 2 };

struct stream {
	uint32_t cr, ndtr, par, m0ar, m1ar, fcr;
	uint32_t flags, items; /* items: NDTR when the stream was enabled */
};

static struct stream g_streams[2][STREAMS];

static unsigned irq_of(unsigned controller, unsigned stream)
{
	if (controller == 0)
		return stream == 7 ? BOARD_IRQ_DMA1_S7 : BOARD_IRQ_DMA1_S0 + stream;
	return stream < 5 ? BOARD_IRQ_DMA2_S0 + stream : BOARD_IRQ_DMA2_S5 + stream - 5;
}

static void update_irq(unsigned controller, unsigned stream)
{
	const struct stream *s = &g_streams[controller][stream];
	const int level = ((s->flags & TCIF) && (s->cr & TCIE)) ||
		((s->flags & HTIF) && (s->cr & HTIE)) || ((s->flags & TEIF) && (s->cr & TEIE));

	board_nvic_line(irq_of(controller, stream), level);
}

void board_dma_reset(void)
{
	board_dma_reset_controller(0);
	board_dma_reset_controller(1);
}

void board_dma_reset_controller(unsigned controller)
{
	unsigned i;

	memset(g_streams[controller], 0, sizeof g_streams[controller]);
	for (i = 0; i < STREAMS; i++) {
		g_streams[controller][i].fcr = 0x21;
		update_irq(controller, i);
	}
}

/* The DMA has no way to the CCM (RM0090 2.3.1), and writing flash is not its business here. */
static uint8_t *reachable(uint32_t address, uint32_t size, int write)
{
	if (board_in(address, BOARD_CCM_BASE, BOARD_CCM_SIZE))
		return NULL;
	if (write && !board_in(address, BOARD_SRAM_BASE, BOARD_SRAM_SIZE))
		return NULL;
	return board_cpu_memory(address, size);
}

static uint32_t item_address(const struct stream *s)
{
	const uint32_t base = (s->cr & (DBM | CT)) == (DBM | CT) ? s->m1ar : s->m0ar;
	const uint32_t width = 1u << (s->cr >> 13 & 3);

	return s->cr & MINC ? base + (s->items - s->ndtr) * width : base;
}

static void transfer_error(unsigned controller, unsigned stream, uint32_t address)
{
	struct stream *s = &g_streams[controller][stream];

	board_note("note: DMA%u stream %u cannot reach 0x%08x", controller + 1, stream, address);
	s->flags |= TEIF;
	s->cr &= ~(uint32_t)(EN);
	update_irq(controller, stream);
}

static void item_done(unsigned controller, unsigned stream)
{
	struct stream *s = &g_streams[controller][stream];

	s->ndtr--;
	if (s->ndtr == s->items / 2)
		s->flags |= HTIF;
	if (s->ndtr == 0) {
		s->flags |= TCIF;
		if (s->cr & (CIRC | DBM))
			s->ndtr = s->items;
		else
			s->cr &= ~(uint32_t)(EN);
		if (s->cr & DBM)
			s->cr ^= CT;
	}
	update_irq(controller, stream);
}

static struct stream *serving(
	unsigned controller, unsigned stream, unsigned channel, unsigned direction)
{
	struct stream *s = &g_streams[controller][stream];

	return (s->cr & EN) && (s->cr >> 25 & 7) == channel && (s->cr >> 6 & 3) == direction ? s
											     : NULL;
}

int board_dma_from_peripheral(unsigned controller, unsigned stream, unsigned channel, uint8_t byte)
{
	struct stream *s = serving(controller, stream, channel, FROM_PERIPHERAL);
	const uint8_t item[4] = { byte, 0, 0, 0 };
	uint32_t width;

	if (s == NULL)
		return 0;
	width = 1u << (s->cr >> 13 & 3);
	if (width > 4 || reachable(item_address(s), width, 1) == NULL) {
		transfer_error(controller, stream, item_address(s));
		return 0;
	}
	board_cpu_dma_write(item_address(s), item, width);
	item_done(controller, stream);
	return 1;
}

int board_dma_to_peripheral(unsigned controller, unsigned stream, unsigned channel, uint8_t *byte)
{
	struct stream *s = serving(controller, stream, channel, TO_PERIPHERAL);
	const uint8_t *from;

	if (s == NULL)
		return 0;
	from = reachable(item_address(s), 1, 0);
	if (from == NULL) {
		transfer_error(controller, stream, item_address(s));
		return 0;
	}
	*byte = *from;
	item_done(controller, stream);
	return 1;
}

/* PAR is the source, M0AR the destination (10.3.6). All of it at once: it takes no virtual time. */
static void copy_memory(unsigned controller, unsigned stream)
{
	struct stream *s = &g_streams[controller][stream];
	const uint32_t width = 1u << (s->cr >> 11 & 3), size = s->ndtr * width;
	const uint8_t *from = reachable(s->par, size, 0);

	if (from == NULL || reachable(s->m0ar, size, 1) == NULL) {
		transfer_error(controller, stream, from == NULL ? s->par : s->m0ar);
		return;
	}
	board_cpu_dma_write(s->m0ar, from, size);
	s->ndtr = 0;
	s->flags |= HTIF | TCIF;
	s->cr &= ~(uint32_t)(EN);
}

static void enable(unsigned controller, unsigned stream)
{
	struct stream *s = &g_streams[controller][stream];

	if (s->flags != 0) /* 10.3.17 */
		board_diagnose("dma: DMA%u stream %u enabled with its flags 0x%02x not cleared",
			controller + 1, stream, s->flags);
	s->items = s->ndtr;
	if (s->ndtr == 0)
		s->cr &= ~(uint32_t)(EN);
	else if ((s->cr >> 6 & 3) == MEMORY_TO_MEMORY && controller == 1)
		copy_memory(controller, stream);
	else
		board_usart_dma_ready();
}

static void write_cr(unsigned controller, unsigned stream, uint32_t value)
{
	struct stream *s = &g_streams[controller][stream];
	const uint32_t was = s->cr;

	s->cr = value & 0x0FEFFFFF;
	if (!(was & EN) && (value & EN))
		enable(controller, stream);
	else if ((was & EN) && !(value & EN) && s->ndtr != 0)
		s->flags |= TCIF; /* 10.3.14: a stopped stream says that it has stopped */
	update_irq(controller, stream);
}

static uint32_t *stream_register(struct stream *s, uint32_t offset)
{
	switch (offset % STREAM_SIZE) {
	case 0x00:
		return &s->cr;
	case 0x04:
		return &s->ndtr;
	case 0x08:
		return &s->par;
	case 0x0C:
		return &s->m0ar;
	case 0x10:
		return &s->m1ar;
	default:
		return &s->fcr;
	}
}

static unsigned flag_shift(unsigned stream)
{
	static const uint8_t shift[4] = { 0, 6, 16, 22 };

	return shift[stream % 4];
}

uint32_t board_dma_read(unsigned controller, uint32_t offset)
{
	const unsigned first = offset == HISR ? 4 : 0;
	uint32_t value = 0;
	unsigned i;

	if (offset < STREAMS_AT) {
		for (i = first; offset <= HISR && i < first + 4; i++)
			value |= g_streams[controller][i].flags << flag_shift(i);
		return value;
	}
	offset -= STREAMS_AT;
	if (offset >= STREAMS * STREAM_SIZE)
		return 0;
	if (offset % STREAM_SIZE == 4)
		board_host_polled();
	return *stream_register(&g_streams[controller][offset / STREAM_SIZE], offset);
}

static void clear_flags(unsigned controller, unsigned first, uint32_t value)
{
	unsigned i;

	for (i = first; i < first + 4; i++) {
		g_streams[controller][i].flags &= ~(value >> flag_shift(i) & ALL_FLAGS);
		update_irq(controller, i);
	}
}

void board_dma_write(unsigned controller, uint32_t offset, uint32_t value, uint32_t mask)
{
	const unsigned stream = (offset - STREAMS_AT) / STREAM_SIZE;
	uint32_t *reg, whole;

	if (offset == LIFCR || offset == HIFCR)
		clear_flags(controller, offset == HIFCR ? 4 : 0, value & mask);
	if (offset < STREAMS_AT || stream >= STREAMS)
		return;
	reg = stream_register(&g_streams[controller][stream], offset - STREAMS_AT);
	whole = (*reg & ~mask) | (value & mask);
	if (reg == &g_streams[controller][stream].cr)
		write_cr(controller, stream, whole);
	else if (!(g_streams[controller][stream].cr & EN) ||
		(g_streams[controller][stream].cr & DBM))
		*reg = reg == &g_streams[controller][stream].ndtr ? whole & 0xFFFF : whole;
	else
		board_diagnose("dma: DMA%u stream %u: register +0x%02x written while the stream is "
			       "enabled",
			controller + 1, stream, (offset - STREAMS_AT) % STREAM_SIZE);
}
