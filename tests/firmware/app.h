/* What tells one build of the test application from another: data, made by firmware.mk. */
#ifndef APP_H
#define APP_H

#include <stdint.h>

struct app {
	const char *version;
	uint32_t hang; /* 1: never confirms, and lets the watchdog bite */
	uint32_t baud; /* the loader's, so that the station's ENTER is understood */
};

extern const struct app app;
extern const uint32_t app_payload[], app_payload_end[];

void line_open(void);
void line_text(const char *text);
void line_number(uint32_t value, uint32_t base);

/* The next byte from the line, or 0x100: none so far. */
uint32_t line_byte(void);

/* Sleeps until a byte comes, but not for more than 10 ms. */
void line_sleep(void);

#endif
