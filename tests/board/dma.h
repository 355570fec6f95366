#ifndef BOARD_DMA_H
#define BOARD_DMA_H

/*
 * DMA1 and DMA2 (RM0090 10.3, 10.5): the streams that serve USARTs, circular
 * and double-buffer mode, half and full transfer flags, and memory to memory.
 * The FIFO is not modelled: every item goes through at once.
 */
#include <stdint.h>

void board_dma_reset(void);
void board_dma_reset_controller(unsigned instance);
uint32_t board_dma_read(unsigned controller, uint32_t offset);
void board_dma_write(unsigned controller, uint32_t offset, uint32_t value, uint32_t mask);

/* A peripheral's request on one stream; 0 if the stream does not serve that channel and direction. */
int board_dma_from_peripheral(unsigned controller, unsigned stream, unsigned channel, uint8_t byte);
int board_dma_to_peripheral(unsigned controller, unsigned stream, unsigned channel, uint8_t *byte);

#endif
