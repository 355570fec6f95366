/* What the core assumes of BearSSL where it calls it: which memory a call reads and writes. Included before
 * crypto/crypto.c when that is proved, and by nothing else; what the calls compute is tested (tests/unit), not
 * proved. */
#ifndef SFU_PROOFS_BEARSSL_H
#define SFU_PROOFS_BEARSSL_H

#include <stdint.h>
#include <bearssl.h>

/*@ requires context: \valid(cc) && \valid_read((unsigned char *)stb + (0 .. 31));
    assigns *cc; */
void br_sha224_set_state(br_sha224_context *cc, const void *stb, uint64_t count);

/*@ requires context: \valid(ctx);
    requires data: \valid_read((unsigned char *)data + (0 .. len - 1));
    assigns *ctx; */
void br_sha224_update(br_sha224_context *ctx, const void *data, size_t len);

/*@ requires context: \valid_read(ctx) && \valid((unsigned char *)out + (0 .. 31));
    assigns ((unsigned char *)out)[0 .. 31]; */
void br_sha256_out(const br_sha256_context *ctx, void *out);

/*@ requires key: \valid_read((unsigned char *)key + (0 .. 31)) && \valid_read((unsigned char *)iv + (0 .. 11));
    requires data: \valid((unsigned char *)data + (0 .. len - 1));
    assigns ((unsigned char *)data)[0 .. len - 1]; */
uint32_t br_chacha20_ct_run(const void *key, const void *iv, uint32_t cc, void *data, size_t len);

/*@ requires key: \valid_read((unsigned char *)key + (0 .. 31)) && \valid_read((unsigned char *)iv + (0 .. 11));
    requires data: \valid((unsigned char *)data + (0 .. len - 1));
    requires aad: \valid_read((unsigned char *)aad + (0 .. aad_len - 1)) && \valid((unsigned char *)tag + (0 .. 15));
    assigns ((unsigned char *)data)[0 .. len - 1], ((unsigned char *)tag)[0 .. 15]; */
void br_poly1305_ctmul_run(const void *key, const void *iv, void *data, size_t len, const void *aad,
                           size_t aad_len, void *tag, br_chacha20_run ichacha, int encrypt);

#endif
