/* sfu certify: a signing key of the OEM adds another, of lower rank. */
#include <stdlib.h>
#include <string.h>

#include "certificate.h"
#include "commands.h"
#include "json.h"
#include "out.h"
#include "say.h"
#include "signkey.h"
#include "standing.h"

/* PUB.pem:RANK:SERIAL */
static int read_added(const struct sfu_args *args, struct sfu_sign_key *key, struct sfu_standing *its)
{
	const char *text = args->files[0];
	size_t size;
	char *path;
	int status;

	if (!sfu_standing_split(text, &size, its))
		return sfu_args_wrong(args, "`%s`: ranks go from 0 to 3, serials from 0 to %u", text,
			SFU_FORMAT_SERIAL_MAX);
	path = strndup(text, size);
	if (path == NULL)
		return sfu_fail(EX_OSERR, text, "there is no memory for its name");
	status = sfu_key_read_public(path, key);
	free(path);
	return status;
}

/* the issuer's private key, or where it signs elsewhere its public one */
static int read_issuer(const struct sfu_args *args, struct sfu_sign_key *key)
{
	const int elsewhere = sfu_args_count(args, "unsigned") > 0;

	if ((sfu_args_count(args, "key") > 0) == elsewhere ||
		(sfu_args_count(args, "signer") > 0) != elsewhere)
		return sfu_args_wrong(args,
			"either --key signs, or --unsigned and --signer leave that to others");
	return elsewhere ? sfu_signkey_public(args, "signer", key)
			 : sfu_signkey_open(args, "key", key);
}

static int write(const struct sfu_args *args, struct sfu_certificate *c, const struct sfu_sign_key *issuer)
{
	const char *output = sfu_args_text(args, "output", 0),
		   *to_sign = sfu_args_text(args, "unsigned", 0);
	uint8_t bytes[SFU_CERTIFICATE_SIZE];
	int status = 0;

	sfu_certificate_encode(c, bytes);
	if (to_sign == NULL)
		status = sfu_signkey_sign(
			issuer, bytes, SFU_CERTIFICATE_SIGNATURE_OFFSET, c->signature);
	sfu_certificate_encode(c, bytes);
	if (status == 0 && to_sign != NULL)
		status = sfu_out_stage(
			to_sign, SFU_OUT_PUBLIC, 1, bytes, SFU_CERTIFICATE_SIGNATURE_OFFSET);
	if (status == 0)
		status = sfu_out_stage(output, SFU_OUT_PUBLIC, 1, bytes, sizeof(bytes));
	if (status == 0)
		status = sfu_out_commit();
	if (status == 0 && to_sign != NULL)
		sfu_note("%s: sign this with ECDSA over its SHA-256, then `sfu attach-signature`",
			to_sign);
	return status;
}

static void report(const struct sfu_args *args, const struct sfu_certificate *c)
{
	char id[2 * sizeof(c->id) + 1];

	sfu_number_print_hex(id, c->id, sizeof(c->id));
	if (args->json) {
		sfu_json_open(NULL, '{');
		sfu_json_hex("issuer", c->issuer, sizeof(c->issuer));
		sfu_json_hex("id", c->id, sizeof(c->id));
		sfu_json_number("rank", c->rank);
		sfu_json_number("serial", c->serial);
		sfu_json_close('}');
	}
	sfu_note("%s: key %s, rank %u, serial %u", sfu_args_text(args, "output", 0), id, c->rank,
		c->serial);
}

static int certify(const struct sfu_args *args)
{
	struct sfu_sign_key issuer = { 0 }, added = { 0 };
	struct sfu_standing its = { 0, 0 }, of_issuer = { 0, 0 };
	struct sfu_certificate c = { 0 };
	int status = sfu_standing_option(args, "rank", &of_issuer);

	if (status == 0)
		status = sfu_args_product(args, "product", c.product);
	if (status == 0)
		status = read_added(args, &added, &its);
	if (status == 0 && its.rank >= of_issuer.rank)
		status = sfu_fail(EX_DATAERR, args->files[0],
			"has rank %u, and a key of rank %u adds only keys of lower rank", its.rank,
			of_issuer.rank);
	if (status == 0)
		status = read_issuer(args, &issuer);
	if (status == 0 && issuer.test != added.test)
		status = sfu_fail(EX_DATAERR, args->files[0],
			added.test ? "is a test key, and the issuer is none"
				   : "is no test key, and the issuer is one");
	if (status == 0) {
		memcpy(c.issuer, issuer.id, sizeof(c.issuer));
		memcpy(c.id, added.id, sizeof(c.id));
		memcpy(c.point, added.point, sizeof(c.point));
		c.rank = its.rank;
		c.serial = its.serial;
		status = write(args, &c, &issuer);
	}
	if (status == 0)
		report(args, &c);
	sfu_key_free(&added);
	sfu_key_free(&issuer);
	return status;
}

static const struct sfu_option options[] = {
	{ 'k', "key", "SIGN.pem|URI", SFU_OPTIONAL,
		"private key of the issuer: a file, or a PKCS#11 URI" },
	{ 'R', "rank", "RANK[:SERIAL]", SFU_REQUIRED,
		"of the issuer, as `sfu factory` was given it" },
	{ 'P', "product", "NAME", SFU_REQUIRED, "product, 1 to 16 characters" },
	{ 'o', "output", "FILE.cert", SFU_REQUIRED, "the certificate, for `sfu pack --certificate`" },
	{ 0, "unsigned", "FILE", SFU_OPTIONAL,
		"sign nothing: FILE gets the bytes that somebody else shall sign" },
	{ 0, "signer", "PUB.pem|URI", SFU_OPTIONAL, "with --unsigned: the issuer's public key" },
	SFU_SIGNKEY_OPTIONS,
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_certify = {
	"certify",
	"PUB.pem:RANK[:SERIAL]",
	"lets a new key sign packages: a certificate by a key of higher rank",
	1,
	1,
	options,
	certify,
};
