#include "command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "image.h"
#include "stop.h"
#include "store.h"

static const char g_usage[] =
	"board program --flash FILE [-ob NAME=VALUE ...] IMAGE...\n"
	"Does what a programmer does: erases the sectors the images touch, programs them, sets "
	"option bytes.\n"
	"  IMAGE      FILE.hex, FILE.elf or FILE.bin@0xADDR; all are checked before anything is "
	"changed\n"
	"  -ob RDP=0xBB            0xAA level 0 (from level 1: erases everything), 0xCC level 2 "
	"(for ever), else level 1\n"
	"  -ob nWRP0=0 ... nWRP11=1  0 protects the sector against erase and program\n"
	"  -ob BOR_LEV=0..3, WDG_SW=0|1, nRST_STOP=0|1, nRST_STDBY=0|1\n"
	"What unlocks is done before the images, what locks after them. FILE is created, erased, "
	"if missing.\n";

#define RDP_MASK UINT32_C(0x0000FF00)
#define NWRP_MASK UINT32_C(0x0FFF0000)

static uint32_t rdp(uint32_t options)
{
	return options >> 8 & 0xFF;
}

static void set_field(
	uint32_t *options, const char *text, unsigned shift, uint32_t mask, const char *value)
{
	const uint32_t v = (uint32_t)board_number_of(text, value, mask);

	*options = (*options & ~(mask << shift)) | v << shift;
}

/* Names of STM32_Programmer_CLI, places of RM0090 3.9.8. */
static void set_option(uint32_t *options, const char *text)
{
	static const struct {
		const char *name;
		unsigned shift;
		uint32_t mask;
	} fields[] = { { "RDP=", 8, 0xFF }, { "BOR_LEV=", 2, 3 }, { "WDG_SW=", 5, 1 },
		{ "nRST_STOP=", 6, 1 }, { "nRST_STDBY=", 7, 1 } };
	char name[12];
	unsigned i;

	for (i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (strncmp(text, fields[i].name, strlen(fields[i].name)) == 0) {
			set_field(options, text, fields[i].shift, fields[i].mask,
				text + strlen(fields[i].name));
			return;
		}
	for (i = 0; i < BOARD_SECTORS; i++) {
		snprintf(name, sizeof name, "nWRP%u=", i);
		if (strncmp(text, name, strlen(name)) == 0) {
			set_field(options, text, 16 + i, 1, text + strlen(name));
			return;
		}
	}
	board_fail(BOARD_EX_USAGE,
		"-ob %s: no such option byte on this part (see board program --help)", text);
}

struct job {
	const char *flash;
	const char *options[64];
	unsigned option_count, image_count;
	struct board_image image;
};

static void parse(struct job *job, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--flash") == 0) {
			job->flash = board_option_value(argc, argv, &i);
		} else if (strcmp(argv[i], "-ob") == 0) {
			if (job->option_count == 64)
				board_fail(BOARD_EX_USAGE, "program: more than 64 option bytes");
			job->options[job->option_count++] = board_option_value(argc, argv, &i);
		} else if (argv[i][0] == '-') {
			board_fail(BOARD_EX_USAGE,
				"program: unknown option %s (see board program --help)", argv[i]);
		} else {
			board_image_add(&job->image, argv[i]);
			job->image_count++;
		}
	}
	if (job->flash == NULL)
		board_fail(BOARD_EX_USAGE, "program: --flash FILE is missing");
	if (job->image_count == 0 && job->option_count == 0)
		board_fail(BOARD_EX_USAGE, "program: neither an image nor an -ob is given");
}

static int touched(const struct board_image *image, unsigned sector)
{
	const uint32_t from = board_sector_base(sector) - BOARD_FLASH_BASE;

	return memchr(image->used + from, 1, board_sector_size(sector)) != NULL;
}

static void check(const struct job *job, uint32_t now, uint32_t wanted)
{
	const uint32_t writable = (now | wanted) >> 16;
	unsigned i;

	if (rdp(now) == 0xCC)
		board_fail(BOARD_EX_DATA,
			"%s: the chip is at RDP level 2: nothing can be programmed any more",
			job->flash);
	if (rdp(now) != 0xAA && job->image_count != 0 && job->option_count == 0)
		board_fail(BOARD_EX_DATA,
			"%s: the chip is at RDP level 1: -ob RDP=0xAA first, which erases it all",
			job->flash);
	for (i = 0; i < BOARD_SECTORS; i++)
		if (touched(&job->image, i) && !(writable >> i & 1))
			board_fail(BOARD_EX_DATA,
				"%s: sector %u is write protected: -ob nWRP%u=1 first", job->flash,
				i, i);
}

static void program(const struct board_image *image)
{
	unsigned sector;
	uint32_t i;

	for (sector = 0; sector < BOARD_SECTORS; sector++)
		if (touched(image, sector))
			board_store_erase(sector);
	for (i = 0; i < BOARD_FLASH_SIZE; i++)
		if (image->used[i]) {
			board_flash_bytes[i] = image->bytes[i];
			board_word_state[i / 4] |= (uint8_t)(1u << i % 4);
		}
}

int board_command_program(int argc, char **argv)
{
	struct job *job = calloc(1, sizeof *job);
	uint32_t now, wanted;
	unsigned i;

	if (job == NULL)
		board_fail(BOARD_EX_SOFTWARE, "no memory for an image");
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		fputs(g_usage, stdout);
		return 0;
	}
	parse(job, argc, argv);
	wanted = BOARD_OPTIONS_DEFAULT;
	for (i = 0; i < job->option_count; i++)
		set_option(&wanted,
			job->options[i]); /* a bad one is refused before the file is made */
	board_store_open(job->flash, 1, 1);
	now = wanted = board_store->options;
	for (i = 0; i < job->option_count; i++)
		set_option(&wanted, job->options[i]);
	check(job, now, wanted);
	if (rdp(now) != 0xAA && (rdp(wanted) == 0xAA || job->image_count != 0))
		for (i = 0; i < BOARD_SECTORS; i++)
			board_store_erase(i);
	program(&job->image);
	board_store->options = wanted;
	board_store_close();
	free(job);
	return 0;
}
