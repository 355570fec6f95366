/* YMODEM blocks -> a file, against a reader of blocks that is written from the protocol's description.
 *
 * Input: 1 to make the CRC and number of each block right that begins where one is looked for (1), how often the session
 * refuses (1), then steps: a count n (1) and n bytes that arrive; or, from 0xF0 on, time that passes. */
#include <string.h>
#include "fuzz.h"
#include "grammar.h"
#include "ymodem.h"

#define LINE_MAX 16384u
#define LOOKS_MAX 200u

static uint8_t line[LINE_MAX + 2048];
static uint32_t first, fill, now, answers;
static uint32_t summed; /* where the block begins whose CRC was looked at last */
static int holds;       /* it is right */
static struct sfu_ymodem y;

/* what the second reader knows */
static struct {
	uint32_t block, left, begun, ended;
} other;

uint32_t sfu_port_rx_peek(uint32_t skip, uint8_t *out, uint32_t max)
{
	const uint32_t count = fill - first;
	uint32_t n;

	/* most are of one byte: no call for those */
	if (max == 1 && skip < count) {
		*out = line[first + skip];
		return 1;
	}
	n = skip >= count ? 0 : count - skip < max ? count - skip : max;

	if (n > 0)
		memcpy(out, line + first + skip, n);
	return n;
}

void sfu_port_rx_skip(uint32_t count)
{
	FUZZ_MUST(count <= fill - first, "more is taken than has come");
	first += count;
}

void sfu_port_tx(const uint8_t *data, uint32_t size)
{
	FUZZ_MUST(size == 1 || size == 2, "an answer has one or two bytes");
	FUZZ_MUST(data[0] == 0x06 || data[0] == 0x15 || data[0] == 0x18 || data[0] == 'C', "an answer that YMODEM does not have");
	answers++;
}

uint32_t sfu_port_time(void)
{
	return now;
}

/* Data bytes that the block at the head of the line has, whole as it is; 0: there is none, or not all of it. */
static uint32_t head_size(void)
{
	const uint8_t *b = line + first;
	const uint32_t data = fill == first || b[0] - 1u > 1 ? 0 : b[0] == 1 ? 128 : 1024;

	return data == 0 || fill - first < data + 5 ? 0 : data;
}

/* Is its CRC right? Its bytes stay what they are, so one that is looked at again is not summed again. */
static int sum_holds(const uint8_t *b, uint32_t data)
{
	if (summed != first) {
		summed = first;
		holds = grammar_crc16(b + 3, data) == 256u * b[3 + data] + b[4 + data];
	}
	return holds;
}

/* Data bytes of the whole and correct block at the head of the line; 0: there is none. */
static uint32_t block_at_head(uint32_t *number)
{
	const uint8_t *b = line + first;
	const uint32_t data = head_size();

	if (data == 0 || b[1] + b[2] != 0xFF || !sum_holds(b, data))
		return 0;
	*number = b[1];
	return data;
}

/* The size in block 0: digits behind the name's NUL, up to a space or a NUL; 0: none that a package can have. */
static uint32_t file_size(const uint8_t *data, uint32_t size)
{
	const uint8_t *at = memchr(data, 0, size), *end = data + size;
	uint64_t value = 0;

	if (at == NULL || at == data)
		return 0;
	for (at++; at < end; at++) {
		if (*at == 0 || *at == ' ')
			return value > SFU_YMODEM_FILE_MAX ? 0 : (uint32_t)value;
		if (*at < '0' || *at > '9' || value > 1u << 30)
			return 0;
		value = 10 * value + (*at - '0');
	}
	return 0;
}

/* Makes the block at the head of the line right, once it is whole. */
static void repair(void)
{
	uint8_t *b = line + first;
	const uint32_t data = head_size();
	uint32_t crc;

	if (data == 0 || summed == first)
		return;
	if (b[1] != 0 || other.begun)
		b[1] = (uint8_t)(b[1] % 8 == 7 ? b[1] : other.begun ? other.block : 0);
	b[2] = (uint8_t)(0xFF - b[1]);
	crc = grammar_crc16(b + 3, data);
	b[3 + data] = (uint8_t)(crc >> 8);
	b[4 + data] = (uint8_t)crc;
	summed = first;
	holds = 1;
}

static void take_block(uint32_t data, int accept)
{
	const uint8_t *from = line + first + 3;
	const uint32_t size = data < other.left ? data : other.left;
	uint8_t out[100];
	uint32_t n, at = 0;

	FUZZ_MUST(y.size == size, "the block's part of the file");
	while ((n = sfu_ymodem_take(&y, out, sizeof out)) > 0) {
		FUZZ_MUST(at + n <= size && memcmp(out, from + at, n) == 0, "the block's bytes");
		at += n;
	}
	FUZZ_MUST(at == size, "not all of the block is given");
	other.left -= size;
	other.block = (other.block + 1) % 256;
	sfu_ymodem_answer(&y, accept ? 1 : 0);
}

/* One round as the session does it. 0: it is over. */
static int look(uint32_t refuse, int correct)
{
	uint32_t number = 0, data, before = first;
	const uint8_t *head;
	enum sfu_ymodem_order order;

	if (correct)
		repair();
	data = block_at_head(&number);
	head = line + first + 3;
	order = sfu_ymodem_look(&y);
	FUZZ_MUST(y.state < SFU_YMODEM_STATES && y.errors <= SFU_YMODEM_ERRORS && y.at <= y.size, "the receiver's state is none");
	switch (order) {
	case SFU_YMODEM_BEGIN:
		FUZZ_MUST(data > 0 && number == 0 && !other.begun, "a file begins without its block 0");
		other.left = file_size(head, data);
		FUZZ_MUST(other.left > 0 && y.left == other.left, "the file's size");
		other.begun = 1;
		other.block = 1;
		return 1;
	case SFU_YMODEM_DATA:
		FUZZ_MUST(data > 0 && number == other.block && other.begun && other.left > 0 && before == first,
		          "data without the block that is due");
		take_block(data, refuse == 0 || answers % refuse != refuse - 1);
		return 1;
	case SFU_YMODEM_END:
		FUZZ_MUST(other.begun && other.left == 0 && line[before] == 4 && !other.ended, "an end that is none");
		other.ended = 1;
		sfu_ymodem_answer(&y, refuse == 1 ? 0 : 1);
		return 1;
	case SFU_YMODEM_STOP:
		return 0;
	default:
		return 1;
	}
}

static int same(const struct sfu_ymodem *a, const struct sfu_ymodem *b)
{
	return a->cs == b->cs && a->state == b->state && a->block == b->block && a->left == b->left && a->at == b->at
	       && a->size == b->size && a->length == b->length && a->seen == b->seen && a->errors == b->errors
	       && a->since == b->since;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	uint32_t refuse, correct, n, looks, was, state;
	struct sfu_ymodem before;
	int on = 1;

	if (size > LINE_MAX)
		return 0;
	first = fill = now = answers = 0;
	summed = UINT32_MAX;
	memset(&other, 0, sizeof other);
	correct = fuzz_byte(&in) % 2;
	refuse = fuzz_byte(&in) % 64;
	sfu_ymodem_init(&y);
	while (in.left > 0 && on) {
		n = fuzz_byte(&in);
		if (n >= 0xF0) {
			now += 1u << (n - 0xF0);
		} else {
			/* 0xE0 and on: whole blocks */
			n = n < 0xE0 ? n : n == 0xE0 ? 133 : 1029;
			if (n > LINE_MAX - fill)
				n = LINE_MAX - fill;
			fill += fuzz_bytes(&in, line + fill, n);
		}
		for (looks = 0; on && looks < LOOKS_MAX; looks++) {
			was = first;
			state = y.state;
			on = look(refuse, (int)correct);
			if (first == was && y.state == state)
				break;
		}
	}
	/* nothing comes any more: it is over within its errors */
	for (n = 0; on && y.state != SFU_YMODEM_STATE_IDLE && n < 40; n++) {
		now += SFU_YMODEM_SILENT;
		for (looks = 0; on && looks < LOOKS_MAX; looks++) {
			was = first;
			before = y;
			on = look(0, 0);
			/* neither line nor time nor receiver has changed: the next look is the same */
			if (first == was && same(&before, &y))
				break;
		}
	}
	FUZZ_MUST(!on || y.state == SFU_YMODEM_STATE_IDLE, "a dead line keeps the transfer");
	return 0;
}
