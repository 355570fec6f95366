/* Lengths, indices and places in RAM that a fault has changed, while a package comes in (T72). The device lies at the end of
 * a guarded region of 4 GiB, which no 32-bit offset behind it leaves: whatever is read or written beyond its end is a fault
 * of the processor. Of flash nothing may be written but what the package's signature vouches for. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bytes.h"
#include "crc.h"
#include "desk.h"
#include "flash.h"
#include "host.h"
#include "layout.h"
#include "manifest.h"
#include "port.h"
#include "session.h"
#include "sfu.h"
#include "sfu_codes.h"
#include "sfu_format.h"

#define GUARD ((size_t)1 << 32)
#define ROOM ((size_t)65536) /* for the device, at its end */
#define STREAM 16384u

/* exit codes of a child in whose life the number was believed; otherwise it dies of a signal, or of a sanitizer */
enum { UNAUTHENTIC = 3, OVER, UNTRIED };

struct field {
	const char *name;
	size_t at, size;
	int believed[2]; /* today a wild value is believed, in a download by frames and in one by YMODEM */
};

enum { NO, YES, SINGLE }; /* SINGLE: where the slot is that of the image that ran, and not blank */

#define FIELD(f, frames, ymodem) \
	{ #f, offsetof(struct sfu_device, f), sizeof ((struct sfu_device *)0)->f, { frames, ymodem } }
#define MANIFEST(f, frames, ymodem) \
	{ "manifest " #f, offsetof(struct sfu_device, upgrade.manifest) + SFU_MANIFEST_##f##_OFFSET, SFU_MANIFEST_##f##_SIZE, \
	  { frames, ymodem } }
static const struct field fields[] = {
	FIELD(link.fill, NO, NO), FIELD(link.ready, NO, NO),
	FIELD(session.fill, NO, NO), FIELD(session.head, NO, NO), FIELD(session.at, NO, NO), FIELD(session.size, NO, NO),
	FIELD(ymodem.left, NO, NO), FIELD(ymodem.at, NO, NO), FIELD(ymodem.size, NO, NO), FIELD(ymodem.length, NO, NO),
	FIELD(ymodem.seen, NO, NO),
	MANIFEST(PLAIN_SIZE, NO, NO), MANIFEST(RECORD_SIZE, NO, NO), MANIFEST(RECORD_COUNT, NO, NO),
	FIELD(upgrade.next, NO, NO), FIELD(upgrade.erased, SINGLE, SINGLE), FIELD(upgrade.checkpoint, NO, NO),
	/* no lengths, but places: which slot, which cell, which page */
	FIELD(upgrade.slot, YES, YES), FIELD(journal.next, YES, YES), FIELD(journal.store.current, NO, NO),
	FIELD(journal.store.area, YES, YES),
};

static struct sfu_device *device;
static uint8_t stream[STREAM];
static uint32_t stream_size;
static void *flash;
static struct { uint32_t point, value; } *now; /* shared with the parent, which tells */

static void guard(void)
{
	uint8_t *region = mmap(NULL, ROOM + GUARD + ROOM, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(region, MAP_FAILED);
	assert_int_equal(mprotect(region + ROOM, ROOM, PROT_READ | PROT_WRITE), 0);
	device = (struct sfu_device *)(void *)(region + 2 * ROOM - sizeof *device);
	now = mmap(NULL, sizeof *now, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(now, MAP_FAILED);
}

static int in(uint32_t address, uint32_t size, uint32_t area)
{
	return address >= sfu_layout.area[area].address
	       && address - sfu_layout.area[area].address <= sfu_layout.area[area].size - size;
}

/* Erases of the free slot, what the package says there, and the journal. */
static int vouched(uint32_t address, uint32_t size, const uint8_t *data)
{
	const uint32_t slot = desk_free(), offset = address - sfu_layout.area[SFU_AREA_SLOT + slot].address;
	uint8_t there[SFU_FORMAT_RECORD_LARGE];
	uint32_t i;

	if (in(address, size, SFU_AREA_JOURNAL) || in(address, size, SFU_AREA_JOURNAL + 1))
		return 1;
	if (!in(address, size, SFU_AREA_SLOT + slot))
		_exit(UNAUTHENTIC);
	for (i = 0; data != NULL && i < size; i++)
		if (offset + i < sfu_layout.image_offset ? data[i] != desk_new.package[slot][offset + i]
		                                         : data[i] != desk_new.image[slot][offset + i - sfu_layout.image_offset])
			_exit(UNAUTHENTIC);
	if (data != NULL && sfu_port_flash_read(address, there, size) == SFU_OK)
		for (i = 0; i < size; i++)
			if (there[i] != sfu_layout.erased)
				_exit(OVER);
	return 1;
}

static void poll(void)
{
	uint8_t heard[64];
	uint32_t i;

	for (i = 0; i < 400 && !desk.left; i++) {
		desk.left = sfu_session_poll(device) == SFU_OK;
		while (host_receive(heard, sizeof heard) != 0)
			;
		if (device->session.busy == 0)
			break;
	}
}

static void set(const struct field *f, uint32_t value)
{
	uint8_t *at = (uint8_t *)device + f->at;

	memcpy(at, &value, f->size); /* little endian, as the device is */
}

static uint32_t wild(const struct field *f, uint32_t n)
{
	static const uint32_t set_to[] = { 0, 1, SFU_LINK_FRAME_MAX - 1, SFU_LINK_FRAME_MAX, SFU_LINK_FRAME_MAX + 1,
		SFU_FORMAT_RECORD_MAX + 1, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF, 0xFFFFF800 };
	uint32_t value = 0;

	memcpy(&value, (uint8_t *)device + f->at, f->size);
	if (n < 32)
		return value ^ UINT32_C(1) << n;
	return set_to[n - 32];
}

#define WILD 44u

/* where a life leaves the stream: the device, what waits on the line, and the time; flash is in `flash` */
struct point {
	struct sfu_device state;
	uint8_t line[2048];
	uint32_t waiting, time;
};

static void again(const struct point *p)
{
	uint8_t byte;

	memcpy(device, &p->state, sizeof *device);
	host_flash_restore(flash);
	desk.left = 0;
	host.time = p->time;
	while (sfu_port_rx_peek(0, &byte, 1) == 1)
		sfu_port_rx_skip(1);
	host_send(p->line, p->waiting);
}

/* Everything from this point of the stream on, with a wild value in the field: ends the process if it is believed. */
static void lives(const struct field *f, uint32_t point)
{
	struct point p = { .state = *device, .time = host.time };
	uint32_t n;

	p.waiting = sfu_port_rx_peek(0, p.line, sizeof p.line);
	flash = host_flash_snapshot();
	for (n = 0; n < WILD; n++) {
		if (n < 32 && n >= 8 * f->size)
			continue;
		again(&p);
		now->point = point;
		now->value = wild(f, n);
		set(f, now->value);
		host_send(stream + point, stream_size - point);
		poll();
	}
	again(&p);
	free(flash);
}

/* Goes through the stream byte by byte, and off it at every `stride`-th. */
static void child(const struct field *f, uint32_t stride)
{
	uint32_t i;

	host_flash_watch = vouched;
	memcpy(device, &sfu_device, sizeof *device);
	for (i = 0; i < stream_size && !desk.left; i++) {
		if (i % stride == 0)
			lives(f, i);
		host_send(stream + i, 1);
		poll();
	}
	_exit(device->upgrade.state == SFU_UPGRADE_STATE_DONE ? 0 : UNTRIED);
}

/* How the process ended in which wild values of the field were tried: 0, none was believed. */
static int tried(const struct field *f, uint32_t stride)
{
	int status, signal_number;
	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		for (signal_number = 1; signal_number < 32; signal_number++)
			(void)signal(signal_number, SIG_DFL); /* cmocka has its own */
		if (freopen("/dev/null", "w", stderr) != NULL)
			child(f, stride);
		_exit(UNTRIED);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) == UNTRIED);
	return status;
}

/* Without a wild value the package is installed; with one, nothing happens that must not, but where the table says so. */
static void judge(uint32_t way)
{
	uint32_t i, wrong = 0;

	for (i = 0; i < sizeof fields / sizeof fields[0]; i++) {
		const int today = fields[i].believed[way];
		const int expected = today == YES || (today == SINGLE && sfu_layout.slot_count == 1);
		const int status = tried(&fields[i], strncmp(fields[i].name, "link", 4) == 0 ? 61 : 701);

		if ((status != 0) == expected)
			continue;
		printf("  %s is not as the table says: %#x, %u bytes into the stream: %s %d\n", fields[i].name, (unsigned)now->value,
		       (unsigned)now->point, WIFEXITED(status) ? "exit" : "signal",
		       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void put_frame(uint8_t type, const uint8_t *body, uint32_t size)
{
	uint8_t payload[1 + SFU_FORMAT_RECORD_MAX + 4 + 4];
	uint32_t i;

	payload[0] = type;
	if (size != 0)
		memcpy(payload + 1, body, size);
	sfu_put32(payload + 1 + size, sfu_crc32(payload, 1 + size));
	stream[stream_size++] = SFU_LINK_FLAG;
	for (i = 0; i < size + 5; i++) {
		const int special = payload[i] == SFU_LINK_FLAG || payload[i] == SFU_LINK_ESCAPE;

		if (special)
			stream[stream_size++] = SFU_LINK_ESCAPE;
		stream[stream_size++] = special ? payload[i] ^ SFU_LINK_XOR : payload[i];
	}
	stream[stream_size++] = SFU_LINK_FLAG;
}

static void begin(void)
{
	desk_running();
	assert_int_equal(desk_power(1), 0);
	stream_size = 0;
}

/* A record is in flash; the others, and FINISH, are on the line. */
static void t72_frames(void **state)
{
	const uint8_t *package = desk_new.package[desk_free()];
	uint8_t body[2084];
	uint32_t i, n;

	(void)state;
	begin();
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
	assert_int_equal(desk_record(package, desk_new.size[desk_free()], 0), SFU_MESSAGE_ACK);
	for (i = 1; i < desk_records(package); i++) {
		n = desk_record_body(package, desk_new.size[desk_free()], i, body);
		put_frame(SFU_MESSAGE_RECORD, body, n);
	}
	put_frame(SFU_MESSAGE_FINISH, NULL, 0);
	judge(0);
}

static void put_block(uint32_t number, const uint8_t *data, uint32_t size)
{
	uint8_t *block = stream + stream_size;
	uint32_t crc;

	block[0] = size == SFU_YMODEM_LARGE ? SFU_YMODEM_STX : SFU_YMODEM_SOH;
	block[1] = (uint8_t)number;
	block[2] = (uint8_t)~number;
	memcpy(block + SFU_YMODEM_HEAD, data, size);
	crc = sfu_crc16(0, data, size);
	block[SFU_YMODEM_HEAD + size] = (uint8_t)(crc >> 8);
	block[SFU_YMODEM_HEAD + size + 1] = (uint8_t)crc;
	stream_size += size + SFU_YMODEM_FRAME;
}

static void t72_ymodem(void **state)
{
	const uint32_t size = desk_new.size[desk_free()];
	uint8_t block[SFU_YMODEM_LARGE] = "firmware.sfu";
	uint32_t at;

	(void)state;
	begin();
	(void)snprintf((char *)block + 13, 100, "%u", (unsigned)size);
	put_block(0, block, SFU_YMODEM_SMALL);
	for (at = 0; at < size; at += sizeof block) {
		memset(block, 0, sizeof block);
		memcpy(block, desk_new.package[desk_free()] + at, size - at < sizeof block ? size - at : sizeof block);
		put_block(1 + at / sizeof block, block, sizeof block);
	}
	stream[stream_size++] = SFU_YMODEM_EOT;
	memset(block, 0, sizeof block);
	put_block(0, block, SFU_YMODEM_SMALL);
	judge(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(t72_frames), cmocka_unit_test(t72_ymodem) };

	guard();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
