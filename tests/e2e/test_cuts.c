/* Power cuts at every flash operation of whole lives, on one flash geometry (the layout linked in).
 *
 * usage: test_cuts [--double] [--stride N] [--size BYTES] [--seeds N]
 *
 * A life: the first image is installed and confirmed; then an upgrade is downloaded, tried and confirmed; then one
 * that never confirms is downloaded and reverted (A/B) or given up (single). With --double the upgrade alone, with
 * a second cut at every operation of what follows the first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "flash.h"
#include "host.h"
#include "layout.h"
#include "rig.h"
#include "sfu_codes.h"
#include "sfu_format.h"
#include "station.h"

static struct rig_firmware first, second, third;
static uint32_t runs, failures, seed, total;
static int ecc;
static void *factory, *running;

static void result(const char *what, const char *wrong, uint32_t at, int when, uint32_t again, int when_again)
{
	runs++;
	if (wrong == NULL)
		return;
	failures++;
	printf("FAILED %s: %s (unit %u, erased %02x, slots %u, ecc %d, seed %u, cut %u.%d, second %d.%d)\n", what, wrong,
	       sfu_layout.unit, sfu_layout.erased, sfu_layout.slot_count, ecc, seed, at, when, (int)again, when_again);
	if (failures > 5)
		exit(1);
}

/* The third image is downloaded, boots, never confirms, and must be given up within its boots. */
static const char *live_and_revert(void)
{
	enum rig_end end = RIG_RUN;
	int boots, tried = 0;

	for (boots = 0; boots < 16; boots++) {
		/* after a reset of its own the device has what it wanted */
		host.entry = tried == 0 && end != RIG_RESET;
		if (tried == 0)
			station_begin(third.package[0], third.size[0],
			              sfu_layout.slot_count > 1 ? third.package[1] : NULL, third.size[1]);
		else
			station_begin(NULL, 0, NULL, 0);
		end = rig_boot();
		if (end != RIG_RUN)
			continue;
		if (rig_holds(&third, rig.slot)) {
			tried++;
			if (!rig.trial)
				return "an image counts as confirmed that never confirmed";
			if (tried > (int)SFU_LIMIT_TRIAL_BOOTS)
				return "an image on trial gets more boots than it may";
		} else if (!rig_holds(&second, rig.slot)) {
			return "an image runs that is neither the old nor the new one";
		}
	}
	if (tried == 0)
		return "the image on trial never ran";
	if (sfu_layout.slot_count == 1)
		return NULL;
	return rig_holds(&second, rig.slot) && !rig.trial ? NULL : "the old image does not run again";
}

static const char *install(void)
{
	return rig_live(&first, NULL);
}

static const char *upgrade(void)
{
	return rig_live(&second, &first);
}

static void sweep(const char *what, void *from, const char *(*life)(void), uint32_t stride)
{
	uint32_t n, floor = rig.floor, provisioned = from == running;
	int when;

	for (n = 0;; n += stride) {
		uint32_t reached = 0;

		for (when = 0; when < HOST_CUTS; when++) {
			host_flash_restore(from);
			host_flash_reseed(seed + n);
			host_begin(seed);
			rig.floor = from == running ? floor : 0;
			rig.provisioned = provisioned;
			rig_plan(n, when, HOST_NEVER, 0);
			result(what, life(), n, when, HOST_NEVER, 0);
			reached += rig.reached;
		}
		/* T31: each planned cut must have taken place, once; the first that does not is beyond the end */
		if (reached == 0)
			break;
		total += reached;
	}
}

static void sweep_double(uint32_t stride)
{
	uint32_t n, m, floor = rig.floor, reached = 1;
	int when, again;

	for (n = 0; reached > 0; n += stride) {
		for (when = 0; when < HOST_CUTS; when++) {
			for (m = 0;; m++) {
				reached = 0;
				for (again = 0; again < HOST_CUTS; again++) {
					host_flash_restore(running);
					host_flash_reseed(seed + n * 1000u + m);
					host_begin(seed);
					rig.floor = floor;
					rig.provisioned = 1;
					rig_plan(n, when, m, again);
					result("upgrade, two cuts", upgrade(), n, when, m, again);
					reached += rig.reached;
				}
				if (reached < 2 * HOST_CUTS)
					break;
				total += HOST_CUTS;
			}
		}
	}
}

int main(int argc, char **argv)
{
	uint32_t stride = 1, size = 1056, seeds = 1, record = 1024;
	int i, twice = 0;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--double") == 0)
			twice = 1;
		else if (strcmp(argv[i], "--stride") == 0 && i + 1 < argc)
			stride = (uint32_t)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--size") == 0 && i + 1 < argc)
			size = (uint32_t)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc)
			seeds = (uint32_t)strtoul(argv[++i], NULL, 10);
		else
			return 64;
	}
	rig_firmware(&first, "1.0.0", 1, size, record);
	rig_firmware(&second, "1.1.0", 2, size + 32, record);
	rig_firmware(&third, "1.2.0", 3, size, record);
	for (seed = 1; seed <= seeds; seed++) {
		for (ecc = 0; ecc < 2; ecc++) {
			rig_begin(seed, ecc);
			factory = host_flash_snapshot();
			result("install, no cut", install(), 0, 0, 0, 0);
			running = host_flash_snapshot();
			if (twice) {
				sweep_double(stride);
			} else {
				sweep("install", factory, install, stride);
				sweep("upgrade", running, upgrade, stride);
				host_flash_restore(running);
				rig.floor = first.maker.counter;
				rig_plan(HOST_NEVER, 0, HOST_NEVER, 0);
				result("upgrade, no cut", upgrade(), 0, 0, 0, 0);
				running = host_flash_snapshot();
				sweep("revert", running, live_and_revert, stride);
			}
			host_flash_end();
		}
	}
	printf("unit %2u erased %02x %s: %u lives, %u cuts, %u failed\n", sfu_layout.unit, sfu_layout.erased,
	       sfu_layout.slot_count == 1 ? "single" : "A/B", runs, total, failures);
	return failures != 0;
}
