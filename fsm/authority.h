/* Who may sign: keys of the loader's configuration, and keys that one of those certified; and which of them are
 * revoked (spec/formats.md, Signing keys).
 *
 * `m` is a manifest and `c` its certificate, which is looked at only where the manifest's flags say that it has one.
 * `floor` is one byte for each rank. */
#ifndef SFU_AUTHORITY_H
#define SFU_AUTHORITY_H

#include <stdint.h>
#include "bytes.h"
#include "claims.h"
#include "config.h"
#include "sfu_codes.h"
#include "sfu_format.h"

/* of rank r, one of the four; any number counts as one of them */
#define SFU_RANK(r) ((r) % SFU_FORMAT_RANKS)
/* a key of rank r with serial s is not revoked */
#define SFU_KEY_STANDS(r, s, floor) ((s) >= (floor)[SFU_RANK(r)])
/* signer and issuer are not; `keys` is a manifest from its key_floor on */
#define SFU_KEYS_STAND(keys, floor) \
	(SFU_KEY_STANDS((keys)[SFU_SIGNER_RANK_AT], (keys)[SFU_SIGNER_SERIAL_AT], floor) \
	 && SFU_KEY_STANDS((keys)[SFU_ISSUER_RANK_AT], (keys)[SFU_ISSUER_SERIAL_AT], floor))
/* where they are there */
#define SFU_KEYS_AT(field) (SFU_MANIFEST_##field##_OFFSET - SFU_MANIFEST_KEY_FLOOR_OFFSET)
#define SFU_SIGNER_RANK_AT SFU_KEYS_AT(SIGNER_RANK)
#define SFU_SIGNER_SERIAL_AT SFU_KEYS_AT(SIGNER_SERIAL)
#define SFU_ISSUER_RANK_AT SFU_KEYS_AT(ISSUER_RANK)
#define SFU_ISSUER_SERIAL_AT SFU_KEYS_AT(ISSUER_SERIAL)
#define SFU_AUTHORITY_KEYS 8u /* bytes of these */

/* a certificate is there */
#define SFU_AUTHORITY_CERTIFIED(m) (((m)[SFU_MANIFEST_FLAGS_OFFSET] & SFU_FORMAT_FLAG_CERTIFICATE) != 0)
/* where fields of the key it adds lie in it */
#define SFU_ADDED(field) (SFU_CERTIFICATE_KEY_OFFSET + SFU_SIGNER_##field##_OFFSET)

/*@ predicate sfu_authority_readable(uint8_t *m) = \valid_read(m + (0 .. SFU_MANIFEST_SIZE - 1));
    predicate sfu_authority_certificate(uint8_t *c) = \valid_read(c + (0 .. SFU_CERTIFICATE_SIZE - 1));
    // id of the key of the configuration that vouches for the manifest
    logic integer sfu_authority_issuer(uint8_t *m, uint8_t *c) = SFU_AUTHORITY_CERTIFIED(m)
         ? SFU_WORD(c, SFU_CERTIFICATE_ISSUER_OFFSET) : SFU_WORD(m, SFU_MANIFEST_SIGNER_OFFSET);
    // the certificate adds the signer's key, for this product, below the issuer's rank (its signature apart)
    predicate sfu_authority_adds(uint8_t *m, uint8_t *c, integer rank) =
         SFU_WORD(c, SFU_CERTIFICATE_MAGIC_OFFSET) == SFU_FORMAT_CERTIFICATE_MAGIC
      && (\forall integer i; 0 <= i < SFU_CERTIFICATE_PRODUCT_SIZE ==>
          c[SFU_CERTIFICATE_PRODUCT_OFFSET + i] == sfu_config[SFU_CONFIG_PRODUCT_OFFSET + i])
      && SFU_WORD(c, SFU_ADDED(ID)) == SFU_WORD(m, SFU_MANIFEST_SIGNER_OFFSET)
      && c[SFU_ADDED(RANK)] < rank;
    // the manifest gives the added key the rank and serial it has
    predicate sfu_authority_added(uint8_t *m, uint8_t *c) =
         m[SFU_MANIFEST_SIGNER_RANK_OFFSET] == c[SFU_ADDED(RANK)]
      && m[SFU_MANIFEST_SIGNER_SERIAL_OFFSET] == c[SFU_ADDED(SERIAL)];
    predicate sfu_authority_alone(uint8_t *m) =
         m[SFU_MANIFEST_SIGNER_RANK_OFFSET] == m[SFU_MANIFEST_ISSUER_RANK_OFFSET]
      && m[SFU_MANIFEST_SIGNER_SERIAL_OFFSET] == m[SFU_MANIFEST_ISSUER_SERIAL_OFFSET];
    // and the issuer, which is key i of the configuration
    predicate sfu_authority_issued(uint8_t *m, integer i) =
         m[SFU_MANIFEST_ISSUER_RANK_OFFSET]
           == sfu_config[SFU_CONFIG_KEY0_OFFSET + i * SFU_SIGNER_SIZE + SFU_SIGNER_RANK_OFFSET]
      && m[SFU_MANIFEST_ISSUER_SERIAL_OFFSET]
           == sfu_config[SFU_CONFIG_KEY0_OFFSET + i * SFU_SIGNER_SIZE + SFU_SIGNER_SERIAL_OFFSET];
    // it revokes keys of lower rank alone
    predicate sfu_authority_lower(uint8_t *m) = \forall integer i; 0 <= i < SFU_FORMAT_RANKS ==>
         i < m[SFU_MANIFEST_SIGNER_RANK_OFFSET] || m[SFU_MANIFEST_KEY_FLOOR_OFFSET + i] == 0;
    // key i of the configuration vouches for the manifest, by itself or by the certificate (signatures apart)
    predicate sfu_authority_allowed(uint8_t *m, uint8_t *c, integer i) = sfu_authority_issued(m, i) && sfu_authority_lower(m)
      && (SFU_AUTHORITY_CERTIFIED(m)
          ? sfu_authority_adds(m, c, sfu_config[SFU_CONFIG_KEY0_OFFSET + i * SFU_SIGNER_SIZE + SFU_SIGNER_RANK_OFFSET])
            && sfu_authority_added(m, c)
          : sfu_authority_alone(m));
*/

/* Is the manifest, whose hash is `hash`, signed by a key that may sign, and does it give the key's rank and serial,
 * and revoke only what such a key may? SFU_OK; SFU_R_SIGNER: no key of the configuration has the signer's
 * id, or the issuer's; SFU_R_CERTIFICATE; SFU_R_SIGNATURE; SFU_R_STANDING; SFU_R_RANK. Whether keys are revoked is
 * not asked. */
/*@ requires valid: sfu_authority_readable(m) && sfu_authority_certificate(c) && \valid_read(hash + (0 .. 31));
    assigns sfu_vouch.signature;
    ensures answer: \result == SFU_OK || \result == SFU_R_SIGNER || \result == SFU_R_CERTIFICATE
             || \result == SFU_R_SIGNATURE || \result == SFU_R_STANDING || \result == SFU_R_RANK;
    ensures signer: \result == SFU_R_SIGNER <==>
             \forall integer i; !\old(sfu_config_knows(i, sfu_authority_issuer(m, c)));
    ensures signature: \result == SFU_OK || \result == SFU_R_STANDING || \result == SFU_R_RANK ==>
             sfu_vouch.signature == 1;
    ensures unsigned: \result == SFU_R_SIGNATURE ==> sfu_vouch.signature != 1;
    ensures rank: \result == SFU_R_RANK ==> !sfu_authority_lower(m);
    ensures allowed: \result == SFU_OK ==> \forall integer i; sfu_config_first(i, sfu_authority_issuer(m, c)) ==>
             sfu_authority_allowed(m, c, i);
    ensures accepted: sfu_vouch.signature == 1 && \result != SFU_R_CERTIFICATE ==>
             \forall integer i; sfu_config_first(i, sfu_authority_issuer(m, c)) ==>
             (\result == SFU_OK <==> sfu_authority_allowed(m, c, i)); */
uint32_t sfu_authority_verify(const uint8_t m[SFU_MANIFEST_SIZE], const uint8_t c[SFU_CERTIFICATE_SIZE], const uint8_t hash[32]);

/* 1 if the manifest's signer or issuer lies below the floor of its rank, else 0. `keys` is the manifest from its
 * key_floor on. */
/*@ requires valid: \valid_read(keys + (0 .. SFU_AUTHORITY_KEYS - 1)) && \valid_read(floor + (0 .. SFU_FORMAT_RANKS - 1));
    assigns \nothing;
    ensures choice: \result == 0 || \result == 1;
    ensures revoked: \result == 0 <==> SFU_KEYS_STAND(keys, floor); */
uint32_t sfu_authority_revoked(const uint8_t keys[SFU_AUTHORITY_KEYS], const uint8_t floor[SFU_FORMAT_RANKS]);

#endif
