/* sfu explain: what a code of the device means. */
#include <stdio.h>

#include "codes.h"
#include "json.h"
#include "say.h"
#include "commands.h"

static void print(const struct sfu_code *code, int json)
{
	if (!json) {
		printf("%s 0x%08x\n  %s\n  %s\n", code->name, code->code, code->sentence,
			code->advice);
		return;
	}
	sfu_json_open(NULL, '{');
	sfu_json_text("name", code->name);
	sfu_json_number("code", code->code);
	sfu_json_text("sentence", code->sentence);
	sfu_json_text("advice", code->advice);
	sfu_json_close('}');
}

static int explain(const struct sfu_args *args)
{
	const struct sfu_code *code;
	int i;

	for (i = 0; i < args->file_count; i++) {
		code = sfu_code_parse(args->files[i]);
		if (code == NULL)
			return sfu_fail(EX_DATAERR, args->files[i],
				"is not a code; `sfu explain` lists them");
		print(code, args->json);
	}
	if (args->file_count > 0)
		return 0;
	if (args->json)
		sfu_json_open(NULL, '[');
	for (i = 0; i < sfu_code_count; i++)
		print(&sfu_code_table[i], args->json);
	if (args->json)
		sfu_json_close(']');
	return 0;
}

static const struct sfu_option options[] = {
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_explain = {
	"explain",
	"[CODE]",
	"tells what a code means and what to do: by name or number, or all",
	0,
	1,
	options,
	explain,
};
