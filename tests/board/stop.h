#ifndef BOARD_STOP_H
#define BOARD_STOP_H

/*
 * Why a run ends. The first request wins; the run loop sees it before the next
 * instruction. The values are the program's exit codes.
 */
enum board_stop {
	BOARD_RUNNING = -1,
	BOARD_STOP_PC = 0,     /* --stop-pc reached, or SIGINT/SIGTERM */
	BOARD_STOP_CUT = 3,    /* power was cut and --power-cycle not given */
	BOARD_STOP_TIME = 4,   /* --time-max or --cycles-max reached */
	BOARD_STOP_ASLEEP = 5, /* WFI, and nothing that could ever end it */
	BOARD_STOP_BROKE = 10, /* diagnosis: the firmware broke a rule of the silicon */
	BOARD_STOP_LOCKUP = 11 /* a fault inside the hard fault handler, or no vector table */
};

/* sysexits.h, for what is wrong outside the emulated chip */
enum {
	BOARD_EX_USAGE = 64,
	BOARD_EX_DATA = 65,
	BOARD_EX_NOINPUT = 66,
	BOARD_EX_SOFTWARE = 70,
	BOARD_EX_CANTCREATE = 73,
	BOARD_EX_IO = 74
};

enum board_stop board_stop_reason(void);
void board_stop(enum board_stop why);
void board_stop_clear(void);

/* Prints "board: diagnosis: ..." with pc, symbol and virtual time, and stops the run. */
void board_diagnose(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints "board: ..." and ends the program: what is wrong is the command, a file, the host. */
void board_fail(int exit_code, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/* Prints "board: ..." once a line; the run goes on. */
void board_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
