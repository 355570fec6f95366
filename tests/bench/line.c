/* The other end of the emulated board's line, for measurements: in place of tests/board/host.c. A station
 * at a socket is told every byte the chip sends and answers in no virtual time at all, so that a
 * run depends on nothing but its input, and every count can be had again.
 *
 * --serial FD   a stream socket that is open already. To the station, 24 bytes, little-endian:
 *               time in ps (8), instructions (8), of these while flash was busy (4, modulo 2^32),
 *               'B' a byte was sent or 'W' you asked to be woken (1), the byte (1), zeros (2).
 *               It answers both with: ps at which to be woken (8), how many bytes go to the
 *               chip now (4), 1: end the run (4), and the bytes. With --profile, messages 'P' at the
 *               end tell how often (second field) the instruction at an address (first) was executed. */
#include "host.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "cpu.h"
#include "memory.h"
#include "part.h"
#include "stop.h"
#include "usart.h"

static int g_station = -1;
static uint8_t g_in[65536];
static size_t g_first, g_end;

static void take(void *data, size_t size)
{
	uint8_t *to = data;

	while (size > 0) {
		const ssize_t n = read(g_station, to, size);

		if (n <= 0)
			board_fail(BOARD_EX_IO, "the station is gone");
		to += n;
		size -= (size_t)n;
	}
}

static void tell(char what, uint8_t byte, uint64_t first, uint64_t second)
{
	struct {
		uint64_t first, second;
		uint32_t busy;
		char what;
		uint8_t byte, zero[2];
	} message = { first, second, (uint32_t)board_busy_insns, what, byte, { 0, 0 } };

	if (write(g_station, &message, sizeof message) != sizeof message)
		board_fail(BOARD_EX_IO, "the station is gone");
}

static void ask(char what, uint8_t byte)
{
	struct {
		uint64_t wake;
		uint32_t size, stop;
	} answer;

	if (g_station < 0)
		return;
	tell(what, byte, board_now(), board_insns);
	take(&answer, sizeof answer);
	memmove(g_in, g_in + g_first, g_end - g_first);
	g_end -= g_first;
	g_first = 0;
	if (answer.size > sizeof g_in - g_end)
		board_fail(BOARD_EX_DATA, "the station sends too much at once");
	take(g_in + g_end, answer.size);
	g_end += answer.size;
	board_timer_set(BOARD_TIMER_HOST, answer.wake);
	if (answer.stop)
		board_stop(BOARD_STOP_PC);
	board_usart_host_ready();
}

static void wake(void)
{
	ask('W', 0);
}

void board_host_init(const char *link, int warp)
{
	(void)warp;
	if (link == NULL)
		return;
	g_station = atoi(link);
	board_timer_handle(BOARD_TIMER_HOST, wake);
	board_timer_set(BOARD_TIMER_HOST, board_now());
}

void board_host_close(void)
{
	uint32_t a;

	if (g_station < 0)
		return;
	for (a = BOARD_FLASH_BASE; a < BOARD_FLASH_BASE + BOARD_FLASH_SIZE; a += 2)
		if (board_cpu_count_at(a) != 0)
			tell('P', 0, a, board_cpu_count_at(a));
	close(g_station);
}

void board_host_idle(int idle)
{
	(void)idle;
}
void board_host_polled(void)
{
}

int board_host_interrupted(void)
{
	return 0;
}

int board_host_has_bytes(void)
{
	return g_first != g_end;
}

int board_host_receive(uint8_t *byte)
{
	if (g_first == g_end)
		return 0;
	*byte = g_in[g_first++];
	return 1;
}

void board_host_send(uint8_t byte)
{
	ask('B', byte);
}
