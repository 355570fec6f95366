/* What an application has to know of its loader: copy this file and confirm.c into yours. */
#ifndef CONFIRM_H
#define CONFIRM_H

#include <stdint.h>

/* struct EXCHANGE of spec/formats.md, in the first 32 bytes of RAM, which start-up code must not clear */
struct sfu_exchange {
	uint32_t request, request_check;
	uint32_t report, install;
	uint8_t slot, trial, attempts, zero;
	uint32_t failure, mailbox, report_check;
};

extern volatile struct sfu_exchange sfu_exchange;

/* 1 if the loader started this image, so that the report may be believed. */
uint32_t sfu_reported(void);

/* Tells the loader to keep this image; once it works, and only if sfu_exchange.trial is 1. It holds from
 * the next reset on. Answers 1, or 0 if flash refused. */
uint32_t sfu_confirm(void);

/* 1 when `byte`, the next one from the line, completes the frame by which a station asks for the loader. */
uint32_t sfu_called(uint8_t byte);

/* Resets into the loader, which then waits for a package. */
void sfu_enter(void);

#endif
