/* sfu factory: a loader, its configuration and its OEM key, or OEM master key, become what a programmer writes. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "crypt.h"
#include "hexfile.h"
#include "hsm_public.h"
#include "json.h"
#include "lock_profile.h"
#include "out.h"
#include "personal.h"
#include "programmer.h"
#include "say.h"
#include "commands.h"

static int read_options(const struct sfu_args *args, struct sfu_personal *p)
{
	const char *lock = sfu_args_text(args, "lock", 0);
	int status = sfu_args_product(args, "product", p->product);

	if (!sfu_lock_parse(lock, &p->lock))
		return sfu_args_wrong(args, "--lock: `%s` is none of open, field, final", lock);
	if (status == 0)
		status = sfu_args_u32(args, "hardware", &p->hardware);
	if (status == 0 && p->hardware == 0)
		status = sfu_args_wrong(args, "--hardware: no package would run on no revision");
	if (status == 0)
		status = sfu_args_u32(args, "min-counter", &p->min_counter);
	if (status == 0)
		status = sfu_standing_revoke(args, p->key_floor);
	p->unique = sfu_args_count(args, "unique") > 0;
	return status;
}

/* The chip has its OEM key from the start, or an HSM gives it one. */
static int check_way(const struct sfu_args *args)
{
	const int oem = sfu_args_count(args, "oem-key") > 0,
		  master = sfu_args_count(args, "master-key") > 0,
		  hsm = sfu_args_count(args, "hsm-key") > 0;

	if (oem == master)
		return sfu_args_wrong(args, oem ? "--oem-key and --master-key exclude each other"
						: "--oem-key or --master-key is missing");
	if (master != hsm)
		return sfu_args_wrong(args, "--master-key and --hsm-key belong together");
	if (!master && sfu_args_count(args, "unique") > 0)
		return sfu_args_wrong(args, "--unique: only an HSM makes a key for one device");
	return 0;
}

/* the file of the secret key */
static const char *key_path(const struct sfu_args *args)
{
	return sfu_args_count(args, "oem-key") > 0 ? sfu_args_text(args, "oem-key", 0)
						   : sfu_args_text(args, "master-key", 0);
}

/* Only test keys, or none; and a device with test keys is open, one without is not. */
static int check_marks(const struct sfu_args *args, struct sfu_personal *p)
{
	const char *oem = key_path(args);
	const char *test = p->oem->test ? oem : NULL, *real = p->oem->test ? NULL : oem;
	int i;

	for (i = 0; i < p->signers->count; i++)
		if (p->signers->standing[i].serial < p->key_floor[p->signers->standing[i].rank])
			return sfu_fail(EX_DATAERR, p->signers->name[i],
				"is revoked by --revoke: no package it signs would be taken");
	for (i = 0; i < p->signers->count; i++)
		if (p->signers->key[i].test)
			test = p->signers->name[i];
		else
			real = p->signers->name[i];
	/* H alone opens nothing: unmarked, it may go into a test device */
	if (p->hsm != NULL && p->hsm->test)
		test = sfu_args_text(args, "hsm-key", 0);
	p->test = test != NULL;
	if (p->lock != SFU_FLASH_LOCK_OPEN && test != NULL)
		return sfu_fail(EX_NOPERM, test, "is a test key: it is for --lock open only");
	if (p->lock == SFU_FLASH_LOCK_OPEN && real != NULL)
		return sfu_fail(EX_NOPERM, real,
			"is not marked as a test key: --lock open would give it away (`sfu keygen "
			"--test`)");
	return 0;
}

static int read_keys(const struct sfu_args *args, struct sfu_signers *signers,
	struct sfu_oem_key *oem, struct sfu_sign_key *hsm)
{
	const int insecure = sfu_args_count(args, "insecure-permissions") > 0;
	const char *path = key_path(args);
	uint32_t epoch;
	int status = sfu_signers_read(args, signers);

	if (status == 0 && sfu_args_count(args, "oem-key") > 0)
		status = sfu_oem_read(path, insecure, oem);
	else if (status == 0)
		status = sfu_master_read(path, insecure, oem);
	if (status == 0 && sfu_args_count(args, "hsm-key") > 0)
		status = sfu_key_read_public(sfu_args_text(args, "hsm-key", 0), hsm);
	epoch = oem->epoch;
	if (status == 0)
		status = sfu_args_u32(args, "epoch", &epoch);
	if (status == 0 && epoch != oem->epoch)
		status = sfu_fail(EX_DATAERR, path, "is of epoch %u and not %u", oem->epoch, epoch);
	return status;
}

/* Devices that their HSM would refuse are found here, before thousands are programmed. */
static int check_hsm(const struct sfu_args *args, const struct sfu_personal *p)
{
	struct sfu_hsm_public device = { .epoch = p->oem->epoch, .lock_profile = p->lock };
	int status;

	if (p->hsm == NULL)
		return 0;
	memcpy(device.product, p->product, sizeof(device.product));
	status = sfu_attest_fingerprint(p->oem->key, device.attest);
	if (status == 0)
		status = sfu_hsm_public_check(
			sfu_args_text(args, "hsm-key", 0), &device, key_path(args));
	return status;
}

/* The name of the binary file: the HEX file's, with .bin in place of what follows the last dot. */
static void name_binary(const char *hex, char out[PATH_MAX])
{
	const char *slash = strrchr(hex, '/'), *dot = strrchr(hex, '.');
	const int stem = dot != NULL && (slash == NULL || dot > slash + 1) && dot != hex
		? (int)(dot - hex)
		: (int)strlen(hex);

	snprintf(out, PATH_MAX, "%.*s.bin", stem, hex);
}

/* `flash` is the loader with its configuration; the key page joins it for the HEX file only. */
static int stage(
	const struct sfu_args *args, const struct sfu_personal *p, struct sfu_loader *loader)
{
	const char *hex = sfu_args_text(args, "output", 0),
		   *commands = sfu_args_text(args, "commands", 0);
	const struct sfu_span *span = &loader->flash.at[0];
	char binary[PATH_MAX];
	struct sfu_bytes text = { NULL, 0 };
	int status = 0;

	name_binary(hex, binary);
	if (sfu_args_count(args, "bin") > 0 && strcmp(binary, hex) == 0)
		return sfu_args_wrong(args, "--bin: %s is the name of the HEX file", hex);
	if (sfu_args_count(args, "bin") > 0)
		status = sfu_out_stage(binary, SFU_OUT_PUBLIC, 1, span->data, span->size);
	if (status == 0)
		status = sfu_personal_keys(p, &loader->layout, &loader->flash);
	if (status == 0)
		status = sfu_spans_sort(&loader->flash, "factory image");
	if (status == 0)
		status = sfu_hex_print(&loader->flash, &text);
	if (status == 0)
		status = sfu_out_stage(hex, SFU_OUT_SECRET, 1, text.data, text.size);
	sfu_bytes_free(&text);
	if (status == 0 && commands != NULL)
		status = sfu_programmer_stage(commands, hex, &loader->layout, p->lock);
	if (status == 0)
		status = sfu_out_commit();
	return status;
}

static void report(
	const struct sfu_args *args, const struct sfu_personal *p, const struct sfu_loader *loader)
{
	const struct sfu_layout *layout = &loader->layout;
	uint32_t i;

	if (args->json) {
		sfu_json_open(NULL, '{');
		sfu_json_number("config", loader->config);
		sfu_json_number("key_page", layout->area[SFU_AREA_KEYS].address);
		sfu_json_number("epoch", p->oem->epoch);
		sfu_json_bool("test", (int)p->test);
		sfu_json_bool("personalized_by_hsm", p->hsm != NULL);
		sfu_json_open("slots", '[');
		for (i = 0; i < layout->slot_count; i++) {
			sfu_json_open(NULL, '{');
			sfu_json_number("load_address", sfu_loader_image(layout, i));
			sfu_json_number("capacity", sfu_loader_capacity(layout, i));
			sfu_json_close('}');
		}
		sfu_json_close(']');
		sfu_json_close('}');
	}
	sfu_note("%s holds the OEM %skey: keep it as secret as the key itself",
		sfu_args_text(args, "output", 0), p->oem->master ? "master " : "");
	sfu_programmer_tell(layout, p->lock);
}

static int factory(const struct sfu_args *args)
{
	struct sfu_signers signers = { 0 };
	struct sfu_oem_key oem = { 0 };
	struct sfu_sign_key hsm = { 0 };
	struct sfu_personal p = { .signers = &signers, .oem = &oem };
	struct sfu_loader loader = { 0 };
	int status = read_options(args, &p);

	if (status == 0)
		status = check_way(args);
	if (status == 0)
		status = read_keys(args, &signers, &oem, &hsm);
	if (hsm.pkey != NULL)
		p.hsm = &hsm;
	if (status == 0)
		status = check_marks(args, &p);
	if (status == 0)
		status = check_hsm(args, &p);
	if (status == 0)
		status = sfu_loader_read(sfu_args_text(args, "loader", 0), &loader);
	if (status == 0) {
		sfu_personal_config(&p, sfu_loader_at(&loader, loader.config, SFU_CONFIG_SIZE));
		status = stage(args, &p, &loader);
	}
	if (status == 0)
		report(args, &p, &loader);
	sfu_loader_free(&loader);
	sfu_oem_wipe(&oem);
	sfu_key_free(&hsm);
	sfu_signers_free(&signers);
	return status;
}

static const struct sfu_option options[] = {
	{ 'l', "loader", "LOADER.elf", SFU_REQUIRED, "the loader" },
	{ 'P', "product", "NAME", SFU_REQUIRED, "product, 1 to 16 characters" },
	{ 'H', "hardware", "MASK", SFU_REQUIRED,
		"the devices' hardware revision, usually one bit" },
	{ 's', "signer", "PUB.pem[:RANK[:SERIAL]]", SFU_REQUIRED,
		"public signing key, rank 0 to 3 (0), serial (0); 1 to 4 times" },
	{ 0, "revoke", "RANK:SERIAL", SFU_OPTIONAL,
		"keys of this rank with lower serials are revoked from the start" },
	{ 'K', "oem-key", "OEM.key", SFU_OPTIONAL, "OEM key; or --master-key" },
	{ 'M', "master-key", "M.key", SFU_OPTIONAL,
		"OEM master key, for a chip that an HSM personalizes" },
	{ 'S', "hsm-key", "H.pub", SFU_OPTIONAL, "public key of that HSM" },
	{ 'u', "unique", NULL, SFU_OPTIONAL,
		"personalization leaves a key of its own in each device" },
	{ 'L', "lock", "open|field|final", SFU_REQUIRED,
		"protection without which the loader refuses its keys" },
	{ 'o', "output", "FACTORY.hex", SFU_REQUIRED, "loader and key page, secret, Intel HEX" },
	{ 'e', "epoch", "N", SFU_OPTIONAL, "check that the OEM key is of this epoch" },
	{ 'm', "min-counter", "N", SFU_OPTIONAL,
		"lowest security counter the loader ever runs; 0" },
	{ 'b', "bin", NULL, SFU_OPTIONAL,
		"write the loader, without the key page, to FACTORY.bin too" },
	{ 'c', "commands", "PREFIX", SFU_OPTIONAL,
		"write PREFIX.openocd and PREFIX.stm32cubeprog.sh" },
	{ 0, "insecure-permissions", NULL, SFU_OPTIONAL, "read a secret key that others may open" },
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_factory = {
	"factory",
	"",
	"makes what is programmed into a blank chip: loader, configuration, OEM or OEM master key",
	0,
	0,
	options,
	factory,
};
