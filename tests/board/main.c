#include <stdio.h>
#include <string.h>

#include "command.h"
#include "stop.h"

static const char g_usage[] =
	"board: an emulated STM32F407VG that runs any firmware, and can be cut off, torn and "
	"disturbed\n"
	"  board program --flash FILE [-ob NAME=VALUE ...] IMAGE...\n"
	"  board run --flash FILE [--serial PATH] [--elf FILE] [--time-max MS] ...\n"
	"  board read --flash FILE [--from ADDR --size N] [-o OUT]\n"
	"  board diff FILE1 FILE2\n"
	"  board info --flash FILE\n"
	"  board SUBCOMMAND --help\n"
	"A flash file is a chip: flash, option bytes, OTP, and what a cut left behind. For "
	"example:\n"
	"  board program --flash chip.flash loader.elf && board run --flash chip.flash --serial "
	"tty --elf loader.elf\n";

char *board_option_value(int argc, char **argv, int *i)
{
	if (*i + 1 >= argc)
		board_fail(BOARD_EX_USAGE, "%s: needs a value", argv[*i]);
	return argv[++*i];
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*command)(int argc, char **argv);
	} commands[] = { { "program", board_command_program }, { "run", board_command_run },
		{ "read", board_command_read }, { "diff", board_command_diff },
		{ "info", board_command_info } };
	unsigned i;

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(g_usage, stdout);
		return 0;
	}
	for (i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].command(argc - 1, argv + 1);
	fputs(g_usage, stderr);
	board_fail(BOARD_EX_USAGE, argc > 1 ? "'%s' is not a subcommand" : "no subcommand given",
		argc > 1 ? argv[1] : "");
}
