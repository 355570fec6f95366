/* sfu hsm ledger reconcile: the OEM compares licences, receipts and what was built. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "file.h"
#include "json.h"
#include "keyfile.h"
#include "reconcile.h"
#include "say.h"

struct given {
	struct sfu_hsm_record record;
	struct sfu_oem_key master;
	char *built; /* text, or NULL */
};

static int read_list(const char *path, char **text)
{
	struct sfu_bytes bytes;
	int status = sfu_file_read(path, SFU_FILE_PUBLIC, &bytes);

	if (status == 0 && memchr(bytes.data, '\0', bytes.size) != NULL)
		status = sfu_fail(EX_DATAERR, path, "is no text");
	*text = status == 0 ? strndup((const char *)bytes.data, bytes.size) : NULL;
	if (status == 0 && *text == NULL)
		status = sfu_fail(EX_OSERR, path, "does not fit in memory");
	sfu_bytes_free(&bytes);
	return status;
}

static int read_given(const struct sfu_args *args, struct given *g)
{
	const int insecure = sfu_args_count(args, "insecure-permissions") > 0;
	const char *master = sfu_args_text(args, "master-key", 0),
		   *list = sfu_args_text(args, "built", 0),
		   *record = sfu_args_text(args, "record", 0);
	int status = sfu_record_read(record, insecure, &g->record);

	if (status == 0 && master != NULL)
		status = sfu_master_read(master, insecure, &g->master);
	if (status == 0 && master != NULL)
		status = sfu_record_fits(record, &g->record, master, &g->master);
	if (status == 0 && list != NULL)
		status = read_list(list, &g->built);
	return status;
}

static int compare(const struct sfu_args *args, struct given *g, struct sfu_ledger_source *source,
	struct sfu_ledger_check *check)
{
	struct sfu_reconcile r = { .check = check,
		.record = &g->record,
		.master = sfu_args_count(args, "master-key") > 0 ? g->master.key : NULL,
		.json = args->json,
		.permits = sfu_args_count(args, "permits") > 0 };
	int status = sfu_ledger_check_all(check, source);

	if (status == 0 && memcmp(check->begin.id, g->record.id, sizeof(check->begin.id)) != 0)
		status = sfu_fail(EX_DATAERR, source->path, "is another HSM's ledger");
	if (status == 0)
		status = sfu_ledger_source_rewind(source);
	if (status == 0 && args->json) {
		sfu_json_open(NULL, '{');
		sfu_json_number("total", check->total);
		sfu_json_number("licences", check->licences);
		sfu_json_number("receipts", check->receipts);
		sfu_json_open("findings", '[');
	}
	if (status == 0)
		status = sfu_reconcile_rows(&r, source);
	if (status == 0)
		status = sfu_reconcile_devices(&r, sfu_args_text(args, "built", 0), g->built);
	if (status != 0)
		return status;
	if (args->json) {
		sfu_json_close(']');
		sfu_json_number("unanswered_permits", r.unanswered);
		sfu_json_close('}');
	}
	sfu_note("%u licences ordered, %u taken, %u receipts, %u findings", check->total,
		check->licences, check->receipts, r.findings);
	if (r.unanswered > 0 && !r.permits)
		sfu_note("%u permits have no receipt, as a cut leaves them, or who asks with the "
			 "master key: --permits tells whose",
			r.unanswered);
	return r.findings == 0 ? 0 : EX_DATAERR;
}

static int reconcile(const struct sfu_args *args)
{
	struct sfu_ledger_source source = { 0 };
	struct sfu_ledger_check check = { 0 };
	struct given given = { 0 };
	int status = read_given(args, &given);

	sfu_ledger_check_begin(&check, args->files[0], given.record.seal_key);
	if (status == 0)
		status = sfu_ledger_source_file(&source, args->files[0]);
	if (status == 0)
		status = compare(args, &given, &source, &check);
	sfu_ledger_source_close(&source);
	sfu_ledger_check_free(&check);
	free(given.built);
	sfu_crypt_wipe(&given, sizeof(given));
	return status;
}

static const struct sfu_option options[] = {
	{ 'r', "record", "HSM.record", SFU_REQUIRED, "what `sfu hsm init` left to the OEM" },
	{ 'M', "master-key", "MASTER.key", SFU_OPTIONAL,
		"check what devices and HSM said to each other, and the devices' keys" },
	{ 'p', "permits", NULL, SFU_OPTIONAL, "permits without a receipt are findings too" },
	{ 'B', "built", "LIST", SFU_OPTIONAL, "devices that were built, a uid a line" },
	{ 0, "insecure-permissions", NULL, SFU_OPTIONAL, "read secret files that others may open" },
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_hsm_ledger_reconcile = {
	"hsm ledger reconcile",
	"LEDGER.export",
	"finds what was built twice, or never",
	1,
	1,
	options,
	reconcile,
};
