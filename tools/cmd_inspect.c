/* sfu inspect: what a package says of itself. */
#include <string.h>

#include "report.h"
#include "say.h"
#include "commands.h"
#include "signers.h"

static void name_signer(const struct sfu_manifest *m, const struct sfu_signers *signers)
{
	int i;

	for (i = 0; i < signers->count; i++) {
		if (memcmp(signers->key[i].id, m->signer, sizeof(m->signer)) != 0)
			continue;
		sfu_note("the signer's id is that of %s", signers->name[i]);
		if (signers->key[i].test)
			sfu_warn(signers->name[i],
				"is a test key: only devices with an open loader take this");
		return;
	}
	if (signers->count > 0)
		sfu_note("the signer's id is that of none of the given keys");
}

static int inspect(const struct sfu_args *args)
{
	struct sfu_signers signers;
	struct sfu_package package;
	int status = sfu_signers_read(args, &signers);

	if (status != 0)
		return status;
	status = sfu_package_read(args->files[0], &package);
	if (status == 0) {
		if (args->json)
			sfu_report_manifest_json(&package.manifest);
		else
			sfu_report_manifest(&package.manifest);
		name_signer(&package.manifest, &signers);
		sfu_note("nothing of this is verified; `sfu verify` does that");
		sfu_package_free(&package);
	}
	sfu_signers_free(&signers);
	return status;
}

static const struct sfu_option options[] = {
	{ 's', "signer", "PUB.pem", SFU_OPTIONAL,
		"say if this key signed it, and if it is a test key" },
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_inspect = {
	"inspect",
	"FILE.sfu",
	"prints a package's manifest, and believes it",
	1,
	1,
	options,
	inspect,
};
