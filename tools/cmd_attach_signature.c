/* sfu attach-signature: the second half of `pack --unsigned`. */
#include <openssl/ecdsa.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "certificate.h"
#include "commands.h"
#include "out.h"
#include "package.h"
#include "say.h"
#include "signers.h"

/* r ‖ s, or DER, which is what OpenSSL and most HSMs write. */
static int read_signature(const char *path, uint8_t signature[SFU_MANIFEST_SIGNATURE_SIZE])
{
	struct sfu_bytes bytes;
	const uint8_t *at;
	ECDSA_SIG *pair = NULL;
	int good = 0, status = sfu_file_read(path, SFU_FILE_PUBLIC, &bytes);

	if (status != 0)
		return status;
	at = bytes.data;
	if (bytes.size == SFU_MANIFEST_SIGNATURE_SIZE) {
		memcpy(signature, bytes.data, bytes.size);
		good = 1;
	} else if (bytes.size < 80 && (pair = d2i_ECDSA_SIG(NULL, &at, (long)bytes.size)) != NULL) {
		good = at == bytes.data + bytes.size &&
			BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32) == 32 &&
			BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32) == 32;
	}
	ECDSA_SIG_free(pair);
	sfu_bytes_free(&bytes);
	return good ? 0
		    : sfu_fail(EX_DATAERR, path,
			      "is no ECDSA signature on P-256, neither 64 bytes nor DER");
}

/* A certificate is what begins as one. */
static int is_certificate(const char *path, int *is)
{
	struct sfu_bytes bytes;
	const int status = sfu_file_read(path, SFU_FILE_PUBLIC, &bytes);

	if (status != 0)
		return status;
	*is = bytes.size >= 4 && sfu_get32(bytes.data) == SFU_FORMAT_CERTIFICATE_MAGIC;
	sfu_bytes_free(&bytes);
	return 0;
}

static int attach_certificate(const struct sfu_args *args, const struct sfu_signers *signers)
{
	const char *output = sfu_args_text(args, "output", 0), *path = args->files[0];
	uint8_t bytes[SFU_CERTIFICATE_SIZE];
	struct sfu_certificate c;
	int i, good = 0, status = sfu_certificate_read(path, &c, bytes);

	if (status == 0)
		status = read_signature(sfu_args_text(args, "signature", 0),
			bytes + SFU_CERTIFICATE_SIGNATURE_OFFSET);
	for (i = 0; status == 0 && i < signers->count; i++)
		if (memcmp(signers->key[i].id, c.issuer, sizeof(c.issuer)) == 0)
			break;
	if (status == 0 && i == signers->count)
		return sfu_fail(EX_NOPERM, path, "its issuer is none of the given keys");
	if (status == 0)
		status = sfu_certificate_verify(bytes, &signers->key[i], &good);
	if (status == 0 && !good)
		return sfu_fail(EX_NOPERM, path, "the signature does not match the certificate");
	if (status == 0)
		status = sfu_out_stage(output, SFU_OUT_PUBLIC, 1, bytes, sizeof(bytes));
	if (status == 0)
		status = sfu_out_commit();
	if (status == 0)
		sfu_note("%s: signed", output);
	return status;
}

static int attach_package(const struct sfu_args *args, const struct sfu_signers *signers)
{
	const char *output = sfu_args_text(args, "output", 0);
	uint8_t signature[SFU_MANIFEST_SIGNATURE_SIZE];
	struct sfu_package package = { 0 };
	int status = sfu_package_read(args->files[0], &package);

	if (status == 0)
		status = read_signature(sfu_args_text(args, "signature", 0), signature);
	if (status == 0) {
		memcpy(package.bytes.data + SFU_MANIFEST_SIGNATURE_OFFSET, signature,
			sizeof(signature));
		memcpy(package.manifest.signature, signature, sizeof(signature));
		status = sfu_package_check_signature(&package, signers->key, signers->count);
	}
	if (status == 0)
		status = sfu_package_check_records(&package);
	if (status == 0)
		status = sfu_out_stage(
			output, SFU_OUT_PUBLIC, 1, package.bytes.data, package.bytes.size);
	if (status == 0)
		status = sfu_out_commit();
	if (status == 0)
		sfu_note("%s: signed", output);
	sfu_package_free(&package);
	return status;
}

static int attach(const struct sfu_args *args)
{
	struct sfu_signers signers;
	int certificate = 0, status = sfu_signers_read(args, &signers);

	if (status != 0)
		return status;
	status = is_certificate(args->files[0], &certificate);
	if (status == 0)
		status = certificate ? attach_certificate(args, &signers) : attach_package(args, &signers);
	sfu_signers_free(&signers);
	return status;
}

static const struct sfu_option options[] = {
	{ 's', "signer", "PUB.pem", SFU_REQUIRED, "public key, to check the signature with" },
	{ 'S', "signature", "FILE", SFU_REQUIRED, "the signature: r and s in 64 bytes, or DER" },
	{ 'o', "output", "FILE", SFU_REQUIRED, "the signed package or certificate; may be the same file" },
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_attach_signature = {
	"attach-signature",
	"FILE.sfu|FILE.cert",
	"puts a signature that was made elsewhere into a package or certificate",
	1,
	1,
	options,
	attach,
};
