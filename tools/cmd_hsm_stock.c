/* sfu hsm stock add, sfu hsm status. */
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "commands.h"
#include "desk.h"
#include "file.h"
#include "hsm_client.h"
#include "json.h"
#include "say.h"

/* what both places, the folder and the service, can tell */
struct standing {
	char product[SFU_LEDGER_BEGIN_PRODUCT_SIZE + 1];
	uint8_t id[SFU_LEDGER_BEGIN_LEDGER_SIZE], signer[SFU_PERMIT_SIGNER_SIZE], hash[SFU_HASH];
	uint32_t epoch, total, stock, number;
};

static void of_desk(const struct sfu_desk *d, struct standing *s)
{
	sfu_number_print_product(s->product, d->ledger.begin.product);
	memcpy(s->id, d->ledger.begin.id, sizeof(s->id));
	memcpy(s->signer, d->hsm.sign_id, sizeof(s->signer));
	memcpy(s->hash, d->ledger.hash, SFU_HASH);
	s->epoch = d->ledger.begin.epoch;
	s->total = d->ledger.total;
	s->stock = sfu_desk_stock(d);
	s->number = d->ledger.number;
}

static void of_service(const uint8_t *ready, struct standing *s)
{
	sfu_number_print_product(s->product, ready + SFU_SERVICE_READY_PRODUCT_OFFSET);
	memcpy(s->id, ready + SFU_SERVICE_READY_LEDGER_OFFSET, sizeof(s->id));
	memcpy(s->signer, ready + SFU_SERVICE_READY_SIGNER_OFFSET, sizeof(s->signer));
	memcpy(s->hash, ready + SFU_SERVICE_READY_HASH_OFFSET, SFU_HASH);
	s->epoch = sfu_get32(ready + SFU_SERVICE_READY_EPOCH_OFFSET);
	s->total = sfu_get32(ready + SFU_SERVICE_READY_TOTAL_OFFSET);
	s->stock = sfu_get32(ready + SFU_SERVICE_READY_STOCK_OFFSET);
	s->number = sfu_get32(ready + SFU_SERVICE_READY_NUMBER_OFFSET);
}

static void print(const struct sfu_args *args, const struct standing *s)
{
	char id[2 * sizeof(s->id) + 1], signer[2 * sizeof(s->signer) + 1];

	sfu_number_print_hex(id, s->id, sizeof(s->id));
	sfu_number_print_hex(signer, s->signer, sizeof(s->signer));
	if (args->json) {
		sfu_json_open(NULL, '{');
		sfu_json_text("product", s->product);
		sfu_json_number("epoch", s->epoch);
		sfu_json_text("ledger", id);
		sfu_json_text("signer", signer);
		sfu_json_number("total", s->total);
		sfu_json_number("stock", s->stock);
		sfu_json_number("row", s->number);
		sfu_json_hex("hash", s->hash, SFU_HASH);
		sfu_json_close('}');
		return;
	}
	printf("product           %s\n", s->product);
	printf("key epoch         %u\n", s->epoch);
	printf("HSM key           %s\n", signer);
	printf("ledger            %s\n", id);
	printf("newest row        %u\n", s->number);
	printf("licences          %u ordered, %u taken, %u in stock\n", s->total,
		s->total - s->stock, s->stock);
	if (s->stock == 0)
		printf("next              ask the OEM for an order: `sfu hsm ledger export`, then "
		       "`sfu hsm stock add`\n");
}

/* --folder or --hsm, and not both. */
static int one_place(const struct sfu_args *args)
{
	if ((sfu_args_count(args, "folder") > 0) != (sfu_args_count(args, "hsm") > 0))
		return 0;
	return sfu_args_wrong(args, "either --folder or --hsm says where the HSM is");
}

/* The token was asked, so that an older copy of the ledger is refused here as well. */
static int look(const struct sfu_args *args, struct standing *standing)
{
	struct sfu_hsm_folder folder;
	struct sfu_desk desk = { 0 };
	int status = sfu_hsm_folder_name(&folder, sfu_args_text(args, "folder", 0));

	if (status == 0)
		status = sfu_hsm_folder_read(&folder);
	if (status == 0)
		status = sfu_hsm_folder_lock(&folder);
	if (status == 0)
		status = sfu_desk_open(&desk, &folder, sfu_args_text(args, "pin-file", 0));
	if (status == 0)
		of_desk(&desk, standing);
	sfu_desk_close(&desk);
	return status;
}

static int ask(const struct sfu_args *args, struct standing *standing)
{
	struct sfu_hsm_client client;
	int status = sfu_hsm_client_open(&client, args);

	if (status == 0)
		status = sfu_hsm_greet(&client);
	if (status == 0)
		of_service(sfu_hsm_answer(&client), standing);
	sfu_hsm_client_close(&client);
	return status;
}

static int status_command(const struct sfu_args *args)
{
	struct standing standing;
	int status = one_place(args);

	if (status == 0)
		status = sfu_args_count(args, "hsm") > 0 ? ask(args, &standing)
							 : look(args, &standing);
	if (status == 0)
		print(args, &standing);
	return status;
}

static int add_here(
	const struct sfu_args *args, const struct sfu_bytes *order, struct standing *standing)
{
	struct sfu_refusal refusal = { 0 };
	struct sfu_hsm_folder folder;
	struct sfu_desk desk = { 0 };
	int kept, status = sfu_hsm_folder_name(&folder, sfu_args_text(args, "folder", 0));

	if (status == 0)
		status = sfu_hsm_folder_read(&folder);
	if (status == 0)
		status = sfu_hsm_folder_lock(&folder);
	if (status == 0)
		status = sfu_desk_open(&desk, &folder, sfu_args_text(args, "pin-file", 0));
	if (status == 0)
		status = sfu_desk_order(&desk, order->data, &refusal);
	if (status == 0 && refusal.code != 0)
		status = sfu_fail(EX_NOPERM, args->files[0], "%s", refusal.text);
	if (status == 0)
		status = sfu_ledger_commit(&desk.ledger, &desk.hsm, &kept);
	if (status == 0)
		of_desk(&desk, standing);
	sfu_desk_close(&desk);
	return status;
}

static int add_there(
	const struct sfu_args *args, const struct sfu_bytes *order, struct standing *standing)
{
	struct sfu_hsm_client client;
	int status = sfu_hsm_client_open(&client, args);

	if (status == 0)
		status = sfu_hsm_ask(&client, SFU_SERVICE_ORDER, order->data, order->size,
			SFU_SERVICE_READY, SFU_SERVICE_READY_SIZE);
	if (status == 0)
		of_service(sfu_hsm_answer(&client), standing);
	sfu_hsm_client_close(&client);
	return status;
}

static int stock_add(const struct sfu_args *args)
{
	struct sfu_bytes order = { NULL, 0 };
	struct standing standing;
	int status = one_place(args);

	if (status == 0)
		status = sfu_file_read(args->files[0], SFU_FILE_PUBLIC, &order);
	if (status == 0 && order.size != SFU_ORDER_SIZE)
		status = sfu_fail(
			EX_DATAERR, args->files[0], "is no order: it has %zu bytes", order.size);
	if (status == 0)
		status = sfu_args_count(args, "hsm") > 0 ? add_there(args, &order, &standing)
							 : add_here(args, &order, &standing);
	if (status == 0)
		print(args, &standing);
	sfu_bytes_free(&order);
	return status;
}

static const struct sfu_option options[] = {
	{ 'd', "folder", "FOLDER", SFU_OPTIONAL, "of the HSM, while no service runs" },
	{ 0, "pin-file", "FILE", SFU_OPTIONAL, "file with the token's PIN" },
	{ 'm', "hsm", "SOCKET|HOST:PORT", SFU_OPTIONAL, "where the service is" },
	SFU_TLS_OPTIONS,
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_hsm_status = {
	"hsm status",
	"",
	"tells what an HSM is for, and how many licences are left",
	0,
	0,
	options,
	status_command,
};

const struct sfu_command sfu_cmd_hsm_stock_add = {
	"hsm stock add",
	"FILE.order",
	"puts an OEM's order into the stock, once",
	1,
	1,
	options,
	stock_add,
};
