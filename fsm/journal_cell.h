/* A journal cell: struct STATE as bytes, with MAC and CRC. */
#ifndef SFU_JOURNAL_CELL_H
#define SFU_JOURNAL_CELL_H

#include <stdint.h>
#include "bytes.h"
#include "crc.h"
#include "crypto.h"
#include "journal.h"

/* Number for number, as postconditions, that the cell at C holds the state at S (struct STATE): the same of both
 * functions, so that what was encoded is what is decoded (claim C10; why macros: device.h). */
#define SFU_STATE_NUMBER(name, when, field, C, number) \
	ensures name: when ==> field == \at(number, C);
#define SFU_STATE_NUMBERS(when, cell, C, s, S) \
	SFU_STATE_NUMBER(slot0, when, \at((s)->slot[0], S), C, (cell)[SFU_STATE_SLOT0_OFFSET]) \
	SFU_STATE_NUMBER(slot1, when, \at((s)->slot[1], S), C, (cell)[SFU_STATE_SLOT1_OFFSET]) \
	SFU_STATE_NUMBER(attempts, when, \at((s)->attempts, S), C, (cell)[SFU_STATE_ATTEMPTS_OFFSET]) \
	SFU_STATE_NUMBER(sequence, when, \at((s)->sequence, S), C, SFU_WORD(cell, SFU_STATE_SEQUENCE_OFFSET)) \
	SFU_STATE_NUMBER(counter, when, \at((s)->security_counter, S), C, \
	                 SFU_WORD(cell, SFU_STATE_SECURITY_COUNTER_OFFSET)) \
	SFU_STATE_NUMBER(failure, when, \at((s)->failure, S), C, SFU_WORD(cell, SFU_STATE_FAILURE_OFFSET)) \
	SFU_STATE_NUMBER(install0, when, \at((s)->install[0], S), C, SFU_WORD(cell, SFU_STATE_INSTALL0_OFFSET)) \
	SFU_STATE_NUMBER(install1, when, \at((s)->install[1], S), C, SFU_WORD(cell, SFU_STATE_INSTALL1_OFFSET)) \
	SFU_STATE_NUMBER(record, when, \at((s)->next_record, S), C, SFU_WORD(cell, SFU_STATE_NEXT_RECORD_OFFSET)) \
	SFU_STATE_NUMBER(floor0, when, \at((s)->key_floor[0], S), C, (cell)[SFU_STATE_KEY_FLOOR_OFFSET]) \
	SFU_STATE_NUMBER(floor1, when, \at((s)->key_floor[1], S), C, (cell)[SFU_STATE_KEY_FLOOR_OFFSET + 1]) \
	SFU_STATE_NUMBER(floor2, when, \at((s)->key_floor[2], S), C, (cell)[SFU_STATE_KEY_FLOOR_OFFSET + 2]) \
	SFU_STATE_NUMBER(floor3, when, \at((s)->key_floor[3], S), C, (cell)[SFU_STATE_KEY_FLOOR_OFFSET + 3])

/*@ // what a cell is taken for a state by
    predicate sfu_state_kind(uint8_t *cell) = cell[SFU_STATE_KIND_OFFSET] == SFU_FLASH_CELL_STATE;
    predicate sfu_state_crc(uint8_t *cell) =
         SFU_WORD(cell, SFU_STATE_CRC_OFFSET) == sfu_crc32_of(cell, SFU_STATE_CRC_OFFSET);
    predicate sfu_state_mac(uint8_t *cell, uint8_t *key) = \forall integer i; 0 <= i < SFU_STATE_MAC_SIZE ==>
         cell[SFU_STATE_MAC_OFFSET + i] == sfu_hmac_byte(key, cell, SFU_STATE_MAC_OFFSET, i);
*/

/*@ // The same of a cell in flash, under the key that goes by the name `key`: of equal bytes name, CRC and HMAC are
    // equal, wherever they lie. (sfu_bytes would do as a name, but what else is known of it keeps the provers busy.)
    axiomatic Cells {
      logic integer key_name{L}(uint8_t *key) reads key[0 .. 31];
      logic integer flash_crc32_of(integer f, integer address, integer size);
      logic integer flash_hmac_byte(integer key, integer f, integer address, integer size, integer i);
      axiom key_same{L1, L2}: \forall uint8_t *p, *q;
        (\forall integer i; 0 <= i < 32 ==> \at(p[i], L1) == \at(q[i], L2)) ==> key_name{L1}(p) == key_name{L2}(q);
      axiom crc_shown{L}: \forall uint8_t *p, integer f, a, n; 0 <= n ==>
        (\forall integer i; 0 <= i < n ==> p[i] == flash_byte(f, a + i)) ==>
        sfu_crc32_of(p, n) == flash_crc32_of(f, a, n);
      axiom mac_shown{L}: \forall uint8_t *p, *key, integer f, a, n, k; 0 <= n ==>
        (\forall integer i; 0 <= i < n ==> p[i] == flash_byte(f, a + i)) ==>
        sfu_hmac_byte(key, p, n, k) == flash_hmac_byte(key_name(key), f, a, n, k);
    }
    predicate flash_state_crc(integer f, integer a) =
         flash_word(f, a + SFU_STATE_CRC_OFFSET) == flash_crc32_of(f, a, SFU_STATE_CRC_OFFSET);
    predicate flash_state_mac(integer f, integer a, integer key) = \forall integer i; 0 <= i < SFU_STATE_MAC_SIZE ==>
         flash_byte(f, a + (SFU_STATE_MAC_OFFSET + i)) == flash_hmac_byte(key, f, a, SFU_STATE_MAC_OFFSET, i);
    predicate flash_state(integer f, integer a, integer key) =
         flash_byte(f, a + SFU_STATE_KIND_OFFSET) == SFU_FLASH_CELL_STATE && flash_state_crc(f, a)
      && flash_state_mac(f, a, key);
*/
/*@ // and these are the numbers of the state it holds
    predicate flash_says(integer f, integer a, integer slot0, integer slot1, integer attempts, integer sequence,
                         integer counter, integer failure, integer install0, integer install1, integer next_record,
                         integer floor0, integer floor1, integer floor2, integer floor3) =
         slot0 == flash_byte(f, a + SFU_STATE_SLOT0_OFFSET) && slot1 == flash_byte(f, a + SFU_STATE_SLOT1_OFFSET)
      && attempts == flash_byte(f, a + SFU_STATE_ATTEMPTS_OFFSET)
      && sequence == flash_word(f, a + SFU_STATE_SEQUENCE_OFFSET)
      && counter == flash_word(f, a + SFU_STATE_SECURITY_COUNTER_OFFSET)
      && failure == flash_word(f, a + SFU_STATE_FAILURE_OFFSET)
      && install0 == flash_word(f, a + SFU_STATE_INSTALL0_OFFSET)
      && install1 == flash_word(f, a + SFU_STATE_INSTALL1_OFFSET)
      && next_record == flash_word(f, a + SFU_STATE_NEXT_RECORD_OFFSET)
      && floor0 == flash_byte(f, a + SFU_STATE_KEY_FLOOR_OFFSET)
      && floor1 == flash_byte(f, a + (SFU_STATE_KEY_FLOOR_OFFSET + 1))
      && floor2 == flash_byte(f, a + (SFU_STATE_KEY_FLOOR_OFFSET + 2))
      && floor3 == flash_byte(f, a + (SFU_STATE_KEY_FLOOR_OFFSET + 3));
*/
/* the state at s is what that cell says; its rows are left out, as in journal.h */
#define SFU_STATE_SAID(s, f, a) \
	flash_says(f, a, (s)->slot[0], (s)->slot[1], (s)->attempts, (s)->sequence, (s)->security_counter, (s)->failure, \
	           (s)->install[0], (s)->install[1], (s)->next_record, (s)->key_floor[0], (s)->key_floor[1], \
	           (s)->key_floor[2], (s)->key_floor[3])

/*@ requires cell: \valid(cell + (0 .. SFU_STATE_SIZE - 1));
    requires read: \valid_read(key + (0 .. 31)) && \valid_read(state);
    requires apart: \separated(cell + (0 .. SFU_STATE_SIZE - 1), key + (0 .. 31), state);
    assigns cell[0 .. SFU_STATE_SIZE - 1];
    ensures kind: sfu_state_kind(cell);
    SFU_STATE_NUMBERS(\true, cell, Post, state, Pre) */
void sfu_journal_encode(uint8_t cell[SFU_STATE_SIZE], const uint8_t key[32],
	const struct sfu_state *state);

/* SFU_OK, or SFU_E_JOURNAL if the cell is not a state or its CRC or MAC is wrong; *state is then as
 * it was. The MAC is tried only if the CRC is right. */
/*@ requires read: \valid_read(cell + (0 .. SFU_STATE_SIZE - 1)) && \valid_read(key + (0 .. 31));
    requires state: \valid(state);
    requires apart: \separated(state, cell + (0 .. SFU_STATE_SIZE - 1), key + (0 .. 31));
    assigns *state;
    ensures answer: \result == SFU_OK || \result == SFU_E_JOURNAL;
    ensures grammar: \result == SFU_OK ==> \old(sfu_state_kind(cell) && sfu_state_crc(cell));
    ensures mac: \result == SFU_OK ==> \old(sfu_state_mac(cell, key));
    ensures refused: \result != SFU_OK ==> !\old(sfu_state_kind(cell) && sfu_state_crc(cell) && sfu_state_mac(cell, key));
    ensures kept: \result != SFU_OK ==> *state == \old(*state);
    SFU_STATE_NUMBERS(\result == SFU_OK, cell, Pre, state, Post) */
uint32_t sfu_journal_decode(struct sfu_state *state, const uint8_t cell[SFU_STATE_SIZE],
	const uint8_t key[32]);

#endif
