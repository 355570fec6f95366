/* What the host program is told: by an HSM's service (hsm_client.c), and by a device that downloads (transfer.c). Input: mode
 * (1), then what comes: for a device, frames whose sums are made right, or bytes as they are. Both lines are in memory.
 *
 * What the service says is taken if, and only if, it is one whole message of the kind and the size that was asked for. A
 * download that the program calls done was acknowledged to its last record and answered DONE, or INFO told that the slot
 * has it; and however the device babbles, it comes to an end. */
#include <string.h>
#include "bytes.h"
#include "fuzz.h"
#include "grammar.h"
#include "hsm_client.h"
#include "memory_file.h"
#include "transfer.h"

#define HOURS 3600000u

static struct fuzz_input in;
static uint64_t now;

/* ---- the program's clock and lines ---- */

uint64_t sfu_host_time(void)
{
	return ++now;
}

const char *sfu_args_text(const struct sfu_args *args, const char *name, int index)
{
	(void)args, (void)name, (void)index;
	FUZZ_MUST(0, "there is no command line");
}

int sfu_args_u32(const struct sfu_args *args, const char *name, uint32_t *value)
{
	(void)value;
	return sfu_args_text(args, name, 0) != NULL;
}

int sfu_args_wrong(const struct sfu_args *args, const char *format, ...)
{
	return sfu_args_text(args, format, 0) != NULL;
}

int sfu_address_parse(const struct sfu_args *args, const char *text, struct sfu_address *address)
{
	(void)address;
	return sfu_args_text(args, text, 0) != NULL;
}

int sfu_tls_open(const struct sfu_args *args, const struct sfu_address *address, int server, SSL_CTX **context)
{
	(void)address, (void)server, (void)context;
	return sfu_args_text(args, NULL, 0) != NULL;
}

/* ---- the service ---- */

static uint32_t connections;

int sfu_channel_connect(struct sfu_channel *c, const struct sfu_address *a, SSL_CTX *context, int milliseconds)
{
	(void)a, (void)context, (void)milliseconds;
	connections++;
	c->fd = 1;
	return 0;
}

int sfu_channel_read(struct sfu_channel *c, uint8_t *data, size_t size)
{
	FUZZ_MUST(c->fd == 1 && size > 0 && size <= SFU_SERVICE_MESSAGE_MAX + 4, "a read of nothing, or of nobody");
	/* in pieces of an odd size */
	return in.left == 0 ? -1 : (int)fuzz_bytes(&in, data, size > 7 ? (uint32_t)size - 3 : (uint32_t)size);
}

int sfu_channel_write(struct sfu_channel *c, const uint8_t *data, size_t size)
{
	FUZZ_MUST(c->fd == 1 && size > 0 && data != NULL, "a write of nothing, or to nobody");
	return size > 2 ? (int)size - 2 : (int)size;
}

short sfu_channel_events(const struct sfu_channel *c, int writing)
{
	(void)c, (void)writing;
	FUZZ_MUST(0, "who never waits is waited for");
}

void sfu_channel_close(struct sfu_channel *c)
{
	FUZZ_MUST(c->fd == 1, "a line is closed twice");
	c->fd = -1;
}

/* 1: the stream has the wanted message; it may begin once more behind a length that is none. */
static int service_says(const uint8_t *at, size_t left, uint8_t wanted, size_t size)
{
	uint32_t turn, length;

	for (turn = 0; turn < 2; turn++) {
		if (left < 4)
			return 0;
		length = sfu_get32(at);
		at += 4;
		left -= 4;
		if (length == 0 || length > 1024)
			continue;
		return left >= length && at[0] == wanted && length == 1 + size;
	}
	return 0;
}

static void service(void)
{
	static const struct { uint8_t ask, answer; size_t size; } of[] = {
		{ 1, 0x81, 88 }, { 2, 0x82, 248 }, { 3, 0x83, 20 }, { 4, 0x81, 88 },
	};
	static const uint8_t body[184];
	const uint32_t i = fuzz_byte(&in) % 4;
	const uint8_t *begin = in.at;
	const size_t left = in.left;
	struct sfu_hsm_client c = { .channel = { .fd = -1 }, .address = { .text = "service" } };
	int good;

	connections = 0;
	good = sfu_hsm_ask(&c, of[i].ask, body, i == 1 ? 184 : 4, of[i].answer, of[i].size) == 0;
	FUZZ_MUST(connections <= 2, "it asks more than twice");
	FUZZ_MUST(good == service_says(begin, left, of[i].answer, of[i].size), "an answer is taken that is none, or the other way round");
	FUZZ_MUST(!good || (c.refused == 0 && sfu_hsm_answer(&c) == c.answer.bytes + 5), "an answer lies elsewhere");
	if (c.channel.fd >= 0)
		sfu_channel_close(&c.channel);
}

/* ---- a device ---- */

static struct { uint8_t bytes[4096]; uint32_t at, size; } line;
static struct { uint8_t bytes[2200]; uint32_t size; int escaped, inside; } heard;
static int full, done, told;
static uint32_t records;

enum sfu_host_open sfu_host_open(struct sfu_host *host)
{
	host->fd = in.left > 0 ? 1 : -1;
	return in.left > 0 ? SFU_HOST_OPEN : SFU_HOST_ABSENT;
}

void sfu_host_close(struct sfu_host *host)
{
	host->fd = -1;
}

void sfu_host_wait(const struct sfu_host *host, int writing, int milliseconds)
{
	(void)host, (void)writing;
	now += milliseconds > 0 ? (uint64_t)milliseconds : 1;
}

int sfu_host_write(struct sfu_host *host, const uint8_t *data, size_t size)
{
	FUZZ_MUST(host->fd == 1 && data != NULL && size > 0 && size <= SFU_WIRE_FRAME_MAX, "a write of nothing, or to nobody");
	return size > 100 ? (int)(size - size / 3) : (int)size;
}

/* What a device has said: a receiver of its own. */
static void listen_to(uint8_t byte)
{
	const uint8_t *p = heard.bytes;

	if (byte != 0x7E) {
		if (byte == 0x7D && !heard.escaped)
			heard.escaped = 1;
		else if (heard.size < sizeof heard.bytes)
			heard.bytes[heard.size++] = heard.escaped ? (heard.escaped = 0, byte ^ 0x20) : byte;
		return;
	}
	if (heard.inside && !heard.escaped && heard.size > 4 && heard.size <= 2089
	    && grammar_crc(p, heard.size - 4) == grammar_number(p + heard.size - 4, 4)) {
		full |= (p[0] == 0x82 || p[0] == 0x83) && heard.size == 13 && grammar_number(p + 1, 4) == records;
		done |= p[0] == 0x84 && heard.size == 9;
		told |= p[0] == 0x81 && heard.size == 1 + 124 + 4;
	}
	heard.inside = 1;
	heard.size = 0;
	heard.escaped = 0;
}

/* The next thing that the input has the device say: a frame, or bytes. */
static void speak(void)
{
	const uint32_t what = fuzz_byte(&in);
	uint8_t body[128] = { 0 };
	uint32_t size;

	line.at = line.size = 0;
	switch (what % 8) {
	case 0: /* INFO, with a few fields of the input's */
		body[0] = 1;
		body[1] = 2;
		body[3] = 8;
		(void)fuzz_bytes(&in, body + 64, 60);
		line.size = (uint32_t)sfu_wire_encode(SFU_MESSAGE_INFO, body, SFU_INFO_SIZE, line.bytes);
		break;
	case 1:
	case 2: /* ACCEPT, ACK */
		sfu_put32(body, what / 8 % 8);
		sfu_put32(body + 4, what & 0x40 ? fuzz_word(&in) : what / 8 % 8 + 4);
		line.size = (uint32_t)sfu_wire_encode(what % 8 == 1 ? SFU_MESSAGE_ACCEPT : SFU_MESSAGE_ACK, body, SFU_WINDOW_SIZE, line.bytes);
		break;
	case 3: /* REFUSE */
		sfu_put32(body, fuzz_byte(&in) * 0x01010101u);
		line.size = (uint32_t)sfu_wire_encode(SFU_MESSAGE_REFUSE, body, SFU_REFUSAL_SIZE, line.bytes);
		break;
	case 4:
		line.size = (uint32_t)sfu_wire_encode(SFU_MESSAGE_DONE, body, 4, line.bytes);
		break;
	case 5: /* any frame */
		size = fuzz_byte(&in) % 128;
		(void)fuzz_bytes(&in, body, size);
		line.size = (uint32_t)sfu_wire_encode((uint8_t)(0x80 + what / 8), body, size, line.bytes);
		break;
	case 6: /* any bytes */
		size = fuzz_half(&in) % sizeof line.bytes;
		line.size = fuzz_bytes(&in, line.bytes, size);
		break;
	default: /* silence */
		now += 1u << what / 8 % 16;
	}
}

int sfu_host_read(struct sfu_host *host, uint8_t *data, size_t size)
{
	uint32_t i, n;

	FUZZ_MUST(host->fd == 1 && size > 0, "a read of nothing, or of nobody");
	if (line.at == line.size) {
		if (in.left == 0)
			return 0;
		speak();
		if (line.size == 0)
			return in.left % 5 == 0 ? -1 : 0;
	}
	n = line.size - line.at < size ? line.size - line.at : (uint32_t)size;
	memcpy(data, line.bytes + line.at, n);
	for (i = 0; i < n; i++)
		listen_to(line.bytes[line.at + i]);
	line.at += n;
	return (int)n;
}

void sfu_progress_start(struct sfu_progress *p, uint64_t total, uint64_t there)
{
	FUZZ_MUST(there <= total, "more is there than there is");
	p->total = total;
}

void sfu_progress_show(struct sfu_progress *p, uint64_t there)
{
	FUZZ_MUST(there <= p->total, "more is there than there is");
}

void sfu_progress_end(struct sfu_progress *p, uint64_t there)
{
	sfu_progress_show(p, there);
}

static void device(void)
{
	static uint8_t bytes[256 + 3 * 1024 + 3 * 32];
	struct sfu_station s = { .host = { .name = "line", .baud = 115200, .fd = 1 }, .wait = 1000 };
	struct sfu_package package = { .path = "package" };
	struct sfu_transfer t = { .station = &s, .package = &package, .retry = 30000 };
	struct sfu_info info;
	uint64_t began;

	memcpy(bytes, "SFUM\1\1\1", 7);
	bytes[36 + 12] = 1; /* version 1.0.0 */
	sfu_put32(bytes + 72, 3 * 1024);
	bytes[77] = 4;
	bytes[78] = 3;
	memory_file = (struct sfu_bytes){ bytes, sizeof bytes };
	FUZZ_MUST(sfu_package_read("package", &package) == 0, "the package is none");
	records = 3;
	memset(&line, 0, sizeof line);
	memset(&heard, 0, sizeof heard);
	full = done = told = 0;
	sfu_wire_init(&s.wire);
	began = now;
	if (sfu_station_begin(&s, &info) == 0) {
		const int status = sfu_transfer_run(&t, &info);

		FUZZ_MUST(status != 0 || (full && done) || told, "a download is called done that no device has finished");
		FUZZ_MUST(t.reached <= 3, "more records than there are");
	}
	FUZZ_MUST(now - began < HOURS, "a device that babbles keeps the program for hours");
	sfu_package_free(&package);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	in.at = data;
	in.left = size;
	now = 1000000;
	if (fuzz_byte(&in) % 4 == 0)
		service();
	else
		device();
	return 0;
}
