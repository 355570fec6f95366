/* Two flash pages of which one counts: the atomic switch under the journal and the key page.
 *
 * A page begins with a header of 128 bytes that holds four commit units (spec/formats.md, struct
 * COMMIT); it counts if any is whole. Of two pages that count, the higher generation is current.
 *
 * Power cuts. A switch erases the other page, lets the caller fill it, then programs the commit
 * units one by one; until the first is in, the old page counts. A commit unit torn by a cut may read
 * as whole now and not at the next reset; so a page is relied on (its neighbour erased, a cell
 * appended) only after a commit unit was programmed *and read back in this power cycle*, or when
 * no commit unit is blank any more (sfu_store_secure). */
#ifndef SFU_STORE_H
#define SFU_STORE_H

#include <stdint.h>
#include "layout.h"
#include "sfu_format.h"

struct sfu_store {
	uint32_t area;               /* the first of its two: SFU_AREA_JOURNAL or _KEYS */
	uint32_t magic;              /* SFU_FLASH_JOURNAL_MAGIC or _KEYS_MAGIC */
	uint32_t current;            /* 0 or 1; SFU_SLOT_NONE: no page counts */
	uint32_t generation;         /* the highest of a page that counts */
	uint32_t secured;            /* 1: the current page will still count after any reset */
	uint32_t both;               /* 1: the other page counts too */
};

/* Of single fields, by macros: fsm/device.h says why. */
#define SFU_STORE_HAS_PAGE(s) ((s)->current == 0 || (s)->current == 1)
#define SFU_STORE_VALUE(s) \
	(((s)->area == SFU_AREA_JOURNAL || (s)->area == SFU_AREA_KEYS) \
	 && (SFU_STORE_HAS_PAGE(s) || (s)->current == SFU_SLOT_NONE))
#define SFU_STORE_VALID(s) (\valid(s) && layout_sound && SFU_STORE_VALUE(s))
/* claim C8: what the store knows of the flash is so, and a cut here loses nothing */
#define SFU_STORE_STANDS(s) \
	(SFU_STORE_HAS_PAGE(s) ==> \
	 page_whole(sfu_flash, (s)->area + (s)->current) \
	 && ((s)->secured == 1 ==> page_lasts(sfu_flash, (s)->area + (s)->current)) \
	 && recoverable(sfu_flash, (s)->area + (s)->current, (s)->area + (1 - (s)->current)))

/*@ // Claim C8 (proofs/c8/README.md): what page p is while the flash is f, a value of sfu_flash.
    axiomatic Pages {
      // no start will take it for a page that counts: erased, and no commit unit begun
      predicate page_never(integer f, integer p);
      // every start will take it for one: a commit unit is firm
      predicate page_lasts(integer f, integer p);
      // every start that looks into it finds a state that may be found
      predicate page_whole(integer f, integer p);
      // every start that looks into it finds what the cell says that goes by the name v
      predicate page_tells(integer f, integer p, integer v);
      logic integer cell_name{L}(uint8_t *cell) reads cell[0 .. SFU_FLASH_CELL - 1];
      // cell k reads as erased, in this power cycle
      predicate cell_blank(integer f, integer p, integer k);
      // nobody has begun to program cell k since the page was erased
      predicate cell_clean(integer f, integer p, integer k);
    }
    predicate page_safe(integer f, integer p) = page_lasts(f, p) && page_whole(f, p);
    predicate page_free(integer f, integer p, integer from, integer to) =
       \forall integer k; from <= k < to ==> cell_blank(f, p, k);
    predicate page_clean(integer f, integer p, integer from, integer to) =
       \forall integer k; from <= k < to ==> cell_clean(f, p, k);
    predicate cells_same(integer f, integer g, integer p, integer but) =
       (\forall integer k; k != but && cell_blank(f, p, k) ==> cell_blank(g, p, k))
       && (\forall integer k; k != but && cell_clean(f, p, k) ==> cell_clean(g, p, k));
    predicate page_same(integer f, integer g, integer p) =
       (page_never(f, p) ==> page_never(g, p)) && (page_lasts(f, p) ==> page_lasts(g, p))
       && (page_whole(f, p) ==> page_whole(g, p))
       && (\forall integer v; page_tells(f, p, v) ==> page_tells(g, p, v)) && cells_same(f, g, p, 0);

    // every state g that a cut can leave of f, "not begun" and "complete" among them; a failure is
    // a cut that the program survived. Of p itself a cut erase leaves nothing that could be relied on.
    predicate cut_erase(integer f, integer g, integer p, integer other) =
       page_same(f, g, other);
    predicate cut_commit(integer f, integer g, integer p, integer other) =
       page_same(f, g, other) && (page_lasts(f, p) ==> page_lasts(g, p))
       && (page_whole(f, p) ==> page_whole(g, p))
       && (\forall integer v; page_tells(f, p, v) ==> page_tells(g, p, v)) && cells_same(f, g, p, 0);
    predicate cut_cell(integer f, integer g, integer p, integer other, integer index) =
       page_same(f, g, other) && (page_lasts(f, p) ==> page_lasts(g, p))
       && (page_never(f, p) ==> page_never(g, p)) && (page_whole(f, p) ==> page_whole(g, p))
       && cells_same(f, g, p, index);

    predicate recoverable(integer f, integer p, integer other) =
       page_safe(f, p) || page_safe(f, other);
*/

/*@ ghost
    // The physics. Each is called with the flash as it was `before` the operation beside it, which
    // was on page p of the two, and asks that every state a cut in it could have left is recoverable,
    // if there is something to `keep`.

    /@ requires crash: keep == 1 ==>
                \forall integer g; cut_erase(before, g, p, other) ==> recoverable(g, p, other);
       assigns \nothing;
       ensures cut: cut_erase(before, sfu_flash, p, other);
       ensures done: status == SFU_OK ==> page_never(sfu_flash, p)
                && (\forall integer k; 1 <= k ==> cell_blank(sfu_flash, p, k) && cell_clean(sfu_flash, p, k)); @/
    void sfu_page_erased(int before, uint32_t p, uint32_t other, uint32_t keep,
       uint32_t status);
*/
/*@ ghost
    // A page may begin to count only when it is whole.
    /@ requires whole: page_whole(before, p);
       requires crash: keep == 1 ==>
                \forall integer g; cut_commit(before, g, p, other) ==> recoverable(g, p, other);
       assigns \nothing;
       ensures cut: cut_commit(before, sfu_flash, p, other);
       ensures done: status == SFU_OK ==> page_lasts(sfu_flash, p); @/
    void sfu_page_committed(int before, uint32_t p, uint32_t other, uint32_t keep,
       uint32_t status);
*/
/*@ ghost
    /@ requires free: cell_blank(before, p, index);
       requires crash: keep == 1 ==>
                \forall integer g; cut_cell(before, g, p, other, index) ==> recoverable(g, p, other);
       assigns \nothing;
       ensures cut: cut_cell(before, sfu_flash, p, other, index);
       ensures done: status == SFU_OK ==> page_whole(sfu_flash, p);
       ensures told: status == SFU_OK && cell_clean(before, p, index) ==>
                page_tells(sfu_flash, p, cell_name(cell)); @/
    void sfu_cell_programmed(int before, uint32_t p, uint32_t other,
       uint32_t index, const uint8_t *cell, uint32_t keep, uint32_t status);
*/
/*@ ghost
    /@ assigns \nothing;
       ensures blank: status == SFU_E_BLANK ==> cell_blank(sfu_flash, p, index); @/
    void sfu_cell_read(uint32_t p, uint32_t index, uint32_t status);
*/
/*@ ghost
    // Units that are not blank and that nobody programs now: of four begun by four cuts one is firm, unless
    // each of the four was torn.
    /@ assigns \nothing;
       ensures firm: there >= 2 ==> page_lasts(sfu_flash, p); @/
    void sfu_units_met(uint32_t p, uint32_t there);
*/

/*@ // all of `size` bytes at `address` read as erased
    predicate flash_is(integer f, integer address, integer i, integer value) = flash_byte(f, address + i) == value;
    predicate flash_blank(integer f, integer address, integer size, integer erased) =
       \forall integer i; 0 <= i < size ==> flash_is(f, address, i, erased);
    // what sfu_store_read answers
    predicate store_reads(integer f, integer address, integer size, struct sfu_layout l, integer code) =
       flash_read(f, address, size) != SFU_OK && code == flash_read(f, address, size)
       || flash_read(f, address, size) == SFU_OK
          && (code == SFU_E_BLANK && flash_blank(f, address, size, l.erased % 256)
              || code == SFU_OK && !flash_blank(f, address, size, l.erased % 256));
*/

/* Copies `size` bytes of flash, a multiple of 4, to `out`, and looks at them: SFU_OK; SFU_E_BLANK if
 * all of them read as erased; the port's failure. */
/*@ requires out: \valid(out + (0 .. size - 1)) && size % 4 == 0;
    assigns out[0 .. size - 1];
    ensures answer: \result == SFU_OK || \result == SFU_E_BLANK || \result == SFU_E_ECC || \result == SFU_E_IO;
    ensures read: store_reads(sfu_flash, address, size, sfu_layout, \result);
    ensures bytes: \result == SFU_OK ==> \forall integer i; 0 <= i < size ==> out[i] == flash_byte(sfu_flash, address + i); */
uint32_t sfu_store_read(uint32_t address, uint8_t *out, uint32_t size);

/* Looks at both pages' headers; writes nothing. Afterwards s->current tells. */
/*@ requires s: \valid(s) && layout_sound;
    requires area: area == SFU_AREA_JOURNAL || area == SFU_AREA_KEYS;
    assigns *s;
    ensures found: SFU_STORE_VALID(s) && s->area == area;
    ensures magic: s->magic == magic;
    ensures secured: s->secured == 0;
    ensures none: s->current == SFU_SLOT_NONE <==> s->generation == 0;
    ensures both: s->both == 0 || s->both == 1;
    ensures alone: s->both == 1 ==> SFU_STORE_HAS_PAGE(s); */
void sfu_store_find(struct sfu_store *s, uint32_t area, uint32_t magic);

/* Takes the other page, if it counts too, where the current one turns out to hold nothing valid:
 * so it is after a cut while a page was erased that had been about to become current. SFU_OK, or
 * SFU_E_BLANK. */
/*@ requires s: SFU_STORE_VALID(s);
    assigns s->current, s->both, s->secured;
    ensures kept: SFU_STORE_VALID(s);
    ensures answer: \result == (\old(s->both != 0 && s->current <= 1) ? SFU_OK : SFU_E_BLANK);
    ensures stays: \result != SFU_OK ==> s->current == \old(s->current) && s->secured == \old(s->secured)
             && s->both == \old(s->both);
    ensures page: \result == SFU_OK ==> SFU_STORE_HAS_PAGE(s) && s->current == 1 - \old(s->current);
    ensures single: \result == SFU_OK ==> s->both == 0 && s->secured == 0; */
uint32_t sfu_store_fall_back(struct sfu_store *s);

/* Makes sure that the current page will still count after the next reset: programs those of its
 * commit units that are blank. Needs a current page. SFU_OK, or the port's failure. */
/*@ requires s: SFU_STORE_VALID(s) && SFU_STORE_HAS_PAGE(s);
    requires stands: SFU_STORE_STANDS(s);
    assigns s->secured, sfu_flash;
    ensures flash: SFU_WRITES(s->area, s->area + 2);
    ensures secured: \result == SFU_OK ==> s->secured == 1;
    ensures failed: \result != SFU_OK ==> s->secured == \old(s->secured);
    ensures done: \old(s->secured) == 1 ==> \result == SFU_OK && sfu_flash == \old(sfu_flash);
    ensures kept: SFU_STORE_VALID(s);
    ensures stands: SFU_STORE_STANDS(s);
    ensures other: page_same(\old(sfu_flash), sfu_flash, s->area + (1 - s->current));
    ensures cells: cells_same(\old(sfu_flash), sfu_flash, s->area + s->current, 0); */
uint32_t sfu_store_secure(struct sfu_store *s);

/* Begins a switch: secures the current page if there is one, erases the other, and stores the page
 * to fill in *page. The caller programs it beyond the header, then calls sfu_store_commit. Where no
 * page counts it erases both. */
/*@ requires s: SFU_STORE_VALID(s) && \valid(page) && \separated(page, s);
    requires stands: SFU_STORE_STANDS(s);
    assigns s->secured, *page, sfu_flash;
    ensures flash: SFU_WRITES(s->area, s->area + 2);
    ensures page: *page == 0 || *page == 1;
    ensures other: *page == (s->current > 1 ? 0 : 1 - s->current);
    ensures kept: SFU_STORE_VALID(s);
    ensures stands: SFU_STORE_STANDS(s);
    ensures erased: \result == SFU_OK ==> page_never(sfu_flash, s->area + *page)
              && (\forall integer k; 1 <= k ==> cell_blank(sfu_flash, s->area + *page, k)
                                               && cell_clean(sfu_flash, s->area + *page, k));
    ensures secured: \result == SFU_OK && SFU_STORE_HAS_PAGE(s) ==> s->secured == 1;
    ensures both: \result == SFU_OK && !SFU_STORE_HAS_PAGE(s) ==> page_never(sfu_flash, s->area + 1); */
uint32_t sfu_store_begin(struct sfu_store *s, uint32_t *page);

/* Programs the 128 bytes at `cell` into cell `index` of `page`, which reads as blank; 0 is the header. SFU_OK, or the
 * port's failure. */
/*@ requires s: SFU_STORE_VALID(s) && (page == 0 || page == 1);
    requires index: index < sfu_layout.area[s->area + page].size / SFU_FLASH_CELL;
    requires read: \valid_read(cell + (0 .. SFU_FLASH_CELL - 1));
    requires free: cell_blank(sfu_flash, s->area + page, index);
    requires keep: SFU_STORE_HAS_PAGE(s) ==> recoverable(sfu_flash, s->area + page, s->area + (1 - page));
    assigns sfu_flash;
    ensures flash: SFU_WRITES(s->area, s->area + 2);
    ensures cut: cut_cell(\old(sfu_flash), sfu_flash, s->area + page, s->area + (1 - page), index);
    ensures done: \result == SFU_OK ==> page_whole(sfu_flash, s->area + page);
    ensures told: \result == SFU_OK && cell_clean(\old(sfu_flash), s->area + page, index) ==>
              page_tells(sfu_flash, s->area + page, cell_name(cell)); */
uint32_t sfu_store_program(const struct sfu_store *s, uint32_t page, uint32_t index, const uint8_t *cell);

/* Ends a switch: programs the commit units of `page`; with any of them it is current. */
/*@ requires s: SFU_STORE_VALID(s) && (page == 0 || page == 1);
    requires stands: SFU_STORE_STANDS(s);
    requires other: SFU_STORE_HAS_PAGE(s) ==> page != s->current && s->secured == 1;
    requires whole: page_whole(sfu_flash, s->area + page);
    assigns s->current, s->generation, s->secured, s->both, sfu_flash;
    ensures flash: SFU_WRITES(s->area, s->area + 2);
    ensures stands: SFU_STORE_STANDS(s);
    ensures newer: \result == SFU_OK ==> s->generation == \old(s->generation) + 1;
    ensures told: \forall integer v; page_tells(\old(sfu_flash), s->area + page, v) ==>
              page_tells(sfu_flash, s->area + page, v);
    ensures cells: cells_same(\old(sfu_flash), sfu_flash, s->area + page, 0);
    ensures kept: SFU_STORE_VALID(s);
    ensures current: \result == SFU_OK ==> s->current == page && s->secured == 1;
    ensures both: \result == SFU_OK ==> s->both == (\old(s->current) <= 1 ? 1 : 0);
    ensures failed: \result != SFU_OK ==> s->current == \old(s->current) && s->generation == \old(s->generation)
             && s->secured == \old(s->secured) && s->both == \old(s->both);
    ensures last: \old(s->generation) == UINT32_MAX ==> \result == SFU_E_IO && sfu_flash == \old(sfu_flash); */
uint32_t sfu_store_commit(struct sfu_store *s, uint32_t page);

/* Erases the page that is not current, after securing the one that is: for keys that must go. */
/*@ requires s: SFU_STORE_VALID(s) && SFU_STORE_HAS_PAGE(s);
    requires stands: SFU_STORE_STANDS(s);
    assigns s->secured, s->both, sfu_flash;
    ensures flash: SFU_WRITES(s->area, s->area + 2);
    ensures kept: SFU_STORE_VALID(s);
    ensures stands: SFU_STORE_STANDS(s);
    ensures secured: \result == SFU_OK ==> s->secured == 1 && s->both == 0;
    ensures both: \result != SFU_OK ==> s->both == \old(s->both);
    ensures gone: \result == SFU_OK ==> page_never(sfu_flash, s->area + (1 - s->current)); */
uint32_t sfu_store_retire(struct sfu_store *s);

#endif
