/* Lives of a device: messages, power cuts, failing flash, resets, jumps of the clock, damage; world.c says what must
 * hold after every step, and that at the end a device with a good image runs it.
 *
 * Input: geometry (1; bit 7: ECC), stage (1), seed (1), then steps: what (1), and what that needs. While the device is
 * off a step is one of off(); while it sleeps, one of on(). */
#include <setjmp.h>
#include <string.h>
#include "bytes.h"
#include "crc.h"
#include "flash.h"
#include "geometry.h"
#include "host.h"
#include "port.h"
#include "sfu.h"
#include "station.h"
#include "world.h"
#include "ymodem.h"

#define BOOTS_MAX 10u
#define STEPS_MAX 64u

static struct fuzz_input in;
static uint32_t steps, downloading;

/* a package that is there */
static uint32_t pick(void)
{
	const uint32_t number = fuzz_byte(&in) % WORLD_PACKAGES;

	return world.known[number] != NULL ? number : number % WORLD_FORGED;
}

/* the slot that an offer should be for, or the other one */
static uint32_t pick_slot(uint32_t other)
{
	const uint32_t running = sfu_device.boot.good;

	return sfu_layout.slot_count < 2 ? 0 : (running > 1 ? 0 : 1 - running) ^ (other != 0);
}

static void record(uint32_t number, uint32_t slot, uint32_t index, uint32_t flip, uint8_t bits)
{
	static uint8_t body[4 + SFU_FORMAT_RECORD_MAX];
	const struct rig_firmware *f = world.known[number];
	const uint32_t step = f->maker.record + 32, count = (f->maker.size - 1) / f->maker.record + 1;
	const uint32_t at = maker_head(&f->maker) + (index < count ? index : count - 1) * step;
	const uint32_t n = f->size[slot] - at < step ? f->size[slot] - at : step;

	sfu_put32(body, index);
	memcpy(body + 4, f->package[slot] + at, n);
	body[4 + flip % n] ^= bits;
	station_frame(SFU_MESSAGE_RECORD, body, 4 + n);
}

/* the package that is being installed, as far as the device tells */
static uint32_t installing(uint32_t *slot)
{
	uint32_t number;

	for (number = 0; number < WORLD_PACKAGES; number++)
		for (*slot = 0; world.known[number] != NULL && *slot < sfu_layout.slot_count; ++*slot)
			if (memcmp(world.known[number]->package[*slot], sfu_device.upgrade.manifest, SFU_MANIFEST_SIZE) == 0)
				return number;
	*slot = 0;
	return 0;
}

static void offer(uint32_t number, uint32_t slot, uint32_t flip, uint8_t bits)
{
	const uint32_t size = maker_head(&world.known[number]->maker);
	uint8_t manifest[SFU_FORMAT_HEAD];

	memcpy(manifest, world.known[number]->package[slot], size);
	manifest[flip % size] ^= bits;
	if (bits == 0)
		world_offer(number);
	station_frame(SFU_MESSAGE_OFFER, manifest, size);
}

static void block(uint8_t number, const uint8_t *data, uint32_t size)
{
	uint8_t b[1029] = { 0 };
	uint32_t crc;

	b[0] = SFU_YMODEM_STX;
	b[1] = number;
	b[2] = (uint8_t)~number;
	memcpy(b + 3, data, size);
	crc = sfu_crc16(0, b + 3, 1024);
	b[1027] = (uint8_t)(crc >> 8);
	b[1028] = (uint8_t)crc;
	host_send(b, sizeof b);
}

/* A package as `sb` sends it, or its first blocks. */
static void file(uint32_t number, uint32_t slot, uint32_t blocks)
{
	static const uint8_t eot[] = { SFU_YMODEM_EOT };
	const struct rig_firmware *f = world.known[number];
	uint8_t name[32] = "p.sfu";
	uint32_t at, digits = 1, n = 1;

	for (at = f->size[slot]; at >= 10; at /= 10)
		digits++;
	for (at = f->size[slot]; digits > 0; at /= 10)
		name[5 + digits--] = (uint8_t)('0' + at % 10);
	world_offer(number);
	block(0, name, sizeof name);
	for (at = 0; at < f->size[slot] && n <= blocks; at += 1024, n++)
		block((uint8_t)n, f->package[slot] + at, f->size[slot] - at < 1024 ? f->size[slot] - at : 1024);
	if (at < f->size[slot])
		return;
	host_send(eot, sizeof eot);
	block(0, (const uint8_t *)"", 1);
}

static void raw(uint32_t framed)
{
	uint8_t bytes[256];
	const uint32_t n = fuzz_bytes(&in, bytes, fuzz_byte(&in));

	if (framed && n > 0)
		station_frame(bytes[0], bytes + 1, n - 1);
	else if (n > 0)
		host_send(bytes, n);
}

static void plan(void)
{
	const uint32_t what = fuzz_byte(&in), n = fuzz_byte(&in);

	host_flash_cut_at(what & 0x80 ? 8 * n : n, (enum host_cut)(what % HOST_CUTS));
}

/* A step while the device sleeps. */
static void on(void)
{
	const uint32_t what = fuzz_byte(&in);
	uint32_t number, slot, n;

	fuzz_trace("on: step %u of %02x\n", what % 18, what);
	switch (what % 18) {
	case 0: station_frame(SFU_MESSAGE_HELLO, NULL, 0); break;
	case 1: /* all of a download */
	case 2:
		number = pick();
		world_offer(number);
		station_begin(world.known[number]->package[0], world.known[number]->size[0],
		              sfu_layout.slot_count > 1 ? world.known[number]->package[1] : NULL, world.known[number]->size[1]);
		station.stop_after = what / 18 % 8;
		downloading = 1;
		break;
	case 3: number = pick(); offer(number, pick_slot(what & 0x80), 0, 0); break;
	case 4: number = pick(); n = fuzz_half(&in); offer(number, pick_slot(0), n, (uint8_t)(1u << what / 18 % 8)); break;
	case 5: /* records that are due */
		number = installing(&slot);
		for (n = 0; n <= what / 18; n++)
			record(number, slot, sfu_device.upgrade.next + n, 0, 0);
		break;
	case 6: number = installing(&slot); n = fuzz_half(&in); record(number, slot, sfu_device.upgrade.next, n, fuzz_byte(&in)); break;
	case 7: number = pick(); n = fuzz_byte(&in); record(number, pick_slot(what & 0x80), n, 0, 0); break;
	case 8: station_frame(SFU_MESSAGE_FINISH, NULL, 0); break;
	case 9: station_frame(what & 0x80 ? SFU_MESSAGE_ABORT : SFU_MESSAGE_REBOOT, NULL, 0); break;
	case 10: raw(1); break;
	case 11: raw(0); break;
	case 12: host.time += 1u << fuzz_byte(&in) % 32; break;
	case 13: longjmp(host_power_lost, 1);
	case 14: plan(); break;
	case 15: host_flash_fail_at(fuzz_byte(&in)); world.failing = 1; break;
	case 16: number = WORLD_FORGED + what / 18 % (WORLD_PACKAGES - WORLD_FORGED); world_forge(number, &in); break;
	default: number = pick(); file(number, pick_slot(0), what & 0x80 ? fuzz_byte(&in) : 255);
	}
}

static void idle(void)
{
	uint8_t payload[256];

	if (downloading) {
		downloading = station_idle() == 0;
		return;
	}
	while (station_receive(payload, sizeof payload) != 0)
		;
	if (in.left == 0 || steps++ >= STEPS_MAX)
		longjmp(host_left, 2);
	on();
}

/* A step while it is off, or an image runs. 0: power on. */
static int off(enum rig_end end)
{
	const uint32_t what = fuzz_byte(&in);
	uint32_t n;

	fuzz_trace("off: step %u of %02x\n", what % 16, what);
	switch (what % 16) {
	case 0:
	case 1: host.entry = 1; return 0;
	case 2: rig_plan(fuzz_byte(&in), (int)(what / 16 % HOST_CUTS), HOST_NEVER, 0); return 0;
	case 3: n = fuzz_byte(&in); rig_plan(n, (int)(what / 16 % HOST_CUTS), fuzz_byte(&in), (int)(n % HOST_CUTS)); return 0;
	case 4: rig_fail(fuzz_byte(&in)); world.fails = 1; return 1;
	case 5: n = fuzz_half(&in); world_damage(what / 16, n, fuzz_byte(&in)); return 1;
	case 6:
	case 7:
	case 8:
		if (end == RIG_RUN)
			world_confirm();
		return 1;
	case 9: host.lock = what & 0x80 ? SFU_FLASH_LOCK_OPEN : SFU_FLASH_LOCK_FINAL; return 1;
	case 10: host.lock_glitch = fuzz_byte(&in); host.lock_reads = 0; return 1;
	case 11: host.entropy_fails = what & 0x80; return 1;
	default: return 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum rig_end end = RIG_LOST;
	uint32_t geometry, stage, i;

	if (size > 1024)
		return 0;
	in.at = data;
	in.left = size;
	geometry = fuzz_byte(&in);
	stage = fuzz_byte(&in) % WORLD_STAGES;
	world_begin(geometry % 0x80 % FUZZ_GEOMETRIES, geometry >= 0x80, (enum world_stage)stage, fuzz_byte(&in));
	steps = 0;
	while (in.left > 0 && world.boots < BOOTS_MAX + 4 && steps < STEPS_MAX) {
		downloading = 0;
		end = world_boot(idle);
		rig_plan(HOST_NEVER, 0, HOST_NEVER, 0);
		rig_fail(HOST_NEVER);
		for (i = 0; i < 6 && in.left > 0 && off(end); i++)
			;
	}
	world_settle();
	return 0;
}
