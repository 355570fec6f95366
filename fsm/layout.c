#include "layout.h"
#include "port.h"
#include "sfu_codes.h"
#include "sfu_format.h"

#define JOURNAL_MIN 4096u
/* a header and the cells among which sfu_keys_load finds the keys */
#define KEYS_MIN 1024u

/*@ predicate layout_numbers = (sfu_layout.unit == 2 || sfu_layout.unit == 4 || sfu_layout.unit == 8
         || sfu_layout.unit == 16 || sfu_layout.unit == 32) && (sfu_layout.erased == 255 || sfu_layout.erased == 0)
      && (sfu_layout.record_max == SFU_FORMAT_RECORD_SMALL || sfu_layout.record_max == SFU_FORMAT_RECORD_LARGE)
      && sfu_layout.image_offset > 0 && sfu_layout.image_offset % SFU_FORMAT_RECORD_LARGE == 0
      && 1 <= sfu_layout.slot_count <= 2 && 1 <= sfu_layout.region_count <= SFU_LAYOUT_REGIONS;
    // a sector begins or ends here
    predicate layout_boundary(struct sfu_region r, integer at) =
         r.address <= at <= layout_end(r) && (at - r.address) % r.sector == 0;
    predicate layout_bound(integer at) =
         \exists integer i; 0 <= i < sfu_layout.region_count && layout_boundary(sfu_layout.region[i], at);
*/

/*@ assigns \nothing;
    ensures choice: \result == 0 || \result == 1;
    ensures numbers: \result == 1 <==> layout_numbers;
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
/*@ requires index: index < SFU_LAYOUT_REGIONS;
    assigns \nothing;
    ensures end: \result != 0 ==> layout_region(sfu_layout.region[index])
                 && above <= sfu_layout.region[index].address < \result;
    ensures value: \result != 0 ==> \result == sfu_layout.region[index].address
                 + layout_bytes(sfu_layout.region[index].sector, sfu_layout.region[index].count);
    ensures grain: \result != 0 ==> layout_grain(sfu_layout.region[index]);
    ensures refused: \result == 0 && above <= sfu_layout.region[index].address && layout_grain(sfu_layout.region[index])
                 && sfu_layout.region[index].count > 0 ==> !layout_region(sfu_layout.region[index]); */
static uint32_t region_end(uint32_t index, uint32_t above)
{
	const struct sfu_region region = sfu_layout.region[index];
	const uint32_t room = UINT32_MAX - region.address;

	if (region.address < above || region.sector == 0 || region.count == 0)
		return 0;
	if (region.address % SFU_FORMAT_GRAIN != 0 || region.sector % SFU_FORMAT_GRAIN != 0)
		return 0;
	if (region.count > room / region.sector)
		return 0;
	return region.address + region.sector * region.count;
}

/*@ requires count: sfu_layout.region_count <= SFU_LAYOUT_REGIONS;
    assigns \nothing;
    ensures choice: \result == 0 || \result == 1;
    ensures grain: \result == 1 ==> \forall integer i; 0 <= i < sfu_layout.region_count ==>
                   layout_grain(sfu_layout.region[i]);
    ensures regions: \result == 1 ==> layout_regions; */
static uint32_t regions_ok(void)
{
	uint32_t end = 0, i;

	/*@ loop invariant range: 0 <= i <= sfu_layout.region_count;
	    loop invariant done: \forall integer k; 0 <= k < i ==> layout_region(sfu_layout.region[k]);
	    loop invariant grain: \forall integer k; 0 <= k < i ==> layout_grain(sfu_layout.region[k]);
	    loop assigns i, end;
	    loop variant sfu_layout.region_count - i; */
	for (i = 0; i < sfu_layout.region_count; i++) {
		end = region_end(i, end);
		if (end == 0)
			return 0;
	}
	return 1;
}

/* An area is whole sectors: each region takes it on from where the one before left it. */
/*@ requires index: index < SFU_AREAS;
    requires regions: layout_regions;
    assigns \nothing;
    ensures choice: \result == 0 || \result == 1;
    ensures whole: \result == 1 && sfu_layout.area[index].size > 0 ==>
             layout_bound(sfu_layout.area[index].address)
             && layout_bound(sfu_layout.area[index].address + sfu_layout.area[index].size);
    ensures end: \result == 1 ==> layout_area(sfu_layout.area[index]); */
static uint32_t area_ok(uint32_t index)
{
	const struct sfu_area area = sfu_layout.area[index];
	uint32_t at = area.address, i;

	if (area.size > UINT32_MAX - at)
		return 0;
	/*@ loop invariant range: 0 <= i <= sfu_layout.region_count;
	    loop invariant at: area.address <= at <= area.address + area.size;
	    loop invariant bounds: at != area.address ==> layout_bound(area.address) && layout_bound(at);
	    loop assigns i, at;
	    loop variant sfu_layout.region_count - i; */
	for (i = 0; i < sfu_layout.region_count; i++) {
		const struct sfu_region r = sfu_layout.region[i];
		const uint32_t end = r.address + r.sector * r.count;
		const uint32_t rest = area.address + area.size;
		const uint32_t stop = rest < end ? rest : end;

		if (at < r.address || at >= stop)
			continue;
		if ((at - r.address) % r.sector == 0 && (stop - r.address) % r.sector == 0)
			/*@ assert bounds: layout_boundary(sfu_layout.region[i], at)
			      && layout_boundary(sfu_layout.region[i], stop); */
			at = stop;
	}
	return at - area.address == area.size;
}

/*@ requires index: i < SFU_AREAS && j < SFU_AREAS;
    requires end: layout_area(sfu_layout.area[i]) && layout_area(sfu_layout.area[j]);
    assigns \nothing;
    ensures apart: \result != 0 <==> layout_apart(sfu_layout.area[i], sfu_layout.area[j]); */
static uint32_t areas_apart(uint32_t i, uint32_t j)
{
	const struct sfu_area a = sfu_layout.area[i], b = sfu_layout.area[j];

	return a.address + a.size <= b.address || b.address + b.size <= a.address;
}

/*@ requires index: index < SFU_AREAS;
    requires regions: layout_regions;
    requires before: \forall integer i; 0 <= i < index ==> layout_area(sfu_layout.area[i]);
    assigns \nothing;
    ensures choice: \result == 0 || \result == 1;
    ensures area: \result == 1 ==> layout_area(sfu_layout.area[index]);
    ensures apart: \result == 1 ==> \forall integer i; 0 <= i < index ==>
             layout_apart(sfu_layout.area[i], sfu_layout.area[index]); */
static uint32_t place_ok(uint32_t index)
{
	uint32_t i;

	if (!area_ok(index))
		return 0;
	/*@ loop invariant range: 0 <= i <= index;
	    loop invariant apart: \forall integer j; 0 <= j < i ==>
	      layout_apart(sfu_layout.area[j], sfu_layout.area[index]);
	    loop assigns i;
	    loop variant index - i; */
	for (i = 0; i < index; i++) {
		if (!areas_apart(i, index))
			return 0;
	}
	return 1;
}

/*@ requires record: sfu_layout.record_max <= SFU_FORMAT_RECORD_LARGE;
    assigns \nothing;
    ensures choice: \result == 0 || \result == 1;
    ensures pages: \result == 1 ==> layout_pages;
    ensures slots: \result == 1 ==> \forall integer i; SFU_AREA_SLOT <= i < SFU_AREAS ==>
                   (i < SFU_AREA_SLOT + sfu_layout.slot_count
                    ? sfu_layout.image_offset + sfu_layout.record_max + SFU_FLASH_MAILBOX <= sfu_layout.area[i].size
                    : sfu_layout.area[i].size == 0); */
static uint32_t sizes_ok(void)
{
	const uint32_t least = sfu_layout.record_max + SFU_FLASH_MAILBOX;
	uint32_t i;

	if (sfu_layout.area[SFU_AREA_LOADER].size == 0)
		return 0;
	/*@ loop invariant range: 0 <= i <= 2;
	    loop invariant journal: \forall integer j; SFU_AREA_JOURNAL <= j < SFU_AREA_JOURNAL + i ==>
	      sfu_layout.area[j].size >= JOURNAL_MIN;
	    loop invariant keys: \forall integer j; SFU_AREA_KEYS <= j < SFU_AREA_KEYS + i ==>
	      sfu_layout.area[j].size >= KEYS_MIN;
	    loop invariant slots: \forall integer j; SFU_AREA_SLOT <= j < SFU_AREA_SLOT + i ==>
	      (j < SFU_AREA_SLOT + sfu_layout.slot_count
	       ? sfu_layout.image_offset + sfu_layout.record_max + SFU_FLASH_MAILBOX <= sfu_layout.area[j].size
	       : sfu_layout.area[j].size == 0);
	    loop assigns i;
	    loop variant 2 - i; */
	for (i = 0; i < 2; i++) {
		if (sfu_layout.area[SFU_AREA_JOURNAL + i].size < JOURNAL_MIN || sfu_layout.area[SFU_AREA_KEYS + i].size < KEYS_MIN)
			return 0;
		if (i >= sfu_layout.slot_count) {
			if (sfu_layout.area[SFU_AREA_SLOT + i].size != 0)
				return 0;
		} else if (sfu_layout.area[SFU_AREA_SLOT + i].size <= sfu_layout.image_offset ||
		           sfu_layout.area[SFU_AREA_SLOT + i].size - sfu_layout.image_offset < least) {
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
	/*@ loop invariant range: 0 <= i <= SFU_AREA_SLOT + sfu_layout.slot_count;
	    loop invariant areas: \forall integer k; 0 <= k < i ==> layout_area(sfu_layout.area[k]);
	    loop invariant owners: \forall integer j, k; 0 <= j < k < i ==>
	      layout_apart(sfu_layout.area[j], sfu_layout.area[k]);
	    loop assigns i;
	    loop variant SFU_AREA_SLOT + sfu_layout.slot_count - i; */
	for (i = 0; i < SFU_AREA_SLOT + sfu_layout.slot_count; i++) {
		if (!place_ok(i))
			return SFU_E_LAYOUT;
	}
	return SFU_OK;
}

uint32_t sfu_layout_sector(uint32_t address)
{
	uint32_t i;

	/*@ loop invariant range: 0 <= i <= sfu_layout.region_count;
	    loop invariant behind: \forall integer k; 0 <= k < i ==>
	      layout_end(sfu_layout.region[k]) <= address;
	    loop assigns i;
	    loop variant sfu_layout.region_count - i; */
	for (i = 0; i < sfu_layout.region_count; i++) {
		const uint32_t sector = sfu_layout.region[i].sector;

		/* in ascending order */
		if (address < sfu_layout.region[i].address)
			return 0;
		if (address - sfu_layout.region[i].address < sector * sfu_layout.region[i].count)
			return (address - sfu_layout.region[i].address) % sector == 0 ? sector : 0;
	}
	return 0;
}

uint32_t sfu_layout_erase(uint32_t area)
{
	const uint32_t address = sfu_layout.area[area].address, size = sfu_layout.area[area].size;
	uint32_t done = 0, status = SFU_OK;

	/*@ loop invariant range: 0 <= done <= size;
	    loop invariant kept: areas_kept(\at(sfu_flash, Pre), sfu_flash, area, area + 1, sfu_layout);
	    loop assigns done, status, sfu_flash;
	    loop variant size - done; */
	while (done < size && status == SFU_OK) {
		const uint32_t sector = sfu_layout_sector(address + done);

		if (sector == 0 || sector > size - done)
			return SFU_E_LAYOUT;
		//@ assert inside: flash_inside(address + done, sector, sfu_layout.area[area]);
		status = sfu_port_flash_erase(address + done) /*@ ghost (sector) */;
		done += sector;
	}
	//@ assert all: status == SFU_OK ==> done == size;
	return status;
}
