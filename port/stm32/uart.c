/* The line. DMA fills a ring by itself, so nothing is lost while flash stalls the processor for less
 * than the ring lasts, 170 ms at 115200 baud; while a sector is erased no station may send
 * (sfu_upgrade_limit). A reader that is lapped gets frames with a wrong FCS. */
#include <string.h>
#include "stm32.h"

#define RING 2048u               /* a power of two; port.h asks for as many */
#define BYTE_LIMIT 20000u        /* for one byte to leave, down to 1200 baud */
#define WATCHDOG 4095u           /* 8.2 s at 32 kHz, 5.6 s at 47: an erase takes 4 at the most */

/* not cleared at start, which a boot that never opens the line would have to wait for */
__attribute__((section(".noinit"))) static uint8_t ring[RING];
static uint32_t tail;

/* The pins' fields are 0: the loader always comes from a reset. */
static void open_pins(const struct sfu_board *b)
{
	volatile struct gpio_regs *port = &GPIO_R[b->port];

	port->AFR[b->tx / 8u] |= (uint32_t)b->alternate << 4u * (b->tx % 8u);
	port->AFR[b->rx / 8u] |= (uint32_t)b->alternate << 4u * (b->rx % 8u);
	port->PUPDR |= GPIO_PULL_UP << 2u * b->rx; /* an open line is silent */
	port->MODER |= GPIO_ALTERNATE << 2u * b->tx | GPIO_ALTERNATE << 2u * b->rx;
}

static void open_ring(volatile struct dma_stream *s, const volatile uint32_t *source, uint32_t channel)
{
	s->PAR = (uint32_t)(uintptr_t)source;
	s->M0AR = (uint32_t)(uintptr_t)ring;
	s->NDTR = RING;
	s->CR = channel << DMA_CR_CHSEL_SHIFT | DMA_CR_HIGH | DMA_CR_MINC | DMA_CR_CIRC | DMA_CR_EN;
}

void sfu_port_open(void)
{
	const struct sfu_board *b = &sfu_board;
	volatile struct usart_regs *u = &USART_R[b->usart];

	sfu_watchdog_start(IWDG_PR_64, WATCHDOG);
	RCC_R.AHB1ENR |= RCC_AHB1_GPIO(b->port) | RCC_AHB1_DMA1;
	RCC_R.APB1ENR |= RCC_APB1_USART(b->usart);
	(void)RCC_R.APB1ENR; /* ES0182: a clock is on only some cycles after its bit */
	open_ring(&DMA1_R.stream[b->stream], &u->DR, b->channel);
	u->BRR = (sfu_clock_line + sfu_port_baud / 2u) / sfu_port_baud;
	u->CR3 = USART_CR3_DMAR;
	u->CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE;
	open_pins(b);
}

/* A parity of laps is not kept: see above. */
uint32_t sfu_port_rx_peek(uint32_t skip, uint8_t *out, uint32_t max)
{
	uint32_t head = RING - DMA1_R.stream[sfu_board.stream].NDTR;
	uint32_t count = (head - tail) % RING;
	uint32_t at = (tail + skip) % RING, first;

	/* 30.6.1: overrun and noise flags go when SR is read here and DR next by DMA */
	(void)USART_R[sfu_board.usart].SR;
	if (skip >= count)
		return 0;
	count -= skip;
	if (count > max)
		count = max;
	first = RING - at < count ? RING - at : count;
	__asm__ volatile("" ::: "memory"); /* DMA writes what the compiler thinks it knows */
	memcpy(out, ring + at, first);
	memcpy(out + first, ring, count - first);
	return count;
}

void sfu_port_rx_skip(uint32_t count)
{
	tail = (tail + count) % RING;
}

/* By polling: an answer is 20 bytes for every 2 KiB received. Waits for the last bit as well, since
 * what follows an answer may be a reset. */
void sfu_port_tx(const uint8_t *data, uint32_t size)
{
	volatile struct usart_regs *u = &USART_R[sfu_board.usart];
	uint32_t i;

	for (i = 0; i < size; i++) {
		if (sfu_wait(&u->SR, USART_SR_TXE, USART_SR_TXE, BYTE_LIMIT) != SFU_OK)
			return;
		u->DR = data[i];
	}
	(void)sfu_wait(&u->SR, USART_SR_TC, USART_SR_TC, BYTE_LIMIT);
}
