#include "journal_cell.h"
#include "bytes.h"
#include "crc.h"
#include "crypto.h"
#include "sfu_codes.h"

/* bytes of the state, or of the cell, are what they were: for the provers, step by step */
#define KEPT(p, size) (\forall integer i; 0 <= i < size ==> (p)[i] == \at((p)[i], Pre))
#define GOT_SLOTS \
	(state->slot[0] == \at(cell[SFU_STATE_SLOT0_OFFSET], Pre) \
	 && state->slot[1] == \at(cell[SFU_STATE_SLOT1_OFFSET], Pre) \
	 && state->attempts == \at(cell[SFU_STATE_ATTEMPTS_OFFSET], Pre))

#define GOT_FLOORS \
	(state->key_floor[0] == \at(cell[SFU_STATE_KEY_FLOOR_OFFSET], Pre) \
	 && state->key_floor[1] == \at(cell[SFU_STATE_KEY_FLOOR_OFFSET + 1], Pre) \
	 && state->key_floor[2] == \at(cell[SFU_STATE_KEY_FLOOR_OFFSET + 2], Pre) \
	 && state->key_floor[3] == \at(cell[SFU_STATE_KEY_FLOOR_OFFSET + 3], Pre))

/* bytes were copied, of which the source was not changed since */
#define COPIED(to, from, size, when) (\forall integer i; 0 <= i < size ==> (to)[i] == \at((from)[i], when))

_Static_assert(SFU_STATE_SIZE == SFU_FLASH_CELL, "a state is a cell");

void sfu_journal_encode(
	uint8_t cell[SFU_STATE_SIZE], const uint8_t key[32], const struct sfu_state *state)
{
	uint8_t mac[SFU_FORMAT_HASH];

	cell[SFU_STATE_KIND_OFFSET] = SFU_FLASH_CELL_STATE;
	cell[SFU_STATE_SLOT0_OFFSET] = state->slot[0];
	cell[SFU_STATE_SLOT1_OFFSET] = state->slot[1];
	cell[SFU_STATE_ATTEMPTS_OFFSET] = state->attempts;
	cell[SFU_STATE_KEY_FLOOR_OFFSET] = state->key_floor[0];
	cell[SFU_STATE_KEY_FLOOR_OFFSET + 1] = state->key_floor[1];
	cell[SFU_STATE_KEY_FLOOR_OFFSET + 2] = state->key_floor[2];
	cell[SFU_STATE_KEY_FLOOR_OFFSET + 3] = state->key_floor[3];
	/*@ assert floors: cell[SFU_STATE_KEY_FLOOR_OFFSET] == \at(state->key_floor[0], Pre)
	      && cell[SFU_STATE_KEY_FLOOR_OFFSET + 1] == \at(state->key_floor[1], Pre)
	      && cell[SFU_STATE_KEY_FLOOR_OFFSET + 2] == \at(state->key_floor[2], Pre)
	      && cell[SFU_STATE_KEY_FLOOR_OFFSET + 3] == \at(state->key_floor[3], Pre); */
	/*@ assert slots: cell[SFU_STATE_SLOT0_OFFSET] == \at(state->slot[0], Pre)
	      && cell[SFU_STATE_SLOT1_OFFSET] == \at(state->slot[1], Pre)
	      && cell[SFU_STATE_ATTEMPTS_OFFSET] == \at(state->attempts, Pre); */
	//@ assert kind: sfu_state_kind(cell);
	sfu_put32(cell + SFU_STATE_SEQUENCE_OFFSET, state->sequence);
	sfu_put32(cell + SFU_STATE_SECURITY_COUNTER_OFFSET, state->security_counter);
	sfu_put32(cell + SFU_STATE_FAILURE_OFFSET, state->failure);
	sfu_put32(cell + SFU_STATE_INSTALL0_OFFSET, state->install[0]);
	sfu_put32(cell + SFU_STATE_INSTALL1_OFFSET, state->install[1]);
	//@ assert kind: sfu_state_kind(cell);
	//@ ghost Row1: ;
	sfu_copy(cell + SFU_STATE_SEAL0_OFFSET, state->seal[0], SFU_STATE_SEAL0_SIZE);
	//@ assert copied: COPIED(cell + SFU_STATE_SEAL0_OFFSET, state->seal[0], SFU_STATE_SEAL0_SIZE, Row1);
	//@ ghost Row2: ;
	sfu_copy(cell + SFU_STATE_SEAL1_OFFSET, state->seal[1], SFU_STATE_SEAL1_SIZE);
	//@ assert copied: COPIED(cell + SFU_STATE_SEAL1_OFFSET, state->seal[1], SFU_STATE_SEAL1_SIZE, Row2);
	//@ ghost Row3: ;
	sfu_copy(cell + SFU_STATE_MANIFEST_ID_OFFSET, state->manifest_id,
		SFU_STATE_MANIFEST_ID_SIZE);
	//@ assert copied: COPIED(cell + SFU_STATE_MANIFEST_ID_OFFSET, state->manifest_id, SFU_STATE_MANIFEST_ID_SIZE, Row3);
	sfu_put32(cell + SFU_STATE_NEXT_RECORD_OFFSET, state->next_record);
	//@ ghost Row4: ;
	sfu_copy(cell + SFU_STATE_EXPECTED_OFFSET, state->expected, SFU_STATE_EXPECTED_SIZE);
	//@ assert copied: COPIED(cell + SFU_STATE_EXPECTED_OFFSET, state->expected, SFU_STATE_EXPECTED_SIZE, Row4);
	//@ assert kind: sfu_state_kind(cell);
	//@ ghost Stated: ;
	sfu_hmac(mac, key, cell, SFU_STATE_MAC_OFFSET);
	sfu_copy(cell + SFU_STATE_MAC_OFFSET, mac, SFU_STATE_MAC_SIZE);
	/*@ assert mac: \forall integer i; 0 <= i < SFU_STATE_MAC_SIZE ==>
	      cell[SFU_STATE_MAC_OFFSET + i] == \at(sfu_hmac_byte(key, cell, SFU_STATE_MAC_OFFSET, i), Stated); */
	//@ ghost Whole: ;
	sfu_put32(cell + SFU_STATE_CRC_OFFSET, sfu_crc32(cell, SFU_STATE_CRC_OFFSET));
	/*@ assert crc: SFU_WORD(cell, SFU_STATE_CRC_OFFSET)
	      == \at(sfu_crc32_of(cell, SFU_STATE_CRC_OFFSET), Whole); */
	/*@ assert whole: \forall integer i; 0 <= i < SFU_STATE_CRC_OFFSET ==> cell[i] == \at(cell[i], Whole); */
}

uint32_t sfu_journal_decode(
	struct sfu_state *state, const uint8_t cell[SFU_STATE_SIZE], const uint8_t key[32])
{
	uint8_t mac[SFU_FORMAT_HASH];

	if (cell[SFU_STATE_KIND_OFFSET] != SFU_FLASH_CELL_STATE)
		return SFU_E_JOURNAL;
	if (sfu_get32(cell + SFU_STATE_CRC_OFFSET) != sfu_crc32(cell, SFU_STATE_CRC_OFFSET))
		return SFU_E_JOURNAL;
	sfu_hmac(mac, key, cell, SFU_STATE_MAC_OFFSET);
	/*@ assert mac: \forall integer i; 0 <= i < SFU_STATE_MAC_SIZE ==>
	      mac[i] == \at(sfu_hmac_byte(key, cell, SFU_STATE_MAC_OFFSET, i), Pre); */
	if (sfu_equal(cell + SFU_STATE_MAC_OFFSET, mac, SFU_STATE_MAC_SIZE) != SFU_OK)
		return SFU_E_JOURNAL;
	//@ assert authentic: \at(sfu_state_mac(cell, key), Pre);
	state->sequence = sfu_get32(cell + SFU_STATE_SEQUENCE_OFFSET);
	//@ assert sequence: state->sequence == \at(SFU_WORD(cell, SFU_STATE_SEQUENCE_OFFSET), Pre);
	state->security_counter = sfu_get32(cell + SFU_STATE_SECURITY_COUNTER_OFFSET);
	state->failure = sfu_get32(cell + SFU_STATE_FAILURE_OFFSET);
	state->install[0] = sfu_get32(cell + SFU_STATE_INSTALL0_OFFSET);
	state->install[1] = sfu_get32(cell + SFU_STATE_INSTALL1_OFFSET);
	//@ assert counter: state->security_counter == \at(SFU_WORD(cell, SFU_STATE_SECURITY_COUNTER_OFFSET), Pre);
	//@ assert failure: state->failure == \at(SFU_WORD(cell, SFU_STATE_FAILURE_OFFSET), Pre);
	//@ assert install0: state->install[0] == \at(SFU_WORD(cell, SFU_STATE_INSTALL0_OFFSET), Pre);
	//@ assert install1: state->install[1] == \at(SFU_WORD(cell, SFU_STATE_INSTALL1_OFFSET), Pre);
	state->slot[0] = cell[SFU_STATE_SLOT0_OFFSET];
	state->slot[1] = cell[SFU_STATE_SLOT1_OFFSET];
	state->attempts = cell[SFU_STATE_ATTEMPTS_OFFSET];
	state->key_floor[0] = cell[SFU_STATE_KEY_FLOOR_OFFSET];
	state->key_floor[1] = cell[SFU_STATE_KEY_FLOOR_OFFSET + 1];
	state->key_floor[2] = cell[SFU_STATE_KEY_FLOOR_OFFSET + 2];
	state->key_floor[3] = cell[SFU_STATE_KEY_FLOOR_OFFSET + 3];
	//@ assert cell: KEPT(cell, SFU_STATE_SIZE);
	//@ assert slots: GOT_SLOTS;
	//@ assert floors: GOT_FLOORS;
	//@ ghost Row6: ;
	sfu_copy(state->seal[0], cell + SFU_STATE_SEAL0_OFFSET, SFU_STATE_SEAL0_SIZE);
	//@ assert copied: COPIED(state->seal[0], cell + SFU_STATE_SEAL0_OFFSET, SFU_STATE_SEAL0_SIZE, Row6);
	//@ assert cell: KEPT(cell, SFU_STATE_SIZE);
	//@ assert slots: GOT_SLOTS;
	//@ assert floors: GOT_FLOORS;
	//@ ghost Row7: ;
	sfu_copy(state->seal[1], cell + SFU_STATE_SEAL1_OFFSET, SFU_STATE_SEAL1_SIZE);
	//@ assert copied: COPIED(state->seal[1], cell + SFU_STATE_SEAL1_OFFSET, SFU_STATE_SEAL1_SIZE, Row7);
	//@ assert cell: KEPT(cell, SFU_STATE_SIZE);
	//@ assert slots: GOT_SLOTS;
	//@ assert floors: GOT_FLOORS;
	//@ ghost Row8: ;
	sfu_copy(state->manifest_id, cell + SFU_STATE_MANIFEST_ID_OFFSET,
		SFU_STATE_MANIFEST_ID_SIZE);
	//@ assert copied: COPIED(state->manifest_id, cell + SFU_STATE_MANIFEST_ID_OFFSET, SFU_STATE_MANIFEST_ID_SIZE, Row8);
	//@ assert cell: KEPT(cell, SFU_STATE_SIZE);
	//@ assert slots: GOT_SLOTS;
	//@ assert floors: GOT_FLOORS;
	state->next_record = sfu_get32(cell + SFU_STATE_NEXT_RECORD_OFFSET);
	//@ ghost Row9: ;
	sfu_copy(state->expected, cell + SFU_STATE_EXPECTED_OFFSET, SFU_STATE_EXPECTED_SIZE);
	//@ assert copied: COPIED(state->expected, cell + SFU_STATE_EXPECTED_OFFSET, SFU_STATE_EXPECTED_SIZE, Row9);
	//@ assert cell: KEPT(cell, SFU_STATE_SIZE);
	//@ assert slots: GOT_SLOTS;
	//@ assert floors: GOT_FLOORS;
	return SFU_OK;
}
