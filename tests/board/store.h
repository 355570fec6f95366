#ifndef BOARD_STORE_H
#define BOARD_STORE_H

/*
 * The chip's non-volatile state in one file (little endian, mapped shared, so
 * that even a killed board leaves what the chip would keep):
 *
 *   offset 0         struct board_store_head, padded to 4096 bytes
 *   4096             flash, 1 MiB, as it reads now
 *   + 1 MiB          word state, one byte per 32-bit word (BOARD_WORD_...)
 *   + 256 KiB        marginal mask, one 32-bit word per word: bits that a cut
 *                    left between 0 and 1, drawn anew at every reset
 */
#include <stdint.h>

#include "part.h"

#define BOARD_STORE_MAGIC "BOARDFL1"
#define BOARD_STORE_VERSION 1
#define BOARD_WORDS (BOARD_FLASH_SIZE / 4)

enum {
	BOARD_WORD_BLANK = 0,
	BOARD_WORD_BYTES = 0x0F, /* bit i: byte i was programmed since the erase */
	BOARD_WORD_TORN = 0x80   /* a cut hit the word, or the erase of its sector */
};

struct board_store_head {
	char magic[8];
	uint32_t version;
	char part[20];
	uint32_t options; /* laid out as OPTCR, lock bits clear */
	uint32_t erases[BOARD_SECTORS];
	uint32_t resets; /* of the chip's whole life: the marginal bits are drawn from it */
	uint8_t otp[BOARD_OTP_SIZE];
};

extern struct board_store_head *board_store;
extern uint8_t *board_flash_bytes;
extern uint8_t *board_word_state;
extern uint32_t *board_marginal;

/* Opens the file, or fails with a sentence. A missing file is created, all erased, if `create`. */
void board_store_open(const char *path, int create, int writable);
void board_store_close(void);
void board_store_make_private(void); /* for a fork: what it writes from now on is its own */

/* What a programmer does: erased, blank, counted. */
void board_store_erase(unsigned sector);

#endif
