/* `sfu`: the program of the OEM, the contract manufacturer and the host station. */
#include "commands.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "out.h"
#include "say.h"

static const struct sfu_command *const commands[] = {
	&sfu_cmd_keygen,
	&sfu_cmd_certify,
	&sfu_cmd_factory,
	&sfu_cmd_pack,
	&sfu_cmd_attach_signature,
	&sfu_cmd_inspect,
	&sfu_cmd_verify,
	&sfu_cmd_info,
	&sfu_cmd_download,
	&sfu_cmd_reboot,
	&sfu_cmd_explain,
	&sfu_cmd_personalize,
	&sfu_cmd_hsm_attest_key,
	&sfu_cmd_hsm_init,
	&sfu_cmd_hsm_oem_key,
	&sfu_cmd_hsm_order,
	&sfu_cmd_hsm_stock_add,
	&sfu_cmd_hsm_status,
	&sfu_cmd_hsm_serve,
	&sfu_cmd_hsm_ledger_verify,
	&sfu_cmd_hsm_ledger_export,
	&sfu_cmd_hsm_ledger_reconcile,
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *to)
{
	size_t i;

	fputs("usage: sfu COMMAND [options] [arguments]\n\n", to);
	for (i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-20s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n`sfu COMMAND --help` lists a command's options; sfu(1) tells the rest.\n", to);
}

/* How many of the arguments are the command's name, 0: it is another's. */
static int name_words(const char *name, int argc, char **argv)
{
	const char *at = name;
	int words;

	for (words = 0; *at != '\0' && words < argc; words++) {
		const size_t size = strcspn(at, " ");

		if (strlen(argv[words]) != size || strncmp(argv[words], at, size) != 0)
			return 0;
		at += size + (at[size] == ' ');
	}
	return *at == '\0' ? words : 0;
}

static int run(int argc, char **argv)
{
	struct sfu_args args;
	size_t i;
	int status, words = 0;

	if (argc < 2) {
		usage(stderr);
		return EX_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
		strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("sfu %s\n", SFU_TOOL_VERSION);
		return 0;
	}
	for (i = 0; i < COMMANDS; i++)
		if ((words = name_words(commands[i]->name, argc - 1, argv + 1)) > 0)
			break;
	if (i == COMMANDS && strcmp(argv[1], "hsm") == 0)
		return sfu_fail(EX_USAGE, NULL,
			"`hsm` needs the name of what to do; `sfu --help` lists them");
	if (i == COMMANDS)
		return sfu_fail(EX_USAGE, NULL, "there is no command `%s`; `sfu --help` lists them",
			argv[1]);
	status = sfu_args_parse(commands[i], argc - words, argv + words, &args);
	return status == -1 ? commands[i]->run(&args) : status;
}

int main(int argc, char **argv)
{
	static const struct rlimit none = { 0, 0 };
	int status;

	(void)setrlimit(RLIMIT_CORE, &none); /* keys do not end in a core file */
	/* private keys and what is printed of them lie in memory that is locked, and wiped when freed */
	(void)CRYPTO_secure_malloc_init(65536, 32);
	sfu_out_init();
	status = run(argc, argv);
	sfu_out_abort();
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == 0)
		status = sfu_fail_errno(EX_IOERR, "standard output", "cannot be written");
	CRYPTO_secure_malloc_done();
	return status;
}
