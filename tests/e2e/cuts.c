#include "cuts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "flash.h"
#include "host.h"
#include "layout.h"
#include "sfu.h"
#include "sfu_codes.h"
#include "sfu_format.h"
#include "station.h"

struct cuts cuts;

void cuts_pack(uint32_t size, uint32_t record)
{
	rig_firmware(&cuts.first, "1.0.0", 1, size, record);
	rig_firmware(&cuts.second, "1.1.0", 2, size + 32, record);
	rig_firmware(&cuts.third, "1.2.0", 3, size, record);
}

const char *cuts_install(void)
{
	return rig_live(&cuts.first, NULL);
}

const char *cuts_upgrade(void)
{
	return rig_live(&cuts.second, &cuts.first);
}

void cuts_pack_keys(uint32_t size, uint32_t record)
{
	/* floors; a signer of rank 1 and serial 4; its issuer of rank 2 */
	static const uint8_t keys[8] = { 1, 0, 0, 0, 1, 4, 2, 0 };

	cuts_pack(size, record);
	cuts.second.maker.signer = 3;
	cuts.second.maker.certified = 1;
	cuts.second.maker.issuer = 1;
	memcpy(cuts.second.maker.keys, keys, sizeof keys);
	rig_pack(&cuts.second);
}

void cuts_signers(void)
{
	static const uint8_t standing[2][2] = { { 0, 0 }, { 2, 0 } };

	maker_signers(2, standing, NULL);
}

const char *cuts_revoke(void)
{
	const char *wrong = cuts_upgrade();
	enum rig_end end;

	if (wrong != NULL)
		return wrong;
	if (sfu_device.journal.state.key_floor[0] != 1)
		return "the first image's signer is not revoked";
	/* the only image left is one that a revoked key signed */
	if (sfu_layout.slot_count > 1)
		host_flash_flip(sfu_layout.area[SFU_AREA_SLOT + rig.slot].address + sfu_layout.image_offset + 100, 3);
	station_begin(NULL, 0, NULL, 0);
	/* the cell that confirmed it may be one that a cut tore, and be gone at this start: then nobody was revoked yet */
	rig.lenient = rig.reached > 0;
	end = rig_boot();
	if (end == RIG_LOST)
		end = rig_boot();
	return sfu_layout.slot_count == 1 || end == RIG_STAY || (rig.reached > 0 && sfu_device.journal.state.key_floor[0] == 0)
	               ? NULL : "an image runs whose signer is revoked";
}

/* The third image is downloaded, boots, never confirms, and must be given up within its boots. */
const char *cuts_revert(void)
{
	enum rig_end end = RIG_RUN;
	int boots, tried = 0;

	for (boots = 0; boots < 16; boots++) {
		/* after a reset of its own the device has what it wanted */
		host.entry = tried == 0 && end != RIG_RESET;
		if (tried == 0)
			station_begin(cuts.third.package[0], cuts.third.size[0],
			              sfu_layout.slot_count > 1 ? cuts.third.package[1] : NULL, cuts.third.size[1]);
		else
			station_begin(NULL, 0, NULL, 0);
		end = rig_boot();
		if (end != RIG_RUN)
			continue;
		if (rig_holds(&cuts.third, rig.slot)) {
			tried++;
			if (!rig.trial)
				return "an image counts as confirmed that never confirmed";
			if (tried > (int)SFU_LIMIT_TRIAL_BOOTS)
				return "an image on trial gets more boots than it may";
		} else if (!rig_holds(&cuts.second, rig.slot)) {
			return "an image runs that is neither the old nor the new one";
		}
	}
	if (tried == 0)
		return "the image on trial never ran";
	if (sfu_layout.slot_count == 1)
		return NULL;
	return rig_holds(&cuts.second, rig.slot) && !rig.trial ? NULL : "the old image does not run again";
}

void cuts_result(const char *life, const char *wrong, const char *where, uint32_t at, int when)
{
	cuts.lives++;
	if (wrong == NULL)
		return;
	cuts.failures++;
	printf("FAILED %s: %s (unit %u, erased %02x, slots %u, ecc %d, seed %u, %s %u.%d)\n", life, wrong,
	       sfu_layout.unit, sfu_layout.erased, sfu_layout.slot_count, cuts.ecc, cuts.seed, where, at, when);
	if (cuts.failures > 5)
		exit(1);
}

void *cuts_factory(void)
{
	rig_begin(cuts.seed, cuts.ecc);
	return host_flash_snapshot();
}

void *cuts_running(void)
{
	rig_begin(cuts.seed, cuts.ecc);
	cuts_result("install", cuts_install(), "undisturbed", 0, 0);
	return host_flash_snapshot();
}

void *cuts_upgraded(void)
{
	free(cuts_running());
	rig.provisioned = 1;
	cuts_result("upgrade", cuts_upgrade(), "undisturbed", 0, 0);
	return host_flash_snapshot();
}

void cuts_restore(const void *snapshot, uint32_t floor, uint32_t seed)
{
	host_flash_restore(snapshot);
	host_flash_reseed(seed);
	host_begin(cuts.seed);
	rig.floor = floor;
	memset(rig.key_floor, 0, sizeof rig.key_floor);
	rig.provisioned = floor > 0;
	rig.lenient = 0;
	rig_plan(HOST_NEVER, 0, HOST_NEVER, 0);
	rig_fail(HOST_NEVER);
}

void *cuts_aged(const void *snapshot, uint32_t room)
{
	cuts_restore(snapshot, 1, cuts.seed);
	station_begin(NULL, 0, NULL, 0);
	if (rig_boot() != RIG_RUN)
		abort();
	while (sfu_journal_room(&sfu_device.journal) > room)
		if (sfu_journal_append(&sfu_device.journal, &sfu_device.journal.state) != SFU_OK)
			abort();
	return host_flash_snapshot();
}
