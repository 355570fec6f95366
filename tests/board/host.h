#ifndef BOARD_HOST_H
#define BOARD_HOST_H

/*
 * The host's side: the serial line as a pseudo terminal, real time, signals.
 *
 * With a line attached, idle virtual time (asleep, stalled on flash, or
 * polling a silent USART) passes no faster than real time. With --warp it is
 * skipped once the line was silent for QUIET_MS of real time.
 */
#include <stdint.h>

void board_host_init(const char *link, int warp); /* link: NULL for no line */
void board_host_close(void);

void board_host_idle(int idle);   /* the CPU begins or ends to wait */
void board_host_polled(void);     /* the CPU looked for a byte and found none */
int board_host_interrupted(void); /* SIGINT or SIGTERM came */

int board_host_has_bytes(void);
int board_host_receive(uint8_t *byte);
void board_host_send(uint8_t byte);

#endif
