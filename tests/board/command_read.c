#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "stop.h"
#include "store.h"

static const char g_read_usage[] = "board read --flash FILE [--from ADDR --size N] [-o OUT]\n"
				   "Writes flash, as it reads now, to OUT or standard output. Read "
				   "protection does not hold here:\n"
				   "this looks at the file, not at the chip.\n";
static const char g_diff_usage[] = "board diff FILE1 FILE2\n"
				   "Prints the ranges of flash that differ, and option bytes and "
				   "OTP if they do. Exit 1 if anything does.\n";
static const char g_info_usage[] =
	"board info --flash FILE\nPrints option bytes and the state of each sector.\n";

static int help(int argc, char **argv, const char *usage)
{
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return 1;
	}
	return 0;
}

static void write_out(const char *path, uint32_t from, size_t size)
{
	FILE *f = path == NULL ? stdout : board_file_create(path);

	fwrite(board_flash_bytes + (from - BOARD_FLASH_BASE), 1, size, f);
	if (path != NULL)
		board_file_finish(path, f);
	else if (fflush(f) != 0)
		board_fail(BOARD_EX_IO, "standard output: cannot write");
}

int board_command_read(int argc, char **argv)
{
	const char *flash = NULL, *out = NULL;
	uint64_t from = BOARD_FLASH_BASE, size = UINT64_MAX;
	int i;

	if (help(argc, argv, g_read_usage))
		return 0;
	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--flash") == 0)
			flash = board_option_value(argc, argv, &i);
		else if (strcmp(argv[i], "--from") == 0)
			from = board_number_of(
				"--from", board_option_value(argc, argv, &i), UINT32_MAX);
		else if (strcmp(argv[i], "--size") == 0)
			size = board_number_of(
				"--size", board_option_value(argc, argv, &i), UINT32_MAX);
		else if (strcmp(argv[i], "-o") == 0)
			out = board_option_value(argc, argv, &i);
		else
			board_fail(BOARD_EX_USAGE,
				"read: unknown option %s (see board read --help)", argv[i]);
	}
	if (flash == NULL)
		board_fail(BOARD_EX_USAGE, "read: --flash FILE is missing");
	if (!board_in((uint32_t)from, BOARD_FLASH_BASE, BOARD_FLASH_SIZE))
		board_fail(BOARD_EX_USAGE, "--from 0x%llx: not inside flash",
			(unsigned long long)from);
	if (size == UINT64_MAX)
		size = BOARD_FLASH_BASE + BOARD_FLASH_SIZE - from;
	if (size > BOARD_FLASH_BASE + BOARD_FLASH_SIZE - from)
		board_fail(BOARD_EX_USAGE, "--size %llu: reaches past the end of flash",
			(unsigned long long)size);
	board_store_open(flash, 0, 0);
	write_out(out, (uint32_t)from, (size_t)size);
	board_store_close();
	return 0;
}

struct contents {
	uint8_t flash[BOARD_FLASH_SIZE], otp[BOARD_OTP_SIZE];
	uint32_t options;
};

static struct contents *contents_of(const char *path)
{
	struct contents *c = malloc(sizeof *c);

	if (c == NULL)
		board_fail(BOARD_EX_SOFTWARE, "no memory for %s", path);
	board_store_open(path, 0, 0);
	memcpy(c->flash, board_flash_bytes, BOARD_FLASH_SIZE);
	memcpy(c->otp, board_store->otp, BOARD_OTP_SIZE);
	c->options = board_store->options;
	board_store_close();
	return c;
}

static int print_ranges(const uint8_t *a, const uint8_t *b)
{
	uint32_t i = 0, first;
	int found = 0;

	while (i < BOARD_FLASH_SIZE) {
		if (a[i] == b[i]) {
			i++;
			continue;
		}
		first = i;
		while (i < BOARD_FLASH_SIZE && memcmp(a + (i & ~3u), b + (i & ~3u), 4) != 0)
			i = (i & ~3u) + 4;
		printf("0x%08x-0x%08x sector %u: %u bytes\n", BOARD_FLASH_BASE + first,
			BOARD_FLASH_BASE + i - 1, board_sector_of(BOARD_FLASH_BASE + first),
			i - first);
		found = 1;
	}
	return found;
}

int board_command_diff(int argc, char **argv)
{
	struct contents *a, *b;
	int found;

	if (help(argc, argv, g_diff_usage))
		return 0;
	if (argc != 3)
		board_fail(BOARD_EX_USAGE, "diff: needs two flash files");
	a = contents_of(argv[1]);
	b = contents_of(argv[2]);
	found = print_ranges(a->flash, b->flash);
	if (a->options != b->options)
		printf("option bytes: 0x%08x, 0x%08x\n", a->options, b->options);
	if (memcmp(a->otp, b->otp, BOARD_OTP_SIZE) != 0)
		printf("OTP differs\n");
	found |= a->options != b->options || memcmp(a->otp, b->otp, BOARD_OTP_SIZE) != 0;
	free(a);
	free(b);
	return found;
}

static void print_sector(unsigned sector)
{
	const uint32_t first = (board_sector_base(sector) - BOARD_FLASH_BASE) / 4,
		       words = board_sector_size(sector) / 4;
	uint32_t i, programmed = 0, torn = 0;

	for (i = first; i < first + words; i++) {
		programmed += (board_word_state[i] & BOARD_WORD_BYTES) != 0;
		torn += (board_word_state[i] & BOARD_WORD_TORN) != 0;
	}
	printf("sector %2u 0x%08x %3u KiB  erases %u  words programmed %u, torn %u%s\n", sector,
		board_sector_base(sector), board_sector_size(sector) / 1024,
		board_store->erases[sector], programmed, torn,
		board_store->options >> (16 + sector) & 1 ? "" : "  write protected");
}

int board_command_info(int argc, char **argv)
{
	unsigned i, level;
	uint32_t o;

	if (help(argc, argv, g_info_usage))
		return 0;
	if (argc != 3 || strcmp(argv[1], "--flash") != 0)
		board_fail(BOARD_EX_USAGE, "info: needs --flash FILE and nothing else");
	board_store_open(argv[2], 0, 0);
	o = board_store->options;
	level = (o >> 8 & 0xFF) == 0xAA ? 0 : (o >> 8 & 0xFF) == 0xCC ? 2 : 1;
	printf("part %s, %u resets\n", board_store->part, board_store->resets);
	printf("RDP=0x%02X (level %u) BOR_LEV=%u WDG_SW=%u nRST_STOP=%u nRST_STDBY=%u "
	       "nWRP=0x%03X\n",
		o >> 8 & 0xFF, level, o >> 2 & 3, o >> 5 & 1, o >> 6 & 1, o >> 7 & 1,
		o >> 16 & 0xFFF);
	for (i = 0; i < BOARD_SECTORS; i++)
		print_sector(i);
	board_store_close();
	return 0;
}
