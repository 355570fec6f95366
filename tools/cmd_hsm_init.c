/* sfu hsm init: a token becomes an HSM. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands.h"
#include "hsm_make.h"
#include "hsm_public.h"
#include "json.h"
#include "lock_profile.h"
#include "say.h"
#include "signkey.h"

struct given {
	struct sfu_attest_key attest;
	struct sfu_sign_key import, order;
	struct sfu_hsm_record earlier;
	struct sfu_hsm_plan plan;
};

/* Who has a test key, and that may be anybody, gets nothing of a real product by it. */
static int check_marks(const struct sfu_args *args, const struct given *g)
{
	const char *attest = sfu_args_text(args, "attest-key", 0);

	if (g->attest.test && g->plan.lock_profile != SFU_FLASH_LOCK_OPEN)
		return sfu_fail(EX_NOPERM, attest,
			"is of a test key: devices with it are made for --lock open only");
	if (g->attest.test)
		return 0;
	if (g->plan.lock_profile == SFU_FLASH_LOCK_OPEN)
		return sfu_fail(EX_NOPERM, attest,
			"is not of a test key: --lock open would give the product's keys away");
	if (g->order.test)
		return sfu_fail(EX_NOPERM, sfu_args_text(args, "order-key", 0),
			"is a test key, and %s is none", attest);
	if (g->import.test)
		return sfu_fail(EX_NOPERM, sfu_args_text(args, "import-key", 0),
			"is a test key, and %s is none", attest);
	return 0;
}

static int read_plan(const struct sfu_args *args, struct given *g)
{
	const int insecure = sfu_args_count(args, "insecure-permissions") > 0;
	const char *lock = sfu_args_text(args, "lock", 0),
		   *attest = sfu_args_text(args, "attest-key", 0),
		   *import = sfu_args_text(args, "import-key", 0),
		   *earlier = sfu_args_text(args, "import-seed", 0);
	int status = sfu_args_product(args, "product", g->plan.product);

	if (status == 0 && lock != NULL && !sfu_lock_parse(lock, &g->plan.lock_profile))
		status = sfu_args_wrong(args, "--lock: `%s` is none of open, field, final", lock);
	if (status == 0)
		status = sfu_attest_read(attest, insecure, &g->attest);
	if (lock == NULL)
		g->plan.lock_profile = g->attest.test ? SFU_FLASH_LOCK_OPEN : SFU_FLASH_LOCK_FIELD;
	if (status == 0)
		status = sfu_signkey_public(args, "order-key", &g->order);
	if (status == 0 && import != NULL)
		status = sfu_key_read_private(import, insecure, &g->import);
	if (status == 0)
		status = check_marks(args, g);
	if (status == 0 && earlier != NULL)
		status = sfu_record_read(earlier, insecure, &g->earlier);
	if (status == 0 && earlier != NULL &&
		memcmp(g->earlier.product, g->plan.product, sizeof(g->plan.product)) != 0)
		status = sfu_fail(EX_DATAERR, earlier, "is of another product");
	if (status == 0 && earlier != NULL && g->earlier.epoch != g->attest.epoch)
		status = sfu_fail(EX_DATAERR, earlier, "is of epoch %u, and %s of epoch %u",
			g->earlier.epoch, attest, g->attest.epoch);
	g->plan.attest = &g->attest;
	g->plan.import = &g->import;
	g->plan.seed = earlier != NULL ? g->earlier.seed : NULL;
	memcpy(g->plan.order_key, g->order.point, SFU_POINT);
	return status;
}

static int is_free(const struct sfu_hsm_folder *folder)
{
	if (access(folder->config, F_OK) == 0)
		return sfu_fail(EX_CANTCREAT, folder->name, "holds an HSM already");
	if (access(folder->ledger, F_OK) == 0)
		return sfu_fail(EX_CANTCREAT, folder->ledger, "is there already: move it away");
	return 0;
}

static int make_folder(const struct sfu_args *args, struct sfu_hsm_folder *folder)
{
	const char *token = sfu_args_text(args, "token", 0);
	int status = sfu_hsm_folder_name(folder, sfu_args_text(args, "folder", 0));

	if (status == 0 && token != NULL && !sfu_token_is_uri(token))
		status = sfu_args_wrong(args, "--token: `%s` is no PKCS#11 URI", token);
	if (status == 0 && token != NULL && strlen(token) >= sizeof(folder->uri))
		status = sfu_args_wrong(args, "--token: this URI is too long");
	/* before the record is called in the way, which may be that of this very HSM */
	if (status == 0)
		status = is_free(folder);
	if (status == 0 && access(sfu_args_text(args, "record", 0), F_OK) == 0)
		status = sfu_fail(EX_CANTCREAT, sfu_args_text(args, "record", 0),
			"is there already, and may be the only record of an HSM");
	if (status == 0 && mkdir(folder->name, 0700) != 0 && errno != EEXIST)
		status = sfu_fail_errno(EX_CANTCREAT, folder->name, "cannot be made");
	if (status == 0)
		status = sfu_hsm_folder_lock(folder);
	if (status == 0)
		status = is_free(folder); /* another init may have been faster */
	snprintf(folder->uri, sizeof(folder->uri), "%s", token == NULL ? SFU_HSM_SOFT : token);
	if (status == 0)
		status = sfu_crypt_random(folder->id, sizeof(folder->id));
	return status;
}

/* Record, public key and configuration appear together; the last makes the folder an HSM. */
static int write_files(const struct sfu_args *args, const struct sfu_hsm_folder *folder,
	const struct sfu_hsm_plan *plan, const struct sfu_hsm_record *record)
{
	const char *public = sfu_args_text(args, "public", 0);
	struct sfu_hsm_public its = { .epoch = record->epoch, .lock_profile = plan->lock_profile };
	struct sfu_sign_key key = { .pkey = sfu_point_key(record->hsm_key), .test = record->test };
	int status = sfu_record_stage(sfu_args_text(args, "record", 0), 0, record);

	memcpy(its.product, record->product, sizeof(its.product));
	memcpy(its.attest, record->attest, sizeof(its.attest));
	if (status == 0 && public != NULL)
		status = sfu_hsm_public_stage(public, &key, &its);
	if (status == 0)
		status = sfu_hsm_folder_stage(folder);
	if (status == 0)
		status = sfu_out_commit();
	sfu_key_free(&key);
	return status;
}

static int report(const struct sfu_args *args, const struct sfu_hsm_record *record)
{
	char id[2 * sizeof(record->id) + 1];

	sfu_number_print_hex(id, record->id, sizeof(record->id));
	if (args->json) {
		sfu_json_open(NULL, '{');
		sfu_json_text("ledger", id);
		sfu_json_number("epoch", record->epoch);
		sfu_json_hex("hsm_key", record->hsm_key, SFU_POINT);
		sfu_json_hex("seal_key", record->seal_key, SFU_POINT);
		sfu_json_bool("test", record->test);
		sfu_json_close('}');
	}
	sfu_note("HSM of ledger %s: %s is for the OEM alone, and stock is empty", id,
		sfu_args_text(args, "record", 0));
	return 0;
}

static int init(const struct sfu_args *args)
{
	struct given given = { 0 };
	struct sfu_hsm_folder folder;
	struct sfu_hsm hsm = { 0 };
	struct sfu_hsm_record record = { 0 };
	int status = read_plan(args, &given);

	if (status == 0)
		status = make_folder(args, &folder);
	if (status == 0)
		status = sfu_hsm_make_token(&hsm, &folder, sfu_args_text(args, "pin-file", 0));
	if (status == 0)
		status = sfu_hsm_make(&hsm, &given.plan, &record);
	if (status == 0) {
		status = write_files(args, &folder, &given.plan, &record);
		if (status != 0)
			sfu_hsm_unmake(&folder);
	}
	if (status == 0)
		status = report(args, &record);
	sfu_hsm_close(&hsm);
	sfu_key_free(&given.import);
	sfu_key_free(&given.order);
	sfu_crypt_wipe(&given, sizeof(given));
	sfu_crypt_wipe(&record, sizeof(record));
	return status;
}

static const struct sfu_option options[] = {
	{ 'd', "folder", "FOLDER", SFU_REQUIRED, "where configuration and ledger go" },
	{ 'A', "attest-key", "ATTEST.key", SFU_REQUIRED, "what `sfu hsm attest-key` made" },
	{ 'P', "product", "NAME", SFU_REQUIRED, "product, 1 to 16 characters" },
	{ 'O', "order-key", "PUB.pem|URI", SFU_REQUIRED, "public key that signs orders" },
	{ 'r', "record", "HSM.record", SFU_REQUIRED,
		"secret: with the master key it gives the OEM key" },
	{ 'p', "public", "HSM.pem", SFU_OPTIONAL, "the HSM's public key, for `sfu factory`" },
	{ 'L', "lock", "open|field|final", SFU_OPTIONAL,
		"devices with less protection get no licence; field, with test keys open" },
	{ 't', "token", "URI", SFU_OPTIONAL, "PKCS#11 token; a SoftHSM2 token in FOLDER" },
	{ 0, "pin-file", "FILE", SFU_OPTIONAL, "file with the token's PIN" },
	{ 0, "import-key", "H.pem", SFU_OPTIONAL, "signing key; the token makes one" },
	{ 0, "import-seed", "HSM.record", SFU_OPTIONAL, "take the seed of another HSM" },
	{ 0, "insecure-permissions", NULL, SFU_OPTIONAL, "read secret keys that others may open" },
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_hsm_init = {
	"hsm init",
	"",
	"makes an HSM: keys in a token, and a ledger",
	0,
	0,
	options,
	init,
};
