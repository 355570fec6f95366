/* sfu hsm ledger verify, sfu hsm ledger export. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "commands.h"
#include "hsm_record.h"
#include "json.h"
#include "ledger_check.h"
#include "out.h"
#include "say.h"

/* What the token remembers must be in the ledger; it is asked before the ledger is read, which may
 * have grown since. */
static int check_head(const struct sfu_ledger_check *check, const uint8_t *seal)
{
	const uint32_t number = sfu_get32(seal + SFU_LEDGER_SEAL_NUMBER_OFFSET);

	if (number > check->number)
		return sfu_fail(EX_DATAERR, check->path,
			"row %u was removed: the token has seen rows up to %u", check->number + 1,
			number);
	if (memcmp(check->hashes[number - 1], seal + SFU_LEDGER_SEAL_HASH_OFFSET, SFU_HASH) != 0)
		return sfu_fail(EX_DATAERR, check->path,
			"row %u is not the one that the token has seen", number);
	return 0;
}

static int verify_folder(const struct sfu_args *args, struct sfu_ledger_check *check)
{
	uint8_t seal[SFU_LEDGER_SEAL_SIZE];
	struct sfu_ledger_source source;
	struct sfu_ledger ledger = { 0 };
	struct sfu_hsm_folder folder;
	struct sfu_hsm hsm = { 0 };
	int turn, found = 0, status;

	status = sfu_hsm_folder_name(&folder, sfu_args_text(args, "folder", 0));
	if (status == 0)
		status = sfu_hsm_folder_read(&folder);
	if (status == 0)
		status = sfu_hsm_open(&hsm, &folder, sfu_args_text(args, "pin-file", 0));
	if (status == 0)
		status = sfu_ledger_head_get(&hsm, seal, &turn, &found);
	if (status == 0 && !found)
		status = sfu_fail(
			EX_DATAERR, folder.ledger, "the token does not remember this ledger");
	if (status == 0)
		status = sfu_ledger_open(&ledger, folder.ledger);
	if (status == 0) {
		sfu_ledger_check_begin(check, folder.ledger, hsm.seal_point);
		sfu_ledger_source_ledger(&source, &ledger);
		status = sfu_ledger_check_all(check, &source);
	}
	if (status == 0)
		status = check_head(check, seal);
	check->path = NULL; /* it was the folder's */
	sfu_ledger_close(&ledger);
	sfu_hsm_close(&hsm);
	return status;
}

static int verify_export(const struct sfu_args *args, struct sfu_ledger_check *check)
{
	const char *record_path = sfu_args_text(args, "record", 0);
	struct sfu_ledger_source source = { 0 };
	struct sfu_hsm_record record = { 0 };
	int status = sfu_ledger_source_file(&source, args->files[0]);

	if (status == 0 && record_path != NULL)
		status = sfu_record_read(
			record_path, sfu_args_count(args, "insecure-permissions") > 0, &record);
	sfu_ledger_check_begin(check, args->files[0], record_path != NULL ? record.seal_key : NULL);
	if (status == 0)
		status = sfu_ledger_check_all(check, &source);
	if (status == 0 && record_path == NULL)
		sfu_warn(args->files[0],
			"without --record nothing says that this is the OEM's own ledger");
	sfu_ledger_source_close(&source);
	sfu_crypt_wipe(&record, sizeof(record));
	return status;
}

static int verify(const struct sfu_args *args)
{
	struct sfu_ledger_check check = { 0 };
	int status;

	if ((sfu_args_count(args, "folder") > 0) == (args->file_count > 0))
		return sfu_args_wrong(args, "either --folder or an export is verified");
	status = args->file_count > 0 ? verify_export(args, &check) : verify_folder(args, &check);
	if (status == 0 && args->json) {
		sfu_json_open(NULL, '{');
		sfu_json_number("rows", check.number);
		sfu_json_number("total", check.total);
		sfu_json_number("licences", check.licences);
		sfu_json_number("receipts", check.receipts);
		sfu_json_close('}');
	} else if (status == 0) {
		printf("%u rows are good: %u licences ordered, %u taken, %u receipts\n",
			check.number, check.total, check.licences, check.receipts);
	}
	sfu_ledger_check_free(&check);
	return status;
}

struct buffer {
	uint8_t *data;
	size_t size, room;
};

static int add(struct buffer *b, const void *data, size_t size)
{
	if (b->size + size > b->room) {
		const size_t room = (b->room + size) * 2;
		void *more = realloc(b->data, room);

		if (more == NULL)
			return sfu_fail(EX_OSERR, NULL, "the export does not fit in memory");
		b->data = more;
		b->room = room;
	}
	memcpy(b->data + b->size, data, size);
	b->size += size;
	return 0;
}

static int collect(struct sfu_ledger *ledger, struct buffer *b, uint32_t *rows)
{
	uint8_t bytes[SFU_LEDGER_ROW_SIZE], previous[SFU_HASH] = { 0 };
	struct sfu_ledger_source source;
	struct sfu_ledger_row row;
	int found = 1, status;

	sfu_put32(bytes, SFU_LEDGER_EXPORT_MAGIC);
	status = add(b, bytes, 4);
	sfu_ledger_source_ledger(&source, ledger);
	for (*rows = 0; status == 0; (*rows)++) {
		status = sfu_ledger_source_next(&source, &row, &found);
		if (status != 0 || !found)
			break;
		memcpy(row.previous, previous, SFU_HASH);
		memcpy(previous, row.hash, SFU_HASH);
		sfu_ledger_encode(&row, bytes);
		status = add(b, bytes, sizeof(bytes));
		if (status == 0)
			status = add(b, row.body, row.size);
		if (status == 0)
			status = add(b, row.seal, sizeof(row.seal));
	}
	return status;
}

static int export(const struct sfu_args *args)
{
	struct sfu_ledger ledger = { 0 };
	struct sfu_hsm_folder folder;
	struct buffer buffer = { NULL, 0, 0 };
	uint32_t rows = 0;
	int status = sfu_hsm_folder_name(&folder, sfu_args_text(args, "folder", 0));

	if (status == 0)
		status = sfu_hsm_folder_read(&folder);
	if (status == 0)
		status = sfu_ledger_open(&ledger, folder.ledger);
	if (status == 0)
		status = collect(&ledger, &buffer, &rows);
	if (status == 0)
		status = sfu_out_stage(args->files[0], SFU_OUT_PUBLIC, 1, buffer.data, buffer.size);
	if (status == 0)
		status = sfu_out_commit();
	if (status == 0 && args->json) {
		sfu_json_open(NULL, '{');
		sfu_json_number("rows", rows);
		sfu_json_close('}');
	}
	if (status == 0)
		sfu_note("%s: %u rows; `sfu hsm ledger verify` checks them", args->files[0], rows);
	sfu_ledger_close(&ledger);
	free(buffer.data);
	return status;
}

static const struct sfu_option verify_options[] = {
	{ 'd', "folder", "FOLDER", SFU_OPTIONAL, "of the HSM; its token is asked too" },
	{ 0, "pin-file", "FILE", SFU_OPTIONAL, "file with the token's PIN" },
	{ 'r', "record", "HSM.record", SFU_OPTIONAL, "what `sfu hsm init` left to the OEM" },
	{ 0, "insecure-permissions", NULL, SFU_OPTIONAL,
		"read a secret file that others may open" },
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

static const struct sfu_option export_options[] = {
	{ 'd', "folder", "FOLDER", SFU_REQUIRED, "of the HSM" },
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_hsm_ledger_verify = {
	"hsm ledger verify",
	"[LEDGER.export]",
	"finds the first row that was changed, removed or added",
	0,
	1,
	verify_options,
	verify,
};

const struct sfu_command sfu_cmd_hsm_ledger_export = {
	"hsm ledger export",
	"LEDGER.export",
	"writes the ledger into a file for the OEM",
	1,
	1,
	export_options,
	export,
};
