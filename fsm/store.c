/* Why each cut is safe. O is the page that counts when a switch begins, N the other one.
 *
 * - While N is erased and filled: O is secured before the first erase, so it counts whatever N reads
 *   as. What is left of an older page in N has a lower generation than O.
 * - In N's first commit unit: it is torn. Where it reads as whole, N counts, and everything else in
 *   N was programmed before; else O counts, which nothing has touched. It may be either at each
 *   reset until something is written; before that, N is secured, or begun again from O.
 * - In N's other commit units: the first was read back, N counts for good.
 * - While N is secured after a later start: N counts if a unit read as whole at that start. A cut may
 *   tear one more unit, and the next start goes on with the next blank one. Four units are what it
 *   takes to be deceived: cuts in each of them in four power cycles, all torn units reading as
 *   whole and then none. With two, a cut in the first and one in the second while it was secured
 *   would be enough: both would read as whole, the page would be trusted, and be gone later.
 * - While N is erased that had been torn in its first commit unit: N may count again for a while,
 *   with cells that are gone. Then O is fallen back to, and N is begun again. A generation is
 *   never used a second time as long as it can be read. */
#include "store.h"
#include "bytes.h"
#include "crc.h"
#include "port.h"
#include "sfu_codes.h"
#include "sfu_format.h"

#define UNITS 4u

_Static_assert(UNITS * SFU_COMMIT_SIZE == SFU_FLASH_CELL, "the commit units fill the header");

uint32_t sfu_store_read(uint32_t address, uint8_t *out, uint32_t size)
{
	const uint32_t erased = sfu_layout.erased % 256u * 0x01010101u;
	uint32_t status = sfu_port_flash_read(address, out, size), i;

	/* once more: a state may be in one cell alone */
	if (status == SFU_E_IO)
		status = sfu_port_flash_read(address, out, size);
	if (status != SFU_OK)
		return status;
	//@ assert pattern: erased == 16843009 * (sfu_layout.erased % 256);
	/*@ loop invariant range: 0 <= i <= size && i % 4 == 0;
	    loop invariant blank: flash_blank(sfu_flash, address, i, sfu_layout.erased % 256);
	    loop assigns i;
	    loop variant size - i; */
	for (i = 0; i < size; i += 4) {
		/*@ assert bytes: out[i] == flash_byte(sfu_flash, address + i)
		      && out[i + 1] == flash_byte(sfu_flash, address + (i + 1))
		      && out[i + 2] == flash_byte(sfu_flash, address + (i + 2))
		      && out[i + 3] == flash_byte(sfu_flash, address + (i + 3)); */
		/*@ assert word: SFU_WORD(out, i) == erased <==> flash_is(sfu_flash, address, i, sfu_layout.erased % 256)
		      && flash_is(sfu_flash, address, i + 1, sfu_layout.erased % 256)
		      && flash_is(sfu_flash, address, i + 2, sfu_layout.erased % 256)
		      && flash_is(sfu_flash, address, i + 3, sfu_layout.erased % 256); */
		if (sfu_get32(out + i) != erased)
			return SFU_OK;
	}
	return SFU_E_BLANK;
}

/*@ // unit k of the header at `address` is whole, but for its CRC, which is of memory, and how it reads
    predicate unit_begins(integer f, integer address, integer k, integer magic, struct sfu_layout l) =
         store_reads(f, address + k * SFU_COMMIT_SIZE, SFU_COMMIT_SIZE, l, SFU_OK)
      && flash_word(f, address + k * SFU_COMMIT_SIZE + SFU_COMMIT_MAGIC_OFFSET) == magic;
*/

/* The generation of a page's first whole commit unit; 0: the page does not count. */
/*@ requires s: SFU_STORE_VALID(s) && (page == 0 || page == 1);
    assigns \nothing;
    ensures unit: \result != 0 ==> \exists integer k; 0 <= k < UNITS
             && unit_begins(sfu_flash, sfu_layout.area[s->area + page].address, k, s->magic, sfu_layout)
             && \result == flash_word(sfu_flash, sfu_layout.area[s->area + page].address + k * SFU_COMMIT_SIZE
                                                 + SFU_COMMIT_GENERATION_OFFSET); */
static uint32_t generation_of(const struct sfu_store *s, uint32_t page)
{
	const uint32_t address = sfu_layout.area[s->area + page].address;
	uint8_t unit[SFU_COMMIT_SIZE];
	uint32_t i;

	/*@ loop invariant range: 0 <= i <= UNITS;
	    loop assigns i, unit[0 .. SFU_COMMIT_SIZE - 1];
	    loop variant UNITS - i; */
	for (i = 0; i < UNITS; i++) {
		if (sfu_store_read(address + i * SFU_COMMIT_SIZE, unit,
			    SFU_COMMIT_SIZE) == SFU_OK &&
		    sfu_get32(unit + SFU_COMMIT_MAGIC_OFFSET) == s->magic &&
		    sfu_get32(unit + SFU_COMMIT_CRC_OFFSET) ==
			    sfu_crc32(unit, SFU_COMMIT_CRC_OFFSET)) {
			//@ assert unit: unit_begins(sfu_flash, address, i, s->magic, sfu_layout);
			/*@ assert generation: SFU_WORD(unit, SFU_COMMIT_GENERATION_OFFSET)
			      == flash_word(sfu_flash, address + i * SFU_COMMIT_SIZE + SFU_COMMIT_GENERATION_OFFSET); */
			return sfu_get32(unit + SFU_COMMIT_GENERATION_OFFSET);
		}
	}
	return 0;
}

/* Programs the commit units of a page that are blank. One that was programmed is enough; so are two
 * that were not blank, as the others, which read blank and refuse to be programmed, are torn: each of
 * the four would have met a cut of its own. */
/*@ requires s: SFU_STORE_VALID(s) && (page == 0 || page == 1);
    requires whole: page_whole(sfu_flash, s->area + page);
    requires keep: SFU_STORE_HAS_PAGE(s) ==> recoverable(sfu_flash, s->area + page, s->area + (1 - page));
    assigns sfu_flash;
    ensures flash: SFU_WRITES(s->area, s->area + 2);
    ensures cut: cut_commit(\old(sfu_flash), sfu_flash, s->area + page, s->area + (1 - page));
    ensures lasts: \result == SFU_OK ==> page_lasts(sfu_flash, s->area + page); */
static uint32_t fill(const struct sfu_store *s, uint32_t page, uint32_t generation)
{
	const uint32_t address = sfu_layout.area[s->area + page].address;
	uint8_t unit[SFU_COMMIT_SIZE], seen[SFU_COMMIT_SIZE];
	uint32_t i, done = 0, there = 0, failure = SFU_E_IO;

	sfu_fill(unit, 0, SFU_COMMIT_SIZE);
	sfu_put32(unit + SFU_COMMIT_MAGIC_OFFSET, s->magic);
	sfu_put32(unit + SFU_COMMIT_GENERATION_OFFSET, generation);
	sfu_put32(unit + SFU_COMMIT_CRC_OFFSET, sfu_crc32(unit, SFU_COMMIT_CRC_OFFSET));
	/*@ loop invariant range: 0 <= i <= UNITS && done <= i && there <= i;
	    loop invariant cut: cut_commit(\at(sfu_flash, Pre), sfu_flash, s->area + page, s->area + (1 - page));
	    loop invariant flash: areas_kept(\at(sfu_flash, Pre), sfu_flash, s->area, s->area + 2, sfu_layout);
	    loop invariant lasts: done >= 1 ==> page_lasts(sfu_flash, s->area + page);
	    loop invariant failure: failure != SFU_OK;
	    loop assigns i, done, there, failure, seen[0 .. SFU_COMMIT_SIZE - 1], sfu_flash;
	    loop variant UNITS - i; */
	for (i = 0; i < UNITS; i++) {
		uint32_t status;

		if (sfu_store_read(address + i * SFU_COMMIT_SIZE, seen, SFU_COMMIT_SIZE) != SFU_E_BLANK) {
			there++;
			continue;
		}
		//@ ghost int before = sfu_flash;
		//@ assert inside: flash_inside(address + i * SFU_COMMIT_SIZE, SFU_COMMIT_SIZE, sfu_layout.area[s->area + page]);
		//@ assert page: !flash_in_slot(address + i * SFU_COMMIT_SIZE, SFU_COMMIT_SIZE, sfu_layout);
		status = sfu_port_flash_program(address + i * SFU_COMMIT_SIZE, unit, SFU_COMMIT_SIZE);
		//@ assert wrote: areas_kept(before, sfu_flash, s->area, s->area + 2, sfu_layout);
		//@ ghost sfu_page_committed(before, s->area + page, s->area + (1 - page), s->current <= 1 ? 1 : 0, status);
		if (status == SFU_OK)
			done++;
		else
			failure = status;
	}
	//@ ghost sfu_units_met(s->area + page, there);
	return done >= 1 || there >= 2 ? SFU_OK : failure;
}

/*@ requires s: SFU_STORE_VALID(s) && (page == 0 || page == 1);
    requires crash: SFU_STORE_HAS_PAGE(s) ==> \forall integer g;
       cut_erase(sfu_flash, g, s->area + page, s->area + (1 - page)) ==>
       recoverable(g, s->area + page, s->area + (1 - page));
    assigns sfu_flash;
    ensures flash: SFU_WRITES(s->area, s->area + 2);
    ensures cut: cut_erase(\old(sfu_flash), sfu_flash, s->area + page, s->area + (1 - page));
    ensures done: \result == SFU_OK ==> page_never(sfu_flash, s->area + page)
       && (\forall integer k; 1 <= k ==> cell_blank(sfu_flash, s->area + page, k)
                                        && cell_clean(sfu_flash, s->area + page, k)); */
static uint32_t erase(const struct sfu_store *s, uint32_t page)
{
	//@ ghost int before = sfu_flash;
	const uint32_t status = sfu_layout_erase(s->area + page);

	//@ ghost sfu_page_erased(before, s->area + page, s->area + (1 - page), s->current <= 1 ? 1 : 0, status);
	return status;
}

void sfu_store_find(struct sfu_store *s, uint32_t area, uint32_t magic)
{
	uint32_t first, second;

	s->area = area;
	s->magic = magic;
	s->current = SFU_SLOT_NONE;
	s->secured = 0;
	first = generation_of(s, 0);
	second = generation_of(s, 1);
	s->generation = first > second ? first : second;
	s->both = first != 0 && second != 0 ? 1 : 0;
	if (s->generation != 0) {
		s->current = first > second ? 0 : 1;
	}
}

uint32_t sfu_store_fall_back(struct sfu_store *s)
{
	if (s->both == 0 || s->current > 1)
		return SFU_E_BLANK;
	s->current = 1 - s->current;
	s->both = 0;
	s->secured = 0;
	return SFU_OK;
}

uint32_t sfu_store_secure(struct sfu_store *s)
{
	uint32_t status;

	if (s->secured == 1)
		return SFU_OK;
	status = fill(s, s->current, generation_of(s, s->current));
	if (status == SFU_OK)
		s->secured = 1;
	return status;
}

uint32_t sfu_store_begin(struct sfu_store *s, uint32_t *page)
{
	uint32_t status;

	if (s->current > 1) {
		*page = 0;
		status = erase(s, 1);
	} else {
		*page = 1 - s->current;
		status = sfu_store_secure(s);
	}
	if (status != SFU_OK)
		return status;
	return erase(s, *page);
}

uint32_t sfu_store_program(const struct sfu_store *s, uint32_t page, uint32_t index, const uint8_t *cell)
{
	//@ ghost int before = sfu_flash;
	/*@ assert inside: flash_inside(sfu_layout.area[s->area + page].address + index * SFU_FLASH_CELL, SFU_FLASH_CELL,
	                               sfu_layout.area[s->area + page]); */
	const uint32_t status = sfu_port_flash_program(
		sfu_layout.area[s->area + page].address + index * SFU_FLASH_CELL, cell, SFU_FLASH_CELL);

	/*@ ghost sfu_cell_programmed(before, s->area + page, s->area + (1 - page), index, cell,
	       s->current <= 1 ? 1 : 0, status); */
	return status;
}

uint32_t sfu_store_commit(struct sfu_store *s, uint32_t page)
{
	uint32_t status;

	if (s->generation == UINT32_MAX)
		return SFU_E_IO;
	status = fill(s, page, s->generation + 1);
	//@ assert either: SFU_STORE_HAS_PAGE(s) ==> 1 - page == s->current;
	//@ assert old: SFU_STORE_STANDS(s);
	if (status != SFU_OK)
		return status;
	//@ assert safe: page_safe(sfu_flash, s->area + page);
	s->both = s->current <= 1 ? 1 : 0;
	s->generation++;
	s->current = page;
	s->secured = 1;
	return SFU_OK;
}

uint32_t sfu_store_retire(struct sfu_store *s)
{
	uint32_t status = sfu_store_secure(s);

	if (status == SFU_OK)
		status = erase(s, 1 - s->current);
	if (status == SFU_OK)
		s->both = 0;
	return status;
}
