/* ymodem: every transition, hostile senders, and lrzsz's `sb` over a pty. Includes the machine's C, to
 * reach its steps; link it with crc.c only. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>
#include <sys/wait.h>
#include <time.h>
#include <cmocka.h>

#include "ymodem.c"

static uint8_t line[16384]; /* arrived and not taken */
static uint32_t line_size;
static uint8_t sent[256];
static uint32_t sent_size;
static uint32_t now;
static int real = -1; /* the pty, when there is one */
static int loses;     /* 1: pieces come a byte short */

static void pump(void)
{
	ssize_t n;

	if (real < 0)
		return;
	n = read(real, line + line_size, sizeof line - line_size);
	if (n > 0)
		line_size += (uint32_t)n;
}

uint32_t sfu_port_rx_peek(uint32_t skip, uint8_t *to, uint32_t max)
{
	uint32_t n;

	pump();
	n = skip < line_size ? line_size - skip : 0;
	n = n < max ? n : max;
	if (loses && n > 1)
		n--;
	memcpy(to, line + skip, n);
	return n;
}

void sfu_port_rx_skip(uint32_t count)
{
	assert_true(count <= line_size);
	line_size -= count;
	memmove(line, line + count, line_size);
}

void sfu_port_tx(const uint8_t *data, uint32_t size)
{
	assert_true(size == 1 || size == 2);
	if (real >= 0) {
		assert_int_equal(write(real, data, size), size);
		return;
	}
	assert_true(sent_size + size <= sizeof sent);
	memcpy(sent + sent_size, data, size);
	sent_size += size;
}

uint32_t sfu_port_time(void)
{
	struct timespec t;

	if (real < 0)
		return now;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint32_t)(t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

static struct sfu_ymodem y;

static void arrive(const void *data, uint32_t size)
{
	assert_true(line_size + size <= sizeof line);
	memcpy(line + line_size, data, size);
	line_size += size;
}

static void block(uint8_t number, const void *data, uint32_t size, uint32_t payload)
{
	uint8_t b[SFU_YMODEM_LARGE + SFU_YMODEM_FRAME] = { payload == 128 ? 1 : 2, number,
		(uint8_t)~number };
	uint32_t crc;

	memset(b + 3, size ? 0x1A : 0, payload);
	memcpy(b + 3, data, size);
	crc = sfu_crc16(0, b + 3, payload);
	b[3 + payload] = (uint8_t)(crc >> 8);
	b[4 + payload] = (uint8_t)crc;
	arrive(b, payload + 5);
}

static void expect(const char *bytes, uint32_t size)
{
	assert_int_equal(sent_size, size);
	assert_memory_equal(sent, bytes, size);
	sent_size = 0;
}

static enum sfu_ymodem_order look(void)
{
	enum sfu_ymodem_order order = sfu_ymodem_look(&y);

	assert_int_equal(y.cs, y.state);
	return order;
}

/* Looks until the time given is over. */
static enum sfu_ymodem_order await(uint32_t ms)
{
	enum sfu_ymodem_order order = SFU_YMODEM_WAIT;
	uint32_t i;

	for (i = 0; i < ms / 50 && order == SFU_YMODEM_WAIT && sent_size == 0; i++) {
		now += 50;
		order = look();
	}
	return order;
}

static void start(void)
{
	line_size = sent_size = 0;
	now = 0xFFFFFE00u; /* the clock wraps soon */
	sfu_ymodem_init(&y);
}

static void begin(const char *size)
{
	char head[64] = "a.sfu";

	start();
	strcpy(head + 6, size);
	block(0, head, sizeof head, 128);
	assert_int_equal(look(), SFU_YMODEM_BEGIN);
	expect("\x06" "C", 2);
}

static uint8_t data[70000], got[70000 + 1];

static uint32_t take_all(uint8_t *to, uint32_t piece)
{
	uint32_t n, all = 0;

	while ((n = sfu_ymodem_take(&y, to + all, piece)) > 0)
		all += n;
	return all;
}

static void test_file(void **state)
{
	uint32_t at, size, n, all, number, payload;
	char text[32];

	(void)state;
	for (size = 1; size <= sizeof data; size = size * 7 + 120) {
		sprintf(text, "%u 14000000000 0", size);
		begin(text);
		assert_int_equal(y.left, size);
		for (at = all = 0, number = 1; at < size; at += n, number++) {
			payload = number % 5 == 0 || size - at <= 128 ? 128 : 1024;
			n = size - at < payload ? size - at : payload;
			block((uint8_t)number, data + at, n, payload);
			assert_int_equal(look(), SFU_YMODEM_DATA);
			assert_int_equal(look(), SFU_YMODEM_DATA);
			all += take_all(got + all, 1 + number % 300);
			sfu_ymodem_answer(&y, 1);
			expect("\x06", 1);
			if (number % 3 == 0) { /* our answer was lost */
				block((uint8_t)number, data + at, n, payload);
				assert_int_equal(look(), SFU_YMODEM_WAIT);
				expect("\x06", 1);
			}
		}
		assert_int_equal(all, size);
		assert_memory_equal(got, data, size);
		assert_int_equal(y.left, 0);
		arrive("\x04", 1);
		assert_int_equal(look(), SFU_YMODEM_END);
		assert_int_equal(look(), SFU_YMODEM_END);
		sfu_ymodem_answer(&y, 1);
		expect("\x06" "C", 2);
		assert_int_equal(look(), SFU_YMODEM_WAIT);
		block(0, "", 0, 128);
		assert_int_equal(look(), SFU_YMODEM_STOP);
		expect("\x06", 1);
		assert_int_equal(line_size, 0);
	}
}

/* The number of a block is a byte: the last block before it wraps may come again, too. */
static void test_numbers_wrap(void **state)
{
	uint32_t number;

	(void)state;
	begin("40000");
	for (number = 1; number < 300; number++) {
		block((uint8_t)number, data, 128, 128);
		assert_int_equal(look(), SFU_YMODEM_DATA);
		sfu_ymodem_answer(&y, 1);
		expect("\x06", 1);
		block((uint8_t)number, data, 128, 128);
		assert_int_equal(look(), SFU_YMODEM_WAIT);
		expect("\x06", 1);
		assert_int_equal(y.left, 40000 - number * 128);
	}
}

/* A port that loses what it has shown, as one does whose buffer is written over: the block is asked for again. */
static void test_loses(void **state)
{
	(void)state;
	begin("300");
	block(1, data, 128, 128);
	loses = 1;
	assert_int_equal(await(2000), SFU_YMODEM_WAIT);
	loses = 0;
	expect("\x15", 1);
	block(1, data, 128, 128);
	assert_int_equal(look(), SFU_YMODEM_DATA);
	assert_int_equal(take_all(got, 128), 128);
	assert_memory_equal(got, data, 128);
}

static void test_block0(void **state)
{
	static const char *const bad[] = { "", "-1", "0", "x", " 5", "5x", "1000000000", "4294967297",
		"99999999999999999999999", "+5", "0x10" };
	static uint8_t full[1024];
	char head[128];
	uint32_t i, payload;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof *bad; i++) {
		start();
		memset(head, 0, sizeof head);
		strcpy(head, "a.sfu");
		strcpy(head + 6, bad[i]);
		block(0, head, sizeof head, 128);
		assert_int_equal(look(), SFU_YMODEM_STOP);
		expect("\x18\x18", 2);
		assert_int_equal(look(), SFU_YMODEM_STOP);
	}
	/* no NUL at all, and a size that does not end */
	for (payload = 128; payload <= 1024; payload += 896) {
		memset(full, '1', sizeof full);
		for (i = 0; i < 2; i++) {
			start();
			block(0, full, payload, payload);
			assert_int_equal(look(), SFU_YMODEM_STOP);
			expect("\x18\x18", 2);
			full[payload - 5] = 0;
		}
	}
	begin("999999999");
	assert_int_equal(y.left, 999999999);
	begin("7"); /* repeated: our answer was lost */
	block(0, "a.sfu\0" "7", 8, 128);
	assert_int_equal(look(), SFU_YMODEM_WAIT);
	expect("\x06" "C", 2);
}

static void test_wrong(void **state)
{
	uint32_t i, bit;

	(void)state;
	begin("300");
	for (i = 0; i < 9; i++) {
		block(1, data, 128, 128);
		bit = 8 + (uint32_t)rand() % (8 * 132);
		line[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(look(), SFU_YMODEM_WAIT);
		assert_int_equal(sent_size, 0);
		assert_int_equal(await(2000), SFU_YMODEM_WAIT);
		expect("\x15", 1);
		assert_int_equal(line_size, 0);
	}
	block(1, data, 128, 128);
	assert_int_equal(look(), SFU_YMODEM_DATA);
	sfu_ymodem_answer(&y, 1);
	expect("\x06", 1);
	assert_int_equal(y.left, 172); /* what was not taken is lost */
	for (i = 0; i < 10; i++) { /* incomplete, an early EOT, another number, a lone CAN */
		if (i % 4 == 0)
			arrive("\x02\x02", 2);
		else if (i % 4 == 1)
			arrive("\x04", 1);
		else if (i % 4 == 2)
			block(9, data, 128, 128);
		else
			arrive("\x18", 1);
		assert_int_equal(await(2000), SFU_YMODEM_WAIT);
		expect("\x15", 1);
	}
	block(3, data, 128, 128);
	assert_int_equal(await(2000), SFU_YMODEM_STOP);
	expect("\x18\x18", 2);
}

static void test_silent(void **state)
{
	uint32_t i;

	(void)state;
	start();
	assert_int_equal(await(60000), SFU_YMODEM_WAIT); /* idle: the session invites */
	assert_int_equal(sent_size, 0);
	begin("300");
	for (i = 0; i < SFU_YMODEM_ERRORS; i++) {
		assert_int_equal(await(9900), SFU_YMODEM_WAIT);
		assert_int_equal(sent_size, 0);
		assert_int_equal(await(200), SFU_YMODEM_WAIT);
		expect("C", 1);
	}
	assert_int_equal(await(11000), SFU_YMODEM_STOP);
	expect("\x18\x18", 2);
}

static void test_stops(void **state)
{
	uint32_t i;

	(void)state;
	begin("300");
	arrive("abc\x18z\x18\x18", 7);
	for (i = 0; i < 4 && look() == SFU_YMODEM_WAIT; i++)
		;
	assert_int_equal(look(), SFU_YMODEM_STOP);
	assert_int_equal(sent_size, 0);
	begin("300");
	block(1, data, 128, 128);
	assert_int_equal(look(), SFU_YMODEM_DATA);
	sfu_ymodem_answer(&y, 0);
	expect("\x18\x18", 2);
	assert_int_equal(look(), SFU_YMODEM_STOP);
	assert_int_equal(sfu_ymodem_take(&y, got, 128), 0);
	begin("5");
	block(1, data, 5, 128);
	assert_int_equal(look(), SFU_YMODEM_DATA);
	assert_int_equal(take_all(got, 64), 5);
	sfu_ymodem_answer(&y, 1);
	sent_size = 0;
	block(2, data, 128, 128); /* more than the file has */
	assert_int_equal(look(), SFU_YMODEM_STOP);
	expect("\x18\x18", 2);
}

/* A line that never stops: of every byte that might begin something, and random. */
static void test_endless(void **state)
{
	uint32_t round, i;

	(void)state;
	for (round = 0; round < 200; round++) {
		begin("300");
		for (i = 0; i < 3000 && look() != SFU_YMODEM_STOP; i++) {
			uint8_t byte = round % 5 == 4 ? (uint8_t)rand() 
				       : (uint8_t)"\x01\x02\x04\x55"[round % 4];

			while (line_size < 8000)
				arrive(&byte, 1);
			if (y.state == SFU_YMODEM_STATE_BLOCK)
				sfu_ymodem_answer(&y, 1);
			sent_size = 0;
			now += 20;
		}
	}
}

static void test_transitions(void **state)
{
	enum {
		I = SFU_YMODEM_STATE_IDLE, N = SFU_YMODEM_STATE_NAMED, D = SFU_YMODEM_STATE_DATA,
		B = SFU_YMODEM_STATE_BLOCK, F = SFU_YMODEM_STATE_FINISH,
		C = SFU_YMODEM_STATE_CLOSING, O = SFU_YMODEM_STATE_OVER
	};
	static const uint8_t next[SFU_YMODEM_STATES][SFU_YMODEM_EVENTS + 1] = {
		/* nothing first unfit empty next again wrong end cancel noise silent lost accept refuse */
		[I] = { I, N, O, O, I, I, I, I, O, I, I, O, I, O, I },
		[N] = { N, N, O, N, B, N, N, N, O, N, N, O, N, O, N },
		[D] = { D, D, O, D, B, D, D, F, O, D, D, O, D, O, D },
		[B] = { B, B, B, B, B, B, B, B, B, B, B, B, D, O, B },
		[F] = { F, F, F, F, F, F, F, F, F, F, F, F, C, O, F },
		[C] = { C, O, O, O, C, C, C, C, O, C, C, O, C, O, C },
		[O] = { O, O, O, O, O, O, O, O, O, O, O, O, O, O, O },
	};
	static const char *const says[SFU_YMODEM_STATES][SFU_YMODEM_EVENTS + 1] = {
		[I] = { "", "\6C", "\30\30", "\6", "", "", "\25", "", "", "", "", "\30\30", "", "\30\30", "" },
		[N] = { "", "", "\30\30", "", "", "\6C", "\25", "", "", "", "C", "\30\30", "", "\30\30", "" },
		[D] = { "", "", "\30\30", "", "", "\6", "\25", "", "", "", "\25", "\30\30", "", "\30\30", "" },
		[B] = { "", "", "", "", "", "", "", "", "", "", "", "", "\6", "\30\30", "" },
		[F] = { "", "", "", "", "", "", "", "", "", "", "", "", "\6C", "\30\30", "" },
		[C] = { "", "\30\30", "\30\30", "\6", "", "", "\25", "\6C", "", "", "C", "", "", "\30\30", "" },
		[O] = { "", "", "", "", "", "", "", "", "", "", "", "", "", "", "" },
	};
	uint32_t from, event;

	(void)state;
	for (from = 0; from < SFU_YMODEM_STATES; from++) {
		for (event = 0; event <= SFU_YMODEM_EVENTS; event++) {
			start();
			y.cs = (int)from;
			y.state = (uint8_t)from;
			sfu_ymodem_step(&y, (uint8_t)event, 0);
			assert_int_equal(y.state, next[from][event]);
			assert_int_equal(y.cs, y.state);
			expect(says[from][event], (uint32_t)strlen(says[from][event]));
		}
	}
}

/* Runs `sb` on a pty; refuses the file at the block given, if any. Answers its exit status. */
static int run_sb(const char *path, uint8_t *to, uint32_t *all, uint32_t refuse_at)
{
	int status = -1, over = 0, ended = 0;
	uint32_t invited = 0, blocks = 0, n, limit;
	struct termios t;
	pid_t pid;

	line_size = 0;
	real = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	assert_true(real >= 0 && grantpt(real) == 0 && unlockpt(real) == 0);
	pid = fork();
	if (pid == 0) {
		int fd = open(ptsname(real), O_RDWR);

		tcgetattr(fd, &t);
		cfmakeraw(&t);
		tcsetattr(fd, TCSANOW, &t);
		dup2(fd, 0);
		dup2(fd, 1);
		execlp("sb", "sb", "-q", "-k", path, (char *)NULL);
		_exit(127);
	}
	usleep(200000);
	sfu_ymodem_init(&y);
	*all = 0;
	limit = sfu_port_time() + 40000;
	while (waitpid(pid, &status, WNOHANG) == 0 && (int32_t)(limit - sfu_port_time()) > 0) {
		struct pollfd p = { real, POLLIN, 0 };

		if (y.state == SFU_YMODEM_STATE_IDLE && sfu_port_time() - invited > 1000) {
			sfu_port_tx((const uint8_t *)"C", 1);
			invited = sfu_port_time();
		}
		switch (over ? SFU_YMODEM_WAIT : look()) {
		case SFU_YMODEM_DATA:
			while ((n = sfu_ymodem_take(&y, to + *all, 100)) > 0)
				*all += n;
			sfu_ymodem_answer(&y, ++blocks != refuse_at);
			break;
		case SFU_YMODEM_END:
			ended = 1;
			sfu_ymodem_answer(&y, 1);
			break;
		case SFU_YMODEM_STOP:
			over = 1;
			break;
		case SFU_YMODEM_BEGIN:
			break;
		default:
			poll(&p, 1, 5);
		}
	}
	/* sb may be gone before its last bytes are looked at */
	limit = sfu_port_time() + 5000;
	while (!over && (int32_t)(limit - sfu_port_time()) > 0) {
		if (look() == SFU_YMODEM_STOP)
			over = 1;
		else
			usleep(1000);
	}
	close(real);
	real = -1;
	assert_int_equal(over, 1);
	assert_int_equal(ended, refuse_at == 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_sb(void **state)
{
	enum { SIZE = 100000 };
	static uint8_t file[SIZE], back[SIZE + 1024];
	char path[] = "/tmp/sfu-ymodem-XXXXXX";
	int fd = mkstemp(path), status;
	uint32_t i, all = 0;

	(void)state;
	for (i = 0; i < SIZE; i++)
		file[i] = (uint8_t)rand();
	assert_int_equal(write(fd, file, SIZE), SIZE);
	close(fd);
	status = run_sb(path, back, &all, 0);
	assert_int_equal(status, 0);
	assert_int_equal(all, SIZE);
	assert_memory_equal(back, file, SIZE);
	status = run_sb(path, back, &all, 3);
	assert_int_not_equal(status, 0);
	unlink(path);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file), cmocka_unit_test(test_numbers_wrap),
		cmocka_unit_test(test_loses), cmocka_unit_test(test_block0),
		cmocka_unit_test(test_wrong), cmocka_unit_test(test_silent),
		cmocka_unit_test(test_stops), cmocka_unit_test(test_endless),
		cmocka_unit_test(test_transitions), cmocka_unit_test(test_sb),
	};
	uint32_t i;

	srand(1);
	for (i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)rand();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
