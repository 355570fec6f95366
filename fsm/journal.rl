/* Replay: the cells of a page, from its end backwards, until one is valid.
 *
 * Why each cut is safe. A cut while a cell is programmed leaves it torn; all other cells are as before.
 * It reads as valid (the new state), as bad (skipped, the old state), or as blank; nobody was told
 * that it is in. The next start appends behind the last cell that does not read blank, so the torn cell
 * can only be the first one it programs, and it programs two: the second is sound. A torn cell
 * that was programmed once more to its end does not read blank any more, so there is never more
 * than one. Bad cells at the end of a page are fewer than replay tries, since a page with nearly so
 * many is left (journal_append.c). */
#include "journal_replay.h"
#include "bytes.h"
#include "crypto.h"
#include "journal_cell.h"
#include "port.h"
#include "sfu_codes.h"

/* In the C that ragel writes, what follows an fbreak is never reached. */
#pragma GCC diagnostic ignored "-Wimplicit-fallthrough"

/* The first cell from the end that does not read blank: what follows it is free. */
/*@ requires r: \valid(r) && r->at < UINT32_MAX;
    assigns r->next;
    ensures next: r->next == r->at + 1; */
static inline void end_here(struct sfu_replay *r)
{
	r->next = r->at + 1;
}

%%{
  machine sfu_journal;
  alphtype unsigned char;
  access r->;
  BLANK = 0; STATE = 1; BAD = 2; END = 3;

  action end_here { end_here(r); }

  action in_tail      { r->phase = SFU_JOURNAL_STATE_TAIL; fbreak; }
  action in_searching { r->phase = SFU_JOURNAL_STATE_SEARCHING; fbreak; }
  action in_found     { r->phase = SFU_JOURNAL_STATE_FOUND; fbreak; }
  action in_lost      { r->phase = SFU_JOURNAL_STATE_LOST; fbreak; }

  main := (
    start:     ( STATE @end_here -> found
               | BAD @end_here   -> searching
               | END             -> lost
               | ^(STATE | BAD | END) -> start )     >~in_tail,
    searching: ( STATE           -> found
               | END             -> lost
               | ^(STATE | END)  -> searching )      >~in_searching,
    found:     ( any             -> found )          >~in_found,
    lost:      ( any             -> lost )           >~in_lost
  );
}%%
%% write data noerror nofinal noentry;

#include "journal_contract.h"

/*@ requires r: \valid(r) && \valid_read(p) && \separated(r, p);
    requires inv: replay_inv(r) && *p < SFU_JOURNAL_EVENTS && r->at < UINT32_MAX;
    assigns r->cs, r->phase, r->next;
    ensures inv: replay_inv(r);
    ensures next: r->next == (\old(r->phase) == SFU_JOURNAL_STATE_TAIL
              && (\old(*p) == SFU_JOURNAL_EVENT_STATE || \old(*p) == SFU_JOURNAL_EVENT_BAD) ? r->at + 1 : \old(r->next));
    ensures end: \old(*p) == SFU_JOURNAL_EVENT_END ==>
              r->phase == SFU_JOURNAL_STATE_FOUND || r->phase == SFU_JOURNAL_STATE_LOST;
    ensures found: r->phase == SFU_JOURNAL_STATE_FOUND ==>
              \old(r->phase) == SFU_JOURNAL_STATE_FOUND || *p == SFU_JOURNAL_EVENT_STATE; */
static void step(struct sfu_replay *r, const unsigned char *p)
{
	%% write exec noend;
}

/* What cell r->at is. A MAC is tried only where the CRC is right, and only so many cells are. */
/*@ requires j: \valid(j) && \valid(r) && \separated(j, r);
    requires page: SFU_STORE_VALID(&j->store) && SFU_STORE_HAS_PAGE(&j->store)
             && j->store.area == SFU_AREA_JOURNAL;
    requires at: r->at < page_cells(SFU_REPLAY_PAGE(j), sfu_layout);
    requires tried: r->tried <= SFU_LIMIT_MAC_CHECKS;
    assigns j->state, r->tried;
    ensures event: \result < SFU_JOURNAL_EVENTS;
    ensures tried: r->tried <= SFU_LIMIT_MAC_CHECKS;
    ensures store: j->store.area == \old(j->store.area)
                   && j->store.current == \old(j->store.current);
    ensures at: r->at == \old(r->at);
    ensures next: r->next == \old(r->next);
    ensures phase: r->phase == \old(r->phase);
    ensures cs: r->cs == \old(r->cs);
    ensures end: \result == SFU_JOURNAL_EVENT_END <==> \old(r->at == 0 || r->tried == SFU_LIMIT_MAC_CHECKS);
    ensures blank: \result == SFU_JOURNAL_EVENT_BLANK <==> \result != SFU_JOURNAL_EVENT_END
                   && cell_empty(sfu_flash, \old(SFU_REPLAY_PAGE(j)), \old(r->at), sfu_layout);
    ensures free: \result == SFU_JOURNAL_EVENT_BLANK ==>
                  cell_blank(sfu_flash, \old(SFU_REPLAY_PAGE(j)), \old(r->at));
    ensures found: \result == SFU_JOURNAL_EVENT_STATE <==> \result != SFU_JOURNAL_EVENT_END
                   && cell_decodes(sfu_flash, \old(SFU_REPLAY_PAGE(j)), \old(r->at), \old(key_name(&j->key[0])), sfu_layout);
    ensures said: \result == SFU_JOURNAL_EVENT_STATE ==>
                  SFU_STATE_SAID(&j->state, sfu_flash, cell_at(\old(SFU_REPLAY_PAGE(j)), \old(r->at), sfu_layout));
    ensures count: r->tried == \old(r->tried)
                   + (\result == SFU_JOURNAL_EVENT_STATE || \result == SFU_JOURNAL_EVENT_BAD ? 1 : 0); */
static unsigned char classify(struct sfu_journal *j, struct sfu_replay *r)
{
	uint8_t cell[SFU_STATE_SIZE];
	uint32_t status;

	if (r->at == 0 || r->tried == SFU_LIMIT_MAC_CHECKS)
		return SFU_JOURNAL_EVENT_END;
	status = sfu_store_read(sfu_layout.area[j->store.area + j->store.current].address + r->at * SFU_FLASH_CELL,
		cell, SFU_FLASH_CELL);
	//@ ghost sfu_cell_read(j->store.area + j->store.current, r->at, status);
	//@ assert key: key_name(&j->key[0]) == \at(key_name(&j->key[0]), Pre);
	/*@ assert blank: status == SFU_E_BLANK <==> cell_empty(sfu_flash, \at(SFU_REPLAY_PAGE(j), Pre),
	      \at(r->at, Pre), sfu_layout); */
	/*@ assert shown: status == SFU_OK ==> \forall integer i; 0 <= i < SFU_FLASH_CELL ==> cell[i]
	      == flash_byte(sfu_flash, cell_at(\at(SFU_REPLAY_PAGE(j), Pre), \at(r->at, Pre), sfu_layout) + i); */
	/*@ assert crc: status == SFU_OK ==> (sfu_state_crc(&cell[0])
	      <==> flash_state_crc(sfu_flash, cell_at(\at(SFU_REPLAY_PAGE(j), Pre), \at(r->at, Pre), sfu_layout))); */
	/*@ assert hmac: status == SFU_OK ==> \forall integer i;
	      sfu_hmac_byte(&j->key[0], &cell[0], SFU_STATE_MAC_OFFSET, i) == flash_hmac_byte(key_name(&j->key[0]),
	      sfu_flash, cell_at(\at(SFU_REPLAY_PAGE(j), Pre), \at(r->at, Pre), sfu_layout), SFU_STATE_MAC_OFFSET, i); */
	/*@ assert mac: status == SFU_OK ==> (sfu_state_mac(&cell[0], &j->key[0]) <==> flash_state_mac(sfu_flash,
	      cell_at(\at(SFU_REPLAY_PAGE(j), Pre), \at(r->at, Pre), sfu_layout), \at(key_name(&j->key[0]), Pre))); */
	/*@ assert state: cell_decodes(sfu_flash, \at(SFU_REPLAY_PAGE(j), Pre), \at(r->at, Pre),
	      \at(key_name(&j->key[0]), Pre), sfu_layout) <==> status == SFU_OK && sfu_state_kind(&cell[0])
	      && sfu_state_crc(&cell[0]) && sfu_state_mac(&cell[0], &j->key[0]); */
	if (status == SFU_E_BLANK)
		return SFU_JOURNAL_EVENT_BLANK;
	r->tried++;
	if (status != SFU_OK || sfu_journal_decode(&j->state, cell, j->key) != SFU_OK)
		return SFU_JOURNAL_EVENT_BAD;
	return SFU_JOURNAL_EVENT_STATE;
}

/* of the page that is replayed */
#define PAGE(j) (SFU_AREA_JOURNAL + \at((j)->store.current, Pre))
#define CELLS(j) page_cells(PAGE(j), sfu_layout)
#define DECODES(j, k) cell_decodes(sfu_flash, PAGE(j), k, \at(key_name(&(j)->key[0]), Pre), sfu_layout)

void sfu_journal_replay(struct sfu_journal *j, struct sfu_replay *r)
{
	unsigned char event;
	//@ ghost struct sfu_met met;

	r->cs = sfu_journal_start;
	r->phase = SFU_JOURNAL_STATE_TAIL;
	r->next = 1;
	r->tried = 0;
	r->at = sfu_layout.area[j->store.area + j->store.current].size / SFU_FLASH_CELL;
	//@ assert page: j->store.area == SFU_AREA_JOURNAL && j->store.current == \at(j->store.current, Pre);
	//@ assert end: r->at == CELLS(j);
	/*@ loop invariant inv: replay_inv(r);
	    loop invariant tried: r->tried <= SFU_LIMIT_MAC_CHECKS;
	    loop invariant area: j->store.area == SFU_AREA_JOURNAL;
	    loop invariant current: j->store.current == \at(j->store.current, Pre);
	    loop invariant at: r->at <= CELLS(j);
	    loop invariant zero: r->at == 0 ==>
	      r->phase == SFU_JOURNAL_STATE_FOUND || r->phase == SFU_JOURNAL_STATE_LOST;
	    loop invariant next: 1 <= r->next <= CELLS(j);
	    loop invariant key: \forall integer i; 0 <= i < 32 ==> j->key[i] == \at(j->key[i], Pre);
	    loop invariant later: \forall integer k; r->at < k < CELLS(j) ==> !DECODES(j, k);
	    loop invariant here: r->phase == SFU_JOURNAL_STATE_TAIL || r->phase == SFU_JOURNAL_STATE_SEARCHING ==>
	      r->at == CELLS(j) || !DECODES(j, r->at);
	    loop invariant found: r->phase == SFU_JOURNAL_STATE_FOUND ==> 1 <= r->at < CELLS(j) && DECODES(j, r->at);
	    loop invariant said: r->phase == SFU_JOURNAL_STATE_FOUND ==>
	      SFU_STATE_SAID(&j->state, sfu_flash, cell_at(PAGE(j), r->at, sfu_layout));
	    loop invariant tail: r->phase == SFU_JOURNAL_STATE_TAIL ==> r->tried == 0 && r->next == 1
	      && \forall integer k; r->at <= k < CELLS(j) ==> cell_empty(sfu_flash, PAGE(j), k, sfu_layout);
	    loop invariant tail_free: r->phase == SFU_JOURNAL_STATE_TAIL ==>
	      page_free(sfu_flash, PAGE(j), r->at, CELLS(j));
	    loop invariant behind: r->phase != SFU_JOURNAL_STATE_TAIL ==>
	      \forall integer k; r->next <= k < CELLS(j) ==> cell_empty(sfu_flash, PAGE(j), k, sfu_layout);
	    loop invariant free: r->phase != SFU_JOURNAL_STATE_TAIL ==>
	      page_free(sfu_flash, PAGE(j), r->next, CELLS(j));
	    loop invariant met: r->phase == SFU_JOURNAL_STATE_TAIL || r->phase == SFU_JOURNAL_STATE_SEARCHING ==>
	      cells_met(sfu_flash, PAGE(j), r->at, CELLS(j), r->tried, met, sfu_layout);
	    loop invariant lost: r->phase == SFU_JOURNAL_STATE_LOST ==> r->at == 0
	      || cells_met(sfu_flash, PAGE(j), r->at + 1, CELLS(j), SFU_LIMIT_MAC_CHECKS, met, sfu_layout);
	    loop assigns event, met, r->cs, r->phase, r->at, r->next, r->tried, j->state;
	    loop variant r->at; */
	while (r->phase == SFU_JOURNAL_STATE_TAIL || r->phase == SFU_JOURNAL_STATE_SEARCHING) {
		r->at--;
		//@ assert key: key_name(&j->key[0]) == \at(key_name(&j->key[0]), Pre);
		//@ assert page: j->store.area == SFU_AREA_JOURNAL && j->store.current == \at(j->store.current, Pre);
		//@ assert place: cell_at(SFU_REPLAY_PAGE(j), r->at, sfu_layout) == cell_at(PAGE(j), r->at, sfu_layout);
		event = classify(j, r);
		/*@ assert looked: event == SFU_JOURNAL_EVENT_STATE <==> event != SFU_JOURNAL_EVENT_END && DECODES(j, r->at); */
		/*@ assert said: event == SFU_JOURNAL_EVENT_STATE ==>
		      SFU_STATE_SAID(&j->state, sfu_flash, cell_at(PAGE(j), r->at, sfu_layout)); */
		/*@ assert empty: event == SFU_JOURNAL_EVENT_BLANK <==> event != SFU_JOURNAL_EVENT_END
		      && cell_empty(sfu_flash, PAGE(j), r->at, sfu_layout); */
		/*@ ghost if (event == SFU_JOURNAL_EVENT_STATE || event == SFU_JOURNAL_EVENT_BAD)
		      met.at[r->tried - 1] = r->at; */
		step(r, &event);
	}
}
