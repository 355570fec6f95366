/* sfu keygen: signing keys, OEM keys and OEM master keys. */
#include <stdio.h>
#include <string.h>

#include "crypt.h"
#include "file.h"
#include "json.h"
#include "keyfile.h"
#include "say.h"
#include "signkey.h"
#include "commands.h"

static int print(
	const struct sfu_args *args, const struct sfu_sign_key *key, const struct sfu_bytes *pem)
{
	char id[2 * sizeof(key->id) + 1];

	sfu_number_print_hex(id, key->id, sizeof(key->id));
	if (args->json) {
		sfu_json_open(NULL, '{');
		sfu_json_text("kind", "sign");
		sfu_json_text("id", id);
		sfu_json_hex("public_key", key->point, sizeof(key->point));
		sfu_json_bool("test", key->test);
		sfu_json_close('}');
	} else if (sfu_args_count(args, "public") == 0) {
		fwrite(pem->data, 1, pem->size, stdout);
	}
	sfu_note("signing key %s%s", id, key->test ? " (test key)" : "");
	return 0;
}

static int make_sign(const struct sfu_args *args, int replace)
{
	const char *public = sfu_args_text(args, "public", 0);
	struct sfu_sign_key key;
	struct sfu_bytes pem = { NULL, 0 };
	const int in_token = sfu_token_is_uri(args->files[1]);
	const int test = sfu_args_count(args, "test") > 0;
	int status = in_token ? sfu_signkey_make(args, args->files[1], test, &key)
			      : sfu_key_make(test, &key);

	if (status == 0)
		status = sfu_key_print_public(&key, &pem);
	if (status == 0 && !in_token)
		status = sfu_key_stage_private(args->files[1], replace, &key);
	if (status == 0 && public != NULL)
		status = sfu_key_stage_public(public, replace, &key);
	if (status == 0)
		status = sfu_out_commit();
	if (status == 0)
		status = print(args, &key, &pem);
	sfu_bytes_free(&pem);
	sfu_key_free(&key);
	return status;
}

static int make_oem(const struct sfu_args *args, int master, int replace)
{
	const char *name = master ? "OEM master key" : "OEM key";
	uint32_t epoch = 1;
	struct sfu_oem_key key;
	int status = sfu_args_u32(args, "epoch", &epoch);

	if (status == 0 && sfu_args_count(args, "public") > 0)
		status = sfu_args_wrong(args, "an %s has no public half", name);
	if (status == 0)
		status = sfu_oem_make(epoch, master, sfu_args_count(args, "test") > 0, &key);
	if (status == 0)
		status = sfu_oem_stage(args->files[1], replace, &key);
	if (status == 0)
		status = sfu_out_commit();
	if (status == 0 && args->json) {
		sfu_json_open(NULL, '{');
		sfu_json_text("kind", master ? "master" : "oem");
		sfu_json_number("epoch", epoch);
		sfu_json_bool("test", key.test);
		sfu_json_close('}');
	}
	if (status == 0)
		sfu_note("%s of epoch %u%s", name, epoch, key.test ? " (test key)" : "");
	sfu_oem_wipe(&key);
	return status;
}

static int keygen(const struct sfu_args *args)
{
	const int replace = sfu_args_count(args, "force") > 0;

	if (strcmp(args->files[0], "sign") == 0 && sfu_args_count(args, "epoch") > 0)
		return sfu_args_wrong(args, "a signing key has no epoch");
	if (strcmp(args->files[0], "sign") == 0)
		return make_sign(args, replace);
	if (strcmp(args->files[0], "oem") == 0)
		return make_oem(args, 0, replace);
	if (strcmp(args->files[0], "master") == 0)
		return make_oem(args, 1, replace);
	return sfu_args_wrong(args, "`%s` is no kind of key: sign, oem or master", args->files[0]);
}

static const struct sfu_option options[] = {
	{ 'p', "public", "PUB.pem", SFU_OPTIONAL, "write the public key here, not to stdout" },
	{ 'e', "epoch", "N", SFU_OPTIONAL, "epoch of an OEM key or OEM master key; 1" },
	{ 't', "test", NULL, SFU_OPTIONAL, "mark it as a test key, which no locked device takes" },
	{ 0, "pin-file", "FILE", SFU_OPTIONAL,
		"file with the PIN of a token; or SFU_PIN, or asked" },
	{ 'f', "force", NULL, SFU_OPTIONAL, "replace files that exist" },
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_keygen = {
	"keygen",
	"sign|oem|master KEY",
	"makes a signing key (PEM, or in a token), an OEM key or an OEM master key",
	2,
	2,
	options,
	keygen,
};
