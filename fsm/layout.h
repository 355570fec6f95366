/* Where everything lies in flash: data, one object per build, linked beside the core.
 *
 * Made from a text file (port/stm32/layouts/) together with the linker scripts. Addresses are
 * absolute; sizes are bytes. */
#ifndef SFU_LAYOUT_H
#define SFU_LAYOUT_H

#include <stdint.h>
#include "port.h"
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

struct sfu_layout {
	uint32_t unit;           /* program unit: 2, 4, 8, 16 or 32 bytes */
	uint32_t erased;         /* what an erased byte reads as: 0xFF or 0x00 */
	uint32_t image_offset;   /* from a slot's start to its image: a multiple of SFU_FORMAT_RECORD_LARGE */
	uint32_t record_max;     /* SFU_FORMAT_RECORD_SMALL or _LARGE */
	uint32_t slot_count;     /* 1: single, 2: A/B */
	uint32_t region_count;   /* in ascending order, without overlap; gaps are allowed */
	struct sfu_region region[SFU_LAYOUT_REGIONS];
	struct sfu_area loader;
	struct sfu_area journal[2];
	struct sfu_area keys[2];
	struct sfu_area slot[2]; /* slot[1].size is 0 if slot_count is 1 */
};

extern const struct sfu_layout sfu_layout;

/*@ // What a layout that passed the check is known to be: field by field, as each is carried past a write by itself,
    // where a quantifier would have to be followed through all of them.
    // (a function, as equal products are found equal by their factors)
    logic integer layout_bytes(integer sector, integer count) = sector * count;
    predicate layout_region(struct sfu_region r) =
                 0 < r.sector && r.address + layout_bytes(r.sector, r.count) <= UINT32_MAX;
    predicate layout_area(struct sfu_area a) = a.address + a.size <= UINT32_MAX;
    // no byte belongs to two
    predicate layout_apart(struct sfu_area a, struct sfu_area b) =
                 a.address + a.size <= b.address || b.address + b.size <= a.address;
    predicate layout_alone(struct sfu_area a, struct sfu_layout l) =
                 layout_apart(a, l.loader) && layout_apart(a, l.keys[0]) && layout_apart(a, l.keys[1]);
    predicate layout_owners_of(struct sfu_layout l) =
                 layout_alone(l.journal[0], l) && layout_alone(l.journal[1], l)
                 && layout_apart(l.keys[0], l.loader) && layout_apart(l.keys[1], l.loader)
                 && layout_alone(l.slot[0], l) && layout_apart(l.slot[0], l.journal[0])
                 && layout_apart(l.slot[0], l.journal[1])
                 && (l.slot_count == 2 ==> layout_alone(l.slot[1], l) && layout_apart(l.slot[1], l.journal[0])
                     && layout_apart(l.slot[1], l.journal[1]) && layout_apart(l.slot[1], l.slot[0]));
    predicate layout_regions{L} = sfu_layout.region_count <= SFU_LAYOUT_REGIONS
                 && (0 < sfu_layout.region_count ==> layout_region(sfu_layout.region[0]))
                 && (1 < sfu_layout.region_count ==> layout_region(sfu_layout.region[1]))
                 && (2 < sfu_layout.region_count ==> layout_region(sfu_layout.region[2]))
                 && (3 < sfu_layout.region_count ==> layout_region(sfu_layout.region[3]));
    predicate layout_pages{L} = sfu_layout.journal[0].address + sfu_layout.journal[0].size <= UINT32_MAX
                 && sfu_layout.journal[1].address + sfu_layout.journal[1].size <= UINT32_MAX
                 && sfu_layout.keys[0].address + sfu_layout.keys[0].size <= UINT32_MAX
                 && sfu_layout.keys[1].address + sfu_layout.keys[1].size <= UINT32_MAX
                 && sfu_layout.journal[0].size >= 4096 && sfu_layout.journal[1].size >= 4096
                 && sfu_layout.keys[0].size >= 512 && sfu_layout.keys[1].size >= 512;
    predicate layout_slots{L} = 1 <= sfu_layout.slot_count <= 2 && 0 < sfu_layout.image_offset
                 && (sfu_layout.record_max == SFU_FORMAT_RECORD_SMALL || sfu_layout.record_max == SFU_FORMAT_RECORD_LARGE)
                 && sfu_layout.slot[0].address + sfu_layout.slot[0].size <= UINT32_MAX
                 && sfu_layout.image_offset + sfu_layout.record_max + SFU_FLASH_MAILBOX <= sfu_layout.slot[0].size
                 && (sfu_layout.slot_count == 2 ==>
                     sfu_layout.slot[1].address + sfu_layout.slot[1].size <= UINT32_MAX
                     && sfu_layout.image_offset + sfu_layout.record_max + SFU_FLASH_MAILBOX <= sfu_layout.slot[1].size);
    predicate layout_sound{L} = layout_regions && layout_pages && layout_slots;
*/

/* SFU_OK if the layout can work: unit, erased and image_offset as above; every area begins and ends
 * at a sector boundary, lies in flash and shares no byte with another; each journal page holds at
 * least 4 KiB and each key page 512 bytes; a slot holds its image offset, one record and the mailbox.
 * SFU_E_LAYOUT otherwise. Called at every start, before anything is written. */
/*@ assigns \nothing;
    ensures answer: \result == SFU_OK || \result == SFU_E_LAYOUT;
    ensures regions: \result == SFU_OK ==> layout_regions;
    ensures pages: \result == SFU_OK ==> layout_pages;
    ensures slots: \result == SFU_OK ==> layout_slots;
    ensures owners: \result == SFU_OK ==> layout_owners_of(sfu_layout); */
uint32_t sfu_layout_check(void);

/* Size of the erase sector that begins at `address`, or 0 if none does. */
/*@ requires regions: layout_regions;
    assigns \nothing; */
uint32_t sfu_layout_sector(uint32_t address);

/* Erases every sector of the area: SFU_OK, or the first failure of the port. */
/*@ requires read: \valid_read(area) && area->address + area->size <= UINT32_MAX;
    requires regions: layout_regions;
    assigns sfu_flash; */
uint32_t sfu_layout_erase(const struct sfu_area *area);

#endif
