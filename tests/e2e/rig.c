#include "rig.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bytes.h"
#include "flash.h"
#include "host.h"
#include "layout.h"
#include "port.h"
#include "sfu.h"
#include "sfu_codes.h"
#include "station.h"

#define BOOTS 60

struct rig rig;
static struct { uint32_t at; int when; } plan[2];
static uint32_t staying, fail_at = HOST_NEVER;

static int inside(uint32_t address, uint32_t size, const struct sfu_area *area)
{
	return address >= area->address && size <= area->size && address - area->address <= area->size - size;
}

/* C6: the loader itself is never written, nor the keys once they are made */
static int may_write(uint32_t address, uint32_t size, const uint8_t *data)
{
	uint32_t i;

	(void)data;
	for (i = 0; i < 2; i++) {
		if (inside(address, size, &sfu_layout.area[SFU_AREA_JOURNAL + i])
		    || (i < sfu_layout.slot_count && inside(address, size, &sfu_layout.area[SFU_AREA_SLOT + i]))
		    || (!rig.provisioned && inside(address, size, &sfu_layout.area[SFU_AREA_KEYS + i])))
			return 1;
	}
	return 0;
}

void rig_idle(void)
{
	if (!station_idle())
		return;
	host.time += 1000;
	if (++staying > 40)
		longjmp(host_left, 2);
}

void rig_begin(uint32_t seed, int ecc)
{
	host_flash_begin(seed, ecc);
	host_begin(seed);
	host_idle = rig_idle;
	host_flash_watch = may_write;
	maker_config(SFU_FLASH_LOCK_FIELD);
	maker_keys();
	memset(&rig, 0, sizeof rig);
	rig_plan(HOST_NEVER, 0, HOST_NEVER, 0);
	rig_fail(HOST_NEVER);
}

void rig_fail(uint32_t n)
{
	fail_at = n;
	rig.calls = 0;
}

void rig_plan(uint32_t first, int when, uint32_t second, int when_second)
{
	plan[0].at = first;
	plan[0].when = when;
	plan[1].at = second;
	plan[1].when = when_second;
	rig.reached = 0;
	rig.operations = 0;
	host_flash_counts.operations = 0;
}

/* the flash simulator forgets its cut at each reset */
static void arm(void)
{
	if (rig.reached < 2 && plan[rig.reached].at != HOST_NEVER)
		host_flash_cut_at(plan[rig.reached].at - rig.operations, (enum host_cut)plan[rig.reached].when);
	if (fail_at != HOST_NEVER && rig.calls <= fail_at)
		host_flash_fail_at(fail_at - rig.calls);
	host_flash_counts.operations = 0;
	host_flash_counts.calls = 0;
}

static void disarm(int lost)
{
	host_flash_fail_at(HOST_NEVER);
	host_flash_cut_at(HOST_NEVER, HOST_CUT_BEFORE);
	rig.calls += host_flash_counts.calls;
	rig.operations += host_flash_counts.operations;
	if (lost) {
		if (rig.reached < 2)
			rig.cut[rig.reached] = rig.operations - 1;
		rig.reached++;
		rig.operations = 0;
	}
}

static enum rig_end left(void)
{
	if (host.vectors == 0)
		return RIG_RESET;
	rig.slot = host.vectors == sfu_layout.area[SFU_AREA_SLOT].address + sfu_layout.image_offset ? 0 : 1;
	rig.trial = host.report[SFU_EXCHANGE_TRIAL_OFFSET];
	rig.install = sfu_get32(host.report + SFU_EXCHANGE_INSTALL_OFFSET);
	rig.mailbox = sfu_get32(host.report + SFU_EXCHANGE_MAILBOX_OFFSET);
	if (rig.trial != host.trial)
		abort();
	return RIG_RUN;
}

/* C3: no floor of serials falls, and that of rank 3 is none */
static void watch_keys(void)
{
	const uint8_t *now = sfu_device.journal.state.key_floor;
	uint32_t i;

	for (i = 0; i < SFU_FORMAT_RANKS; i++)
		if (now[i] < rig.key_floor[i] && !rig.lenient)
			abort();
	if (now[SFU_FORMAT_RANKS - 1] != 0 && !rig.lenient)
		abort();
	memcpy(rig.key_floor, now, sizeof rig.key_floor);
}

/* What was handed over to is signed, and vouched for, by keys that are not revoked: read from the slot itself. */
static void may_run(void)
{
	uint8_t m[SFU_MANIFEST_SIZE];
	const uint8_t *k = m + SFU_MANIFEST_KEY_FLOOR_OFFSET, *floor = sfu_device.journal.state.key_floor;

	/* where nothing is revoked nothing is read: there are tests that count what is */
	if (sfu_get32(floor) == 0)
		return;
	if (sfu_port_flash_read(sfu_layout.area[SFU_AREA_SLOT + rig.slot].address, m, sizeof m) != SFU_OK
	    || k[5] < floor[k[4]] || k[7] < floor[k[6]])
		abort();
}

enum rig_end rig_boot(void)
{
	volatile enum rig_end end = RIG_LOST;

	memset(&sfu_device, 0, sizeof sfu_device);
	host.time = 0;
	host.vectors = 0;
	host.reset = 0;
	staying = 0;
	/* what was on the line when the power went is gone */
	host_hush();
	host_flash_reset();
	arm();
	if (setjmp(host_power_lost) == 0) {
		const int how = setjmp(host_left);

		if (how == 0)
			sfu_main();
		end = how == 2 ? RIG_STAY : left();
	}
	disarm(end == RIG_LOST);
	if (end != RIG_LOST && sfu_device.boot.trouble == SFU_OK) {
		if (sfu_device.journal.state.security_counter < rig.floor && !rig.lenient)
			abort();
		rig.floor = sfu_device.journal.state.security_counter;
		watch_keys();
	}
	if (end == RIG_RUN)
		may_run();
	return end;
}

enum rig_end rig_confirm(void)
{
	uint8_t cell[SFU_MAILBOX_SIZE], seen[SFU_MAILBOX_SIZE], blank[SFU_MAILBOX_SIZE];
	volatile enum rig_end end = RIG_LOST;
	uint32_t i;

	memset(cell, 0, sizeof cell);
	memset(blank, (int)sfu_layout.erased, sizeof blank);
	sfu_put32(cell + SFU_MAILBOX_MAGIC_OFFSET, SFU_FLASH_CONFIRM_MAGIC);
	sfu_put32(cell + SFU_MAILBOX_INSTALL_OFFSET, rig.install);
	arm();
	if (setjmp(host_power_lost) == 0) {
		for (i = 0; i < SFU_FLASH_MAILBOX_CELLS; i++) {
			const uint32_t at = rig.mailbox + i * SFU_MAILBOX_SIZE;

			if (sfu_port_flash_read(at, seen, sizeof seen) == SFU_OK && memcmp(seen, blank, sizeof seen) == 0
			    && sfu_port_flash_program(at, cell, sizeof cell) == SFU_OK)
				break;
		}
		end = RIG_RESET;
	}
	disarm(end == RIG_LOST);
	return end;
}

void rig_enter(void)
{
	host.entry = 1;
}

void rig_firmware(struct rig_firmware *f, const char *version, uint32_t counter, uint32_t size, uint32_t record)
{
	memset(f, 0, sizeof *f);
	f->maker.version[0] = (uint8_t)(version[0] - '0');
	f->maker.version[1] = (uint8_t)(version[2] - '0');
	f->maker.version[2] = (uint8_t)(version[4] - '0');
	f->maker.counter = counter;
	f->maker.size = size;
	f->maker.record = record;
	f->maker.epoch = 1;
	f->maker.hardware = 1;
	f->maker.fill = (uint32_t)(version[0] * 3 + version[2]);
	rig_pack(f);
}

void rig_pack(struct rig_firmware *f)
{
	for (f->maker.slot = 0; f->maker.slot < sfu_layout.slot_count; f->maker.slot++) {
		maker_image(&f->maker, f->image[f->maker.slot]);
		f->size[f->maker.slot] = maker_package(&f->maker, f->package[f->maker.slot]);
	}
}

int rig_holds(const struct rig_firmware *f, uint32_t slot)
{
	static uint8_t seen[MAKER_PACKAGE];

	return f != NULL
	       && sfu_port_flash_read(sfu_layout.area[SFU_AREA_SLOT + slot].address + sfu_layout.image_offset, seen, f->maker.size)
	                  == SFU_OK
	       && memcmp(seen, f->image[slot], f->maker.size) == 0;
}

const char *rig_live(const struct rig_firmware *wanted, const struct rig_firmware *old)
{
	int boots, asked = 0;

	for (boots = 0; boots < BOOTS; boots++) {
		enum rig_end end;

		station_begin(wanted->package[0], wanted->size[0], sfu_layout.slot_count > 1 ? wanted->package[1] : NULL,
		              wanted->size[1]);
		end = rig_boot();
		if (station.accepted_next > 0)
			rig.resumed++;
		if (end == RIG_LOST) {
			asked = 0;
			host.entry = 0;
			continue;
		}
		if (end == RIG_RUN) {
			if (rig_holds(wanted, rig.slot)) {
				if (!rig.trial)
					return NULL;
				(void)rig_confirm();
			} else if (rig_holds(old, rig.slot)) {
				rig_enter();
				asked = 1;
				continue;
			} else {
				return "an image runs that is neither the old nor the new one";
			}
		}
		if (sfu_layout.slot_count > 1 && old != NULL && end == RIG_STAY && !asked && !rig.lenient)
			return "the device stays in the loader though it had an image";
		asked = 0;
	}
	return "the job is not finished";
}
