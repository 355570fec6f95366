#include "command.h"

#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "cpu.h"
#include "defect.h"
#include "file.h"
#include "flash.h"
#include "gpio.h"
#include "host.h"
#include "inject.h"
#include "report.h"
#include "reset.h"
#include "rng.h"
#include "scs.h"
#include "stop.h"
#include "store.h"
#include "symbols.h"
#include "tries.h"
#include "usart.h"
#include "watchdog.h"

static const char g_usage[] =
	"board run --flash FILE [options]\n"
	"Runs the chip from power-on until a stop condition, SIGINT/SIGTERM or a diagnosis.\n"
	"  --serial PATH        link PATH to a pseudo terminal that is the serial line\n"
	"  --uart 1|2|3|6       the USART the line is wired to (2)\n"
	"  --button             PA0 is high from the start; SIGUSR1 toggles it\n"
	"  --warp               skip idle time once the line is silent\n"
	"  --lenient            silicon's error flags instead of a diagnosis\n"
	"  --part stm32f407     the only part so far\n"
	"  --seed N             what is random (torn cells, RAM at power-on, RNG) follows from N\n"
	"  --rng-fail           the RNG reports seed errors\n"
	"  --ram FILE           what RAM holds at power-on: SRAM, then CCM, as --ram-dump writes it\n"
	"stop:\n"
	"  --stop-pc ADDR|SYMBOL ...  exit 0 before the instruction there executes\n"
	"  --cycles-max N       exit 4 after N instructions\n"
	"  --time-max MS        exit 4 at this virtual time\n"
	"go wrong (each may be repeated):\n"
	"  --cut N:before|inside|after  cut power at the N-th flash operation of this run\n"
	"  --cut-instruction N  cut power before the N-th instruction\n"
	"  --power-cycle        power comes back after a cut; else exit 3\n"
	"  --skip-instruction N do not execute the N-th instruction\n"
	"  --flip ADDR:BIT@N    flip a memory bit before the N-th instruction\n"
	"  --result N:R:VALUE   the N-th instruction leaves VALUE in register R (0 to 14)\n"
	"  --turn N             the N-th instruction, a conditional branch, goes the other way; an IT\n"
	"                       has its conditions turned round, an instruction behind it its own\n"
	"  --ecc ADDR[:nmi]     a load from that word of flash gives a bus fault (or, after it, an "
	"NMI)\n"
	"  --tries FILE         each of its lines a run of its own from the first fault on: skip N,\n"
	"                       result N:R:VALUE or turn N; told is the exit code; then one without\n"
	"defects (each may be repeated, but --hang):\n"
	"  --cell ADDR:BIT:0|1[@N]  that bit of flash holds this value after every erase and\n"
	"                       program, from the N-th flash operation on\n"
	"  --hang N[:stall]     BSY does not fall after the N-th flash operation; stall: nor does an\n"
	"                       access to flash ever end\n"
	"  --rng KIND[@N]       from the N-th number on: seed, clock (an error now), latched-seed,\n"
	"                       latched-clock (an error before), repeat, silent\n"
	"  --dead hse|pll       it never gets ready\n"
	"tell:\n"
	"  --elf FILE           symbols (repeatable)\n"
	"  --mark SYMBOL ...    print instruction count and time each time pc gets there\n"
	"  --trace FILE         a line per flash operation: number, ms, pc(symbol), what, address, "
	"old, new\n"
	"  --profile FILE       instructions per function\n"
	"  --path N-M[:ends]    a line for each of these instructions, or for the first and the last\n"
	"                       time of those at one address: number, pc, symbol, a mask of the\n"
	"                       registers that it writes, for how many instructions from it on --turn\n"
	"                       has something to turn, and LR before it\n"
	"  --json FILE          counts, at the end\n"
	"  --fence FROM-TO@PC   an instruction in that range of flash, after pc was at PC and before\n"
	"                       the next reset, is a diagnosis\n"
	"  --sent FILE          every byte that a USART sent\n"
	"  --registers FILE     every register that is not 0, at the end\n"
	"  --ram-dump FILE      SRAM (128 KiB) then CCM (64 KiB), at the end\n"
	"exit: 0 stop-pc or signal, 3 cut, 4 time or cycles, 5 asleep for ever, 10 diagnosis, 11 "
	"lockup,\n"
	"      64 command line, 65 bad file, 66 no such file, 70 inside, 73 cannot create, 74 "
	"input/output\n";

static struct {
	const char *flash, *serial;
	unsigned uart;
	int warp, power_cycle, seeded, rng_fails;
	uint64_t seed, cycles_max, time_max;
} g_run = { .uart = 2, .seed = 1, .cycles_max = BOARD_NEVER, .time_max = BOARD_NEVER };

static int flag_option(const char *name)
{
	if (strcmp(name, "--button") == 0)
		board_gpio_press(1);
	else if (strcmp(name, "--warp") == 0)
		g_run.warp = 1;
	else if (strcmp(name, "--lenient") == 0)
		board_lenient = 1;
	else if (strcmp(name, "--power-cycle") == 0)
		g_run.power_cycle = 1;
	else if (strcmp(name, "--rng-fail") == 0)
		g_run.rng_fails = 1;
	else
		return 0;
	return 1;
}

static int report_option(const char *name, const char *value)
{
	static const struct {
		const char *name;
		void (*set)(const char *value);
	} options[] = { { "--trace", board_report_trace }, { "--profile", board_report_profile },
		{ "--json", board_report_json }, { "--ram-dump", board_report_ram },
		{ "--elf", board_symbols_load }, { "--cut", board_inject_cut },
		{ "--cut-instruction", board_inject_cut_instruction },
		{ "--skip-instruction", board_inject_skip }, { "--ecc", board_inject_ecc },
		{ "--cell", board_defect_cell }, { "--hang", board_defect_hang },
		{ "--rng", board_defect_rng }, { "--dead", board_defect_clock },
		{ "--ram", board_cpu_ram_file }, { "--fence", board_report_fence },
		{ "--sent", board_report_sent }, { "--registers", board_report_registers },
		{ "--flip", board_inject_flip }, { "--result", board_inject_result },
		{ "--turn", board_inject_turn }, { "--path", board_inject_path },
		{ "--tries", board_tries_load }, { "--mark", board_report_mark },
		{ "--stop-pc", board_report_stop_at } };
	unsigned i;

	for (i = 0; i < sizeof options / sizeof options[0]; i++)
		if (strcmp(name, options[i].name) == 0) {
			options[i].set(value);
			return 1;
		}
	return 0;
}

static void value_option(const char *name, const char *value)
{
	if (strcmp(name, "--flash") == 0) {
		g_run.flash = value;
	} else if (strcmp(name, "--serial") == 0) {
		g_run.serial = value;
	} else if (strcmp(name, "--uart") == 0) {
		g_run.uart = (unsigned)board_number_of(name, value, 6);
		if (g_run.uart == 0 || g_run.uart == 4 || g_run.uart == 5)
			board_fail(BOARD_EX_USAGE, "--uart %s: not 1, 2, 3 or 6", value);
	} else if (strcmp(name, "--part") == 0) {
		if (strcmp(value, "stm32f407") != 0)
			board_fail(BOARD_EX_USAGE, "--part %s: only stm32f407 is modelled", value);
	} else if (strcmp(name, "--seed") == 0) {
		g_run.seed = board_number_of(name, value, UINT64_MAX);
		g_run.seeded = 1;
	} else if (strcmp(name, "--cycles-max") == 0) {
		g_run.cycles_max = board_number_of(name, value, UINT64_MAX - 1);
	} else if (strcmp(name, "--time-max") == 0) {
		g_run.time_max = board_number_of(name, value, UINT64_MAX / BOARD_MS - 1) * BOARD_MS;
	} else if (!report_option(name, value)) {
		board_fail(BOARD_EX_USAGE, "run: unknown option %s (see board run --help)", name);
	}
}

/* --mark and --stop-pc take every word up to the next option. */
static void parse(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		const char *name = argv[i];

		if (name[0] != '-')
			board_fail(BOARD_EX_USAGE,
				"run: '%s' is not an option (see board run --help)", name);
		if (flag_option(name))
			continue;
		value_option(name, board_option_value(argc, argv, &i));
		while ((strcmp(name, "--mark") == 0 || strcmp(name, "--stop-pc") == 0) &&
			i + 1 < argc && argv[i + 1][0] != '-')
			value_option(name, argv[++i]);
	}
	if (g_run.flash == NULL)
		board_fail(BOARD_EX_USAGE, "run: --flash FILE is missing");
}

static void out_of_time(void)
{
	board_stop(BOARD_STOP_TIME);
}

static void set_up(void)
{
	board_store_open(g_run.flash, 0, 1);
	board_cpu_init();
	board_scs_init();
	board_flash_init(g_run.seed);
	board_watchdog_init();
	board_usart_init(g_run.uart);
	board_rng_init(g_run.seeded, g_run.seed, g_run.rng_fails);
	board_timer_handle(BOARD_TIMER_LIMIT, out_of_time);
	board_timer_set(BOARD_TIMER_LIMIT, g_run.time_max);
	board_cpu_limit(g_run.cycles_max);
	board_report_start();
	board_inject_start();
	board_host_init(g_run.serial, g_run.warp);
}

/* One power-on to the next, or to the end. */
static enum board_stop live(void)
{
	enum board_reset cause = BOARD_RESET_POWER;

	board_stop_clear();
	for (;;) {
		board_reset_all(cause, g_run.seed);
		board_cpu_run();
		if (board_stop_reason() != BOARD_RUNNING)
			return board_stop_reason();
		cause = board_reset_requested();
	}
}

int board_command_run(int argc, char **argv)
{
	enum board_stop reason;

	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		fputs(g_usage, stdout);
		return 0;
	}
	parse(argc, argv);
	set_up();
	while ((reason = live()) == BOARD_STOP_CUT && g_run.power_cycle)
		;
	board_tries_end((int)reason);
	board_flash_end(); /* power goes; what was under way is torn */
	board_report_finish((int)reason);
	board_host_close();
	board_store_close();
	return (int)reason;
}
