/* sfu hsm order: the OEM gives a ledger more licences. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "hsm_record.h"
#include "json.h"
#include "ledger_check.h"
#include "order.h"
#include "say.h"
#include "signkey.h"

/* The whole export is checked: an order never goes to a ledger that was tampered with. */
static int read_ledger(const struct sfu_args *args, struct sfu_ledger_check *check)
{
	const char *path = sfu_args_text(args, "ledger", 0);
	const char *record_path = sfu_args_text(args, "record", 0);
	struct sfu_hsm_record record = { 0 };
	struct sfu_ledger_source source = { 0 };
	int status = sfu_record_read(
		record_path, sfu_args_count(args, "insecure-permissions") > 0, &record);

	sfu_ledger_check_begin(check, path, record.seal_key);
	if (status == 0)
		status = sfu_ledger_source_file(&source, path);
	if (status == 0)
		status = sfu_ledger_check_all(check, &source);
	if (status == 0 && memcmp(check->begin.id, record.id, sizeof(record.id)) != 0)
		status = sfu_fail(EX_DATAERR, path, "is not the ledger of %s", record_path);
	sfu_ledger_source_close(&source);
	sfu_crypt_wipe(&record, sizeof(record));
	return status;
}

static int choose_total(
	const struct sfu_args *args, const struct sfu_ledger_check *check, struct sfu_order *order)
{
	const int both = sfu_args_count(args, "add") > 0 && sfu_args_count(args, "total") > 0;
	uint32_t add = 0;
	int status;

	order->total = 0;
	if (both || (sfu_args_count(args, "add") == 0 && sfu_args_count(args, "total") == 0))
		return sfu_args_wrong(args, "either --add or --total says how many licences");
	status = sfu_args_u32(args, "add", &add);
	if (status == 0)
		status = sfu_args_u32(args, "total", &order->total);
	if (status != 0)
		return status;
	if (sfu_args_count(args, "add") > 0) {
		if (add == 0 || add > UINT32_MAX - check->total)
			return sfu_args_wrong(args,
				"--add: the ledger has %u, and %u more is no order", check->total,
				add);
		order->total = check->total + add;
	}
	if (order->total <= check->total)
		return sfu_args_wrong(args, "--total: the ledger has %u already", check->total);
	return 0;
}

static int write_order(
	const struct sfu_args *args, const struct sfu_ledger_check *check, struct sfu_order *order)
{
	const char *text = sfu_args_text(args, "reference", 0);
	uint8_t bytes[SFU_ORDER_SIZE];
	struct sfu_sign_key key = { 0 };
	int status = sfu_signkey_open(args, "key", &key);

	if (status == 0 && memcmp(key.point, check->begin.order_key, sizeof(key.point)) != 0)
		status = sfu_fail(EX_NOPERM, sfu_args_text(args, "key", 0),
			"is not the order key of this ledger");
	if (status == 0 && text != NULL && !sfu_number_product(text, order->reference))
		status = sfu_args_wrong(
			args, "--reference: `%s` is not 1 to 16 printable ASCII characters", text);
	memcpy(order->id, check->begin.id, sizeof(order->id));
	order->number = check->number;
	memcpy(order->hash, check->hashes[check->number - 1], SFU_HASH);
	sfu_order_encode(order, bytes);
	if (status == 0)
		status =
			sfu_signkey_sign(&key, bytes, SFU_ORDER_SIGNATURE_OFFSET, order->signature);
	sfu_order_encode(order, bytes);
	if (status == 0)
		status = sfu_out_stage(args->files[0], SFU_OUT_PUBLIC, 0, bytes, sizeof(bytes));
	if (status == 0)
		status = sfu_out_commit();
	sfu_key_free(&key);
	return status;
}

static int order(const struct sfu_args *args)
{
	struct sfu_ledger_check check;
	struct sfu_order its = { 0 };
	int status = read_ledger(args, &check);

	if (status == 0)
		status = choose_total(args, &check, &its);
	if (status == 0)
		status = write_order(args, &check, &its);
	if (status == 0 && args->json) {
		sfu_json_open(NULL, '{');
		sfu_json_hex("ledger", its.id, sizeof(its.id));
		sfu_json_number("row", its.number);
		sfu_json_number("total", its.total);
		sfu_json_number("taken", check.licences);
		sfu_json_close('}');
	}
	if (status == 0)
		sfu_note("%s: %u licences in all, %u more than before; %u of them are taken",
			args->files[0], its.total, its.total - check.total, check.licences);
	sfu_ledger_check_free(&check);
	return status;
}

static const struct sfu_option options[] = {
	{ 'k', "key", "ORDER.pem|URI", SFU_REQUIRED, "private key that signs orders" },
	{ 'r', "record", "HSM.record", SFU_REQUIRED, "what `sfu hsm init` left to the OEM" },
	{ 'x', "ledger", "LEDGER.export", SFU_REQUIRED,
		"the ledger as `sfu hsm ledger export` wrote it" },
	{ 'n', "add", "N", SFU_OPTIONAL, "so many licences more" },
	{ 't', "total", "N", SFU_OPTIONAL, "so many since the ledger began" },
	{ 'R', "reference", "TEXT", SFU_OPTIONAL, "the order's number or name" },
	SFU_SIGNKEY_OPTIONS,
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_hsm_order = {
	"hsm order",
	"FILE.order",
	"signs an order of licences for a ledger",
	1,
	1,
	options,
	order,
};
