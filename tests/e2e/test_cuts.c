/* Power cuts at every flash operation of whole lives, on one flash geometry (the layout linked in).
 *
 * usage: test_cuts [--stride N] [--large N] [--double N] [--seeds N]
 *
 * Cuts before, inside and after every N-th operation (default: every one) of: an installation, an upgrade, an
 * upgrade in which the journal goes over to its other page, one that adds a key and revokes one, a trial that is reverted (A/B) or given up (single).
 * --large: and of the upgrade to an image with checkpoints (0: not). --double: a second cut at every operation of
 * what follows the first one, in every N-th operation of an upgrade (0: not). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cuts.h"
#include "flash.h"
#include "layout.h"

#define SMALL 1056u
#define LARGE 21504u

typedef const char *(*life_of)(void);

/* T31: how many operations the life has that nobody disturbs, and that a cut planned behind the last one takes place nowhere. */
static uint32_t t31_operations(const char *what, const void *from, uint32_t floor, life_of life)
{
	uint32_t total;

	cuts_restore(from, floor, cuts.seed);
	rig_plan(HOST_NEVER, 0, HOST_NEVER, 0);
	cuts_result(what, life(), "undisturbed", 0, 0);
	total = rig.operations;
	cuts_restore(from, floor, cuts.seed);
	rig_plan(total, HOST_CUT_BEFORE, HOST_NEVER, 0);
	cuts_result(what, life(), "undisturbed", 0, 0);
	if (rig.reached != 0 || rig.operations != total)
		cuts_result(what, "there is an operation behind the last one", "cut", total, 0);
	return total;
}

static void sweep(const char *what, const void *from, uint32_t floor, life_of life, uint32_t stride)
{
	const uint32_t total = t31_operations(what, from, floor, life), before = cuts.cuts;
	uint32_t n;
	int when;

	for (n = stride / 2; n < total; n += stride)
		for (when = 0; when < HOST_CUTS; when++) {
			cuts_restore(from, floor, cuts.seed + n);
			rig_plan(n, when, HOST_NEVER, 0);
			cuts_result(what, life(), "cut", n, when);
			if (rig.reached != 1 || rig.cut[0] != n)
				cuts_result(what, "a planned cut did not take place, once, where it was planned", "cut", n, when);
			cuts.cuts += rig.reached;
		}
	if (stride / 2 >= total)
		cuts_result(what, "no cut took place", "cut", 0, 0);
	if (cuts.seed == 1 && cuts.ecc == 0)
		printf("  %-34s %6u cuts in %u operations, every %u\n", what, cuts.cuts - before, total, stride);
}

static void sweep_double(const void *from, uint32_t stride)
{
	uint32_t n, m, reached, before = cuts.cuts;
	int when, again, more = 1;

	for (n = stride / 2; more; n += stride) {
		more = 0;
		for (when = 0; when < HOST_CUTS; when++) {
			/* neither stride divides the other, so that different pairs are met */
			for (m = stride / 3; ; m += stride == 1 ? 1 : stride + 2) {
				reached = 0;
				for (again = 0; again < HOST_CUTS; again++) {
					cuts_restore(from, 1, cuts.seed + n * 1000u + m);
					rig_plan(n, when, m, again);
					cuts_result("upgrade, two cuts", cuts_upgrade(), "cut", n * 100000u + m,
					            when * 10 + again);
					more |= rig.reached > 0;
					reached += rig.reached == 2;
					if (rig.reached > 2 || (rig.reached > 0 && rig.cut[0] != n) || (rig.reached == 2 && rig.cut[1] != m))
						cuts_result("upgrade, two cuts", "a cut took place where none was planned", "cut", n, (int)m);
				}
				if (reached == 0)
					break;
				cuts.cuts += 2 * reached;
			}
		}
	}
	if (cuts.seed == 1 && cuts.ecc == 0)
		printf("  %-34s %6u cuts, every %u\n", "upgrade, two cuts", cuts.cuts - before, stride);
}

/* the journal really goes over to its other page in that life */
static void is_aged(const void *aged)
{
	uint32_t wear[2], i, moved = 0;

	cuts_restore(aged, 1, cuts.seed);
	for (i = 0; i < 2; i++)
		wear[i] = host_flash_wear(sfu_layout.area[SFU_AREA_JOURNAL + i].address);
	cuts_result("upgrade over a journal's page", cuts_upgrade(), "undisturbed", 0, 0);
	for (i = 0; i < 2; i++)
		moved |= host_flash_wear(sfu_layout.area[SFU_AREA_JOURNAL + i].address) != wear[i];
	if (!moved)
		cuts_result("upgrade over a journal's page", "the page did not change", "undisturbed", 0, 0);
}

static void small(uint32_t stride, uint32_t twice)
{
	void *factory, *running, *aged, *upgraded;

	cuts_pack(SMALL, 1024);
	upgraded = cuts_upgraded();
	running = cuts_running();
	factory = cuts_factory();
	aged = cuts_aged(running, 2);
	is_aged(aged);
	sweep("installation", factory, 0, cuts_install, stride);
	sweep("upgrade", running, 1, cuts_upgrade, stride);
	sweep("upgrade over a journal's page", aged, 1, cuts_upgrade, stride);
	sweep("trial and revert", upgraded, 2, cuts_revert, stride);
	if (twice != 0)
		sweep_double(running, twice);
	free(factory);
	free(running);
	free(aged);
	free(upgraded);
}

/* a key is added, and one revoked */
static void keys(uint32_t stride)
{
	void *running;

	cuts_pack_keys(SMALL, 1024);
	running = cuts_running();
	cuts_signers();
	sweep("upgrade that adds and revokes", running, 1, cuts_revoke, stride);
	free(running);
}

static void large(uint32_t stride)
{
	void *running;

	cuts_pack(LARGE, 2048);
	running = cuts_running();
	rig.resumed = 0;
	sweep("upgrade with checkpoints", running, 1, cuts_upgrade, stride);
	if (rig.resumed == 0)
		cuts_result("upgrade with checkpoints", "it was never resumed", "cut", 0, 0);
	free(running);
}

int main(int argc, char **argv)
{
	uint32_t stride = 1, at_large = 0, twice = 0, seeds = 1;
	int i;

	for (i = 1; i + 1 < argc; i += 2) {
		const uint32_t value = (uint32_t)strtoul(argv[i + 1], NULL, 10);

		if (strcmp(argv[i], "--stride") == 0 && value > 0)
			stride = value;
		else if (strcmp(argv[i], "--large") == 0)
			at_large = value;
		else if (strcmp(argv[i], "--double") == 0)
			twice = value;
		else if (strcmp(argv[i], "--seeds") == 0)
			seeds = value;
		else
			return 64;
	}
	for (cuts.seed = 1; cuts.seed <= seeds; cuts.seed++) {
		for (cuts.ecc = 0; cuts.ecc < 2; cuts.ecc++) {
			small(stride, twice);
			keys(stride);
			if (at_large != 0)
				large(at_large);
			host_flash_end();
		}
	}
	printf("unit %2u erased %02x %-6s: %u lives, %u cuts, %u failed\n", sfu_layout.unit, sfu_layout.erased,
	       sfu_layout.slot_count == 1 ? "single" : "A/B", cuts.lives, cuts.cuts, cuts.failures);
	return cuts.failures != 0;
}
