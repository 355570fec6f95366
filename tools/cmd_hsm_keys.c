/* sfu hsm attest-key, sfu hsm oem-key: what the OEM derives from the master key, where M is. */
#include <string.h>

#include "commands.h"
#include "hsm_record.h"
#include "json.h"
#include "keyfile.h"
#include "say.h"

static int report(const struct sfu_args *args, const char *kind, uint32_t epoch, int test)
{
	if (args->json) {
		sfu_json_open(NULL, '{');
		sfu_json_text("kind", kind);
		sfu_json_number("epoch", epoch);
		sfu_json_bool("test", test);
		sfu_json_close('}');
	}
	sfu_note("%s key of epoch %u%s", kind, epoch, test ? " (test key)" : "");
	return 0;
}

static int attest_key(const struct sfu_args *args)
{
	struct sfu_oem_key master;
	struct sfu_attest_key attest = { 0 };
	int status = sfu_master_read(sfu_args_text(args, "master-key", 0),
		sfu_args_count(args, "insecure-permissions") > 0, &master);

	attest.epoch = master.epoch;
	attest.test = master.test;
	if (status == 0)
		status = sfu_attest_derive(master.key, attest.key);
	if (status == 0)
		status = sfu_attest_stage(
			args->files[0], sfu_args_count(args, "force") > 0, &attest);
	if (status == 0)
		status = sfu_out_commit();
	if (status == 0)
		status = report(args, "attest", attest.epoch, attest.test);
	sfu_oem_wipe(&master);
	sfu_crypt_wipe(&attest, sizeof(attest));
	return status;
}

static int oem_key(const struct sfu_args *args)
{
	const char *path = sfu_args_text(args, "record", 0);
	const int insecure = sfu_args_count(args, "insecure-permissions") > 0;
	struct sfu_oem_key master, oem = { 0 };
	struct sfu_hsm_record record = { 0 };
	int status = sfu_master_read(sfu_args_text(args, "master-key", 0), insecure, &master);

	if (status == 0)
		status = sfu_record_read(path, insecure, &record);
	if (status == 0)
		status = sfu_record_fits(
			path, &record, sfu_args_text(args, "master-key", 0), &master);
	oem.epoch = record.epoch;
	oem.test = record.test;
	if (status == 0)
		status = sfu_record_oem_key(&record, master.key, oem.key);
	if (status == 0)
		status = sfu_oem_stage(args->files[0], sfu_args_count(args, "force") > 0, &oem);
	if (status == 0)
		status = sfu_out_commit();
	if (status == 0)
		status = report(args, "OEM", oem.epoch, oem.test);
	sfu_oem_wipe(&master);
	sfu_oem_wipe(&oem);
	sfu_crypt_wipe(&record, sizeof(record));
	return status;
}

#define COMMON \
	{ 'M', "master-key", "MASTER.key", SFU_REQUIRED, "OEM master key" }, \
		{ 'f', "force", NULL, SFU_OPTIONAL, "replace a file that exists" }, \
	{ \
		0, "insecure-permissions", NULL, SFU_OPTIONAL, \
			"read secret keys that others may open" \
	}

static const struct sfu_option attest_options[] = {
	COMMON,
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

static const struct sfu_option oem_options[] = {
	COMMON,
	{ 'r', "record", "HSM.record", SFU_REQUIRED, "what `sfu hsm init` left to the OEM" },
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_hsm_attest_key = {
	"hsm attest-key",
	"ATTEST.key",
	"derives the attest key, which an HSM gets, from the master key",
	1,
	1,
	attest_options,
	attest_key,
};

const struct sfu_command sfu_cmd_hsm_oem_key = {
	"hsm oem-key",
	"OEM.key",
	"derives the OEM key from the master key and an HSM's record",
	1,
	1,
	oem_options,
	oem_key,
};
