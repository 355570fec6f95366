/* Why each cut is safe, beyond what journal.rl and store.c say. A switch puts the new state into the
 * new page before it commits it: until then the old page's state holds, afterwards the new one. In
 * the start after a cut either page may be current, if the commit unit is torn. Where it is the
 * old one, nothing may be appended to it, as that would be lost if the new page came back: so
 * it was closed, its last cell is not blank, it is full at every start, and the next append erases the
 * new page and begins it again. Where it is the new one, it is secured before the first append, and
 * that append is doubled, so neither depends on what was torn. */
#include "bytes.h"
#include "crypto.h"
#include "journal_cell.h"
#include "journal_replay.h"
#include "port.h"
#include "sfu_codes.h"

/* Cells from the valid one on that may be there when the page is still appended to: the first append
 * after a start may spoil two more, and closing the page a third. Those that read blank count, as
 * they may be torn. */
#define SPAN_MAX (SFU_LIMIT_MAC_CHECKS - 3u)

/*@ requires s: SFU_STORE_VALID(s) && (page == 0 || page == 1);
    assigns \nothing;
    ensures cells: \result == sfu_layout.area[s->area + page].size / SFU_FLASH_CELL; */
static uint32_t cells_of(const struct sfu_store *s, uint32_t page)
{
	return sfu_layout.area[s->area + page].size / SFU_FLASH_CELL;
}

/* the state in memory is that of the page's last cell that holds one */
#define FOUND(j, page, key) \
	(\exists integer k; 1 <= k < page_cells(page, sfu_layout) && cell_decodes(sfu_flash, page, k, key, sfu_layout) \
	 && (\forall integer i; k < i < page_cells(page, sfu_layout) ==> !cell_decodes(sfu_flash, page, i, key, sfu_layout)) \
	 && SFU_STATE_SAID(&(j)->state, sfu_flash, cell_at(page, k, sfu_layout)))

/*@ ghost
    // A start that found a state, and the cells behind it blank: each cut left the flash recoverable, so every start finds
    // a state in this page, one of the two lasts, and of the cells that read blank only the first may have been begun.
    /@ requires place: SFU_JOURNAL_PLACE(j) && SFU_STORE_HAS_PAGE(&j->store) && j->store.secured == 0 && j->fresh == 0;
       requires found: FOUND(j, SFU_REPLAY_PAGE(j), key_name(&j->key[0]));
       requires free: page_free(sfu_flash, SFU_REPLAY_PAGE(j), j->next, page_cells(SFU_REPLAY_PAGE(j), sfu_layout));
       assigns \nothing;
       ensures whole: page_whole(sfu_flash, SFU_REPLAY_PAGE(j));
       ensures recoverable: recoverable(sfu_flash, SFU_REPLAY_PAGE(j), SFU_AREA_JOURNAL + (1 - j->store.current));
       ensures clean: page_clean(sfu_flash, SFU_REPLAY_PAGE(j), j->next + 1, page_cells(SFU_REPLAY_PAGE(j), sfu_layout)); @/
    void sfu_journal_started(struct sfu_journal *j);
*/

/* Replays the current page: SFU_OK if that found the state; SFU_E_BLANK if nobody was ever told of a state in
 * it: there is nothing behind the first cell but one that a cut may have torn; else SFU_E_JOURNAL. Where the page has
 * to be left, none of it is free. */
/*@ requires j: \valid(j);
    requires page: SFU_STORE_VALID(&j->store) && SFU_STORE_HAS_PAGE(&j->store)
             && j->store.area == SFU_AREA_JOURNAL;
    assigns j->state, j->next;
    ensures next: 1 <= j->next <= sfu_layout.area[j->store.area + j->store.current].size / SFU_FLASH_CELL;
    ensures answer: \result == SFU_OK || \result == SFU_E_BLANK || \result == SFU_E_JOURNAL;
    ensures found: \result == SFU_OK ==> FOUND(j, \old(SFU_REPLAY_PAGE(j)), \old(key_name(&j->key[0])));
    ensures free: \result == SFU_OK ==> page_free(sfu_flash, \old(SFU_REPLAY_PAGE(j)), j->next,
              page_cells(\old(SFU_REPLAY_PAGE(j)), sfu_layout)); */
static uint32_t look(struct sfu_journal *j)
{
	struct sfu_replay r;

	sfu_journal_replay(j, &r);
	j->next = r.next;
	if (r.phase == SFU_JOURNAL_STATE_FOUND) {
		if (r.next > r.at + SPAN_MAX)
			j->next = cells_of(&j->store, j->store.current);
		return SFU_OK;
	}
	return r.next <= 3 ? SFU_E_BLANK : SFU_E_JOURNAL;
}

uint32_t sfu_journal_load(struct sfu_journal *j, const uint8_t device[32])
{
	static const uint8_t label[] = { 's', 'f', 'u', ' ', 'j', 'o', 'u', 'r', 'n', 'a', 'l' };
	uint32_t status = SFU_E_JOURNAL;

	sfu_hkdf(j->key, device, label, 0, label, sizeof label);
	sfu_store_find(&j->store, SFU_AREA_JOURNAL, SFU_FLASH_JOURNAL_MAGIC);
	j->next = 1;
	j->fresh = 0;
	j->state = (struct sfu_state){ 0 };
	//@ assert place: SFU_JOURNAL_PLACE(j);
	if (j->store.current <= 1)
		status = look(j);
	//@ assert looked: SFU_JOURNAL_PLACE(j);
	/* a page without a state was being begun: the one before it is complete and closed */
	if (status == SFU_E_BLANK && sfu_store_fall_back(&j->store) == SFU_OK)
		status = look(j);
	//@ assert place: SFU_JOURNAL_PLACE(j);
	/*@ assert free: status == SFU_OK ==> page_free(sfu_flash, SFU_REPLAY_PAGE(j), j->next,
	      page_cells(SFU_REPLAY_PAGE(j), sfu_layout)); */
	//@ assert found: status == SFU_OK ==> FOUND(j, SFU_REPLAY_PAGE(j), key_name(&j->key[0]));
	//@ ghost if (status == SFU_OK) sfu_journal_started(j);
	return status == SFU_OK ? SFU_OK : SFU_E_JOURNAL;
}

/*@ requires j: SFU_JOURNAL_VALID(j);
    assigns \nothing;
    ensures room: \result != 0 ==> SFU_STORE_HAS_PAGE(&j->store)
       && j->next + \result < sfu_layout.area[j->store.area + j->store.current].size / SFU_FLASH_CELL;
    ensures copies: \result == 0 || \result == (j->fresh == 1 ? 1 : 2); */
static uint32_t room(const struct sfu_journal *j)
{
	const uint32_t copies = j->fresh == 1 ? 1 : 2;
	uint32_t last;

	if (j->store.current > 1)
		return 0;
	last = cells_of(&j->store, j->store.current) - 1;
	return j->next + copies <= last ? copies : 0;
}

/* Programs the cell behind the last one, twice in a row if it is the first since the start. If that
 * fails the page is full. */
/*@ requires j: SFU_JOURNAL_VALID(j) && \valid_read(cell + (0 .. SFU_STATE_SIZE - 1));
    requires apart: \separated(j, cell + (0 .. SFU_STATE_SIZE - 1));
    requires stands: SFU_JOURNAL_STANDS(j);
    assigns j->store.secured, j->next, j->fresh, sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_JOURNAL, SFU_AREA_KEYS);
    ensures kept: SFU_JOURNAL_VALID(j);
    ensures stands: SFU_STORE_STANDS(&j->store);
    ensures free: SFU_STORE_HAS_PAGE(&j->store) ==> page_free(sfu_flash, j->store.area + j->store.current, j->next,
              sfu_layout.area[j->store.area + j->store.current].size / SFU_FLASH_CELL);
    ensures clean: SFU_STORE_HAS_PAGE(&j->store) && \result == SFU_OK ==>
              page_clean(sfu_flash, j->store.area + j->store.current, j->next,
                         sfu_layout.area[j->store.area + j->store.current].size / SFU_FLASH_CELL);
    ensures safe: \result == SFU_OK ==> page_safe(sfu_flash, j->store.area + j->store.current);
    ensures told: \result == SFU_OK ==>
              page_tells(sfu_flash, j->store.area + j->store.current, cell_name(cell));
    ensures done: \result == SFU_OK ==> SFU_STORE_HAS_PAGE(&j->store) && j->fresh == 1; */
static uint32_t put(struct sfu_journal *j, const uint8_t *cell)
{
	const uint32_t copies = room(j);
	uint32_t status, i;

	if (copies == 0)
		return SFU_E_BLANK;
	status = sfu_store_secure(&j->store);
	//@ assert secured: j->store.current == \at(j->store.current, Pre) && j->next == \at(j->next, Pre);
	/*@ loop invariant range: 0 <= i <= copies;
	    loop invariant next: j->next == \at(j->next, Pre) + i;
	    loop invariant flash: areas_kept(\at(sfu_flash, Pre), sfu_flash, SFU_AREA_JOURNAL, SFU_AREA_KEYS, sfu_layout);
	    loop invariant area: j->store.area == SFU_AREA_JOURNAL || j->store.area == SFU_AREA_KEYS;
	    loop invariant page: j->store.current == \at(j->store.current, Pre);
	    loop invariant whole: page_whole(sfu_flash, j->store.area + \at(j->store.current, Pre));
	    loop invariant lasts: status == SFU_OK || j->store.secured == 1 ==> page_lasts(sfu_flash, j->store.area + \at(j->store.current, Pre));
	    loop invariant safe: recoverable(sfu_flash, j->store.area + \at(j->store.current, Pre),
	                                     j->store.area + (1 - \at(j->store.current, Pre)));
	    loop invariant free: status == SFU_OK ==> page_free(sfu_flash, j->store.area + \at(j->store.current, Pre),
	                         \at(j->next, Pre) + i, sfu_layout.area[j->store.area + \at(j->store.current, Pre)].size / SFU_FLASH_CELL);
	    loop invariant clean: status == SFU_OK ==> page_clean(sfu_flash, j->store.area + \at(j->store.current, Pre),
	                          \at(j->next, Pre) + i + (\at(j->fresh, Pre) == 1 || i > 0 ? 0 : 1), sfu_layout.area[j->store.area + \at(j->store.current, Pre)].size / SFU_FLASH_CELL);
	    loop invariant told: status == SFU_OK && i == copies ==> page_tells(sfu_flash, j->store.area + \at(j->store.current, Pre), cell_name(cell));
	    loop assigns i, status, j->next, sfu_flash;
	    loop variant copies - i; */
	for (i = 0; i < copies; i++) {
		if (status == SFU_OK)
			status = sfu_store_program(&j->store, j->store.current, j->next, cell);
		j->next++;
	}
	//@ assert kept: SFU_STORE_STANDS(&j->store);
	j->fresh = 1;
	//@ assert fresh: SFU_STORE_STANDS(&j->store);
	if (status != SFU_OK) {
		j->next = cells_of(&j->store, j->store.current);
	}
	//@ assert stands: SFU_STORE_STANDS(&j->store);
	//@ assert same: j->store.current == \at(j->store.current, Pre);
	/*@ assert free: page_free(sfu_flash, j->store.area + \at(j->store.current, Pre), j->next,
	      sfu_layout.area[j->store.area + \at(j->store.current, Pre)].size / SFU_FLASH_CELL); */
	/*@ assert clean: status == SFU_OK ==> page_clean(sfu_flash, j->store.area + \at(j->store.current, Pre),
	      j->next, sfu_layout.area[j->store.area + \at(j->store.current, Pre)].size / SFU_FLASH_CELL); */
	return status;
}

/* Programs the last cell of the current page with the state it holds, if that cell is blank. That
 * this fails is no reason to stay. */
/*@ requires j: SFU_JOURNAL_VALID(j) && SFU_STORE_HAS_PAGE(&j->store);
    requires stands: SFU_STORE_STANDS(&j->store);
    assigns j->next, sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_JOURNAL, SFU_AREA_KEYS);
    ensures kept: SFU_JOURNAL_VALID(j);
    ensures full: j->next == sfu_layout.area[j->store.area + j->store.current].size / SFU_FLASH_CELL;
    ensures stands: SFU_STORE_STANDS(&j->store); */
static void close_page(struct sfu_journal *j)
{
	const uint32_t page = j->store.current, last = cells_of(&j->store, page) - 1;
	uint8_t cell[SFU_STATE_SIZE];
	uint32_t status;

	j->next = last + 1;
	//@ assert before: SFU_STORE_STANDS(&j->store);
	status = sfu_store_read(sfu_layout.area[j->store.area + page].address + last * SFU_FLASH_CELL, cell, SFU_FLASH_CELL);
	//@ ghost sfu_cell_read(j->store.area + page, last, status);
	if (status != SFU_E_BLANK)
		return;
	sfu_journal_encode(cell, j->key, &j->state);
	(void)sfu_store_program(&j->store, page, last, cell);
	//@ assert after: SFU_STORE_STANDS(&j->store);
}

/* Makes the cell the first one of the other page, and that page the current one. */
/*@ requires j: SFU_JOURNAL_VALID(j) && \valid_read(cell + (0 .. SFU_STATE_SIZE - 1));
    requires apart: \separated(j, cell + (0 .. SFU_STATE_SIZE - 1));
    requires stands: SFU_STORE_STANDS(&j->store);
    assigns j->store.current, j->store.generation, j->store.secured, j->store.both, j->next, j->fresh, sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_JOURNAL, SFU_AREA_KEYS);
    ensures stands: SFU_STORE_STANDS(&j->store);
    ensures safe: \result == SFU_OK ==> page_safe(sfu_flash, j->store.area + j->store.current);
    ensures told: \result == SFU_OK ==>
              page_tells(sfu_flash, j->store.area + j->store.current, cell_name(cell));
    ensures free: \result == SFU_OK ==> j->next == 2 && page_free(sfu_flash, j->store.area + j->store.current, 2,
              sfu_layout.area[j->store.area + j->store.current].size / SFU_FLASH_CELL);
    ensures clean: \result == SFU_OK ==> page_clean(sfu_flash, j->store.area + j->store.current, 2,
              sfu_layout.area[j->store.area + j->store.current].size / SFU_FLASH_CELL);
    ensures full: \result != SFU_OK && SFU_STORE_HAS_PAGE(&j->store) ==>
              j->next == sfu_layout.area[j->store.area + j->store.current].size / SFU_FLASH_CELL;
    ensures kept: SFU_JOURNAL_VALID(j);
    ensures done: \result == SFU_OK ==> SFU_STORE_HAS_PAGE(&j->store) && j->fresh == 1; */
static uint32_t move(struct sfu_journal *j, const uint8_t *cell)
{
	uint32_t page, status;

	if (j->store.current <= 1)
		close_page(j);
	//@ assert same: j->store.current == \at(j->store.current, Pre);
	status = sfu_store_begin(&j->store, &page);
	//@ assert begun: j->store.current == \at(j->store.current, Pre);
	/*@ assert left: SFU_STORE_HAS_PAGE(&j->store) ==>
	      j->next == sfu_layout.area[SFU_AREA_JOURNAL + \at(j->store.current, Pre)].size / SFU_FLASH_CELL; */
	if (status == SFU_OK)
		status = sfu_store_program(&j->store, page, 1, cell);
	//@ assert filled: SFU_STORE_STANDS(&j->store);
	if (status == SFU_OK)
		status = sfu_store_commit(&j->store, page);
	//@ assert committed: SFU_STORE_STANDS(&j->store);
	/*@ assert page: status == SFU_OK ==> j->store.current == page && page_free(sfu_flash, SFU_AREA_JOURNAL + page,
	      2, sfu_layout.area[SFU_AREA_JOURNAL + page].size / SFU_FLASH_CELL); */
	/*@ assert clean: status == SFU_OK ==> page_clean(sfu_flash, SFU_AREA_JOURNAL + page,
	      2, sfu_layout.area[SFU_AREA_JOURNAL + page].size / SFU_FLASH_CELL); */
	/*@ assert stays: status != SFU_OK && SFU_STORE_HAS_PAGE(&j->store) ==> j->store.current == \at(j->store.current, Pre)
	      && j->next == sfu_layout.area[SFU_AREA_JOURNAL + \at(j->store.current, Pre)].size / SFU_FLASH_CELL; */
	if (status == SFU_OK) {
		j->next = 2;
		//@ assert page_two: j->store.current == page && SFU_STORE_STANDS(&j->store);
		j->fresh = 1;
		//@ assert page_fresh: j->next == 2 && j->store.current == page && SFU_STORE_STANDS(&j->store);
	}
	return status;
}

uint32_t sfu_journal_append(struct sfu_journal *j, const struct sfu_state *next)
{
	uint8_t cell[SFU_STATE_SIZE];
	struct sfu_state state = *next;
	uint32_t status;

	//@ ghost sfu_journal_known(j);
	if (j->state.sequence == UINT32_MAX)
		return SFU_E_IO;
	state.sequence = j->state.sequence + 1;
	sfu_journal_encode(cell, j->key, &state);
	status = put(j, cell);
	if (status != SFU_OK)
		status = move(j, cell);
	//@ assert place: SFU_JOURNAL_PLACE(j);
	//@ assert stands: SFU_JOURNAL_STANDS(j);
	/*@ assert told: status == SFU_OK ==> page_safe(sfu_flash, j->store.area + j->store.current)
	      && page_tells(sfu_flash, j->store.area + j->store.current, cell_name(&cell[0])); */
	if (status != SFU_OK)
		return status;
	//@ ghost uint32_t current = j->store.current, free = j->next;
	//@ assert rows: SFU_STATE_ROWS_SAME(state, \at(*next, Pre));
	j->state = state;
	//@ assert new_rows: SFU_STATE_ROWS_SAME(j->state, \at(*next, Pre));
	//@ assert same_area: j->store.area == SFU_AREA_JOURNAL;
	//@ assert same_page: j->store.current == current;
	//@ assert same_next: j->next == free;
	return SFU_OK;
}

uint32_t sfu_journal_format(struct sfu_journal *j, const struct sfu_state *first)
{
	j->store.current = SFU_SLOT_NONE;
	return sfu_journal_append(j, first);
}

uint32_t sfu_journal_room(const struct sfu_journal *j)
{
	const uint32_t copies = room(j);

	if (copies == 0)
		return 0;
	return cells_of(&j->store, j->store.current) - j->next - copies;
}
