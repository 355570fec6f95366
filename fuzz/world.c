#include "world.h"
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include "bytes.h"
#include "flash.h"
#include "geometry.h"
#include "grammar.h"
#include "host.h"
#include "port.h"
#include "sfu.h"
#include "sfu_codes.h"
#include "station.h"

#define NONE 2u
#define PATIENCE 80u
#define BOOTS_MAX 16u

struct world world;

/* how each geometry begins, made when it is first asked for */
static struct {
	struct rig_firmware *known[WORLD_FORGED];
	void *flash[2][WORLD_STAGES];
	struct world at[2][WORLD_STAGES];
	uint32_t floor[2][WORLD_STAGES];
} begin[FUZZ_GEOMETRIES];

static struct rig_firmware forged[WORLD_PACKAGES];
/* rank and serial of the loader's two signing keys */
static const uint8_t standing[2][2] = { { 0, 0 }, { 2, 0 } };
static uint32_t patience;

static const struct sfu_area *slot_area(uint32_t slot)
{
	return &sfu_layout.area[SFU_AREA_SLOT + slot];
}

/* ---- what a device may take, by spec/formats.md and design section 6 ---- */

/* signer and issuer are not revoked */
static int stands(const struct maker *m)
{
	return m->keys[5] >= world.key_floor[m->keys[4]] && m->keys[7] >= world.key_floor[m->keys[6]];
}

static int acceptable(uint32_t number, uint32_t slot)
{
	const struct maker *m = &world.known[number]->maker;
	static const uint8_t any[12];
	const uint32_t running = sfu_device.boot.good;

	if (!world.signed_by_oem[number] || m->product != 0 || m->key != 0 || m->epoch != 1 || (m->hardware & 1) == 0
	    || m->loader_major > 1 || (memcmp(m->uid, any, 12) != 0 && memcmp(m->uid, host.uid, 12) != 0))
		return 0;
	if (m->counter < world.floor && !world.state_spoiled)
		return 0;
	if (!stands(m) && !world.state_spoiled)
		return 0;
	if (sfu_layout.slot_count == 2 && running == slot)
		return 0;
	return running > 1 || world.in_slot[running] == WORLD_PACKAGES || (m->flags & 1)
	       || grammar_version(m->version) > grammar_version(world.known[world.in_slot[running]]->maker.version);
}

/* ---- the watcher: called before each program and erase ---- */

static int comes_from(uint32_t number, uint32_t slot, uint32_t at, uint32_t size, const uint8_t *data)
{
	const struct rig_firmware *f = world.known[number];
	const uint32_t first = sfu_layout.image_offset;

	if (at + size <= maker_head(&f->maker))
		return memcmp(f->package[slot] + at, data, size) == 0;
	return at >= first && at - first <= f->maker.size && size <= f->maker.size - (at - first)
	       && memcmp(f->image[slot] + (at - first), data, size) == 0;
}

/* One that confirmed itself in the other slot has raised the floor above it: it does not run any more, come what may. */
static void outgrow(void)
{
	const struct maker *m;
	uint32_t i;

	if (world.good >= 2 || world.in_slot[world.good] >= WORLD_PACKAGES)
		return;
	m = &world.known[world.in_slot[world.good]]->maker;
	for (i = 0; i < 4; i++)
		if (m->keys[5] < rig.key_floor[m->keys[4]] || m->keys[7] < rig.key_floor[m->keys[6]])
			world.good = NONE;
	if (m->counter < rig.floor)
		world.good = NONE;
}

/* The same before it ran: the power went, and the journal says already that it was confirmed. */
static int outgrown(uint32_t slot)
{
	const struct sfu_state *s = &sfu_device.journal.state;
	const struct maker *m, *by;

	if (!world.confirmed[1 - slot] || world.in_slot[0] >= WORLD_PACKAGES || world.in_slot[1] >= WORLD_PACKAGES)
		return 0;
	m = &world.known[world.in_slot[slot]]->maker;
	by = &world.known[world.in_slot[1 - slot]]->maker;
	return (m->counter < by->counter && s->security_counter == by->counter)
	       || (m->keys[5] < by->keys[m->keys[4]] && s->key_floor[m->keys[4]] == by->keys[m->keys[4]])
	       || (m->keys[7] < by->keys[m->keys[6]] && s->key_floor[m->keys[6]] == by->keys[m->keys[6]]);
}

static int slot_write(uint32_t slot, uint32_t at, uint32_t size, const uint8_t *data)
{
	uint32_t i;

	for (i = 0; i < WORLD_PACKAGES; i++) {
		if (world.known[i] == NULL || !world.offered[i] || !acceptable(i, slot)
		    || (data != NULL && !comes_from(i, slot, at, size, data)))
			continue;
		if (data == NULL) {
			/* another confirmed itself, and the loader was asked for before that one ran */
			if (world.good == slot && sfu_device.boot.good == 1 - slot && world.confirmed[1 - slot])
				world.good = 1 - slot;
			/* asked at the first erase in any slot, as that is where it is still known what outgrew it */
			if (world.good < 2 && outgrown(world.good))
				world.good = NONE;
			FUZZ_MUST(sfu_layout.slot_count == 1 || world.good != slot || world.state_spoiled
			                  || world.slot_spoiled[slot] || world.failing,
			          "the good image is erased");
			world.good = world.good == slot ? NONE : world.good;
			world.in_slot[slot] = at == 0 ? WORLD_PACKAGES : world.in_slot[slot];
			world.slot_spoiled[slot] = at == 0 ? 0 : world.slot_spoiled[slot];
		} else if (at == 0) {
			world.in_slot[slot] = i;
			world.tries[slot] = world.confirmed[slot] = 0;
		}
		return 1;
	}
	return 0;
}

static int watch(uint32_t address, uint32_t size, const uint8_t *data)
{
	uint32_t slot;

	if (world.application)
		return 1;
	for (slot = 0; slot < sfu_layout.slot_count; slot++) {
		const struct sfu_area *a = slot_area(slot);

		if (address >= a->address && address - a->address < a->size) {
			FUZZ_MUST(slot_write(slot, address - a->address, size, data),
			          "something goes into a slot that no acceptable package brought");
			return 1;
		}
	}
	for (slot = 0; slot < 2; slot++) {
		const struct sfu_area *a = &sfu_layout.area[SFU_AREA_JOURNAL + slot];
		const struct sfu_area *k = &sfu_layout.area[SFU_AREA_KEYS + slot];

		if ((address >= a->address && address - a->address + size <= a->size)
		    || ((!rig.provisioned || world.keys_spoiled || world.failing) && address >= k->address
		        && address - k->address + size <= k->size))
			return 1;
	}
	return 0;
}

/* ---- beginnings ---- */

static void make_known(uint32_t g)
{
	static const struct { const char *version; uint32_t counter, size, record; } of[WORLD_FORGED] = {
		{ "1.1.0", 5, 1056, 1024 },  /* what runs first */
		{ "1.2.0", 6, 2080, 1024 },
		{ "1.3.0", 6, 12288, 2048 }, /* long enough for checkpoints */
		{ "1.0.0", 5, 1024, 1024 },  /* older */
		{ "1.4.0", 4, 64, 1024 },    /* below the floor */
	};
	uint32_t i;

	for (i = 0; i < WORLD_FORGED; i++) {
		begin[g].known[i] = malloc(sizeof *begin[g].known[i]);
		FUZZ_MUST(begin[g].known[i] != NULL, "there is no memory");
		rig_firmware(begin[g].known[i], of[i].version, of[i].counter, of[i].size, of[i].record);
	}
}

static void know(uint32_t g)
{
	uint32_t i;

	memset(&world, 0, sizeof world);
	world.good = NONE;
	world.in_slot[0] = world.in_slot[1] = WORLD_PACKAGES;
	for (i = 0; i < WORLD_FORGED; i++) {
		world.known[i] = begin[g].known[i];
		world.signed_by_oem[i] = 1;
	}
}

static void offer_by_station(uint32_t number)
{
	const struct rig_firmware *f = world.known[number];

	world_offer(number);
	station_begin(f->package[0], f->size[0], sfu_layout.slot_count > 1 ? f->package[1] : NULL, f->size[1]);
}

static void quiet(void)
{
	if (station_idle()) {
		host.time += 1000;
		if (++patience > PATIENCE)
			longjmp(host_left, 2);
	}
}

static enum rig_end boot_with_station(uint32_t number, uint32_t stop_after)
{
	memset(world.offered, 0, sizeof world.offered);
	offer_by_station(number);
	station.stop_after = stop_after;
	patience = 0;
	return world_boot(NULL);
}

/* From the factory on, a stage behind the other, each kept as it is left. */
static void make_stages(uint32_t g, int ecc)
{
	uint32_t stage;

	rig_begin(7, ecc);
	maker_signers(2, standing, NULL);
	host_flash_watch = watch;
	know(g);
	for (stage = 0; stage < WORLD_STAGES; stage++) {
		if (stage == WORLD_RUNNING) {
			(void)boot_with_station(0, 0);
			rig.provisioned = 1;
			(void)world_boot(quiet);
			world_confirm();
			FUZZ_MUST(world_boot(quiet) == RIG_RUN && world.good == 0, "the first image does not run");
		} else if (stage == WORLD_BEGUN) {
			rig_enter();
			(void)boot_with_station(2, 5);
		} else if (stage == WORLD_TRIAL) {
			rig_enter();
			(void)boot_with_station(1, 0);
			/* one slot: its image is gone for a while, and nobody asks any more */
			(void)world_boot(quiet);
		} else if (stage == WORLD_UPGRADED) {
			world_confirm();
			FUZZ_MUST(world_boot(quiet) == RIG_RUN && world.floor == 6, "the second image does not run");
		}
		begin[g].flash[ecc][stage] = host_flash_snapshot();
		begin[g].at[ecc][stage] = world;
		begin[g].floor[ecc][stage] = rig.floor;
	}
}

void world_begin(uint32_t geometry, int ecc, enum world_stage stage, uint32_t seed)
{
	fuzz_geometry(geometry);
	/* a chip for each: what the last life with it has changed is all that is to be restored */
	(void)host_flash_take(geometry);
	if (begin[geometry].known[0] == NULL)
		make_known(geometry);
	if (begin[geometry].flash[ecc][0] == NULL)
		make_stages(geometry, ecc);
	maker_signers(2, standing, NULL);
	host_flash_watch = watch;
	host_begin(7);
	host_flash_restore(begin[geometry].flash[ecc][stage]);
	host_flash_reseed(seed);
	world = begin[geometry].at[ecc][stage];
	world.boots = 0;
	rig.floor = begin[geometry].floor[ecc][stage];
	memset(rig.key_floor, 0, sizeof rig.key_floor);
	rig.provisioned = stage != WORLD_FACTORY;
	rig.lenient = 0;
	rig_plan(HOST_NEVER, 0, HOST_NEVER, 0);
	rig_fail(HOST_NEVER);
	host.entry = stage == WORLD_FACTORY ? 0 : 1;
}

void world_forge(uint32_t number, struct fuzz_input *in)
{
	static const uint32_t sizes[] = { 32, 64, 1024, 1056, 2048, 2080, 4096, 10272 };
	struct rig_firmware *f = &forged[number];
	struct maker *m = &f->maker;
	const uint32_t odd = fuzz_byte(in), shape = fuzz_byte(in);

	/* what the OEM has signed and a slot holds, or gets in this boot, stays what it is */
	if (world.in_slot[0] == number || world.in_slot[1] == number || world.offered[number])
		return;
	memset(m, 0, sizeof *m);
	m->version[0] = 1;
	m->version[1] = fuzz_byte(in);
	m->counter = odd & 0x80 ? fuzz_word(in) : fuzz_byte(in) % 16;
	m->size = sizes[shape % 8];
	m->record = shape & 0x80 ? 2048 : 1024;
	m->epoch = 1;
	m->hardware = 1;
	m->fill = number;
	m->flags = odd % 2;
	/* one thing that is not meant for the device, now and then */
	/* by the first key, by the second, or by one that the second certified: those may revoke the first */
	if (odd / 16 % 4 == 1) {
		m->signer = 1;
		memcpy(m->keys, "\0\0\0\0\2\0\2\0", 8);
	} else if (odd / 16 % 4 == 2) {
		m->signer = 3;
		m->certified = 1;
		m->issuer = 1;
		memcpy(m->keys, "\0\0\0\0\1\4\2\0", 8);
	} else if (odd / 16 % 4 == 3) {
		m->signer = 4;
		m->certified = 1;
		m->issuer = 1;
		m->keys[5] = (uint8_t)(shape / 8 % 4);
		m->keys[6] = 2;
	}
	if (m->keys[4] > 0)
		m->keys[0] = (uint8_t)(shape / 8 % 4);
	if (m->keys[4] > 1)
		m->keys[1] = (uint8_t)(shape / 32 % 4 * 2);
	if (odd / 2 % 8 == 1) {
		m->signer = 5;
		m->certified = 0;
	}
	m->product = odd / 2 % 8 == 2;
	m->key = odd / 2 % 8 == 3;
	m->loader_major = odd / 2 % 8 == 4 ? 2 : 0;
	m->epoch += odd / 2 % 8 == 5;
	m->hardware <<= odd / 2 % 8 == 6;
	m->uid[0] = odd / 2 % 8 == 7 ? (uint8_t)(1 + odd % 7) : 0;
	for (m->slot = 0; m->slot < sfu_layout.slot_count; m->slot++) {
		maker_image(m, f->image[m->slot]);
		f->size[m->slot] = maker_package(m, f->package[m->slot]);
	}
	world.known[number] = f;
	world.signed_by_oem[number] = m->signer != 5;
	world.offered[number] = 0;
}

void world_offer(uint32_t number)
{
	world.offered[number] = 1;
	/* one slot: the journal says that it is being written before a byte of it is */
	if (sfu_layout.slot_count == 1 && acceptable(number, 0))
		world.good = NONE;
}

/* ---- what a boot came to ---- */

static void judge_run(void)
{
	const uint32_t slot = rig.slot, number = slot < 2 ? world.in_slot[slot] : WORLD_PACKAGES;
	const struct rig_firmware *f;
	uint32_t i;

	FUZZ_MUST(slot < sfu_layout.slot_count && number < WORLD_PACKAGES, "control goes to a slot that holds nothing");
	f = world.known[number];
	FUZZ_MUST(world.signed_by_oem[number] && rig_holds(f, slot), "what runs is not what the OEM signed");
	FUZZ_MUST(f->maker.counter >= world.floor || world.state_spoiled, "what runs is below the floor");
	FUZZ_MUST(stands(&f->maker) || world.state_spoiled, "what runs is signed by a revoked key");
	if (world.state_spoiled)
		return;
	FUZZ_MUST(rig.trial || world.confirmed[slot], "what never confirmed itself counts as confirmed");
	if (rig.trial) {
		FUZZ_MUST(++world.tries[slot] <= SFU_LIMIT_TRIAL_BOOTS, "an image on trial gets more boots than it may");
		return;
	}
	world.good = slot;
	if (f->maker.counter > world.floor)
		world.floor = f->maker.counter;
	for (i = 0; i < 4; i++)
		if (f->maker.keys[i] > world.key_floor[i])
			world.key_floor[i] = f->maker.keys[i];
}

enum rig_end world_boot(void (*idle)(void))
{
	static const char *const ends[] = { "an image runs", "reset", "the loader stays", "the power goes" };
	const uint32_t was = rig.floor;
	enum rig_end end;

	if (idle != NULL) {
		memset(world.offered, 0, sizeof world.offered);
		station_begin(NULL, 0, NULL, 0);
	}
	host_idle = idle != NULL ? idle : quiet;
	patience = 0;
	world.boots++;
	rig.lenient = world.state_spoiled;
	world.failing = world.fails;
	world.fails = 0;
	end = rig_boot();
	fuzz_trace("boot %u: %s, trouble %08x, good %u, states %u %u, floor %u\n", world.boots, ends[end], sfu_device.boot.trouble,
	           sfu_device.boot.good, sfu_device.journal.state.slot[0], sfu_device.journal.state.slot[1], rig.floor);
	if (end == RIG_RUN)
		judge_run();
	outgrow();
	if (!world.state_spoiled && rig.floor < was)
		fuzz_fail(__FILE__, __LINE__, "the counter falls");
	return end;
}

void world_confirm(void)
{
	enum rig_end end;

	if (rig.slot > 1 || world.boots == 0)
		return;
	world.application = 1;
	/* if the power goes meanwhile, it may count or not */
	world.confirmed[rig.slot] = 1;
	end = rig_confirm();
	(void)end;
	world.application = 0;
}

void world_damage(uint32_t where, uint32_t offset, uint8_t bits)
{
	const uint32_t index = where % (5 + sfu_layout.slot_count);
	const struct sfu_area *a = &sfu_layout.area[index < SFU_AREA_JOURNAL ? SFU_AREA_SLOT : index];
	const uint32_t area = index < SFU_AREA_JOURNAL ? SFU_AREA_SLOT : index, at = offset % a->size;

	if (area == SFU_AREA_JOURNAL || area == SFU_AREA_JOURNAL + 1)
		world.state_spoiled = 1;
	else if (area < SFU_AREA_SLOT)
		world.keys_spoiled = 1;
	else
		world.slot_spoiled[area - SFU_AREA_SLOT] = 1;
	fuzz_trace("damage in area %u at %u: %02x\n", area, at, bits);
	if (bits == 0)
		host_flash_tear(a->address + at);
	else
		host_flash_flip(a->address + at, bits);
}

void world_settle(void)
{
	const uint32_t promised = world.good;
	uint32_t boots;

	host.entry = 0;
	host.lock = SFU_FLASH_LOCK_FINAL;
	host.entropy_fails = 0;
	rig_plan(HOST_NEVER, 0, HOST_NEVER, 0);
	rig_fail(HOST_NEVER);
	for (boots = 0; boots < BOOTS_MAX; boots++) {
		if (world_boot(quiet) == RIG_RUN && !rig.trial)
			return;
		if (promised == NONE && boots >= 2)
			return;
	}
	FUZZ_MUST(promised == NONE || world.state_spoiled || world.keys_spoiled || world.slot_spoiled[promised],
	          "a device with a good image does not run it");
}
