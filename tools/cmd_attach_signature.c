/* sfu attach-signature: the second half of `pack --unsigned`. */
#include <openssl/ecdsa.h>
#include <stdlib.h>
#include <string.h>

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

static int attach(const struct sfu_args *args)
{
	const char *output = sfu_args_text(args, "output", 0);
	uint8_t signature[SFU_MANIFEST_SIGNATURE_SIZE];
	struct sfu_signers signers;
	struct sfu_package package = { 0 };
	int status = sfu_signers_read(args, &signers);

	if (status == 0)
		status = sfu_package_read(args->files[0], &package);
	if (status == 0)
		status = read_signature(sfu_args_text(args, "signature", 0), signature);
	if (status == 0) {
		memcpy(package.bytes.data + SFU_MANIFEST_SIGNATURE_OFFSET, signature,
			sizeof(signature));
		memcpy(package.manifest.signature, signature, sizeof(signature));
		status = sfu_package_check_signature(&package, signers.key, signers.count);
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
	sfu_signers_free(&signers);
	return status;
}

static const struct sfu_option options[] = {
	{ 's', "signer", "PUB.pem", SFU_REQUIRED, "public key, to check the signature with" },
	{ 'S', "signature", "FILE", SFU_REQUIRED, "the signature: r and s in 64 bytes, or DER" },
	{ 'o', "output", "FILE.sfu", SFU_REQUIRED, "the signed package; may be the same file" },
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_attach_signature = {
	"attach-signature",
	"FILE.sfu",
	"puts a signature that was made elsewhere into a package",
	1,
	1,
	options,
	attach,
};
