/* Bytes on the line -> frames, against a receiver that is written from spec/formats.md (*Wire*) a byte at a time.
 *
 * Input: how the line cuts the bytes into pieces (1), then the bytes. The high bit of the first byte makes all frames
 * right again: where a frame ends, the four bytes before the flag become its FCS. */
#include <string.h>
#include "bytes.h"
#include "fuzz.h"
#include "grammar.h"
#include "link.h"

#define LINE_MAX 8192u
#define PAYLOAD 2085u

/* what is not judged, and looks at each byte; its branches are still counted */
#define UNJUDGED __attribute__((no_sanitize("address", "undefined")))

/* the second receiver */
static struct {
	uint8_t frame[PAYLOAD + 4];
	uint32_t fill, escaped, hunting;
} other;

static uint8_t line[LINE_MAX], sent[1024];
static uint32_t sent_fill;
static struct sfu_link link;

void sfu_port_tx(const uint8_t *data, uint32_t size)
{
	FUZZ_MUST(size <= sizeof sent - sent_fill, "more is sent than a frame can be");
	memcpy(sent + sent_fill, data, size);
	sent_fill += size;
}

static void listen(void)
{
	other.fill = other.escaped = 0;
	other.hunting = 1;
}

/* 1: the flag behind what is there ends a frame, whose payload is other.frame, `*size` bytes of it */
static int ended(uint32_t fill, uint32_t *size)
{
	if (fill <= 4 || grammar_crc(other.frame, fill - 4) != grammar_number(other.frame + fill - 4, 4))
		return 0;
	*size = fill - 4;
	return 1;
}

/* Hears bytes, one at a time, up to the end of a frame (then *size is that of its payload, else 0); answers how many. */
UNJUDGED static uint32_t hear(const uint8_t *bytes, uint32_t count, uint32_t *size)
{
	uint32_t i, fill = other.fill, escaped = other.escaped, hunting = other.hunting;

	*size = 0;
	for (i = 0; i < count && *size == 0; i++) {
		const uint8_t byte = bytes[i];

		if (byte == 0x7E) {
			if (!hunting && !escaped)
				(void)ended(fill, size);
			fill = escaped = hunting = 0;
		} else if (hunting) {
			continue;
		} else if (fill == sizeof other.frame) {
			hunting = 1;
		} else if (byte == 0x7D && !escaped) {
			escaped = 1;
		} else {
			other.frame[fill++] = escaped ? byte ^ 0x20 : byte;
			escaped = 0;
		}
	}
	other.fill = fill;
	other.escaped = escaped;
	other.hunting = hunting;
	return i;
}

/* Makes each frame's FCS right, where its bytes can be written without stuffing. */
UNJUDGED static void repair(uint8_t *bytes, size_t size)
{
	static uint8_t frame[LINE_MAX];
	size_t start = 0, i, j;

	for (i = 0; i < size; i++) {
		uint32_t fill = 0, sum;

		if (bytes[i] != 0x7E)
			continue;
		for (j = start; i >= start + 5 && j < i - 4; j++)
			frame[fill++] = bytes[j] == 0x7D && j + 1 < i - 4 ? bytes[++j] ^ 0x20 : bytes[j];
		sum = grammar_crc(frame, fill);
		for (j = 0; fill > 0 && j < 4; j++)
			bytes[i - 4 + j] = (uint8_t)(sum >> 8 * j);
		start = i + 1;
	}
}

/* A frame that the device sends is one that the second receiver understands. */
static void send_one(const uint8_t *payload, uint32_t size)
{
	uint32_t got;

	if (size > 1 + SFU_LINK_BODY_MAX)
		return;
	sent_fill = 0;
	sfu_link_send(payload[0], payload + 1, size - 1);
	listen();
	FUZZ_MUST(hear(sent, sent_fill, &got) == sent_fill && got == size && memcmp(other.frame, payload, size) == 0,
	          "what is sent is not what is heard");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t payload[PAYLOAD];
	uint32_t at = 0, piece, wanted;

	if (size < 1 || size - 1 > LINE_MAX)
		return 0;
	memcpy(line, data + 1, size - 1);
	if (data[0] >= 0x80)
		repair(line, size - 1);
	memset(&link, 0, sizeof link);
	sfu_link_init(&link);
	listen();
	while (at < size - 1) {
		piece = 1u + data[0] % 0x80u;
		if (piece > size - 1 - at)
			piece = (uint32_t)(size - 1 - at);
		piece = sfu_link_receive(&link, line + at, piece);
		FUZZ_MUST(piece > 0, "nothing is taken of bytes that are there");
		FUZZ_MUST(hear(line + at, piece, &wanted) == piece, "a frame is swallowed");
		at += piece;
		FUZZ_MUST(link.ready == wanted, "one receiver has a frame, the other none or another");
		FUZZ_MUST(link.fill <= SFU_LINK_FRAME_MAX && link.state < SFU_LINK_STATES, "the receiver's state is none");
		FUZZ_MUST((sfu_link_quiet(&link) == 1) == (other.hunting || (other.fill == 0 && !other.escaped)),
		          "between frames or not");
		if (wanted > 0) {
			FUZZ_MUST(memcmp(link.buffer + SFU_LINK_PAD, other.frame, wanted) == 0, "the payloads differ");
			memcpy(payload, other.frame, wanted);
			/* the second receiver is used to listen to the answer, then goes on behind this flag */
			send_one(payload, wanted);
			other.fill = other.escaped = other.hunting = 0;
		}
	}
	return 0;
}
