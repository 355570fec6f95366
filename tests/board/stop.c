#include "stop.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "cpu.h"
#include "symbols.h"

static enum board_stop g_reason = BOARD_RUNNING;

enum board_stop board_stop_reason(void)
{
	return g_reason;
}

void board_stop(enum board_stop why)
{
	if (g_reason == BOARD_RUNNING)
		g_reason = why;
	board_cpu_attend();
}

void board_stop_clear(void)
{
	g_reason = BOARD_RUNNING;
}

static void say(const char *prefix, const char *format, va_list args)
{
	fflush(stdout);
	fputs(prefix, stderr);
	vfprintf(stderr, format, args);
}

void board_diagnose(const char *format, ...)
{
	const uint64_t now = board_now();
	va_list args;

	if (g_reason != BOARD_RUNNING)
		return;
	va_start(args, format);
	say("board: diagnosis: ", format, args);
	va_end(args);
	fprintf(stderr, " (pc 0x%08x %s, instruction %llu, %llu.%06llu ms)\n", board_cpu_pc(),
		board_symbol_at(board_cpu_pc()), (unsigned long long)board_insns,
		(unsigned long long)(now / BOARD_MS), (unsigned long long)(now % BOARD_MS / 1000));
	board_stop(BOARD_STOP_BROKE);
}

void board_fail(int exit_code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("board: ", format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(exit_code);
}

void board_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say("board: ", format, args);
	va_end(args);
	fputc('\n', stderr);
}
