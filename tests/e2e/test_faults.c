/* Flash that fails, on one flash geometry: any one call of the port in an upgrade (T27), and any one unit that cannot
 * be read, or reads differently at each start (T32, T33, T39).
 *
 * usage: test_faults [--stride N]
 *
 * Afterwards the device boots the old or the new image, or stays in the loader, and takes an image when asked again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cuts.h"
#include "flash.h"
#include "host.h"
#include "layout.h"
#include "rig.h"
#include "sfu.h"
#include "sfu_codes.h"
#include "sfu_format.h"
#include "station.h"

static uint32_t torn, failed, noticed;

/* Until the third image runs and is confirmed, whatever runs before; null or what went wrong. */
static const char *installs_again(void)
{
	int boots, asks = 0;

	for (boots = 0; boots < 16; boots++) {
		enum rig_end end;

		station_begin(cuts.third.package[0], cuts.third.size[0],
		              sfu_layout.slot_count > 1 ? cuts.third.package[1] : NULL, cuts.third.size[1]);
		/* an image that is not the one wanted asks for the loader */
		host.entry = asks != 0;
		asks = 0;
		end = rig_boot();
		if (boots == 0 && (end != RIG_RUN || !rig_holds(&cuts.second, rig.slot)))
			noticed++;
		if (end != RIG_RUN)
			continue;
		if (!rig_holds(&cuts.first, rig.slot) && !rig_holds(&cuts.second, rig.slot)
		    && !rig_holds(&cuts.third, rig.slot))
			return "an image runs that is none of those there were";
		asks = !rig_holds(&cuts.third, rig.slot);
		if (rig_holds(&cuts.third, rig.slot)) {
			if (!rig.trial)
				return NULL;
			(void)rig_confirm();
		}
	}
	return "no image can be installed any more";
}

static void t27_one_call_fails(const void *running, uint32_t stride)
{
	uint32_t n, before = failed;

	for (n = 0; ; n += stride) {
		cuts_restore(running, 1, cuts.seed + n);
		/* a state or a key page that cannot be read for once is as if it were older, or is copied */
		rig.lenient = 1;
		rig.provisioned = 0;
		rig_fail(n);
		cuts_result("T27, upgrade", cuts_upgrade(), "failing call", n, 0);
		if (rig.calls <= n)
			break;
		failed++;
		if (rig.floor != 2 && rig_boot() == RIG_RUN && rig.floor != 2)
			cuts_result("T27, upgrade", "the floor is not that of the image", "failing call", n, 0);
	}
	if (failed == before)
		cuts_result("T27, upgrade", "no call failed", "failing call", 0, 0);
}

/* Any unit of an area, torn while the device is off. */
static void tear(const char *what, const void *from, uint32_t address, uint32_t size, uint32_t stride)
{
	uint32_t at;

	for (at = 0; at < size; at += stride * sfu_layout.unit) {
		cuts_restore(from, 2, cuts.seed + at);
		rig.lenient = 1;
		/* the key page is copied or finished if one of its units has become bad */
		rig.provisioned = 0;
		host_flash_tear(address + at);
		cuts_result(what, installs_again(), "torn unit", at, 0);
		torn++;
	}
}

/* The one cell with the keys: without it the device has none, says so, writes nothing and lets go. */
static void tear_keys(const void *from)
{
	const uint32_t cell = sfu_layout.area[SFU_AREA_KEYS + 1].address + SFU_FLASH_CELL;
	uint32_t at;

	for (at = 0; cuts.ecc && at < SFU_KEYS_SIZE; at += sfu_layout.unit) {
		enum rig_end end;

		cuts_restore(from, 2, cuts.seed + at);
		host_flash_tear(cell + at);
		host_flash_counts.operations = 0;
		station_begin(cuts.third.package[0], cuts.third.size[0], NULL, 0);
		end = rig_boot();
		torn++;
		cuts_result("T32, keys", end == RIG_RESET && sfu_device.boot.trouble == SFU_E_KEYS
		            && host_flash_counts.operations == 0 ? NULL : "the device is not in trouble as it should",
		            "torn unit", at, 0);
	}
}

static void t32_t33_t39_any_unit(const void *from, uint32_t stride)
{
	const uint32_t image = sfu_layout.image_offset;
	uint32_t i;

	for (i = 0; i < sfu_layout.slot_count; i++) {
		const uint32_t slot = sfu_layout.area[SFU_AREA_SLOT + i].address;

		tear("T32, manifest", from, slot, SFU_MANIFEST_SIZE, stride);
		tear("T32, image", from, slot + image, cuts.second.maker.size, stride);
		tear("T32, mailbox", from, slot + sfu_layout.area[SFU_AREA_SLOT + i].size - SFU_FLASH_MAILBOX, SFU_FLASH_MAILBOX, stride);
	}
	for (i = 0; i < 2; i++) {
		tear("T32, journal", from, sfu_layout.area[SFU_AREA_JOURNAL + i].address, sfu_layout.area[SFU_AREA_JOURNAL + i].size, stride);
		tear("T32, key page's header", from, sfu_layout.area[SFU_AREA_KEYS + i].address, SFU_FLASH_CELL, stride);
		tear("T32, rest of the key page", from, sfu_layout.area[SFU_AREA_KEYS + i].address + 2 * SFU_FLASH_CELL,
		     sfu_layout.area[SFU_AREA_KEYS + i].size - 2 * SFU_FLASH_CELL, stride);
	}
	tear_keys(from);
}

int main(int argc, char **argv)
{
	uint32_t stride = 1;
	void *from;

	if (argc == 3 && strcmp(argv[1], "--stride") == 0)
		stride = (uint32_t)strtoul(argv[2], NULL, 10);
	if (stride == 0)
		return 64;
	cuts.seed = 1;
	cuts_pack(1056, 1024);
	for (cuts.ecc = 0; cuts.ecc < 2; cuts.ecc++) {
		from = cuts_running();
		t27_one_call_fails(from, 1);
		free(from);
		from = cuts_upgraded();
		t32_t33_t39_any_unit(from, stride);
		free(from);
		host_flash_end();
	}
	if (noticed == 0)
		cuts_result("T32", "no torn unit was ever noticed", "torn unit", 0, 0);
	printf("unit %2u erased %02x %-6s: %u lives, %u failing calls, %u torn units, %u failed\n", sfu_layout.unit,
	       sfu_layout.erased, sfu_layout.slot_count == 1 ? "single" : "A/B", cuts.lives, failed, torn, cuts.failures);
	return cuts.failures != 0;
}
