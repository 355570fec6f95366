/* The journal: the device's whole state, in the last valid cell of the current of two pages.
 *
 * Each cell (struct STATE of spec/formats.md, 128 bytes) is a complete state, so replay looks for
 * one cell and compaction copies none. A cell that is torn, unreadable, or whose CRC or MAC is wrong
 * is as if never written. A cell is never programmed twice between erases, as far as it can be seen.
 *
 * Marginal cells. A cell torn by a cut may read as blank now and differ at the next reset. The first
 * append after a start goes to the first cell that reads blank behind all that does not; that cell may
 * be such a one. So the first append is written twice, in two neighbouring cells: the second cannot
 * have been touched before, since no start goes beyond a cell before it was read back, and a cell
 * that fails its read-back makes the journal move to the other, freshly erased page.
 *
 * The last cell of a page closes it: before the journal leaves a page, the state goes there once
 * more, so that the page stays full at every later start, whatever its other cells read as. */
#ifndef SFU_JOURNAL_H
#define SFU_JOURNAL_H

#include <stdint.h>
#include "sfu_format.h"
#include "store.h"

/* the decoded state; field for field struct STATE */
struct sfu_state {
	uint8_t slot[2];             /* SFU_SLOT_EMPTY … _CONFIRMED */
	uint8_t attempts;
	uint32_t sequence;
	uint32_t security_counter;
	uint32_t failure;
	uint32_t install[2];
	uint8_t seal[2][16];
	uint8_t manifest_id[SFU_STATE_MANIFEST_ID_SIZE];
	uint8_t key_floor[SFU_FORMAT_RANKS]; /* of serials of signing keys, one for each rank */
	uint32_t next_record;
	uint8_t expected[32];
};

struct sfu_journal {
	struct sfu_store store;
	uint8_t key[32];             /* journal key, HKDF(D, empty, "sfu journal") */
	uint32_t next;               /* index of the first free cell of the current page, from 1; 0 is the header */
	uint32_t fresh;              /* 1: a cell was appended, or the page begun, in this power cycle */
	struct sfu_state state;      /* the state as flash holds it */
};

#define SFU_JOURNAL_CELLS(j) (sfu_layout.area[(j)->store.area + (j)->store.current].size / SFU_FLASH_CELL)
#define SFU_JOURNAL_PLACE(j) \
	((j)->store.area == SFU_AREA_JOURNAL && SFU_STORE_VALUE(&(j)->store) \
	 && (SFU_STORE_HAS_PAGE(&(j)->store) ==> 1 <= (j)->next <= SFU_JOURNAL_CELLS(j)))
#define SFU_JOURNAL_VALID(j) (\valid(j) && layout_sound && SFU_JOURNAL_PLACE(j))
/* claim C8: what the journal knows of the flash is so. Cells from j->next on read blank, and none of them was ever
 * begun, except that before the first append after a start the first of them may be torn. */
#define SFU_JOURNAL_STANDS(j) \
	(SFU_STORE_STANDS(&(j)->store) \
	 && (SFU_STORE_HAS_PAGE(&(j)->store) ==> \
	     page_free(sfu_flash, (j)->store.area + (j)->store.current, (j)->next, SFU_JOURNAL_CELLS(j)) \
	     && page_clean(sfu_flash, (j)->store.area + (j)->store.current, (j)->next + ((j)->fresh == 1 ? 0 : 1), \
	                   SFU_JOURNAL_CELLS(j))))

/* What an append leaves, as postconditions: the journal's state is what was appended, with the next sequence number, if
 * it worked, and else what it was. Seals are left out: of rows of rows the provers do not find it. */
#define SFU_STATE_SAME(a, b) \
	((a).slot[0] == (b).slot[0] && (a).slot[1] == (b).slot[1] && (a).attempts == (b).attempts \
	 && (a).failure == (b).failure && (a).install[0] == (b).install[0] && (a).install[1] == (b).install[1] \
	 && (a).next_record == (b).next_record)
#define SFU_STATE_ROWS_SAME(a, b) \
	((\forall integer i; 0 <= i < SFU_STATE_MANIFEST_ID_SIZE ==> (a).manifest_id[i] == (b).manifest_id[i]) \
	 && (\forall integer i; 0 <= i < SFU_FORMAT_RANKS ==> (a).key_floor[i] == (b).key_floor[i]) \
	 && (\forall integer i; 0 <= i < 32 ==> (a).expected[i] == (b).expected[i]))
#define SFU_STATE_APPENDED(j, n) \
	ensures state: \result == SFU_OK ==> SFU_STATE_SAME((j)->state, \at(*(n), Pre)); \
	ensures rows: \result == SFU_OK ==> SFU_STATE_ROWS_SAME((j)->state, \at(*(n), Pre)); \
	ensures sequence: \result == SFU_OK ==> (j)->state.sequence == \old((j)->state.sequence) + 1; \
	ensures refused: \result != SFU_OK ==> SFU_STATE_SAME((j)->state, \old((j)->state)) \
	         && (j)->state.sequence == \old((j)->state.sequence); \
	ensures refused_rows: \result != SFU_OK ==> SFU_STATE_ROWS_SAME((j)->state, \old((j)->state));

/* C3: no floor of serials falls from one state to the next */
#define SFU_FLOORS_RISE(now, then) \
	(\forall integer i; 0 <= i < SFU_FORMAT_RANKS ==> (now)->key_floor[i] >= (then).key_floor[i])

/*@ ghost
    // What the last call left holds still: since then nobody wrote to the two pages (C6), nor to *j.
    /@ assigns \nothing;
       ensures stands: SFU_JOURNAL_STANDS(j); @/
    void sfu_journal_known(struct sfu_journal *j);
*/

/* Finds the state. `device` is D. SFU_OK: j->state is it. SFU_E_JOURNAL: no page counts or none of the
 * last SFU_LIMIT_MAC_CHECKS non-blank cells is valid; j->state is zero, and sfu_journal_format is the way on.
 * Writes nothing to flash. A state that was found but not appended to in this power cycle may come from
 * a torn cell, so that the next start finds the one before it: append before doing what cannot be undone. */
/*@ requires j: \valid(j) && \valid_read(device + (0 .. 31)) && \separated(j, device + (0 .. 31));
    requires areas: layout_sound;
    assigns *j;
    ensures loaded: SFU_JOURNAL_VALID(j);
    ensures answer: \result == SFU_OK || \result == SFU_E_JOURNAL;
    ensures page: \result == SFU_OK ==> SFU_STORE_HAS_PAGE(&j->store);
    ensures stands: \result == SFU_OK ==> SFU_JOURNAL_STANDS(j); */
uint32_t sfu_journal_load(struct sfu_journal *j, const uint8_t device[32]);

/* Appends `next` (its sequence is set to one above the last) and makes it j->state. Goes over to the other page
 * when the current one is full or a cell does not read back; tries that once. SFU_OK; otherwise the
 * port's failure: flash then holds the old state or the new one, j->state the old one. */
/*@ requires j: SFU_JOURNAL_VALID(j) && \valid_read(next) && \separated(j, next);
    requires counter: SFU_STORE_HAS_PAGE(&j->store) ==> next->security_counter >= j->state.security_counter;
    requires floors: SFU_STORE_HAS_PAGE(&j->store) ==> SFU_FLOORS_RISE(next, j->state);
    assigns *j, sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_JOURNAL, SFU_AREA_KEYS);
    ensures counter: j->state.security_counter
             == (\result == SFU_OK ? \old(next->security_counter) : \old(j->state.security_counter));
    SFU_STATE_APPENDED(j, next)
    ensures kept: SFU_JOURNAL_VALID(j);
    ensures stands: SFU_JOURNAL_STANDS(j);
    ensures page: \result == SFU_OK ==> SFU_STORE_HAS_PAGE(&j->store) && j->fresh == 1; */
uint32_t sfu_journal_append(struct sfu_journal *j, const struct sfu_state *next);

/* Begins a journal where there is none: `first` becomes the state of a new page. */
/*@ requires j: SFU_JOURNAL_VALID(j) && \valid_read(first) && \separated(j, first);
    assigns *j, sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_JOURNAL, SFU_AREA_KEYS);
    ensures counter: j->state.security_counter
             == (\result == SFU_OK ? \old(first->security_counter) : \old(j->state.security_counter));
    SFU_STATE_APPENDED(j, first)
    ensures kept: SFU_JOURNAL_VALID(j);
    ensures stands: SFU_JOURNAL_STANDS(j);
    ensures page: \result == SFU_OK ==> SFU_STORE_HAS_PAGE(&j->store) && j->fresh == 1; */
uint32_t sfu_journal_format(struct sfu_journal *j, const struct sfu_state *first);

/* Cells that can still be appended without an erase. */
/*@ requires j: SFU_JOURNAL_VALID(j);
    assigns \nothing; */
uint32_t sfu_journal_room(const struct sfu_journal *j);

#endif
