/* The conversation with the station: which message is legal now, and when it is over.
 *
 * It is always over some day, whatever the line does: then the device resets, and boots what is good. */
#ifndef SFU_SESSION_H
#define SFU_SESSION_H

#include <stdint.h>
#include "session_machine.h"

struct sfu_device;

struct sfu_session {
	int cs;
	uint8_t state;               /* SFU_SESSION_STATE_… */
	uint8_t ymodem;              /* 1: a YMODEM transfer is under way, frames are not looked for */
	uint8_t busy;                /* 1: the last poll found something to do */
	uint32_t began;              /* times, in milliseconds */
	uint32_t progress;
	uint32_t invited;
	uint32_t next;               /* how far the installation was when last looked at */
	uint8_t upgrade;
	uint32_t refusal;            /* code of the last refusal, or SFU_OK */
	uint32_t at;                 /* YMODEM: index of the record being assembled … */
	uint32_t fill;               /* … and bytes of it that are there */
	uint32_t size;               /* body of the message being handled */
};

void sfu_session_init(struct sfu_device *d);

/* Takes what has arrived, at most one message, and answers it. SFU_OK: the session is over, reset.
 * SFU_E_BLANK: call again; d->session.busy tells whether to sleep first. */
uint32_t sfu_session_poll(struct sfu_device *d);

/* One event of the machine; `body` is the message's. */
void sfu_session_step(struct sfu_device *d, const unsigned char *p, uint8_t *body);

#endif
