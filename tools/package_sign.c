#include "package.h"
#include "package_manifest.h"
#include "signkey.h"

int sfu_package_sign(
	struct sfu_manifest *m, const struct sfu_sign_key *signer, struct sfu_bytes *package)
{
	const int status = sfu_signkey_sign(
		signer, package->data, SFU_FORMAT_MANIFEST_SIGNED, m->signature);

	if (status == 0)
		sfu_package_encode(m, package->data);
	return status;
}
