#include "authority.h"
#include "bytes.h"
#include "config.h"
#include "crypto.h"
#include "digest.h"
#include "sfu_codes.h"

/* rank and serial lie side by side in struct SIGNER, and twice in struct MANIFEST */
_Static_assert(SFU_SIGNER_SERIAL_OFFSET == SFU_SIGNER_RANK_OFFSET + 1
               && SFU_MANIFEST_SIGNER_SERIAL_OFFSET == SFU_MANIFEST_SIGNER_RANK_OFFSET + 1
               && SFU_MANIFEST_ISSUER_SERIAL_OFFSET == SFU_MANIFEST_ISSUER_RANK_OFFSET + 1,
               "one comparison serves both");
_Static_assert(SFU_KEYS_AT(SIGNER_RANK) == SFU_FORMAT_RANKS && SFU_KEYS_AT(ISSUER_SERIAL) + 1u == SFU_AUTHORITY_KEYS,
               "floors, signer and issuer lie side by side");
_Static_assert(SFU_MANIFEST_SIZE + SFU_CERTIFICATE_SIZE == SFU_FORMAT_HEAD, "a head is both");

/* Does the certificate behind the manifest add the manifest's signer, issued by `issuer` (struct SIGNER, of this
 * loader)? SFU_OK or SFU_R_CERTIFICATE. */
/*@ requires valid: sfu_authority_readable(m) && sfu_authority_certificate(c)
             && \valid_read(issuer + (0 .. SFU_SIGNER_SIZE - 1));
    assigns sfu_vouch.signature;
    ensures answer: \result == SFU_OK || \result == SFU_R_CERTIFICATE;
    ensures adds: \result == SFU_OK ==> sfu_authority_adds(m, c, issuer[SFU_SIGNER_RANK_OFFSET]);
    ensures signature: \result == SFU_OK ==> sfu_vouch.signature == 1; */
static uint32_t certified(const uint8_t m[SFU_MANIFEST_SIZE], const uint8_t c[SFU_CERTIFICATE_SIZE], const uint8_t *issuer)
{
	uint8_t hash[32];

	if (sfu_get32(c + SFU_CERTIFICATE_MAGIC_OFFSET) != SFU_FORMAT_CERTIFICATE_MAGIC
	    || sfu_get32(c + SFU_ADDED(ID)) != sfu_get32(m + SFU_MANIFEST_SIGNER_OFFSET)
	    || c[SFU_ADDED(RANK)] >= issuer[SFU_SIGNER_RANK_OFFSET]
	    || sfu_equal(c + SFU_CERTIFICATE_PRODUCT_OFFSET, sfu_config + SFU_CONFIG_PRODUCT_OFFSET,
	                 SFU_CERTIFICATE_PRODUCT_SIZE) != SFU_OK)
		return SFU_R_CERTIFICATE;
	sfu_digest(c, SFU_CERTIFICATE_SIGNATURE_OFFSET, hash);
	return sfu_verify(issuer + SFU_SIGNER_PUBLIC_KEY_OFFSET, hash, c + SFU_CERTIFICATE_SIGNATURE_OFFSET) == SFU_OK
	       ? SFU_OK : SFU_R_CERTIFICATE;
}

/* `rank` and the byte behind it, against those of a struct SIGNER */
/*@ requires valid: \valid_read(rank + (0 .. 1)) && \valid_read(signer + (0 .. SFU_SIGNER_SIZE - 1));
    assigns \nothing;
    ensures own: \result != 0 <==> rank[0] == signer[SFU_SIGNER_RANK_OFFSET] && rank[1] == signer[SFU_SIGNER_SERIAL_OFFSET]; */
static uint32_t own(const uint8_t *rank, const uint8_t *signer)
{
	return sfu_get16(rank) == sfu_get16(signer + SFU_SIGNER_RANK_OFFSET);
}

/* Floors only of ranks below the signer's: SFU_OK or SFU_R_RANK. So none of rank 3, as no rank is higher. */
/*@ requires valid: sfu_authority_readable(m);
    assigns \nothing;
    ensures answer: \result == SFU_OK || \result == SFU_R_RANK;
    ensures lower: \result == SFU_OK <==> sfu_authority_lower(m); */
static uint32_t lower(const uint8_t m[SFU_MANIFEST_SIZE])
{
	uint32_t i;

	/*@ loop invariant range: 0 <= i <= SFU_FORMAT_RANKS;
	    loop invariant lower: \forall integer j; 0 <= j < i ==>
	      j < m[SFU_MANIFEST_SIGNER_RANK_OFFSET] || m[SFU_MANIFEST_KEY_FLOOR_OFFSET + j] == 0;
	    loop assigns i;
	    loop variant SFU_FORMAT_RANKS - i; */
	for (i = 0; i < SFU_FORMAT_RANKS; i++) {
		/*@ assert one: sfu_authority_lower(m) ==>
		      i < m[SFU_MANIFEST_SIGNER_RANK_OFFSET] || m[SFU_MANIFEST_KEY_FLOOR_OFFSET + i] == 0; */
		if (m[SFU_MANIFEST_KEY_FLOOR_OFFSET + i] != 0 && i >= m[SFU_MANIFEST_SIGNER_RANK_OFFSET])
			return SFU_R_RANK;
	}
	return SFU_OK;
}

uint32_t sfu_authority_verify(const uint8_t m[SFU_MANIFEST_SIZE], const uint8_t c[SFU_CERTIFICATE_SIZE], const uint8_t hash[32])
{
	const uint32_t added = m[SFU_MANIFEST_FLAGS_OFFSET] & SFU_FORMAT_FLAG_CERTIFICATE;
	const uint32_t named =
		added != 0 ? sfu_get32(c + SFU_CERTIFICATE_ISSUER_OFFSET) : sfu_get32(m + SFU_MANIFEST_SIGNER_OFFSET);
	//@ assert named: named == sfu_authority_issuer(m, c);
	const uint8_t *issuer = sfu_config_signer(named), *signer = issuer;
	uint32_t status = SFU_OK;
	//@ ghost int chain = 1;

	if (issuer == 0)
		return SFU_R_SIGNER;
	if (added != 0) {
		status = certified(m, c, issuer);
		//@ ghost chain = sfu_vouch.signature;
		signer = c + SFU_CERTIFICATE_KEY_OFFSET;
	}
	if (status != SFU_OK)
		return status;
	status = sfu_verify(signer + SFU_SIGNER_PUBLIC_KEY_OFFSET, hash, m + SFU_MANIFEST_SIGNATURE_OFFSET);
	if (status != SFU_OK)
		return status;
	/* a key that was certified is as good as its certificate's signature */
	//@ ghost sfu_vouch.signature = chain;
	if (own(m + SFU_MANIFEST_SIGNER_RANK_OFFSET, signer) == 0 || own(m + SFU_MANIFEST_ISSUER_RANK_OFFSET, issuer) == 0)
		return SFU_R_STANDING;
	return lower(m);
}

uint32_t sfu_authority_revoked(const uint8_t keys[SFU_AUTHORITY_KEYS], const uint8_t floor[SFU_FORMAT_RANKS])
{
	return keys[SFU_SIGNER_SERIAL_AT] < floor[SFU_RANK(keys[SFU_SIGNER_RANK_AT])]
	       || keys[SFU_ISSUER_SERIAL_AT] < floor[SFU_RANK(keys[SFU_ISSUER_RANK_AT])];
}
