/* Command lines: each command is a table of options; help and messages are made from it. */
#ifndef SFU_TOOL_ARGS_H
#define SFU_TOOL_ARGS_H

#include <stdint.h>

#include "number.h"

#define SFU_ARGS_OPTIONS 32
#define SFU_ARGS_REPEAT 4

enum sfu_args_need { SFU_OPTIONAL, SFU_REQUIRED };

struct sfu_option {
	char letter;       /* 0: none */
	const char *name;  /* NULL ends the table */
	const char *value; /* what to call it in the help; NULL: the option takes none */
	enum sfu_args_need need;
	const char *help;
};

struct sfu_args;

struct sfu_command {
	const char *name;
	const char *operands; /* for the usage line */
	const char *summary;
	int least, most; /* operands; most -1: any number */
	const struct sfu_option *options;
	int (*run)(const struct sfu_args *args);
};

struct sfu_args {
	const struct sfu_command *command;
	const char *values[SFU_ARGS_OPTIONS][SFU_ARGS_REPEAT];
	int counts[SFU_ARGS_OPTIONS];
	int json;
	int file_count;
	char **files; /* the operands */
};

/* argv[0] is the command's name. -1: go on with args->command->run; otherwise the exit status: help
 * was asked for (0) or the line is wrong (EX_USAGE). -q and -v set sfu_say_level. */
int sfu_args_parse(const struct sfu_command *command, int argc, char **argv, struct sfu_args *args);

/* How often an option was given; its n-th value, or NULL. `name` must be in the table. */
int sfu_args_count(const struct sfu_args *args, const char *name);
const char *sfu_args_text(const struct sfu_args *args, const char *name, int n);

/* The option's value as a number and so on; *value is left alone where it was not given. 0, or
 * EX_USAGE and a sentence. */
int sfu_args_u32(const struct sfu_args *args, const char *name, uint32_t *value);
int sfu_args_version(const struct sfu_args *args, const char *name, struct sfu_version *version);
int sfu_args_product(const struct sfu_args *args, const char *name, uint8_t product[16]);

/* Says what is wrong with the line, and where help is; answers EX_USAGE. */
int sfu_args_wrong(const struct sfu_args *args, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
