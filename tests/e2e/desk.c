#include "desk.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "boot.h"
#include "bytes.h"
#include "crypto.h"
#include "flash.h"
#include "host.h"
#include "layout.h"
#include "manifest.h"
#include "port.h"
#include "session.h"
#include "sfu.h"
#include "sfu_codes.h"
#include "station.h"

#define PATIENCE 200

struct desk desk;
struct rig_firmware desk_old, desk_new;
static void *running;
static uint8_t marked[32];

uint32_t desk_free(void)
{
	return sfu_layout.slot_count - 1;
}

struct maker desk_maker(void)
{
	struct maker m = desk_new.maker;

	m.slot = desk_free();
	return m;
}

void desk_other(uint8_t package[MAKER_PACKAGE])
{
	struct maker m = desk_maker();

	m.fill++;
	(void)maker_package(&m, package);
}

void desk_factory(void)
{
	rig_begin(1, 0);
	if (desk_old.size[0] == 0) {
		rig_firmware(&desk_old, "1.1.0", 5, 3200, 1024);
		rig_firmware(&desk_new, "1.2.0", 6, 4224, 1024);
	}
}

void desk_running(void)
{
	desk_factory();
	if (running == NULL) {
		assert_null(rig_live(&desk_old, NULL));
		running = host_flash_snapshot();
	}
	host_flash_restore(running);
	rig.provisioned = 1;
}

int desk_power(uint32_t asked)
{
	uint8_t byte;

	memset(&sfu_device, 0, sizeof sfu_device);
	memset(&desk, 0, sizeof desk);
	host_flash_reset();
	host.time = 0;
	host.entry = asked;
	while (host_receive(&byte, 1) == 1)
		;
	while (sfu_port_rx_peek(0, &byte, 1) == 1)
		sfu_port_rx_skip(1);
	station_begin(NULL, 0, NULL, 0);
	if (sfu_boot(&sfu_device) == SFU_OK)
		return 1;
	sfu_port_open();
	sfu_session_init(&sfu_device);
	return 0;
}

void desk_try(const struct maker *m)
{
	static uint8_t package[MAKER_PACKAGE];
	const uint32_t size = maker_package(m, package);

	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
	assert_int_equal(desk_send(package, size, 0), SFU_MESSAGE_DONE);
	rig.provisioned = 1;
}

void desk_install(const struct maker *m)
{
	desk_try(m);
	station_begin(NULL, 0, NULL, 0);
	assert_int_equal(rig_boot(), RIG_RUN);
	assert_int_equal(rig.slot, m->slot);
	assert_int_equal(rig.trial, 1);
	(void)rig_confirm();
	assert_int_equal(rig_boot(), RIG_RUN);
	assert_int_equal(rig.trial, 0);
}

static void poll(void)
{
	if (desk.left)
		return;
	if (sfu_session_poll(&sfu_device) == SFU_OK)
		desk.left = 1;
	else if (sfu_device.session.busy == 0)
		host.time += 1;
}

static void understand(const uint8_t *payload, uint32_t size)
{
	desk.type = payload[0];
	desk.code = desk.detail = desk.next = desk.limit = desk.install = 0;
	if (desk.type == SFU_MESSAGE_REFUSE) {
		assert_int_equal(size, 1 + SFU_REFUSAL_SIZE);
		desk.code = sfu_get32(payload + 1);
		desk.detail = sfu_get32(payload + 5);
	} else if (desk.type == SFU_MESSAGE_ACCEPT || desk.type == SFU_MESSAGE_ACK) {
		assert_int_equal(size, 1 + SFU_WINDOW_SIZE);
		desk.next = sfu_get32(payload + 1);
		desk.limit = sfu_get32(payload + 5);
	} else if (desk.type == SFU_MESSAGE_DONE) {
		assert_int_equal(size, 5);
		desk.install = sfu_get32(payload + 1);
	} else if (desk.type == SFU_MESSAGE_CHALLENGE || desk.type == SFU_MESSAGE_RECEIPT) {
		assert_int_equal(size, 1 + (desk.type == SFU_MESSAGE_RECEIPT ? SFU_RECEIPT_SIZE : SFU_CHALLENGE_SIZE));
		memcpy(desk.body, payload + 1, size - 1);
	} else {
		assert_int_equal(desk.type, SFU_MESSAGE_INFO);
		assert_int_equal(size, 1 + SFU_INFO_SIZE);
		memcpy(desk.info, payload + 1, SFU_INFO_SIZE);
	}
}

uint32_t desk_ask(uint32_t type, const void *body, uint32_t size)
{
	station_frame((uint8_t)type, body, size);
	return desk_hear();
}

uint32_t desk_hear(void)
{
	uint8_t payload[256];
	uint32_t i, n;

	desk.type = 0;
	for (i = 0; i < PATIENCE; i++) {
		poll();
		n = station_receive(payload, sizeof payload);
		if (n != 0) {
			understand(payload, n);
			return desk.type;
		}
		if (desk.left)
			return DESK_LEFT;
	}
	return 0;
}

uint32_t desk_offer(const uint8_t *manifest)
{
	return desk_ask(SFU_MESSAGE_OFFER, manifest, sfu_manifest_extent(manifest));
}

uint32_t desk_records(const uint8_t *package)
{
	return sfu_get16(package + SFU_MANIFEST_RECORD_COUNT_OFFSET);
}

uint32_t desk_record_body(const uint8_t *package, uint32_t size, uint32_t index, uint8_t body[2084])
{
	const uint32_t step = sfu_get16(package + SFU_MANIFEST_RECORD_SIZE_OFFSET) + 32;
	const uint32_t at = sfu_manifest_extent(package) + index * step, n = size - at < step ? size - at : step;

	sfu_put32(body, index);
	memcpy(body + 4, package + at, n);
	return n + 4;
}

uint32_t desk_record(const uint8_t *package, uint32_t size, uint32_t index)
{
	uint8_t body[2084];

	return desk_ask(SFU_MESSAGE_RECORD, body, desk_record_body(package, size, index, body));
}

uint32_t desk_send(const uint8_t *package, uint32_t size, uint32_t from)
{
	uint32_t i;

	for (i = from; i < desk_records(package); i++)
		if (desk_record(package, size, i) != SFU_MESSAGE_ACK)
			return desk.type;
	return desk_ask(SFU_MESSAGE_FINISH, NULL, 0);
}

uint32_t desk_wait(uint32_t limit, void (*babble)(void))
{
	const uint32_t began = host.time;
	uint8_t heard[64];

	while (!desk.left && host.time - began < limit) {
		if (babble != NULL)
			babble();
		poll();
		/* what keeps the device busy takes time too */
		if (sfu_device.session.busy != 0)
			host.time += 1;
		while (host_receive(heard, sizeof heard) != 0)
			;
	}
	return host.time - began;
}

static int left_out(uint32_t address, uint32_t without_slot)
{
	uint32_t i;

	for (i = 0; i < 2; i++)
		if (address - sfu_layout.area[SFU_AREA_JOURNAL + i].address < sfu_layout.area[SFU_AREA_JOURNAL + i].size
		    || (without_slot && address - sfu_layout.area[SFU_AREA_SLOT + desk_free()].address
		                                < sfu_layout.area[SFU_AREA_SLOT + desk_free()].size))
			return 1;
	return 0;
}

void desk_flash(uint8_t hash[32], uint32_t without_slot)
{
	struct sfu_hash h;
	uint8_t piece[1024];
	uint32_t i, at;

	sfu_hash_init(&h);
	for (i = 0; i < sfu_layout.region_count; i++) {
		const struct sfu_region *r = &sfu_layout.region[i];

		for (at = r->address; at < r->address + r->sector * r->count; at += sizeof piece) {
			if (left_out(at, without_slot))
				continue;
			assert_int_equal(sfu_port_flash_read(at, piece, sizeof piece), SFU_OK);
			sfu_hash_update(&h, piece, sizeof piece);
		}
	}
	sfu_hash_final(&h, hash);
}

void desk_mark(void)
{
	desk_flash(marked, 0);
	host_flash_counts.operations = 0;
}

void desk_same(void)
{
	uint8_t now[32];

	desk_flash(now, 0);
	assert_memory_equal(now, marked, sizeof now);
}

void desk_untouched(void)
{
	assert_int_equal(host_flash_counts.operations, 0);
	desk_same();
}

int desk_runs(const struct rig_firmware *f)
{
	station_begin(NULL, 0, NULL, 0);
	return rig_boot() == RIG_RUN && rig_holds(f, rig.slot);
}

uint32_t desk_word(uint32_t offset)
{
	return sfu_get32(desk.info + offset);
}

uint32_t desk_boots(void)
{
	station_begin(NULL, 0, NULL, 0);
	return rig_boot() == RIG_RUN ? rig.slot : SFU_SLOT_NONE;
}

void desk_refused(uint32_t type, const void *what, uint32_t n, uint32_t code)
{
	const uint32_t state = sfu_device.upgrade.state, next = sfu_device.upgrade.next;

	desk_mark();
	assert_int_equal(desk_ask(type, what, n), SFU_MESSAGE_REFUSE);
	assert_int_equal(desk.code, code);
	desk_untouched();
	assert_int_equal(sfu_device.upgrade.state, state);
	assert_int_equal(sfu_device.upgrade.next, next);
}
