/* YMODEM receiver (the compatibility path): blocks → the bytes of one package.
 *
 * A block stays in the port's receive buffer until its CRC-16 is checked, so no second buffer is
 * needed: YMODEM's sender is silent until it has its answer. sfu_ymodem_look peeks at what has arrived,
 * classifies it into one event, and steps the machine; the session then takes the file's bytes out of
 * the block piece by piece (sfu_ymodem_take) and answers it (sfu_ymodem_answer). */
#ifndef SFU_YMODEM_H
#define SFU_YMODEM_H

#include <stdint.h>
#include "ymodem_machine.h"

#define SFU_YMODEM_SOH 0x01u
#define SFU_YMODEM_STX 0x02u
#define SFU_YMODEM_EOT 0x04u
#define SFU_YMODEM_ACK 0x06u
#define SFU_YMODEM_NAK 0x15u
#define SFU_YMODEM_CAN 0x18u
#define SFU_YMODEM_CRC 0x43u /* 'C' */

/* what the session is to do after a look */
enum sfu_ymodem_order {
	SFU_YMODEM_WAIT,   /* nothing yet */
	SFU_YMODEM_BEGIN,  /* block 0 came: a file begins (already answered) */
	SFU_YMODEM_DATA,   /* a new data block: take its bytes, then answer it */
	SFU_YMODEM_END,    /* EOT of a file: finish the installation, then answer */
	SFU_YMODEM_STOP    /* the sender cancelled, a second file or nonsense came, or it fell silent: it is over */
};

struct sfu_ymodem {
	int cs;
	uint8_t state;           /* SFU_YMODEM_STATE_… */
	uint8_t block;           /* number of the next block, modulo 256 */
	uint32_t left;           /* bytes of the file not yet taken; block 0 says how many there are */
	uint32_t at, size;       /* of the current data block: bytes taken, bytes in it that belong to the file */
	uint32_t length;         /* bytes of the whole block on the line, its frame included */
	uint32_t errors;         /* in a row; SFU_YMODEM_ERRORS ends it */
	uint32_t since;          /* time of the last event */
};

#define SFU_YMODEM_ERRORS 10u

void sfu_ymodem_init(struct sfu_ymodem *y);

/* Looks at what has arrived; answers the line itself except for BEGIN's data, DATA and END. */
enum sfu_ymodem_order sfu_ymodem_look(struct sfu_ymodem *y);

/* Copies up to `max` bytes of the current block's part of the file to `out`; answers how many, 0 at its
 * end. */
uint32_t sfu_ymodem_take(struct sfu_ymodem *y, uint8_t *out, uint32_t max);

/* Answers the current block or EOT: accept is 1 (ACK) or 0 (CAN CAN: the transfer is over), and takes it
 * off the line. */
void sfu_ymodem_answer(struct sfu_ymodem *y, uint32_t accept);

#endif
