/* A journal cell: struct STATE as bytes, with MAC and CRC. */
#ifndef SFU_JOURNAL_CELL_H
#define SFU_JOURNAL_CELL_H

#include <stdint.h>
#include "journal.h"

/*@ requires cell: \valid(cell + (0 .. SFU_STATE_SIZE - 1));
    requires read: \valid_read(key + (0 .. 31)) && \valid_read(state);
    requires apart: \separated(cell + (0 .. SFU_STATE_SIZE - 1), key + (0 .. 31), state);
    assigns cell[0 .. SFU_STATE_SIZE - 1]; */
void sfu_journal_encode(uint8_t cell[SFU_STATE_SIZE], const uint8_t key[32],
	const struct sfu_state *state);

/* SFU_OK, or SFU_E_JOURNAL if the cell is not a state or its CRC or MAC is wrong; *state is then as
 * it was. The MAC is tried only if the CRC is right. */
/*@ requires read: \valid_read(cell + (0 .. SFU_STATE_SIZE - 1)) && \valid_read(key + (0 .. 31));
    requires state: \valid(state);
    requires apart: \separated(state, cell + (0 .. SFU_STATE_SIZE - 1), key + (0 .. 31));
    assigns *state;
    ensures answer: \result == SFU_OK || \result == SFU_E_JOURNAL; */
uint32_t sfu_journal_decode(struct sfu_state *state, const uint8_t cell[SFU_STATE_SIZE],
	const uint8_t key[32]);

#endif
