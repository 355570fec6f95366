#include <string.h>

#include "certificate.h"
#include "crypt.h"
#include "package.h"
#include "point.h"
#include "say.h"

static const struct sfu_sign_key *find(const struct sfu_sign_key *keys, int count, const uint8_t *id)
{
	int i;

	for (i = 0; i < count; i++)
		if (memcmp(keys[i].id, id, sizeof(keys[i].id)) == 0)
			return &keys[i];
	return NULL;
}

static int same(const struct sfu_standing *a, const struct sfu_standing *b)
{
	return a->rank == b->rank && a->serial == b->serial;
}

/* What the loader asks of rank and serial, once the signatures are right: that they are the certificate's, or, without
 * one, that signer and issuer are the same. */
static int check_standing(const struct sfu_package *package, const struct sfu_standing *certified)
{
	const struct sfu_manifest *m = &package->manifest;
	const int good = certified != NULL
		? same(certified, &m->its_signer) && certified->rank < m->its_issuer.rank
		: same(&m->its_signer, &m->its_issuer);
	unsigned rank;

	if (!good)
		return sfu_fail(EX_DATAERR, package->path, "at offset %u: %s",
			SFU_MANIFEST_SIGNER_RANK_OFFSET,
			certified != NULL ? "rank and serial are not the certificate's, or not below "
					    "the issuer's rank"
					  : "without a certificate the signer is its own issuer");
	for (rank = m->its_signer.rank; rank < SFU_FORMAT_RANKS; rank++)
		if (m->key_floor[rank] != 0)
			return sfu_fail(EX_DATAERR, package->path,
				"at offset %u: the signer has rank %u, and revokes keys of rank %u",
				SFU_MANIFEST_KEY_FLOOR_OFFSET, m->its_signer.rank, rank);
	return 0;
}

/* What the loader will ask of the certificate. */
static int check_certificate(const struct sfu_package *package, const struct sfu_sign_key *keys,
	int count, uint8_t point[SFU_POINT], struct sfu_standing *its)
{
	const uint8_t *bytes = package->bytes.data + SFU_MANIFEST_SIZE;
	const struct sfu_manifest *m = &package->manifest;
	const struct sfu_sign_key *issuer;
	struct sfu_certificate c;
	const char *wrong = sfu_certificate_decode(bytes, &c);
	char id[2 * sizeof(c.issuer) + 1];
	int good = 0, status;

	if (wrong != NULL)
		return sfu_fail(EX_DATAERR, package->path, "at offset %u: %s", SFU_MANIFEST_SIZE, wrong);
	*its = (struct sfu_standing){ c.rank, c.serial };
	memcpy(point, c.point, sizeof(c.point));
	if (memcmp(c.id, m->signer, sizeof(c.id)) != 0)
		return sfu_fail(EX_DATAERR, package->path,
			"at offset %u: the certificate is of another key than the signer's",
			SFU_MANIFEST_SIZE);
	if (memcmp(c.product, m->product, sizeof(c.product)) != 0)
		return sfu_fail(EX_DATAERR, package->path,
			"at offset %u: the certificate is for another product", SFU_MANIFEST_SIZE);
	issuer = find(keys, count, c.issuer);
	sfu_number_print_hex(id, c.issuer, sizeof(c.issuer));
	if (issuer == NULL)
		return sfu_fail(EX_NOPERM, package->path,
			"at offset %u: the certificate is by key %s, which is none of the given ones",
			SFU_MANIFEST_SIZE + SFU_CERTIFICATE_ISSUER_OFFSET, id);
	status = sfu_certificate_verify(bytes, issuer, &good);
	if (status == 0 && !good)
		return sfu_fail(EX_NOPERM, package->path,
			"at offset %u: the signature does not match the certificate, key %s",
			SFU_MANIFEST_SIZE + SFU_CERTIFICATE_SIGNATURE_OFFSET, id);
	return status;
}

/* The manifest without a certificate is by one of the keys itself. */
static int find_signer(const struct sfu_package *package, const struct sfu_sign_key *keys, int count,
	uint8_t point[SFU_POINT])
{
	const struct sfu_manifest *m = &package->manifest;
	const struct sfu_sign_key *key = find(keys, count, m->signer);
	char id[2 * SFU_MANIFEST_SIGNER_SIZE + 1];

	if (key == NULL)
		return sfu_fail(EX_NOPERM, package->path,
			"at offset %u: signed by key %s, which is none of the given ones",
			SFU_MANIFEST_SIGNER_OFFSET,
			sfu_number_print_hex(id, m->signer, sizeof(m->signer)));
	memcpy(point, key->point, sizeof(key->point));
	return 0;
}

int sfu_package_check_signature(
	const struct sfu_package *package, const struct sfu_sign_key *keys, int count)
{
	const struct sfu_manifest *m = &package->manifest;
	const int certified = (m->flags & SFU_FORMAT_FLAG_CERTIFICATE) != 0;
	uint8_t point[SFU_POINT];
	struct sfu_standing its;
	char id[2 * SFU_MANIFEST_SIGNER_SIZE + 1];
	int good = 0, status;

	status = certified
		? check_certificate(package, keys, count, point, &its)
		: find_signer(package, keys, count, point);
	if (status == 0)
		status = sfu_point_verify(
			point, package->bytes.data, SFU_FORMAT_MANIFEST_SIGNED, m->signature, &good);
	if (status == 0 && !good)
		return sfu_fail(EX_NOPERM, package->path,
			"at offset %u: the signature does not match the manifest, key %s",
			SFU_MANIFEST_SIGNATURE_OFFSET,
			sfu_number_print_hex(id, m->signer, sizeof(m->signer)));
	return status == 0 ? check_standing(package, certified ? &its : NULL) : status;
}
