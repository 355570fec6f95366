/* Where everything lies in flash: data, one object per build, linked beside the core.
 *
 * Made from a text file (port/stm32/layouts/) together with the linker scripts. Addresses are
 * absolute; sizes are bytes. */
#ifndef SFU_LAYOUT_H
#define SFU_LAYOUT_H

#include <stdint.h>
#include "claims.h"
#include "sfu_codes.h"
#include "sfu_format.h"

#define SFU_LAYOUT_REGIONS 4u

/* `count` erase sectors of `sector` bytes each, from `address` on */
struct sfu_region {
	uint32_t address, sector, count;
};

/* a run of whole sectors with one owner; size 0: there is none */
struct sfu_area {
	uint32_t address, size;
};

/* which area is which; the second slot's size is 0 if slot_count is 1 */
#define SFU_AREA_LOADER 0u
#define SFU_AREA_JOURNAL 1u /* and the next */
#define SFU_AREA_KEYS 3u    /* and the next */
#define SFU_AREA_SLOT 5u    /* and the next */
#define SFU_AREAS 7u

struct sfu_layout {
	uint32_t unit;           /* program unit: 2, 4, 8, 16 or 32 bytes */
	uint32_t erased;         /* what an erased byte reads as: 0xFF or 0x00 */
	uint32_t image_offset;   /* from a slot's start to its image: a multiple of SFU_FORMAT_RECORD_LARGE, so above SFU_FORMAT_HEAD */
	uint32_t record_max;     /* SFU_FORMAT_RECORD_SMALL or _LARGE */
	uint32_t slot_count;     /* 1: single, 2: A/B */
	uint32_t region_count;   /* in ascending order, without overlap; gaps are allowed */
	struct sfu_region region[SFU_LAYOUT_REGIONS];
	struct sfu_area area[SFU_AREAS];
};

extern const struct sfu_layout sfu_layout;

/*@ // What a layout that passed the check is known to be. (layout_bytes is a function, as equal products are found
    // equal by their factors.)
    logic integer layout_bytes(integer sector, integer count) = sector * count;
    predicate layout_region(struct sfu_region r) =
                 0 < r.sector && r.address + layout_bytes(r.sector, r.count) <= UINT32_MAX;
    logic integer layout_end(struct sfu_region r) = r.address + layout_bytes(r.sector, r.count);
    predicate layout_grain(struct sfu_region r) =
                 r.address % SFU_FORMAT_GRAIN == 0 && r.sector % SFU_FORMAT_GRAIN == 0;
    predicate layout_area(struct sfu_area a) = a.address + a.size <= UINT32_MAX;
    predicate layout_apart(struct sfu_area a, struct sfu_area b) =
                 a.address + a.size <= b.address || b.address + b.size <= a.address;
    predicate layout_regions = sfu_layout.region_count <= SFU_LAYOUT_REGIONS
                 && \forall integer i; 0 <= i < sfu_layout.region_count ==> layout_region(sfu_layout.region[i]);
    predicate layout_areas = \forall integer i; 0 <= i < SFU_AREA_SLOT + sfu_layout.slot_count ==>
                 layout_area(sfu_layout.area[i]);
    // no byte belongs to two
    predicate layout_owners = \forall integer i, j; 0 <= i < j < SFU_AREA_SLOT + sfu_layout.slot_count ==>
                 layout_apart(sfu_layout.area[i], sfu_layout.area[j]);
    predicate layout_pages =
                 (\forall integer i; SFU_AREA_JOURNAL <= i < SFU_AREA_KEYS ==> sfu_layout.area[i].size >= 4096)
                 && \forall integer i; SFU_AREA_KEYS <= i < SFU_AREA_SLOT ==> sfu_layout.area[i].size >= 1024;
    predicate layout_slots = 1 <= sfu_layout.slot_count <= 2 && 0 < sfu_layout.image_offset
                 && (sfu_layout.record_max == SFU_FORMAT_RECORD_SMALL
                     || sfu_layout.record_max == SFU_FORMAT_RECORD_LARGE)
                 && \forall integer i; SFU_AREA_SLOT <= i < SFU_AREA_SLOT + sfu_layout.slot_count ==>
                    sfu_layout.image_offset + sfu_layout.record_max + SFU_FLASH_MAILBOX <= sfu_layout.area[i].size;
    // Claim C6: what is written lies in one of the areas that the loader writes to, never in its own;
    predicate flash_inside(integer address, integer size, struct sfu_area a) =
                 a.address <= address && address + size <= a.address + a.size;
    predicate flash_owned(integer address, integer size, struct sfu_layout l) =
                 \exists integer i; SFU_AREA_JOURNAL <= i < SFU_AREA_SLOT + l.slot_count
                 && flash_inside(address, size, l.area[i]);
    predicate flash_in_slot(integer address, integer size, struct sfu_layout l) =
                 \exists integer i; SFU_AREA_SLOT <= i < SFU_AREA_SLOT + l.slot_count
                 && flash_inside(address, size, l.area[i]);
    // and of the areas all but those from `from` on and before `to` are what they were.
    predicate area_kept(integer f, integer g, struct sfu_area a) =
                 flash_value(f, a.address, a.size) == flash_value(g, a.address, a.size);
    predicate areas_kept(integer f, integer g, integer from, integer to, struct sfu_layout l) =
                 \forall integer i; 0 <= i < SFU_AREA_SLOT + l.slot_count && !(from <= i < to) ==>
                 area_kept(f, g, l.area[i]);
    // claim C4: what was judged is this slot, and its image is what it was then
    predicate slot_judged(integer f, integer slot, struct sfu_judged j, struct sfu_layout l) =
                 j.address == l.area[SFU_AREA_SLOT + slot].address && j.size == l.area[SFU_AREA_SLOT + slot].size
                 && image_judged(f, l.area[SFU_AREA_SLOT + slot].address + l.image_offset, j);
    predicate layout_sound = layout_regions && layout_areas && layout_owners && layout_pages && layout_slots;
*/

/* C6, as a postcondition: of the areas nothing was written but those from `from` on and before `to` */
#define SFU_WRITES(from, to) areas_kept(\old(sfu_flash), sfu_flash, from, to, sfu_layout)

/* SFU_OK if the layout can work: unit, erased and image_offset as above; every area begins and ends
 * at a sector boundary, lies in flash and shares no byte with another; each journal page holds at
 * least 4 KiB and each key page 1 KiB; a slot holds its image offset, one record and the mailbox.
 * SFU_E_LAYOUT otherwise. Called at every start, before anything is written. */
/*@ assigns \nothing;
    ensures answer: \result == SFU_OK || \result == SFU_E_LAYOUT;
    ensures regions: \result == SFU_OK ==> layout_regions;
    ensures areas: \result == SFU_OK ==> layout_areas;
    ensures owners: \result == SFU_OK ==> layout_owners;
    ensures pages: \result == SFU_OK ==> layout_pages;
    ensures slots: \result == SFU_OK ==> layout_slots; */
uint32_t sfu_layout_check(void);

/* Size of the erase sector that begins at `address`, or 0 if none does. */
/*@ requires regions: layout_regions;
    assigns \nothing;
    ensures sector: \result != 0 ==> \exists integer i; 0 <= i < sfu_layout.region_count
             && sfu_layout.region[i].address <= address < layout_end(sfu_layout.region[i])
             && (address - sfu_layout.region[i].address) % sfu_layout.region[i].sector == 0
             && \result == sfu_layout.region[i].sector; */
uint32_t sfu_layout_sector(uint32_t address);

/* Erases every sector of an area that is not a slot: SFU_OK, or the first failure of the port. */
/*@ requires area: SFU_AREA_JOURNAL <= area < SFU_AREA_SLOT && layout_sound;
    assigns sfu_flash;
    ensures kept: SFU_WRITES(area, area + 1); */
uint32_t sfu_layout_erase(uint32_t area);

#endif
