#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "host.h"
#include "port.h"
#include "sfu_codes.h"
#include "sfu_format.h"

struct line {
	uint8_t bytes[HOST_LINE];
	uint32_t first, count;
};

struct host host;
jmp_buf host_left;
void (*host_idle)(void);

static struct line to_core, from_core;

static void put(struct line *line, const uint8_t *data, uint32_t size)
{
	const uint32_t at = (line->first + line->count) % HOST_LINE, room = HOST_LINE - line->count;
	const uint32_t count = size < room ? size : room, straight = HOST_LINE - at < count ? HOST_LINE - at : count;

	if (count == 0)
		return;
	memcpy(line->bytes + at, data, straight);
	if (count > straight)
		memcpy(line->bytes, data + straight, count - straight);
	line->count += count;
}

static uint32_t look(const struct line *line, uint32_t skip, uint8_t *out, uint32_t max)
{
	const uint32_t there = skip < line->count ? line->count - skip : 0, count = max < there ? max : there;
	const uint32_t at = (line->first + skip) % HOST_LINE, straight = HOST_LINE - at < count ? HOST_LINE - at : count;

	if (count == 0)
		return 0;
	memcpy(out, line->bytes + at, straight);
	if (count > straight)
		memcpy(out + straight, line->bytes, count - straight);
	return count;
}

static void drop(struct line *line, uint32_t count)
{
	if (count > line->count) {
		fprintf(stderr, "port: more bytes are taken than have come\n");
		abort();
	}
	line->first = (line->first + count) % HOST_LINE;
	line->count -= count;
}

void host_begin(uint32_t n)
{
	uint32_t i;

	memset(&host, 0, sizeof host);
	host.idle = 1;
	host.lock = SFU_FLASH_LOCK_FINAL;
	host.part = 0x413;
	host.entropy = n + 1u;
	host.ram = 0x20000000;
	host.ram_size = 0x20000;
	for (i = 0; i < sizeof host.uid; i++)
		host.uid[i] = (uint8_t)(n >> (8 * (i % 4)));
	to_core.count = from_core.count = 0;
}

void host_send(const uint8_t *data, uint32_t size)
{
	put(&to_core, data, size);
}

uint32_t host_receive(uint8_t *out, uint32_t max)
{
	const uint32_t count = look(&from_core, 0, out, max);

	drop(&from_core, count);
	return count;
}

uint32_t host_hear(uint8_t *out, uint32_t max)
{
	return look(&from_core, 0, out, max);
}

void host_heard(uint32_t count)
{
	drop(&from_core, count);
}

void host_hush(void)
{
	to_core.count = from_core.count = 0;
}

void sfu_port_open(void)
{
	host.opened++;
}

uint32_t sfu_port_rx_peek(uint32_t skip, uint8_t *out, uint32_t max)
{
	return look(&to_core, skip, out, max);
}

void sfu_port_rx_skip(uint32_t count)
{
	drop(&to_core, count);
}

void sfu_port_tx(const uint8_t *data, uint32_t size)
{
	put(&from_core, data, size);
}

uint32_t sfu_port_time(void)
{
	return host.time;
}

void sfu_port_idle(void)
{
	if (host_idle != NULL)
		host_idle();
	host.time += host.idle;
}

void sfu_port_kick(void)
{
	host.kicks++;
}

static int random_bytes(uint8_t *out, size_t size)
{
	FILE *file = fopen("/dev/urandom", "rb");
	int done;

	if (file == NULL)
		return 0;
	done = fread(out, size, 1, file) == 1;
	(void)fclose(file);
	return done;
}

uint32_t sfu_port_entropy(uint8_t out[32])
{
	uint32_t i;

	memset(out, 0, 32);
	if (host.entropy_fails || (host.entropy == 0 && !random_bytes(out, 32)))
		return SFU_E_ENTROPY;
	for (i = 0; host.entropy != 0 && i < 32; i++) {
		host.entropy = host.entropy * 6364136223846793005u + 1442695040888963407u;
		out[i] = (uint8_t)(host.entropy >> 56);
	}
	return SFU_OK;
}

void sfu_port_uid(uint8_t out[12])
{
	memcpy(out, host.uid, sizeof host.uid);
}

uint32_t sfu_port_part(void)
{
	return host.part;
}

uint32_t sfu_port_lock(void)
{
	const uint32_t read = host.lock_reads++;

	if (read < 32 && (host.lock_glitch >> read) % 2 == 1)
		return SFU_FLASH_LOCK_FINAL;
	return host.lock;
}

uint32_t sfu_port_entry(void)
{
	const uint32_t asked = host.entry;

	host.entry = 0;
	return asked;
}

void sfu_port_hand_over(uint32_t vectors, const uint8_t report[32], uint32_t trial)
{
	host.vectors = vectors;
	host.trial = trial;
	memcpy(host.report, report, sizeof host.report);
	longjmp(host_left, 1);
}

uint32_t sfu_port_stack_ok(uint32_t stack_pointer)
{
	return stack_pointer % 8u == 0 && stack_pointer > host.ram &&
	       stack_pointer - host.ram <= host.ram_size;
}

void sfu_port_reset(void)
{
	host.reset = 1;
	longjmp(host_left, 1);
}
