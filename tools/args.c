#include "args.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "say.h"

/* values of getopt_long for options of a table: FIRST + index */
#define FIRST 256
enum { HELP = 1000, JSON };

static const struct sfu_option common[] = {
	{ 0, "json", NULL, SFU_OPTIONAL, "answer as one JSON object on stdout" },
	{ 'q', "quiet", NULL, SFU_OPTIONAL, "say nothing but errors and warnings" },
	{ 'v', "verbose", NULL, SFU_OPTIONAL, "say more" },
	{ 'h', "help", NULL, SFU_OPTIONAL, "this text" },
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

static void help_options(const struct sfu_option *option)
{
	for (; option->name != NULL; option++) {
		char text[64];

		snprintf(text, sizeof(text), "%s%s%s", option->name, option->value ? " " : "",
			option->value ? option->value : "");
		printf("  %c%c%c --%-26s %s\n", option->letter ? '-' : ' ',
			option->letter ? option->letter : ' ', option->letter ? ',' : ' ', text,
			option->help);
	}
}

static void help(const struct sfu_command *command)
{
	const struct sfu_option *option;

	printf("usage: sfu %s", command->name);
	for (option = command->options; option->name != NULL; option++)
		if (option->need == SFU_REQUIRED)
			printf(" --%s %s", option->name, option->value);
	printf(" [options] %s\n\n%s\n\n", command->operands, command->summary);
	help_options(command->options);
	help_options(common);
	printf("\nExit status: see sfu(1).\n");
}

static void add_long(struct option *to, const struct sfu_option *from, int value)
{
	to->name = from->name;
	to->has_arg = from->value != NULL ? required_argument : no_argument;
	to->flag = NULL;
	to->val = value;
}

/* Fills getopt's two tables. */
static void tables(const struct sfu_command *command, struct option *longs, char *shorts)
{
	static const int values[] = { JSON, 'q', 'v', HELP };
	int i, n;

	for (n = 0; command->options[n].name != NULL; n++) {
		add_long(&longs[n], &command->options[n], FIRST + n);
		if (command->options[n].letter != 0) {
			*shorts++ = command->options[n].letter;
			if (command->options[n].value != NULL)
				*shorts++ = ':';
		}
	}
	for (i = 0; i < 4; i++)
		add_long(&longs[n + i], &common[i], values[i]);
	memset(&longs[n + 4], 0, sizeof(longs[0]));
	strcpy(shorts, "qvh");
}

static int index_of_letter(const struct sfu_command *command, int letter)
{
	int i;

	for (i = 0; command->options[i].name != NULL; i++)
		if (command->options[i].letter == letter)
			return i;
	return -1;
}

static int store(struct sfu_args *args, int index, const char *value)
{
	const struct sfu_option *option = &args->command->options[index];

	if (args->counts[index] == SFU_ARGS_REPEAT)
		return sfu_args_wrong(
			args, "--%s is given more than %d times", option->name, SFU_ARGS_REPEAT);
	args->values[index][args->counts[index]++] = value == NULL ? "" : value;
	return -1;
}

static int take(struct sfu_args *args, int letter)
{
	switch (letter) {
	case 'q':
		sfu_say_level = 0;
		return -1;
	case 'v':
		sfu_say_level = 2;
		return -1;
	case JSON:
		args->json = 1;
		return -1;
	case 'h':
	case HELP:
		help(args->command);
		return 0;
	case '?':
		fprintf(stderr, "sfu: `sfu %s --help` lists the options\n", args->command->name);
		return EX_USAGE;
	default:
		break;
	}
	if (letter >= FIRST)
		return store(args, letter - FIRST, optarg);
	return store(args, index_of_letter(args->command, letter), optarg);
}

static int check(struct sfu_args *args)
{
	const struct sfu_command *command = args->command;
	int i;

	for (i = 0; command->options[i].name != NULL; i++)
		if (command->options[i].need == SFU_REQUIRED && args->counts[i] == 0)
			return sfu_args_wrong(args, "--%s is missing", command->options[i].name);
	if (args->file_count < command->least)
		return sfu_args_wrong(args, "%s is missing", command->operands);
	if (command->most >= 0 && args->file_count > command->most)
		return sfu_args_wrong(
			args, "`%s` is one argument too many", args->files[command->most]);
	return -1;
}

static char program[] = "sfu";

int sfu_args_parse(const struct sfu_command *command, int argc, char **argv, struct sfu_args *args)
{
	struct option longs[SFU_ARGS_OPTIONS + 5];
	char shorts[2 * SFU_ARGS_OPTIONS + 8];
	int letter, status = -1;

	memset(args, 0, sizeof(*args));
	args->command = command;
	tables(command, longs, shorts);
	argv[0] = program; /* getopt begins its messages with it */
	while (status == -1 && (letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1)
		status = take(args, letter);
	if (status != -1)
		return status;
	args->files = argv + optind;
	args->file_count = argc - optind;
	return check(args);
}

static int index_of(const struct sfu_args *args, const char *name)
{
	int i = 0;

	while (strcmp(args->command->options[i].name, name) != 0)
		i++;
	return i;
}

int sfu_args_count(const struct sfu_args *args, const char *name)
{
	return args->counts[index_of(args, name)];
}

const char *sfu_args_text(const struct sfu_args *args, const char *name, int n)
{
	const int i = index_of(args, name);

	return n < args->counts[i] ? args->values[i][n] : NULL;
}

int sfu_args_u32(const struct sfu_args *args, const char *name, uint32_t *value)
{
	const char *text = sfu_args_text(args, name, 0);

	if (text == NULL || sfu_number_u32(text, value))
		return 0;
	return sfu_args_wrong(args, "--%s: `%s` is not a number of 32 bits", name, text);
}

int sfu_args_version(const struct sfu_args *args, const char *name, struct sfu_version *version)
{
	const char *text = sfu_args_text(args, name, 0);

	if (text == NULL || sfu_number_version(text, version))
		return 0;
	return sfu_args_wrong(args, "--%s: `%s` is not a version like 1.2.3+4", name, text);
}

int sfu_args_product(const struct sfu_args *args, const char *name, uint8_t product[16])
{
	const char *text = sfu_args_text(args, name, 0);

	if (text == NULL || sfu_number_product(text, product))
		return 0;
	return sfu_args_wrong(
		args, "--%s: `%s` is not 1 to 16 printable ASCII characters", name, text);
}

int sfu_args_wrong(const struct sfu_args *args, const char *format, ...)
{
	char text[512];
	va_list list;

	va_start(list, format);
	vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	return sfu_fail(EX_USAGE, NULL, "%s; see `sfu %s --help`", text, args->command->name);
}
