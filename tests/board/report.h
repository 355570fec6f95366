#ifndef BOARD_REPORT_H
#define BOARD_REPORT_H

/* What a run tells: trace of flash operations, marks, profile, JSON at its end. */
#include <stdint.h>

void board_report_trace(const char *path);
void board_report_profile(const char *path);
void board_report_json(const char *path);
void board_report_ram(const char *path);
void board_report_mark(const char *text); /* prints and counts each time pc reaches it */
void board_report_stop_at(const char *text);
void board_report_registers(const char *path); /* every register that is not 0, at the end */
void board_report_sent(const char *path);      /* every byte that a USART sent */
void board_report_fence(const char *text);     /* FROM-TO@PC: see board run --help */
void board_report_byte(uint8_t byte);          /* a USART has sent it */
void board_report_reset(void);                 /* the fence is down again */

/* A flash operation begins. For an erase, size is the mask of sectors; else bytes programmed. */
void board_report_operation(
	const char *what, uint32_t address, uint32_t old, uint32_t new, uint32_t size);
void board_report_torn(void);

void board_report_start(void);
void board_report_finish(int exit_code); /* writes everything that was asked for */

#endif
