#include "certificate.h"

#include <string.h>

#include "bytes.h"
#include "crypt.h"
#include "file.h"
#include "point.h"
#include "say.h"

#define AT(field) (bytes + SFU_CERTIFICATE_##field##_OFFSET)
#define KEY(field) (AT(KEY) + SFU_SIGNER_##field##_OFFSET)

const char *sfu_certificate_decode(
	const uint8_t bytes[SFU_CERTIFICATE_SIZE], struct sfu_certificate *c)
{
	uint8_t id[SFU_SIGNER_ID_SIZE];

	if (sfu_get32(AT(MAGIC)) != SFU_FORMAT_CERTIFICATE_MAGIC)
		return "this is no certificate";
	memcpy(c->issuer, AT(ISSUER), sizeof(c->issuer));
	memcpy(c->product, AT(PRODUCT), sizeof(c->product));
	memcpy(c->id, KEY(ID), sizeof(c->id));
	memcpy(c->point, KEY(PUBLIC_KEY), sizeof(c->point));
	c->rank = *KEY(RANK);
	c->serial = *KEY(SERIAL);
	memcpy(c->signature, AT(SIGNATURE), sizeof(c->signature));
	if (c->rank >= SFU_FORMAT_RANKS || KEY(ZERO)[0] != 0 || KEY(ZERO)[1] != 0)
		return "the certified key has no rank from 0 to 3";
	if (sfu_point_id(c->point, id) != 0 || memcmp(id, c->id, sizeof(id)) != 0)
		return "the certified key has not the id that is given for it";
	return NULL;
}

void sfu_certificate_encode(const struct sfu_certificate *c, uint8_t bytes[SFU_CERTIFICATE_SIZE])
{
	memset(bytes, 0, SFU_CERTIFICATE_SIZE);
	sfu_put32(AT(MAGIC), SFU_FORMAT_CERTIFICATE_MAGIC);
	memcpy(AT(ISSUER), c->issuer, sizeof(c->issuer));
	memcpy(AT(PRODUCT), c->product, sizeof(c->product));
	memcpy(KEY(ID), c->id, sizeof(c->id));
	*KEY(RANK) = c->rank;
	*KEY(SERIAL) = c->serial;
	memcpy(KEY(PUBLIC_KEY), c->point, sizeof(c->point));
	memcpy(AT(SIGNATURE), c->signature, sizeof(c->signature));
}

int sfu_certificate_read(
	const char *path, struct sfu_certificate *c, uint8_t bytes[SFU_CERTIFICATE_SIZE])
{
	struct sfu_bytes file = { NULL, 0 };
	const char *wrong = NULL;
	int status = sfu_file_read(path, SFU_FILE_PUBLIC, &file);

	if (status != 0)
		return status;
	if (file.size != SFU_CERTIFICATE_SIZE)
		status = sfu_fail(EX_DATAERR, path, "is no certificate: it has %zu bytes and not %u",
			file.size, SFU_CERTIFICATE_SIZE);
	else if ((wrong = sfu_certificate_decode(file.data, c)) != NULL)
		status = sfu_fail(EX_DATAERR, path, "%s", wrong);
	else
		memcpy(bytes, file.data, SFU_CERTIFICATE_SIZE);
	sfu_bytes_free(&file);
	return status;
}

int sfu_certificate_verify(const uint8_t bytes[SFU_CERTIFICATE_SIZE],
	const struct sfu_sign_key *issuer, int *good)
{
	return sfu_point_verify(
		issuer->point, bytes, SFU_CERTIFICATE_SIGNATURE_OFFSET, AT(SIGNATURE), good);
}
