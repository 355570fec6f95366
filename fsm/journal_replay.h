/* The search for the last valid cell of the journal's current page. */
#ifndef SFU_JOURNAL_REPLAY_H
#define SFU_JOURNAL_REPLAY_H

#include <stdint.h>
#include "journal.h"
#include "journal_cell.h"
#include "journal_machine.h"

struct sfu_replay {
	int cs;
	uint8_t phase;               /* SFU_JOURNAL_STATE_… */
	uint32_t at;                 /* the cell looked at */
	uint32_t next;               /* the first cell behind all that do not read blank, from 1 */
	uint32_t tried;              /* cells that were not blank */
};

/*@ predicate replay_inv(struct sfu_replay *r) =
       0 <= r->phase < SFU_JOURNAL_STATES && r->cs == r->phase;
*/

/* for contracts alone: cells of a page */
struct sfu_met {
	uint32_t at[SFU_LIMIT_MAC_CHECKS];
};

/*@ logic integer page_cells(integer p, struct sfu_layout l) = l.area[p].size / SFU_FLASH_CELL;
    // where cell k of page p lies; that it reads as erased now; that it holds a state, under a key by name
    logic integer cell_at(integer p, integer k, struct sfu_layout l) = l.area[p].address + k * SFU_FLASH_CELL;
    predicate cell_empty(integer f, integer p, integer k, struct sfu_layout l) =
         store_reads(f, cell_at(p, k, l), SFU_FLASH_CELL, l, SFU_E_BLANK);
    predicate cell_decodes(integer f, integer p, integer k, integer key, struct sfu_layout l) =
         store_reads(f, cell_at(p, k, l), SFU_FLASH_CELL, l, SFU_OK) && flash_state(f, cell_at(p, k, l), key);
    // n of the cells from `from` on and before `to` do not read as erased, those of m; as many as replay tries
    predicate cells_met(integer f, integer p, integer from, integer to, integer n, struct sfu_met m, struct sfu_layout l) =
         (\forall integer i; 0 <= i < n ==> from <= m.at[i] < to && !cell_empty(f, p, m.at[i], l))
      && (\forall integer i, k; 0 <= i < k < n ==> m.at[k] < m.at[i]);
    predicate cells_many(integer f, integer p, integer from, integer to, struct sfu_layout l) =
         \exists struct sfu_met m; cells_met(f, p, from, to, SFU_LIMIT_MAC_CHECKS, m, l);
    // cell k is the last one that holds a state, and not so many follow it that replay does not come to it
    predicate cell_last(integer f, integer p, integer k, integer to, integer key, struct sfu_layout l) =
         1 <= k < to && cell_decodes(f, p, k, key, l)
      && (\forall integer i; k < i < to ==> !cell_decodes(f, p, i, key, l))
      && !cells_many(f, p, k + 1, to, l);
*/
/* the page that is replayed, and its cells */
#define SFU_REPLAY_PAGE(j) (SFU_AREA_JOURNAL + (j)->store.current)
#define SFU_REPLAY_CELLS(j) page_cells(\old(SFU_REPLAY_PAGE(j)), sfu_layout)

/* Afterwards r->phase is SFU_JOURNAL_STATE_FOUND, and j->state is what cell r->at holds, the last one of the page that
 * holds a state; or SFU_JOURNAL_STATE_LOST, and j->state is as it was: none of the cells behind r->at holds one, and they
 * are all there are, or SFU_LIMIT_MAC_CHECKS of them do not read as erased. */
/*@ requires j: \valid(j) && \valid(r) && \separated(j, r);
    requires page: SFU_STORE_VALID(&j->store) && SFU_STORE_HAS_PAGE(&j->store)
             && j->store.area == SFU_AREA_JOURNAL;
    assigns *r, j->state;
    ensures done: r->phase == SFU_JOURNAL_STATE_FOUND || r->phase == SFU_JOURNAL_STATE_LOST;
    ensures next: 1 <= r->next <= SFU_REPLAY_CELLS(j);
    ensures at: r->at <= SFU_REPLAY_CELLS(j);
    ensures tried: r->tried <= SFU_LIMIT_MAC_CHECKS;
    ensures found: r->phase == SFU_JOURNAL_STATE_FOUND ==> 1 <= r->at < SFU_REPLAY_CELLS(j)
             && cell_decodes(sfu_flash, \old(SFU_REPLAY_PAGE(j)), r->at, \old(key_name(&j->key[0])), sfu_layout);
    ensures said: r->phase == SFU_JOURNAL_STATE_FOUND ==>
             SFU_STATE_SAID(&j->state, sfu_flash, cell_at(\old(SFU_REPLAY_PAGE(j)), r->at, sfu_layout));
    ensures later: \forall integer k; r->at < k < SFU_REPLAY_CELLS(j) ==>
             !cell_decodes(sfu_flash, \old(SFU_REPLAY_PAGE(j)), k, \old(key_name(&j->key[0])), sfu_layout);
    ensures lost: r->phase == SFU_JOURNAL_STATE_LOST ==> r->at == 0
             || cells_many(sfu_flash, \old(SFU_REPLAY_PAGE(j)), r->at + 1, SFU_REPLAY_CELLS(j), sfu_layout);
    ensures last: \forall integer k; cell_last(sfu_flash, \old(SFU_REPLAY_PAGE(j)), k, SFU_REPLAY_CELLS(j),
             \old(key_name(&j->key[0])), sfu_layout) ==> r->phase == SFU_JOURNAL_STATE_FOUND && r->at == k;
    ensures behind: \forall integer k; r->next <= k < SFU_REPLAY_CELLS(j) ==>
             cell_empty(sfu_flash, \old(SFU_REPLAY_PAGE(j)), k, sfu_layout);
    ensures free: page_free(sfu_flash, \old(SFU_REPLAY_PAGE(j)), r->next, SFU_REPLAY_CELLS(j)); */
void sfu_journal_replay(struct sfu_journal *j, struct sfu_replay *r);

#endif
