/* YMODEM receiver (the compatibility path): blocks → the bytes of one package.
 *
 * A block stays in the port's receive buffer until its CRC-16 is checked, so no second buffer is
 * needed: YMODEM's sender is silent until it has its answer.
 *
 * How the session uses it:
 *
 *	sfu_ymodem_init(&y);                        once, and after every STOP
 *	while nothing has begun (y.state is IDLE):
 *		send 'C' (SFU_YMODEM_CRC) every SFU_TIME_INVITE; the machine does not
 *		if sfu_link_quiet() and the oldest byte of the line is SOH or STX: look, until
 *			the order is BEGIN or STOP or that byte is gone; other bytes are link's
 *	afterwards the line belongs to YMODEM. For each round:
 *		switch (sfu_ymodem_look(&y))
 *		WAIT:  sfu_port_idle(), then the next round
 *		BEGIN: a file of y.left bytes begins; already answered
 *		DATA:  while (n = sfu_ymodem_take(&y, out, max)) use n bytes of `out`;
 *		       sfu_ymodem_answer(&y, 1), or 0 to refuse the file
 *		END:   all bytes were taken; finish the installation, then sfu_ymodem_answer(&y, 1), or
 *		       0 if it failed; go on looking: the sender still closes the batch, which brings STOP
 *		STOP:  it is over; the file was whole only if END came
 *
 * Flash may be erased and programmed between DATA or END and the answer; no byte comes meanwhile, and
 * the time does not count as silence. Until it is answered, look repeats DATA or END. answer(&y, 0)
 * is also the way to leave at any other moment (CAN CAN). The machine never ends a transfer because
 * it is slow, only after SFU_YMODEM_ERRORS errors in a row: limits on progress are the session's. */
#ifndef SFU_YMODEM_H
#define SFU_YMODEM_H

#include <stdint.h>
#include "crc.h"
#include "port.h"
#include "ymodem_machine.h"

#define SFU_YMODEM_SOH 0x01u
#define SFU_YMODEM_STX 0x02u
#define SFU_YMODEM_EOT 0x04u
#define SFU_YMODEM_ACK 0x06u
#define SFU_YMODEM_NAK 0x15u
#define SFU_YMODEM_CAN 0x18u
#define SFU_YMODEM_CRC 0x43u /* 'C' */

#define SFU_YMODEM_HEAD 3u  /* SOH or STX, number, its complement */
#define SFU_YMODEM_FRAME 5u /* with the CRC-16 */
#define SFU_YMODEM_SMALL 128u
#define SFU_YMODEM_LARGE 1024u
#define SFU_YMODEM_FILE_MAX 999999999u /* more is no package; nine digits cannot overflow */
#define SFU_YMODEM_ERRORS 10u
#define SFU_YMODEM_QUIET 1000u   /* ms without a byte, after which what has come is given up */
#define SFU_YMODEM_SILENT 10000u /* ms without anything, after which the last request is repeated */

/* what the session is to do after a look */
enum sfu_ymodem_order {
	SFU_YMODEM_WAIT,  /* nothing yet */
	SFU_YMODEM_BEGIN, /* block 0 came: a file begins (already answered) */
	SFU_YMODEM_DATA,  /* a new data block: take its bytes, then answer it */
	SFU_YMODEM_END,   /* EOT of a whole file: finish the installation, then answer */
	SFU_YMODEM_STOP   /* over: batch closed, cancelled, refused, or too many errors */
};

struct sfu_ymodem {
	int cs;
	uint8_t state;     /* SFU_YMODEM_STATE_… */
	uint8_t block;     /* number of the next block, modulo 256 */
	uint32_t left;     /* bytes of the file not yet taken; block 0 says how many there are */
	uint32_t at, size; /* of the current data block: bytes taken, bytes in it that belong to the file */
	uint32_t length;   /* bytes on the line that the last event is made of */
	uint32_t seen;     /* bytes on the line that were there at the last look */
	uint32_t errors;   /* in a row; SFU_YMODEM_ERRORS ends it */
	uint32_t since;    /* time of the last event or byte */
};

/* (on macros in contracts see device.h) */
#define SFU_YMODEM_SOUND(y) \
	((y).cs == (y).state && 0 <= (y).state < SFU_YMODEM_STATES \
	 && (y).left <= SFU_YMODEM_FILE_MAX && (y).errors <= SFU_YMODEM_ERRORS \
	 && (y).at <= (y).size <= SFU_YMODEM_LARGE && (y).size - (y).at <= (y).left \
	 && (y).length <= sfu_line_shown && (y).seen <= sfu_line_shown \
	 && ((y).state == SFU_YMODEM_STATE_FINISH || (y).state == SFU_YMODEM_STATE_CLOSING ==> (y).left == 0) \
	 && ((y).state != SFU_YMODEM_STATE_BLOCK ==> (y).at == (y).size) \
	 && ((y).state == SFU_YMODEM_STATE_NAMED ==> (y).block == 1))

/*@ predicate sfu_ymodem_sound{L}(struct sfu_ymodem *y) = SFU_YMODEM_SOUND(*y);
*/

/*@ requires valid: \valid(y);
    requires line: sfu_line_shown >= 0;
    assigns *y;
    ensures sound: SFU_YMODEM_SOUND(*y);
    ensures idle: y->state == SFU_YMODEM_STATE_IDLE && y->left == 0; */
void sfu_ymodem_init(struct sfu_ymodem *y);

/* Looks at what has arrived; answers the line itself except for DATA and END. */
/*@ requires valid: \valid(y);
    requires sound: sfu_ymodem_sound(y);
    assigns *y, sfu_line;
    ensures sound: SFU_YMODEM_SOUND(*y);
    ensures begin: \result == SFU_YMODEM_BEGIN ==> y->state == SFU_YMODEM_STATE_NAMED
              && \old(y->state) == SFU_YMODEM_STATE_IDLE && 0 < y->left;
    ensures data: \result == SFU_YMODEM_DATA <==> y->state == SFU_YMODEM_STATE_BLOCK;
    ensures fresh: \result == SFU_YMODEM_DATA && \old(y->state) != SFU_YMODEM_STATE_BLOCK ==>
              y->at == 0 && 0 < y->size
              && (\old(y->state) == SFU_YMODEM_STATE_NAMED || \old(y->state) == SFU_YMODEM_STATE_DATA);
    ensures end: \result == SFU_YMODEM_END <==> y->state == SFU_YMODEM_STATE_FINISH;
    ensures whole: \result == SFU_YMODEM_END ==> y->left == 0;
    ensures stop: \result == SFU_YMODEM_STOP <==> y->state == SFU_YMODEM_STATE_OVER;
    ensures idle: \old(y->state) == SFU_YMODEM_STATE_IDLE && \result != SFU_YMODEM_BEGIN && \result != SFU_YMODEM_STOP ==>
              y->state == SFU_YMODEM_STATE_IDLE;
    ensures left: \result != SFU_YMODEM_BEGIN ==> y->left == \old(y->left);
    ensures number: \result != SFU_YMODEM_BEGIN ==> y->block == \old(y->block); */
enum sfu_ymodem_order sfu_ymodem_look(struct sfu_ymodem *y);

/* Copies up to `max` bytes of the current block's part of the file to `out`; answers how many, 0 at its
 * end. */
/*@ requires valid: \valid(y) && \valid(out + (0 .. max - 1));
    requires apart: \separated(y, out + (0 .. max - 1));
    requires sound: sfu_ymodem_sound(y);
    assigns y->at, y->left, out[0 .. max - 1], sfu_line;
    ensures sound: SFU_YMODEM_SOUND(*y);
    ensures count: \result <= max && \result <= \old(y->size - y->at);
    ensures at: y->at == \old(y->at) + \result;
    ensures left: y->left == \old(y->left) - \result; */
uint32_t sfu_ymodem_take(struct sfu_ymodem *y, uint8_t *out, uint32_t max);

/* Answers the current block or EOT and takes it off the line: accept is 1 (ACK) or 0 (CAN CAN: the
 * transfer is over, in whatever state it is). What was not taken of an accepted block is lost. */
/*@ requires valid: \valid(y);
    requires sound: SFU_YMODEM_SOUND(*y);
    assigns *y, sfu_line;
    ensures sound: SFU_YMODEM_SOUND(*y);
    ensures refused: accept != 1 ==> y->state == SFU_YMODEM_STATE_OVER;
    ensures accepted: accept == 1 && \old(y->state) == SFU_YMODEM_STATE_BLOCK ==>
              y->state == SFU_YMODEM_STATE_DATA && y->block == (\old(y->block) + 1) % 256
              && y->left == \old(y->left - (y->size - y->at));
    ensures finished: accept == 1 && \old(y->state) == SFU_YMODEM_STATE_FINISH ==>
              y->state == SFU_YMODEM_STATE_CLOSING; */
void sfu_ymodem_answer(struct sfu_ymodem *y, uint32_t accept);

#endif
