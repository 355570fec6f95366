#include "keys.h"
#include "bytes.h"
#include "crc.h"
#include "crypto.h"
#include "port.h"
#include "sfu_codes.h"
#include "sfu_format.h"

/* The keys are in the first cell; the next two are for copies made after a cut. The three behind them are blank until
 * the other page's erase has succeeded: a page whose erase was cut can read as erased now, and differ later. */
#define CELLS 4u
#define MARKS 4u
#define COPIES 3u
#define CELLS_END (MARKS + COPIES)

_Static_assert(SFU_KEYS_SIZE == SFU_FLASH_CELL, "the keys are a cell");

/* the kinds a cell may have */
#define CELL_KIND(kind) \
	((kind) == SFU_FLASH_KEYS_MASTER || (kind) == SFU_FLASH_KEYS_OEM || (kind) == SFU_FLASH_KEYS_DEVICE)

#define CELL_AT(s, page, index) (sfu_layout.area[(s)->area + (page)].address + (index) * SFU_FLASH_CELL)
#define CELL_WHOLE(cell) \
	(CELL_KIND(SFU_WORD(cell, SFU_KEYS_KIND_OFFSET)) \
	 && SFU_WORD(cell, SFU_KEYS_CRC_OFFSET) == sfu_crc32_of(cell, SFU_KEYS_CRC_OFFSET))

/*@ predicate cell_kind{L}(uint8_t *cell) =
       cell[0] != 0 || cell[1] != 0 || cell[2] != 0 || cell[3] != 0;
    // cell i of the page at `address` reads as erased; and what a read that finds it not erased shows
    predicate cell_erased(integer f, integer address, integer i, struct sfu_layout l) =
       store_reads(f, address + i * SFU_FLASH_CELL, SFU_KEYS_SIZE, l, SFU_E_BLANK);
    predicate cell_shows{L}(integer f, integer address, uint8_t *cell) =
       \forall integer i; 0 <= i < SFU_KEYS_SIZE ==> cell[i] == flash_byte(f, address + i); */

/*@ requires s: SFU_STORE_VALID(s) && (page == 0 || page == 1) && index < CELLS_END;
    requires out: \valid(cell + (0 .. SFU_KEYS_SIZE - 1));
    assigns cell[0 .. SFU_KEYS_SIZE - 1];
    ensures read: store_reads(sfu_flash, CELL_AT(s, page, index), SFU_KEYS_SIZE, sfu_layout, \result);
    ensures erased: \result == SFU_E_BLANK <==> cell_erased(sfu_flash, CELL_AT(s, page, 0), index, sfu_layout);
    ensures shows: \result == SFU_OK ==> cell_shows(sfu_flash, CELL_AT(s, page, index), cell); */
static uint32_t read_cell(const struct sfu_store *s, uint32_t page, uint32_t index, uint8_t *cell)
{
	return sfu_store_read(sfu_layout.area[s->area + page].address + index * SFU_FLASH_CELL, cell, SFU_KEYS_SIZE);
}

/*@ requires read: \valid_read(cell + (0 .. SFU_KEYS_SIZE - 1));
    assigns \nothing;
    ensures choice: \result == 0 || \result == 1;
    ensures kind: \result == 1 ==> cell_kind(cell);
    ensures accepted: \result == 1 <==> CELL_WHOLE(cell); */
static uint32_t cell_ok(const uint8_t *cell)
{
	const uint32_t kind = sfu_get32(cell + SFU_KEYS_KIND_OFFSET);

	return CELL_KIND(kind) &&
	       sfu_get32(cell + SFU_KEYS_CRC_OFFSET) == sfu_crc32(cell, SFU_KEYS_CRC_OFFSET);
}

/* The first whole cell of the current page: SFU_OK, or SFU_E_KEYS and *cell is anything. */
/*@ requires s: SFU_STORE_VALID(s);
    requires out: \valid(cell + (0 .. SFU_KEYS_SIZE - 1));
    assigns cell[0 .. SFU_KEYS_SIZE - 1];
    ensures answer: \result == SFU_OK || \result == SFU_E_KEYS;
    ensures page: \result == SFU_OK ==> SFU_STORE_HAS_PAGE(s) && cell_kind(cell);
    ensures whole: \result == SFU_OK ==> CELL_WHOLE(cell);
    ensures shows: \result == SFU_OK ==> cell_shows(sfu_flash, CELL_AT(s, s->current, 1), cell)
             || cell_shows(sfu_flash, CELL_AT(s, s->current, 2), cell)
             || cell_shows(sfu_flash, CELL_AT(s, s->current, 3), cell);
    ensures last: \result != SFU_OK && SFU_STORE_HAS_PAGE(s)
             && store_reads(sfu_flash, CELL_AT(s, s->current, 3), SFU_KEYS_SIZE, sfu_layout, SFU_OK) ==>
             cell_shows(sfu_flash, CELL_AT(s, s->current, 3), cell) && !CELL_WHOLE(cell); */
static uint32_t find_cell(const struct sfu_store *s, uint8_t *cell)
{
	uint32_t i;

	if (s->current > 1)
		return SFU_E_KEYS;
	/*@ loop invariant range: 1 <= i <= CELLS;
	    loop invariant last: i == CELLS
	             && store_reads(sfu_flash, CELL_AT(s, s->current, 3), SFU_KEYS_SIZE, sfu_layout, SFU_OK) ==>
	             cell_shows(sfu_flash, CELL_AT(s, s->current, 3), cell) && !CELL_WHOLE(cell);
	    loop assigns i, cell[0 .. SFU_KEYS_SIZE - 1];
	    loop variant CELLS - i; */
	for (i = 1; i < CELLS; i++) {
		if (read_cell(s, s->current, i, cell) == SFU_OK && cell_ok(cell))
			return SFU_OK;
	}
	return SFU_E_KEYS;
}

/* 1: something is left in the other page, or may be: it counts, or its erase was cut. */
/*@ requires s: SFU_STORE_VALID(s) && SFU_STORE_HAS_PAGE(s);
    assigns \nothing;
    ensures choice: \result == 0 || \result == 1;
    ensures erased: \result == 0 ==>
             \forall integer i; 0 <= i < CELLS ==> cell_erased(sfu_flash, CELL_AT(s, 1 - s->current, 0), i, sfu_layout);
    ensures marked: \result == 0 ==>
             \exists integer i; MARKS <= i < CELLS_END && !cell_erased(sfu_flash, CELL_AT(s, s->current, 0), i, sfu_layout);
    ensures left: \result == 1 ==>
             (\exists integer i; 0 <= i < CELLS && !cell_erased(sfu_flash, CELL_AT(s, 1 - s->current, 0), i, sfu_layout))
             || \forall integer i; MARKS <= i < CELLS_END ==> cell_erased(sfu_flash, CELL_AT(s, s->current, 0), i, sfu_layout); */
static uint32_t remains(const struct sfu_store *s)
{
	uint8_t seen[SFU_KEYS_SIZE];
	uint32_t i, count = 0, marks = 0;

	/*@ loop invariant range: 0 <= i <= CELLS && count <= i;
	    loop invariant erased: count == 0 <==>
	             \forall integer j; 0 <= j < i ==> cell_erased(sfu_flash, CELL_AT(s, 1 - s->current, 0), j, sfu_layout);
	    loop assigns i, count, seen[0 .. SFU_KEYS_SIZE - 1];
	    loop variant CELLS - i; */
	for (i = 0; i < CELLS; i++) {
		if (read_cell(s, 1 - s->current, i, seen) != SFU_E_BLANK)
			count++;
	}
	/*@ loop invariant range: MARKS <= i <= CELLS_END && marks <= i;
	    loop invariant marked: marks == 0 <==>
	             \forall integer j; MARKS <= j < i ==> cell_erased(sfu_flash, CELL_AT(s, s->current, 0), j, sfu_layout);
	    loop assigns i, marks, seen[0 .. SFU_KEYS_SIZE - 1];
	    loop variant CELLS_END - i; */
	for (i = MARKS; i < CELLS_END; i++) {
		if (read_cell(s, s->current, i, seen) != SFU_E_BLANK)
			marks++;
	}
	sfu_wipe(seen, sizeof seen);
	//@ assert wiped: \forall integer i; 0 <= i < SFU_KEYS_SIZE ==> seen[i] == 0;
	return count != 0 || marks == 0 ? 1 : 0;
}

/* Programs the keys into the first blank cell from `first` on that takes them; two whole cells do as well. */
/*@ requires s: SFU_STORE_VALID(s) && SFU_STORE_HAS_PAGE(s) && 1 <= first <= MARKS;
    requires read: \valid_read(cell + (0 .. SFU_KEYS_SIZE - 1));
    requires stands: SFU_STORE_STANDS(s);
    assigns sfu_flash;
    ensures flash: SFU_WRITES(s->area, s->area + 2);
    ensures stands: SFU_STORE_STANDS(s);
    ensures answer: \result == SFU_OK || \result == SFU_E_IO; */
static uint32_t copy_cell(const struct sfu_store *s, const uint8_t *cell, uint32_t first)
{
	uint8_t seen[SFU_KEYS_SIZE];
	uint32_t i, status, whole = 0, done = 0;

	/*@ loop invariant range: first <= i <= first + COPIES && whole < i && done <= 1;
	    loop invariant stands: SFU_STORE_STANDS(s);
	    loop invariant flash: areas_kept(\at(sfu_flash, Pre), sfu_flash, s->area, s->area + 2, sfu_layout);
	    loop assigns i, status, whole, done, seen[0 .. SFU_KEYS_SIZE - 1], sfu_flash;
	    loop variant first + COPIES - i; */
	for (i = first; i < first + COPIES; i++) {
		status = read_cell(s, s->current, i, seen);
		//@ ghost sfu_cell_read(s->area + s->current, i, status);
		if (status == SFU_OK && cell_ok(seen))
			whole++;
		if (status == SFU_E_BLANK && done == 0 && sfu_store_program(s, s->current, i, cell) == SFU_OK)
			done = 1;
	}
	sfu_wipe(seen, sizeof seen);
	//@ assert wiped: \forall integer i; 0 <= i < SFU_KEYS_SIZE ==> seen[i] == 0;
	return done == 1 || whole >= 2 ? SFU_OK : SFU_E_IO;
}

/*@ requires k: \valid(k) && \valid_read(cell + (0 .. SFU_KEYS_SIZE - 1));
    requires apart: \separated(k, cell + (0 .. SFU_KEYS_SIZE - 1));
    assigns k->kind, k->epoch, k->flags, k->oem[0 .. 31], k->device[0 .. 31], k->receipt[0 .. SFU_KEYS_RECORD - 1];
    ensures kind: \old(cell_kind(cell)) ==> k->kind != 0;
    ensures number: k->kind == \old(SFU_WORD(cell, SFU_KEYS_KIND_OFFSET));
    ensures epoch: k->epoch == SFU_WORD(cell, SFU_KEYS_EPOCH_OFFSET);
    ensures flags: k->flags == SFU_WORD(cell, SFU_KEYS_FLAGS_OFFSET);
    ensures oem: \forall integer i; 0 <= i < SFU_KEYS_OEM_KEY_SIZE ==>
             k->oem[i] == cell[SFU_KEYS_OEM_KEY_OFFSET + i];
    ensures device: \forall integer i; 0 <= i < SFU_KEYS_DEVICE_KEY_SIZE ==>
             k->device[i] == cell[SFU_KEYS_DEVICE_KEY_OFFSET + i];
    ensures receipt: \forall integer i; 0 <= i < SFU_KEYS_RECORD ==>
             k->receipt[i] == cell[SFU_KEYS_LICENCE_OFFSET + i]; */
static void decode(struct sfu_keys *k, const uint8_t *cell)
{
	k->kind = sfu_get32(cell + SFU_KEYS_KIND_OFFSET);
	k->epoch = sfu_get32(cell + SFU_KEYS_EPOCH_OFFSET);
	k->flags = sfu_get32(cell + SFU_KEYS_FLAGS_OFFSET);
	sfu_copy(k->oem, cell + SFU_KEYS_OEM_KEY_OFFSET, SFU_KEYS_OEM_KEY_SIZE);
	sfu_copy(k->device, cell + SFU_KEYS_DEVICE_KEY_OFFSET, SFU_KEYS_DEVICE_KEY_SIZE);
	sfu_copy(k->receipt, cell + SFU_KEYS_LICENCE_OFFSET, SFU_KEYS_RECORD);
}

/* Erases the older page, and says in this one that it is done. Where that cannot be said, the next start erases again. */
/*@ requires k: \valid(k) && SFU_STORE_VALID(&k->store) && k->store.area == SFU_AREA_KEYS && SFU_STORE_HAS_PAGE(&k->store);
    requires cell: \valid_read(cell + (0 .. SFU_KEYS_SIZE - 1)) && \separated(k, cell + (0 .. SFU_KEYS_SIZE - 1));
    requires stands: SFU_STORE_STANDS(&k->store);
    assigns k->store.secured, k->store.both, sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_KEYS, SFU_AREA_SLOT);
    ensures kept: SFU_STORE_VALID(&k->store); */
static uint32_t retire(struct sfu_keys *k, const uint8_t *cell)
{
	const uint32_t status = sfu_store_retire(&k->store);

	if (status == SFU_OK)
		(void)copy_cell(&k->store, cell, MARKS);
	return status;
}

/* The page with D was found, and something is left of the older one, which has to go. Where D's page
 * does not take a copy, it was being begun again, and the older one is still good; else it goes. */
/*@ requires k: \valid(k) && SFU_STORE_VALID(&k->store) && k->store.area == SFU_AREA_KEYS && SFU_STORE_HAS_PAGE(&k->store);
    requires cell: \valid(cell + (0 .. SFU_KEYS_SIZE - 1)) && cell_kind(cell);
    requires kind: k->kind != 0;
    requires apart: \separated(k, cell + (0 .. SFU_KEYS_SIZE - 1));
    requires stands: SFU_STORE_STANDS(&k->store);
    assigns *k, cell[0 .. SFU_KEYS_SIZE - 1], sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_KEYS, SFU_AREA_SLOT);
    ensures kept: SFU_STORE_VALID(&k->store) && k->store.area == SFU_AREA_KEYS && SFU_STORE_HAS_PAGE(&k->store) && k->kind != 0; */
static uint32_t finish(struct sfu_keys *k, uint8_t *cell)
{
	if (copy_cell(&k->store, cell, 1) != SFU_OK && sfu_store_fall_back(&k->store) == SFU_OK) {
		if (find_cell(&k->store, cell) == SFU_OK) {
			decode(k, cell);
			return SFU_OK;
		}
		k->store.current = 1 - k->store.current;
		//@ ghost sfu_keys_known(&k->store);
		/* looking into the older page has overwritten the cell, and a mark of blank bytes is none */
		(void)find_cell(&k->store, cell);
	}
	return retire(k, cell);
}

uint32_t sfu_keys_load(struct sfu_keys *k)
{
	uint8_t cell[SFU_KEYS_SIZE];
	uint32_t status;

	sfu_keys_wipe(k);
	k->epoch = 0;
	k->flags = 0;
	sfu_store_find(&k->store, SFU_AREA_KEYS, SFU_FLASH_KEYS_MAGIC);
	status = find_cell(&k->store, cell);
	if (status != SFU_OK && sfu_store_fall_back(&k->store) == SFU_OK)
		status = find_cell(&k->store, cell);
	if (status == SFU_OK) {
		//@ ghost Found: ;
		decode(k, cell);
		/*@ assert still: cell[0] == \at(cell[0], Found) && cell[1] == \at(cell[1], Found)
		      && cell[2] == \at(cell[2], Found) && cell[3] == \at(cell[3], Found); */
		//@ assert kind: k->kind != 0;
		//@ ghost sfu_keys_known(&k->store);
		if (k->kind == SFU_FLASH_KEYS_DEVICE && remains(&k->store))
			status = finish(k, cell);
	}
	sfu_wipe(cell, sizeof cell);
	//@ assert wiped: \forall integer i; 0 <= i < SFU_KEYS_SIZE ==> cell[i] == 0;
	return status;
}

/* D, from 32 bytes of entropy. */
/*@ requires out: \valid(device + (0 .. 31));
    assigns device[0 .. 31], sfu_chip; */
static uint32_t make_device_key(uint8_t *device)
{
	static const uint8_t label[] = { 's', 'f', 'u', ' ', 'd', 'e', 'v', 'i', 'c', 'e' };
	uint8_t entropy[SFU_FORMAT_HASH], uid[SFU_MANIFEST_UID_SIZE];
	const uint32_t status = sfu_port_entropy(entropy);

	if (status == SFU_OK) {
		sfu_port_uid(uid);
		sfu_hkdf(device, entropy, uid, sizeof uid, label, sizeof label);
	}
	sfu_wipe(entropy, sizeof entropy);
	//@ assert wiped: \forall integer i; 0 <= i < SFU_FORMAT_HASH ==> entropy[i] == 0;
	return status;
}

/* Writes the cell into the other page, and makes that the current one. */
/*@ requires k: \valid(k);
    requires store: SFU_STORE_VALID(&k->store) && k->store.area == SFU_AREA_KEYS && SFU_STORE_HAS_PAGE(&k->store);
    requires cell: \valid_read(cell + (0 .. SFU_KEYS_SIZE - 1)) && \separated(k, cell + (0 .. SFU_KEYS_SIZE - 1));
    requires stands: SFU_STORE_STANDS(&k->store);
    assigns k->store.current, k->store.generation, k->store.secured, k->store.both, sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_KEYS, SFU_AREA_SLOT);
    ensures stands: SFU_STORE_STANDS(&k->store);
    ensures kept: SFU_STORE_VALID(&k->store) && k->store.area == SFU_AREA_KEYS && SFU_STORE_HAS_PAGE(&k->store);
    ensures switched: \result == SFU_OK ==> k->store.current == 1 - \old(k->store.current)
             && k->store.generation == \old(k->store.generation) + 1
             && page_tells(sfu_flash, k->store.area + k->store.current, \old(cell_name(cell)));
    ensures stays: \result != SFU_OK ==> k->store.current == \old(k->store.current); */
static uint32_t switch_page(struct sfu_keys *k, const uint8_t *cell)
{
	uint32_t page, status;

	status = sfu_store_begin(&k->store, &page);
	if (status == SFU_OK)
		status = sfu_store_program(&k->store, page, 1, cell);
	if (status == SFU_OK)
		status = sfu_store_commit(&k->store, page);
	return status;
}

uint32_t sfu_keys_replace(struct sfu_keys *k, uint8_t cell[SFU_KEYS_SIZE])
{
	uint32_t status;

	sfu_put32(cell + SFU_KEYS_KIND_OFFSET, SFU_FLASH_KEYS_DEVICE);
	sfu_put32(cell + SFU_KEYS_EPOCH_OFFSET, k->epoch);
	sfu_put32(cell + SFU_KEYS_FLAGS_OFFSET, sfu_get32(cell + SFU_KEYS_FLAGS_OFFSET) | k->flags);
	/*@ assert flags: SFU_WORD(cell, SFU_KEYS_FLAGS_OFFSET)
	      == (uint32_t)(\at(SFU_WORD(cell, SFU_KEYS_FLAGS_OFFSET), Pre) | k->flags); */
	//@ ghost Filled: ;
	sfu_put32(cell + SFU_KEYS_CRC_OFFSET, sfu_crc32(cell, SFU_KEYS_CRC_OFFSET));
	//@ assert kind: SFU_WORD(cell, SFU_KEYS_KIND_OFFSET) == SFU_FLASH_KEYS_DEVICE;
	//@ assert crc: SFU_WORD(cell, SFU_KEYS_CRC_OFFSET) == \at(sfu_crc32_of(cell, SFU_KEYS_CRC_OFFSET), Filled);
	status = switch_page(k, cell);
	if (status != SFU_OK)
		return status;
	//@ assert switched: k->store.current == 1 - \at(k->store.current, Pre);
	decode(k, cell);
	//@ assert device: k->kind == SFU_FLASH_KEYS_DEVICE;
	//@ assert stands: SFU_STORE_STANDS(&k->store);
	return retire(k, cell);
}

uint32_t sfu_keys_make(struct sfu_keys *k)
{
	uint8_t cell[SFU_KEYS_SIZE];
	uint32_t status;

	if (k->kind == SFU_FLASH_KEYS_DEVICE)
		return SFU_OK;
	//@ ghost sfu_keys_known(&k->store);
	if (k->kind != SFU_FLASH_KEYS_OEM)
		return SFU_E_KEYS;
	sfu_fill(cell, 0, SFU_KEYS_SIZE);
	status = make_device_key(cell + SFU_KEYS_DEVICE_KEY_OFFSET);
	sfu_copy(cell + SFU_KEYS_OEM_KEY_OFFSET, k->oem, SFU_KEYS_OEM_KEY_SIZE);
	if (status == SFU_OK)
		status = sfu_keys_replace(k, cell);
	sfu_wipe(cell, sizeof cell);
	//@ assert wiped: \forall integer i; 0 <= i < SFU_KEYS_SIZE ==> cell[i] == 0;
	return status;
}

void sfu_keys_wipe(struct sfu_keys *k)
{
	k->kind = 0;
	sfu_wipe(k->oem, sizeof k->oem);
	sfu_wipe(k->device, sizeof k->device);
}
