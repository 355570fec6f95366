/* The cryptography of suite 1 (spec/formats.md), as the core sees it: BearSSL 0.6 behind it.
 *
 * All of it runs in constant time with respect to keys and data, but for sfu_verify, which meets no
 * secret. No function keeps a pointer it was given, none allocates. Buffers do not overlap unless a
 * comment says so. Sizes are in bytes. */
#ifndef SFU_CRYPTO_H
#define SFU_CRYPTO_H

#include <stdint.h>
#include <bearssl.h>
#include "claims.h"
#include "sfu_codes.h"

struct sfu_hash {
	br_sha256_context sha;
};

#ifndef SFU_PROOFS_BEARSSL_H /* proofs/bearssl.h has it too, as it speaks of it */
/*@ axiomatic Sha {
      // bytes that were hashed so far, and byte i of their digest
      logic integer sfu_sha_size(br_sha256_context c);
      logic integer sfu_sha_byte(br_sha256_context c, integer i);
      // those bytes
      logic integer sfu_sha_value(br_sha256_context c);
    }
*/
#endif

/*@ // What is computed, as names only: that it is what the standards say is tested, not proved.
    axiomatic Crypto {
      // byte i of the HMAC of a and b, one behind the other
      logic integer sfu_mac_byte{L}(uint8_t *key, integer key_size, uint8_t *a, integer a_size, uint8_t *b,
                                    integer b_size, integer i)
            reads key[0 .. key_size - 1], a[0 .. a_size - 1], b[0 .. b_size - 1];
    }
    logic integer sfu_hmac_byte{L}(uint8_t *key, uint8_t *data, integer size, integer i) =
         sfu_mac_byte(key, 32, data, size, data, 0, i);
*/

/* SHA-256 (FIPS 180-4): init, any number of updates (size 0 allowed), then final writes the digest.
 * The context holds no secret beyond what was hashed; wipe it if that was one. */
/*@ requires h: \valid(h);
    assigns *h;
    ensures size: sfu_sha_size(h->sha) == 0;
    ensures value: sfu_sha_value(h->sha) == sfu_sha_none; */
void sfu_hash_init(struct sfu_hash *h);
/*@ requires h: \valid(h) && \valid_read(data + (0 .. size - 1));
    assigns *h;
    ensures size: sfu_sha_size(h->sha) == \old(sfu_sha_size(h->sha)) + size;
    ensures value: sfu_sha_value(h->sha) == \old(sfu_sha_more(sfu_sha_value(h->sha), sfu_bytes(data, size))); */
void sfu_hash_update(struct sfu_hash *h, const uint8_t *data, uint32_t size);
/*@ requires h: \valid_read(h) && \valid(digest + (0 .. 31));
    assigns digest[0 .. 31];
    ensures digest: \forall integer i; 0 <= i < 32 ==> digest[i] == \old(sfu_sha_byte(h->sha, i)); */
void sfu_hash_final(const struct sfu_hash *h, uint8_t digest[32]);

/* HMAC-SHA-256 (RFC 2104) of `size` bytes under a 32-byte key. */
/*@ requires read: \valid_read(key + (0 .. 31)) && \valid_read(data + (0 .. size - 1));
    requires out: \valid(out + (0 .. 31));
    requires apart: \separated(out + (0 .. 31), key + (0 .. 31), data + (0 .. size - 1));
    assigns out[0 .. 31];
    ensures mac: \forall integer i; 0 <= i < 32 ==> out[i] == \old(sfu_hmac_byte(key, data, size, i)); */
void sfu_hmac(uint8_t out[32], const uint8_t key[32], const uint8_t *data, uint32_t size);

/* HKDF-SHA-256 (RFC 5869), 32 bytes of output. `salt_size` 0 means the empty salt;
 * salt_size and info_size <= 64. */
/*@ requires read: \valid_read(key + (0 .. 31)) && \valid_read(info + (0 .. info_size - 1));
    requires salt: salt_size == 0 || (salt_size <= 64 && \valid_read(salt + (0 .. salt_size - 1)));
    requires info: info_size <= 64;
    requires out: \valid(out + (0 .. 31));
    requires apart: \separated(out + (0 .. 31), key + (0 .. 31), info + (0 .. info_size - 1));
    assigns out[0 .. 31];
    ensures value: sfu_bytes(out, 32) == \old(sfu_hkdf_of(sfu_bytes(key, 32), sfu_bytes(salt, salt_size),
             sfu_bytes(info, info_size))); */
void sfu_hkdf(uint8_t out[32], const uint8_t key[32], const uint8_t *salt, uint32_t salt_size,
              const uint8_t *info, uint32_t info_size);

/* ECDSA on P-256 (FIPS 186-4). `public_key` is X ‖ Y, `signature` r ‖ s, big-endian.
 * Returns SFU_OK, or SFU_R_SIGNATURE for anything that is not a valid signature: r or s out of range,
 * a key that is not on the curve, a wrong hash. */
/*@ requires read: \valid_read(public_key + (0 .. 63)) && \valid_read(hash + (0 .. 31))
                && \valid_read(signature + (0 .. 63));
    assigns sfu_vouch.signature;
    ensures signature: \result == SFU_OK <==> sfu_vouch.signature == 1;
    ensures answer: \result == SFU_OK || \result == SFU_R_SIGNATURE;
    ensures zero: (\forall integer i; 0 <= i < 32 ==> signature[i] == 0) ==> \result == SFU_R_SIGNATURE; */
uint32_t sfu_verify(const uint8_t public_key[64], const uint8_t hash[32], const uint8_t signature[64]);

/* ChaCha20 (RFC 8439), counter from 0, nonce = index as 4 bytes ‖ 8 zero bytes: en- or decrypts
 * `data` in place. */
/*@ requires read: \valid_read(key + (0 .. 31)) && \valid(data + (0 .. size - 1));
    requires apart: \separated(key + (0 .. 31), data + (0 .. size - 1));
    assigns data[0 .. size - 1]; */
void sfu_cipher(const uint8_t key[32], uint32_t index, uint8_t *data, uint32_t size);

/* Poly1305 tag of ChaCha20-Poly1305 (RFC 8439 section 2.8) with empty plaintext: the one-time MAC of
 * `size` bytes under (key, nonce = index as 4 bytes ‖ 8 zero bytes). The same (key, index) must never
 * be used for two different messages. `tag` may lie inside `data`. */
/*@ requires read: \valid_read(key + (0 .. 31)) && \valid_read(data + (0 .. size - 1));
    requires tag: \valid(tag + (0 .. 15)) && \separated(tag + (0 .. 15), key + (0 .. 31));
    assigns tag[0 .. 15]; */
void sfu_onetime_mac(uint8_t tag[16], const uint8_t key[32], uint32_t index, const uint8_t *data,
                     uint32_t size);

/* The public key X ‖ Y, big-endian, of a scalar (ECDH on P-256, SP 800-56A). SFU_OK, or SFU_E_ENTROPY if the scalar is 0
 * or not below the order of the group: of 32 random bytes about one in 2^32. */
/*@ requires scalar: \valid_read(scalar + (0 .. 31));
    requires out: \valid(public_key + (0 .. 63)) && \separated(public_key + (0 .. 63), scalar + (0 .. 31));
    assigns public_key[0 .. 63];
    ensures answer: \result == SFU_OK || \result == SFU_E_ENTROPY; */
uint32_t sfu_agree_public(uint8_t public_key[64], const uint8_t scalar[32]);

/* What the owners of the scalar and of the public key have in common: X of scalar * public key. The scalar is one that
 * sfu_agree_public has accepted. SFU_OK, or SFU_R_PERMIT if the public key is no point of the curve; `secret` is
 * anything then. */
/*@ requires read: \valid_read(scalar + (0 .. 31)) && \valid_read(public_key + (0 .. 63));
    requires out: \valid(secret + (0 .. 31)) && \separated(secret + (0 .. 31), scalar + (0 .. 31), public_key + (0 .. 63));
    assigns secret[0 .. 31];
    ensures answer: \result == SFU_OK || \result == SFU_R_PERMIT; */
uint32_t sfu_agree(uint8_t secret[32], const uint8_t scalar[32], const uint8_t public_key[64]);

/* ChaCha20-Poly1305 (RFC 8439) with a nonce of zeros and no associated data: decrypts `size` bytes in place. SFU_OK, or
 * SFU_R_BOX if `tag` is not theirs; they are zero then. A key is used for one box only. */
/*@ requires read: \valid_read(key + (0 .. 31)) && \valid_read(tag + (0 .. 15)) && \valid(box + (0 .. size - 1));
    requires apart: \separated(box + (0 .. size - 1), key + (0 .. 31), tag + (0 .. 15));
    assigns box[0 .. size - 1];
    ensures answer: \result == SFU_OK || \result == SFU_R_BOX;
    ensures value: \result == SFU_OK ==>
             sfu_bytes(box, size) == \old(sfu_opened_of(sfu_bytes(key, 32), sfu_bytes(box, size)));
    ensures shut: \result != SFU_OK ==> \forall integer i; 0 <= i < size ==> box[i] == 0; */
uint32_t sfu_open(const uint8_t key[32], uint8_t *box, uint32_t size, const uint8_t tag[16]);

/* Compares in constant time; the length, at most 65536, is never data. Returns SFU_OK if equal, else SFU_R_IMAGE. */
/*@ requires read: \valid_read(a + (0 .. size - 1)) && \valid_read(b + (0 .. size - 1));
    requires size: size <= 65536;
    assigns \nothing;
    ensures equal: \result == SFU_OK <==> \forall integer i; 0 <= i < size ==> a[i] == b[i];
    ensures answer: \result == SFU_OK || \result == SFU_R_IMAGE; */
uint32_t sfu_equal(const uint8_t *a, const uint8_t *b, uint32_t size);

/*@ // a name for it, where provers do not see through the place that data has in a larger array
    predicate sfu_zero{L}(uint8_t *data, integer size) = \forall integer i; 0 <= i < size ==> data[i] == 0; */

/* Overwrites `size` bytes with zeros, in a way that the compiler does not remove. */
/*@ requires write: \valid(data + (0 .. size - 1));
    assigns data[0 .. size - 1];
    ensures wiped: \forall integer i; 0 <= i < size ==> data[i] == 0;
    ensures zero: sfu_zero(data, size); */
void sfu_wipe(uint8_t *data, uint32_t size);

#endif
