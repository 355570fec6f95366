/* sfu verify: checks all that the keys at hand can check. */
#include <stdio.h>
#include <string.h>

#include "crypt.h"
#include "hsm_record.h"
#include "json.h"
#include "package.h"
#include "say.h"
#include "commands.h"
#include "signers.h"

static void warn_test(const struct sfu_package *package, const struct sfu_signers *signers,
	const struct sfu_oem_key *oem)
{
	int i;

	for (i = 0; i < signers->count; i++)
		if (signers->key[i].test)
			sfu_warn(signers->name[i], "is a test key");
	if (oem->test)
		sfu_warn(package->path, "is encrypted with a test key");
}

static void report(const struct sfu_args *args, const struct sfu_package *package, int image)
{
	if (args->json) {
		sfu_json_open(NULL, '{');
		sfu_json_bool("signature", 1);
		sfu_json_bool("records", 1);
		if (image)
			sfu_json_bool("image", 1);
		sfu_json_close('}');
		return;
	}
	printf("%s: signature and %u records%s are good\n", package->path,
		package->manifest.record_count, image ? ", key and image" : "");
}

/* The key of the device that the package is for. */
static int make_unique(
	const struct sfu_args *args, const struct sfu_package *package, struct sfu_oem_key *oem)
{
	uint8_t unique[SFU_FORMAT_HASH];
	int status;

	if (sfu_args_count(args, "oem-key") == 0)
		return sfu_args_wrong(args, "--unique needs --oem-key");
	status = sfu_unique_key(oem->key, package->manifest.uid, unique);
	memcpy(oem->key, unique, sizeof(unique));
	sfu_crypt_wipe(unique, sizeof(unique));
	return status;
}

static int verify(const struct sfu_args *args)
{
	const char *oem_path = sfu_args_text(args, "oem-key", 0);
	struct sfu_oem_key oem = { 0 };
	struct sfu_signers signers;
	struct sfu_package package = { 0 };
	int status = sfu_signers_read(args, &signers);

	if (status == 0 && oem_path != NULL)
		status = sfu_oem_read(
			oem_path, sfu_args_count(args, "insecure-permissions") > 0, &oem);
	if (status == 0)
		status = sfu_package_read(args->files[0], &package);
	if (status == 0)
		status = sfu_package_check_signature(&package, signers.key, signers.count);
	if (status == 0)
		status = sfu_package_check_records(&package);
	if (status == 0 && sfu_args_count(args, "unique") > 0)
		status = make_unique(args, &package, &oem);
	if (status == 0 && oem_path != NULL)
		status = sfu_package_check_image(&package, &oem);
	if (status == 0) {
		warn_test(&package, &signers, &oem);
		report(args, &package, oem_path != NULL);
	}
	sfu_package_free(&package);
	sfu_oem_wipe(&oem);
	sfu_signers_free(&signers);
	return status;
}

static const struct sfu_option options[] = {
	{ 's', "signer", "PUB.pem", SFU_REQUIRED, "public key that may have signed it; up to 4" },
	{ 'K', "oem-key", "OEM.key", SFU_OPTIONAL, "decrypt too, and check the image" },
	{ 'u', "unique", NULL, SFU_OPTIONAL, "it is encrypted with its device's own key" },
	{ 0, "insecure-permissions", NULL, SFU_OPTIONAL, "read a secret key that others may open" },
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_verify = {
	"verify",
	"FILE.sfu",
	"checks signature and records, and with the OEM key the image",
	1,
	1,
	options,
	verify,
};
