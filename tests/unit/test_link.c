/* link: every transition, round trips, and lines that misbehave. Includes the machine's C, to reach
 * its steps; link it with crc.c only. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "link.c"

static uint8_t line[1 << 16];
static uint32_t line_size, line_calls;

void sfu_port_tx(const uint8_t *data, uint32_t size)
{
	assert_in_range(size, 1, SFU_LINK_PIECE);
	assert_true(line_size + size <= sizeof line);
	memcpy(line + line_size, data, size);
	line_size += size;
	line_calls++;
}

static struct sfu_link l;

static uint32_t put_stuffed(uint8_t *out, const uint8_t *data, uint32_t size)
{
	uint32_t i, n = 0;

	for (i = 0; i < size; i++) {
		if (data[i] == 0x7E || data[i] == 0x7D) {
			out[n++] = 0x7D;
			out[n++] = data[i] ^ 0x20;
		} else {
			out[n++] = data[i];
		}
	}
	return n;
}

/* A frame as the station would send it; written apart from sfu_link_send. */
static uint32_t make_frame(uint8_t *out, const uint8_t *payload, uint32_t size)
{
	uint8_t fcs[4];
	uint32_t n = 0, crc = sfu_crc32(payload, size), i;

	for (i = 0; i < 4; i++)
		fcs[i] = (uint8_t)(crc >> (8 * i));
	out[n++] = 0x7E;
	n += put_stuffed(out + n, payload, size);
	n += put_stuffed(out + n, fcs, 4);
	out[n++] = 0x7E;
	return n;
}

static void fill_random(uint8_t *out, uint32_t size)
{
	uint32_t i;

	for (i = 0; i < size; i++)
		out[i] = rand() % 4 ? (uint8_t)rand() : (uint8_t)(0x7D + rand() % 2);
}

/* Feeds all in chunks; answers the number of good frames, the last one in `payload`. */
static uint32_t feed(const uint8_t *data, uint32_t size, uint32_t chunk, uint8_t *payload,
	uint32_t *payload_size)
{
	uint32_t at = 0, frames = 0, n;

	while (at < size) {
		n = size - at < chunk ? size - at : chunk;
		n = sfu_link_receive(&l, data + at, n);
		assert_in_range(n, 1, chunk);
		at += n;
		assert_true(l.ready <= SFU_LINK_PAYLOAD_MAX && l.fill <= SFU_LINK_FRAME_MAX);
		assert_true((uint32_t)l.cs == l.state);
		if (l.ready) {
			frames++;
			memcpy(payload, l.buffer + SFU_LINK_PAD, l.ready);
			*payload_size = l.ready;
		}
	}
	return frames;
}

static uint8_t in[SFU_LINK_PAYLOAD_MAX], out[SFU_LINK_PAYLOAD_MAX + 8], wire[8192];

static void test_vector(void **state)
{
	static const uint8_t hello[] = { 0x7E, 0x01, 0x1B, 0xDF, 0x05, 0xA5, 0x7E };
	uint32_t size = 0;

	(void)state;
	assert_int_equal(sfu_crc32((const uint8_t *)"123456789", 9), 0xCBF43926);
	line_size = 0;
	sfu_link_send(1, NULL, 0);
	assert_int_equal(line_size, sizeof hello);
	assert_memory_equal(line, hello, sizeof hello);
	sfu_link_init(&l);
	assert_int_equal(feed(hello, sizeof hello, 3, out, &size), 1);
	assert_int_equal(size, 1);
	assert_int_equal(out[0], 1);
}

static void test_send(void **state)
{
	uint32_t size, round, got = 0;

	(void)state;
	for (round = 0; round < 2000; round++) {
		size = (uint32_t)rand() % (SFU_LINK_BODY_MAX + 1);
		fill_random(in, size + 1);
		line_size = line_calls = 0;
		sfu_link_send(in[0], in + 1, size);
		assert_int_equal(line_size, make_frame(wire, in, size + 1));
		assert_memory_equal(line, wire, line_size);
		assert_true(line_calls <= line_size / SFU_LINK_PIECE + 1);
		sfu_link_init(&l);
		assert_int_equal(feed(line, line_size, 1 + round % 70, out, &got), 1);
		assert_int_equal(got, size + 1);
		assert_memory_equal(out, in, got);
	}
}

static void test_round_trip(void **state)
{
	uint32_t chunk, size, wire_size, got = 0;

	(void)state;
	sfu_link_init(&l);
	for (chunk = 1; chunk <= 70; chunk++) {
		for (size = 1; size <= SFU_LINK_PAYLOAD_MAX; size += 1 + (uint32_t)rand() % 90) {
			fill_random(in, size);
			wire_size = make_frame(wire, in, size);
			assert_int_equal(feed(wire, wire_size, chunk, out, &got), 1);
			assert_int_equal(got, size);
			assert_memory_equal(out, in, size);
			assert_int_equal(sfu_link_quiet(&l), 1);
		}
	}
	size = SFU_LINK_PAYLOAD_MAX;
	memset(in, 0x7E, size);
	wire_size = make_frame(wire, in, size);
	assert_int_equal(feed(wire, wire_size, 64, out, &got), 1);
	assert_int_equal(got, size);
	/* one flag between two frames is enough */
	wire_size = make_frame(wire, in, 5);
	wire_size += make_frame(wire + wire_size - 1, in, 9) - 1;
	assert_int_equal(feed(wire, wire_size, 64, out, &got), 2);
	assert_int_equal(got, 9);
}

static void test_too_long(void **state)
{
	uint8_t big[SFU_LINK_PAYLOAD_MAX + 3];
	uint32_t over, n, got = 0;

	(void)state;
	for (over = 1; over <= 3; over++) {
		memset(big, over == 2 ? 0x7D : 'x', sizeof big);
		n = make_frame(wire, big, SFU_LINK_PAYLOAD_MAX + over);
		sfu_link_init(&l);
		assert_int_equal(feed(wire, n - 1, 64, out, &got), 0);
		assert_int_equal(l.state, SFU_LINK_STATE_HUNT);
		assert_int_equal(sfu_link_quiet(&l), 1);
		n = make_frame(wire, big, 7);
		assert_int_equal(feed(wire, n, 64, out, &got), 1);
		assert_int_equal(got, 7);
	}
}

static void test_damage(void **state)
{
	uint32_t n, bit, got = 0;

	(void)state;
	fill_random(in, 40);
	n = make_frame(wire, in, 40);
	for (bit = 8; bit < 8 * (n - 1); bit++) {
		wire[bit / 8] ^= (uint8_t)(1u << bit % 8);
		sfu_link_init(&l);
		assert_int_equal(feed(wire, n, 64, out, &got), 0);
		wire[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(feed(wire, n, 64, out, &got), 1);
	}
	/* missing end: the next frame's flag ends it */
	sfu_link_init(&l);
	assert_int_equal(feed(wire, n - 3, 64, out, &got), 0);
	assert_int_equal(sfu_link_quiet(&l), 0);
	assert_int_equal(feed(wire, n, 64, out, &got), 1);
}

static void test_escapes(void **state)
{
	static const uint8_t abort_frame[] = { 0x7E, 0x01, 0x1B, 0xDF, 0x05, 0xA5, 0x7D, 0x7E };
	static const uint8_t rest[] = { 0x01, 0x1B, 0xDF, 0x05, 0xA5, 0x7E };
	static const uint8_t empty[] = { 0x7E, 0x7E, 0x7E, 0x00, 0x7E, 0, 0, 0, 0, 0x7E, 0, 0, 0, 0x7E };
	uint8_t escapes[5000];
	uint32_t got = 0;

	(void)state;
	sfu_link_init(&l);
	assert_int_equal(feed(abort_frame, sizeof abort_frame, 64, out, &got), 0);
	assert_int_equal(l.state, SFU_LINK_STATE_FRAME);
	assert_int_equal(feed(rest, sizeof rest, 64, out, &got), 1);
	assert_int_equal(feed(empty, sizeof empty, 64, out, &got), 0);
	assert_int_equal(sfu_link_quiet(&l), 1);
	memset(escapes, 0x7D, sizeof escapes);
	assert_int_equal(feed(escapes, sizeof escapes, 64, out, &got), 0);
	assert_int_equal(feed(abort_frame, 6, 64, out, &got), 0);
	assert_int_equal(feed(abort_frame, 1, 64, out, &got), 1);
	assert_int_equal(feed(escapes, 1, 64, out, &got), 0);
	assert_int_equal(sfu_link_quiet(&l), 0);
}

static void test_noise(void **state)
{
	uint32_t round, n, got = 0;

	(void)state;
	sfu_link_init(&l);
	for (round = 0; round < 3000; round++) {
		fill_random(line, 4000);
		/* a random frame with a correct FCS may come, but not often */
		assert_true(feed(line, 4000, 1 + (uint32_t)rand() % 4000, out, &got) < 2);
		feed((const uint8_t *)"~", 1, 1, out, &got);
		n = make_frame(wire, line, 1 + round % 100);
		assert_int_equal(feed(wire, n, 64, out, &got), 1);
		assert_memory_equal(out, line, got);
	}
	memset(line, 'x', sizeof line);
	assert_int_equal(feed(line, sizeof line, 64, out, &got), 0);
	assert_int_equal(l.state, SFU_LINK_STATE_HUNT);
	assert_int_equal(sfu_link_receive(&l, line, 0), 0);
}

static void test_transitions(void **state)
{
	static const uint8_t next[SFU_LINK_STATES][SFU_LINK_EVENTS + 1] = {
		/* FLAG, GOOD, ESCAPE, RUN, LONG, no event */
		{ 1, 1, 0, 0, 0, 0 },
		{ 1, 1, 2, 1, 0, 0 },
		{ 1, 1, 1, 1, 0, 0 },
	};
	uint32_t from, event, fill;

	(void)state;
	for (from = 0; from < SFU_LINK_STATES; from++) {
		for (event = 0; event <= SFU_LINK_EVENTS; event++) {
			fill = from ? 20 : 0;
			l.cs = (int)from;
			l.state = from;
			l.fill = fill;
			l.ready = 0;
			sfu_link_step(&l, (uint8_t)event, 'a', 3);
			assert_int_equal(l.state, next[from][event]);
			assert_int_equal(l.cs, l.state);
			assert_int_equal(l.ready, from == 1 && event == 1 ? 16 : 0);
			if (from == 1 && event == 2)
				assert_int_equal(l.fill, 20);
			else if ((from && event == 3) || (from == 2 && event == 2))
				assert_int_equal(l.fill, 23);
			else
				assert_int_equal(l.fill, 0);
			if (from == 2 && (event == 2 || event == 3))
				assert_int_equal(l.buffer[SFU_LINK_PAD + 20], 'a' ^ 0x20);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vector), cmocka_unit_test(test_send),
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_damage), cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_noise), cmocka_unit_test(test_transitions),
	};

	srand(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
