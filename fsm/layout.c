#include "layout.h"
#include "port.h"
#include "sfu_codes.h"
#include "sfu_format.h"

/* loader, two journal pages, two key pages, two slots */
#define AREAS 7u
#define JOURNAL_MIN 4096u
/* a header and the cells among which sfu_keys_load finds the keys */
#define KEYS_MIN 512u

/*@ // the areas in the order in which they are checked
    logic struct sfu_area layout_nth{L}(integer index) =
         index == 0 ? sfu_layout.loader : index == 1 ? sfu_layout.journal[0]
         : index == 2 ? sfu_layout.journal[1] : index == 3 ? sfu_layout.keys[0]
         : index == 4 ? sfu_layout.keys[1] : index == 5 ? sfu_layout.slot[0] : sfu_layout.slot[1];
*/

/*@ requires index: index < AREAS;
    assigns \nothing;
    ensures which: *\result == layout_nth(index);
    ensures read: \valid_read(\result); */
static const struct sfu_area *area_of(uint32_t index)
{
	if (index == 0)
		return &sfu_layout.loader;
	if (index < 3)
		return &sfu_layout.journal[index - 1];
	if (index < 5)
		return &sfu_layout.keys[index - 3];
	return &sfu_layout.slot[index - 5];
}

/*@ assigns \nothing;
    ensures choice: \result == 0 || \result == 1;
    ensures counts: \result == 1 ==> 1 <= sfu_layout.slot_count <= 2
                    && 1 <= sfu_layout.region_count <= SFU_LAYOUT_REGIONS;
    ensures image: \result == 1 ==> sfu_layout.image_offset > 0;
    ensures record: \result == 1 ==> sfu_layout.record_max == SFU_FORMAT_RECORD_SMALL
                    || sfu_layout.record_max == SFU_FORMAT_RECORD_LARGE; */
static uint32_t numbers_ok(void)
{
	const uint32_t unit = sfu_layout.unit;

	if (unit != 2 && unit != 4 && unit != 8 && unit != 16 && unit != 32)
		return 0;
	if (sfu_layout.erased != 0xFFu && sfu_layout.erased != 0)
		return 0;
	if (sfu_layout.record_max != SFU_FORMAT_RECORD_SMALL &&
	    sfu_layout.record_max != SFU_FORMAT_RECORD_LARGE)
		return 0;
	if (sfu_layout.image_offset == 0 || sfu_layout.image_offset % SFU_FORMAT_RECORD_LARGE != 0)
		return 0;
	if (sfu_layout.slot_count != 1 && sfu_layout.slot_count != 2)
		return 0;
	return sfu_layout.region_count >= 1 && sfu_layout.region_count <= SFU_LAYOUT_REGIONS;
}

/* A region has whole units in each sector, ends below 2^32, and begins where `above` says or later.
 * Returns its end, or 0. */
/*@ requires read: \valid_read(region);
    assigns \nothing;
    ensures end: \result != 0 ==> region->sector > 0 && above <= region->address < \result
                 && \result == region->address + layout_bytes(region->sector, region->count); */
static uint32_t region_end(const struct sfu_region *region, uint32_t above)
{
	const uint32_t room = UINT32_MAX - region->address;

	if (region->address < above || region->sector == 0 || region->count == 0)
		return 0;
	if (region->address % SFU_FORMAT_GRAIN != 0 || region->sector % SFU_FORMAT_GRAIN != 0)
		return 0;
	if (region->count > room / region->sector)
		return 0;
	return region->address + region->sector * region->count;
}

/*@ requires count: sfu_layout.region_count <= SFU_LAYOUT_REGIONS;
    assigns \nothing;
    ensures choice: \result == 0 || \result == 1;
    ensures regions: \result == 1 ==> layout_regions; */
static uint32_t regions_ok(void)
{
	uint32_t end = 0, i;

	/*@ loop invariant range: 0 <= i <= sfu_layout.region_count;
	    loop invariant done: (0 < i ==> layout_region(sfu_layout.region[0]))
	      && (1 < i ==> layout_region(sfu_layout.region[1])) && (2 < i ==> layout_region(sfu_layout.region[2]))
	      && (3 < i ==> layout_region(sfu_layout.region[3]));
	    loop assigns i, end;
	    loop variant sfu_layout.region_count - i; */
	for (i = 0; i < sfu_layout.region_count; i++) {
		end = region_end(&sfu_layout.region[i], end);
		if (end == 0)
			return 0;
	}
	return 1;
}

/* An area is whole sectors: each region takes it on from where the one before left it. */
/*@ requires read: \valid_read(area);
    requires regions: layout_regions;
    assigns \nothing;
    ensures choice: \result == 0 || \result == 1;
    ensures end: \result == 1 ==> area->address + area->size <= UINT32_MAX; */
static uint32_t area_ok(const struct sfu_area *area)
{
	uint32_t at = area->address, i;

	if (area->size > UINT32_MAX - at)
		return 0;
	/*@ loop invariant range: 0 <= i <= sfu_layout.region_count;
	    loop invariant at: area->address <= at <= area->address + area->size;
	    loop assigns i, at;
	    loop variant sfu_layout.region_count - i; */
	for (i = 0; i < sfu_layout.region_count; i++) {
		const struct sfu_region *r = &sfu_layout.region[i];
		const uint32_t end = r->address + r->sector * r->count;
		const uint32_t rest = area->address + area->size;
		const uint32_t stop = rest < end ? rest : end;

		if (at < r->address || at >= stop)
			continue;
		if ((at - r->address) % r->sector == 0 && (stop - r->address) % r->sector == 0)
			at = stop;
	}
	return at - area->address == area->size;
}

/*@ requires read: \valid_read(a) && \valid_read(b);
    requires end: a->address + a->size <= UINT32_MAX && b->address + b->size <= UINT32_MAX;
    assigns \nothing;
    ensures apart: \result != 0 <==> a->address + a->size <= b->address
                   || b->address + b->size <= a->address; */
static uint32_t areas_apart(const struct sfu_area *a, const struct sfu_area *b)
{
	return a->address + a->size <= b->address || b->address + b->size <= a->address;
}

/*@ requires index: index < AREAS;
    requires regions: layout_regions;
    assigns \nothing;
    ensures choice: \result == 0 || \result == 1;
    ensures area: \result == 1 ==> layout_area(layout_nth(index));
    ensures apart: \result == 1 ==> \forall integer j; 0 <= j < index ==>
             layout_apart(layout_nth(j), layout_nth(index)); */
static uint32_t place_ok(uint32_t index)
{
	const struct sfu_area *area = area_of(index);
	uint32_t i;

	if (!area_ok(area))
		return 0;
	/*@ loop invariant range: 0 <= i <= index;
	    loop invariant apart: \forall integer j; 0 <= j < i ==>
	      layout_area(layout_nth(j)) && layout_apart(layout_nth(j), layout_nth(index));
	    loop assigns i;
	    loop variant index - i; */
	for (i = 0; i < index; i++) {
		const struct sfu_area *before = area_of(i);

		if (!area_ok(before) || !areas_apart(before, area))
			return 0;
	}
	return 1;
}

/*@ requires record: sfu_layout.record_max <= SFU_FORMAT_RECORD_LARGE;
    assigns \nothing;
    ensures choice: \result == 0 || \result == 1;
    ensures pages: \result == 1 ==> \forall integer i; 0 <= i < 2 ==>
                   sfu_layout.journal[i].size >= JOURNAL_MIN && sfu_layout.keys[i].size >= KEYS_MIN;
    ensures slots: \result == 1 ==> \forall integer i; 0 <= i < 2 && i < sfu_layout.slot_count ==>
                   sfu_layout.image_offset + sfu_layout.record_max + SFU_FLASH_MAILBOX
                   <= sfu_layout.slot[i].size;
    ensures none: \result == 1 ==> \forall integer i; 0 <= i < 2 && i >= sfu_layout.slot_count ==>
                  sfu_layout.slot[i].size == 0; */
static uint32_t sizes_ok(void)
{
	const uint32_t least = sfu_layout.record_max + SFU_FLASH_MAILBOX;
	uint32_t i;

	if (sfu_layout.loader.size == 0)
		return 0;
	/*@ loop invariant range: 0 <= i <= 2;
	    loop invariant pages: \forall integer j; 0 <= j < i ==>
	      sfu_layout.journal[j].size >= JOURNAL_MIN && sfu_layout.keys[j].size >= KEYS_MIN;
	    loop invariant slots: \forall integer j; 0 <= j < i && j < sfu_layout.slot_count ==>
	      sfu_layout.image_offset + sfu_layout.record_max + SFU_FLASH_MAILBOX <= sfu_layout.slot[j].size;
	    loop invariant none: \forall integer j; 0 <= j < i && j >= sfu_layout.slot_count ==>
	      sfu_layout.slot[j].size == 0;
	    loop assigns i;
	    loop variant 2 - i; */
	for (i = 0; i < 2; i++) {
		if (sfu_layout.journal[i].size < JOURNAL_MIN || sfu_layout.keys[i].size < KEYS_MIN)
			return 0;
		if (i >= sfu_layout.slot_count) {
			if (sfu_layout.slot[i].size != 0)
				return 0;
		} else if (sfu_layout.slot[i].size <= sfu_layout.image_offset ||
		           sfu_layout.slot[i].size - sfu_layout.image_offset < least) {
			return 0;
		}
	}
	return 1;
}

uint32_t sfu_layout_check(void)
{
	uint32_t i;

	if (!numbers_ok() || !regions_ok() || !sizes_ok())
		return SFU_E_LAYOUT;
	/*@ loop invariant range: 0 <= i <= 5 + sfu_layout.slot_count;
	    loop invariant area1: i > 1 ==> layout_area(layout_nth(1));
	    loop invariant area2: i > 2 ==> layout_area(layout_nth(2));
	    loop invariant area3: i > 3 ==> layout_area(layout_nth(3));
	    loop invariant area4: i > 4 ==> layout_area(layout_nth(4));
	    loop invariant area5: i > 5 ==> layout_area(layout_nth(5));
	    loop invariant area6: i > 6 ==> layout_area(layout_nth(6));
	    loop invariant apart1: i > 1 ==> layout_apart(layout_nth(0), layout_nth(1));
	    loop invariant apart2: i > 2 ==> layout_apart(layout_nth(0), layout_nth(2)) && layout_apart(layout_nth(1), layout_nth(2));
	    loop invariant apart3: i > 3 ==> layout_apart(layout_nth(0), layout_nth(3)) && layout_apart(layout_nth(1), layout_nth(3)) && layout_apart(layout_nth(2), layout_nth(3));
	    loop invariant apart4: i > 4 ==> layout_apart(layout_nth(0), layout_nth(4)) && layout_apart(layout_nth(1), layout_nth(4)) && layout_apart(layout_nth(2), layout_nth(4)) && layout_apart(layout_nth(3), layout_nth(4));
	    loop invariant apart5: i > 5 ==> layout_apart(layout_nth(0), layout_nth(5)) && layout_apart(layout_nth(1), layout_nth(5)) && layout_apart(layout_nth(2), layout_nth(5)) && layout_apart(layout_nth(3), layout_nth(5)) && layout_apart(layout_nth(4), layout_nth(5));
	    loop invariant apart6: i > 6 ==> layout_apart(layout_nth(0), layout_nth(6)) && layout_apart(layout_nth(1), layout_nth(6)) && layout_apart(layout_nth(2), layout_nth(6)) && layout_apart(layout_nth(3), layout_nth(6)) && layout_apart(layout_nth(4), layout_nth(6)) && layout_apart(layout_nth(5), layout_nth(6));
	    loop assigns i;
	    loop variant 5 + sfu_layout.slot_count - i; */
	for (i = 0; i < 5 + sfu_layout.slot_count; i++) {
		if (!place_ok(i))
			return SFU_E_LAYOUT;
	}
	return SFU_OK;
}

uint32_t sfu_layout_sector(uint32_t address)
{
	uint32_t i;

	/*@ loop invariant range: 0 <= i <= sfu_layout.region_count;
	    loop assigns i;
	    loop variant sfu_layout.region_count - i; */
	for (i = 0; i < sfu_layout.region_count; i++) {
		const struct sfu_region *r = &sfu_layout.region[i];

		if (address >= r->address && address - r->address < r->sector * r->count)
			return (address - r->address) % r->sector == 0 ? r->sector : 0;
	}
	return 0;
}

uint32_t sfu_layout_erase(const struct sfu_area *area)
{
	uint32_t done = 0, status = SFU_OK;

	/*@ loop invariant range: 0 <= done <= area->size;
	    loop assigns done, status, sfu_flash;
	    loop variant area->size - done; */
	while (done < area->size && status == SFU_OK) {
		const uint32_t sector = sfu_layout_sector(area->address + done);

		if (sector == 0 || sector > area->size - done)
			return SFU_E_LAYOUT;
		status = sfu_port_flash_erase(area->address + done);
		done += sector;
	}
	return status;
}
