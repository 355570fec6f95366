/* What the core assumes of BearSSL where it calls it: which memory a call reads and writes. Included before
 * crypto/crypto.c when that is proved, in place of BearSSL's own header, and by nothing else; what the calls
 * compute is tested (tests/unit), not proved.
 *
 * Pointers that are void * there are unsigned char * here, and a context is bytes and nothing else: WP does not follow
 * a cast from one kind of memory to another. crypto.c looks into no context, but for wiping it. */
#ifndef SFU_PROOFS_BEARSSL_H
#define SFU_PROOFS_BEARSSL_H
#define BR_BEARSSL_H__ /* BearSSL's own is left out */

#include <stddef.h>
#include <stdint.h>
#include "claims.h"

/* sfu_wipe writes through a volatile pointer so that the compiler keeps its stores. WP takes volatile for memory that
 * changes by itself; what sfu_wipe is given is not. Nothing else of the core is volatile. */
#define volatile

typedef struct {
	unsigned char bytes[108];
} br_sha256_context;

/*@ axiomatic Sha {
      // bytes that were hashed so far, and byte i of their digest
      logic integer sfu_sha_size(br_sha256_context c);
      logic integer sfu_sha_byte(br_sha256_context c, integer i);
      // those bytes
      logic integer sfu_sha_value(br_sha256_context c);
    }
    // word k of a state, as it is saved
    logic integer sha_word(unsigned char *s, integer k) =
         16777216 * s[4 * k] + 65536 * s[4 * k + 1] + 256 * s[4 * k + 2] + s[4 * k + 3];
*/

/*@ requires context: \valid(cc) && \valid_read(stb + (0 .. 31));
    // FIPS 180-4 5.3.3
    requires first: count == 0 ==> sha_word(stb, 0) == 0x6A09E667 && sha_word(stb, 1) == 0xBB67AE85
              && sha_word(stb, 2) == 0x3C6EF372 && sha_word(stb, 3) == 0xA54FF53A && sha_word(stb, 4) == 0x510E527F
              && sha_word(stb, 5) == 0x9B05688C && sha_word(stb, 6) == 0x1F83D9AB && sha_word(stb, 7) == 0x5BE0CD19;
    assigns *cc \from stb[0 .. 31], count;
    ensures size: sfu_sha_size(*cc) == count;
    ensures value: count == 0 ==> sfu_sha_value(*cc) == sfu_sha_none; */
void br_sha256_set_state(br_sha256_context *cc, const unsigned char *stb, uint64_t count);

/*@ requires context: \valid(ctx);
    requires data: \valid_read(data + (0 .. len - 1));
    assigns *ctx \from *ctx, data[0 .. len - 1], len;
    ensures size: sfu_sha_size(*ctx) == \old(sfu_sha_size(*ctx)) + len;
    ensures value: sfu_sha_value(*ctx) == \old(sfu_sha_more(sfu_sha_value(*ctx), sfu_bytes(data, len))); */
void br_sha256_update(br_sha256_context *ctx, const unsigned char *data, size_t len);

/*@ requires context: \valid_read(ctx) && \valid(out + (0 .. 31));
    assigns out[0 .. 31] \from *ctx;
    ensures digest: \forall integer i; 0 <= i < 32 ==> out[i] == \old(sfu_sha_byte(*ctx, i));
    ensures value: sfu_bytes(out, 32) == \old(sfu_sha_of(sfu_sha_value(*ctx))); */
void br_sha256_out(const br_sha256_context *ctx, unsigned char *out);

/*@ axiomatic ChaCha {
      // byte i of what becomes of `data`, with the counter from cc on; and of the tag of `aad` alone
      logic integer br_chacha20_byte{L}(unsigned char *key, unsigned char *iv, integer cc, unsigned char *data,
                                        integer i) reads key[0 .. 31], iv[0 .. 11], data[i];
      // the same of whole strings
      logic integer br_chacha20_of(integer key, integer iv, integer cc, integer data);
      logic integer br_poly1305_byte{L}(unsigned char *key, unsigned char *iv, unsigned char *aad, integer aad_len,
                                        integer i) reads key[0 .. 31], iv[0 .. 11], aad[0 .. aad_len - 1];
    }
*/

/*@ requires key: \valid_read(key + (0 .. 31)) && \valid_read(iv + (0 .. 11));
    requires data: \valid(data + (0 .. len - 1));
    ensures data: \forall integer i; 0 <= i < len ==> data[i] == \old(br_chacha20_byte(key, iv, cc, data, i));
    assigns data[0 .. len - 1] \from key[0 .. 31], iv[0 .. 11], cc, data[0 .. len - 1], len;
    assigns \result \from cc, len; */
uint32_t br_chacha20_ct_run(const unsigned char *key, const unsigned char *iv, uint32_t cc, unsigned char *data,
                            size_t len);

typedef uint32_t (*br_chacha20_run)(const unsigned char *key, const unsigned char *iv, uint32_t cc,
                                    unsigned char *data, size_t len);

/*@ requires key: \valid_read(key + (0 .. 31)) && \valid_read(iv + (0 .. 11));
    requires data: \valid(data + (0 .. len - 1));
    requires aad: \valid_read(aad + (0 .. aad_len - 1)) && \valid(tag + (0 .. 15));
    assigns data[0 .. len - 1], tag[0 .. 15]
            \from key[0 .. 31], iv[0 .. 11], data[0 .. len - 1], aad[0 .. aad_len - 1], len, aad_len;
    ensures tag: len == 0 && encrypt == 1 ==> \forall integer i; 0 <= i < 16 ==>
              tag[i] == \old(br_poly1305_byte(key, iv, aad, aad_len, i));
    ensures opened: encrypt == 0 ==> sfu_bytes(data, len)
              == \old(br_chacha20_of(sfu_bytes(key, 32), sfu_bytes(iv, 12), 1, sfu_bytes(data, len))); */
void br_poly1305_ctmul_run(const unsigned char *key, const unsigned char *iv, unsigned char *data, size_t len,
                           const unsigned char *aad, size_t aad_len, unsigned char *tag, br_chacha20_run ichacha,
                           int encrypt);

/* sfu_curve_verify, behind which the rest of BearSSL is, has its contract in crypto/curve.h */
#define BR_EC_secp256r1 23
typedef struct {
	int curve;
	unsigned char *q;
	size_t qlen;
} br_ec_public_key;

#endif
