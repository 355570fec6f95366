/* Any flash -> the boot decision: journal pages that are put together anew, even with the device's own keys, torn units
 * and flipped bits everywhere. What runs is what the OEM signed, whole, and not below the floor.
 *
 * Input: geometry (1; bit 7: ECC), stage (1), seed (1), pages to rewrite and boots (1), then what pages.h puts into
 * pages; behind 0xFF in place of a page and index, damage: where (1), offset (2), bits (1). */
#include <setjmp.h>
#include <string.h>
#include "flash.h"
#include "geometry.h"
#include "host.h"
#include "pages.h"
#include "port.h"
#include "sfu.h"
#include "station.h"
#include "world.h"

static uint8_t bytes[2][PAGES_SIZE], torn[2][PAGES_SIZE];
static struct pages pages = { { bytes[0], bytes[1] }, { 0 } };

static uint32_t page_address(uint32_t page)
{
	return sfu_layout.area[SFU_AREA_JOURNAL + page].address;
}

/* D, which a start without damage has read */
static void learn_keys(void)
{
	struct sfu_keys keys;

	if (sfu_keys_load(&keys) == SFU_OK)
		pages_key(&pages, keys.device);
}

static void rewrite(uint32_t page)
{
	uint8_t blank[32];
	uint32_t at;

	memset(blank, (int)sfu_layout.erased, sizeof blank);
	for (at = 0; at < PAGES_SIZE; at += sfu_layout_sector(page_address(page) + at))
		(void)sfu_port_flash_erase(page_address(page) + at);
	for (at = 0; at < PAGES_SIZE; at += sfu_layout.unit)
		if (memcmp(bytes[page] + at, blank, sfu_layout.unit) != 0)
			host_flash_put(page_address(page) + at, bytes[page] + at, sfu_layout.unit);
	for (at = 0; at < PAGES_SIZE; at += sfu_layout.unit)
		if (torn[page][at])
			host_flash_tear(page_address(page) + at);
}

static void silence(void)
{
	host.time += 1000;
	if (host.time > 60000)
		longjmp(host_left, 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	const uint32_t geometry = fuzz_byte(&in), stage = fuzz_byte(&in) % WORLD_STAGES, seed = fuzz_byte(&in);
	const uint32_t what = fuzz_byte(&in);
	uint32_t i, page, where, offset;
	struct pages_change change;

	if (size > 1024)
		return 0;
	world_begin(geometry % 0x80 % FUZZ_GEOMETRIES, geometry >= 0x80, (enum world_stage)stage, seed);
	world.application = 1;
	learn_keys();
	memset(torn, 0, sizeof torn);
	for (page = 0; page < 2; page++)
		if ((what >> page & 1) || sfu_port_flash_read(page_address(page), bytes[page], PAGES_SIZE) != SFU_OK)
			memset(bytes[page], (int)sfu_layout.erased, PAGES_SIZE);
	for (i = 0; i < 100 && in.left > 0; i++) {
		if (*in.at != 0xFF) {
			change = pages_place(&pages, &in);
			if (change.torn != PAGES_WHOLE)
				torn[change.page][change.torn] = 1;
			continue;
		}
		(void)fuzz_byte(&in);
		where = fuzz_byte(&in);
		offset = fuzz_half(&in);
		world_damage(where, offset, fuzz_byte(&in));
	}
	rewrite(0);
	rewrite(1);
	world.state_spoiled = 1;
	world.keys_spoiled = 1; /* keys may be copied after damage */
	world.application = 0;
	host.entry = what >> 2 & 1;
	for (i = 0; i <= what >> 6; i++)
		(void)world_boot(silence);
	return 0;
}
