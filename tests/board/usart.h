#ifndef BOARD_USART_H
#define BOARD_USART_H

/*
 * USART1, 2, 3 and 6 (RM0090 30.3, 30.6), asynchronous mode, with their DMA
 * streams (10.3.3, tables 42 and 43). Instance 0 to 3. One of them hangs on
 * the host's line; a byte takes as long as BRR and the clock tree say. Bytes
 * that come while it does not receive are lost.
 */
#include <stdint.h>

extern uint64_t board_uart_in, board_uart_out, board_uart_lost;

void board_usart_init(unsigned connected); /* 1, 2, 3 or 6 */
void board_usart_reset(void);
void board_usart_reset_port(unsigned instance);
uint32_t board_usart_read(unsigned instance, uint32_t offset);
void board_usart_write(unsigned instance, uint32_t offset, uint32_t value, uint32_t mask);

void board_usart_dma_ready(void);  /* a DMA stream was enabled */
void board_usart_host_ready(void); /* the host has bytes to send */

#endif
