/* Names for what the cryptography computes, for contracts; without BearSSL's headers. */
#ifndef SFU_CRYPTO_NAMES_H
#define SFU_CRYPTO_NAMES_H

#include <stdint.h>

/*@ // What sfu_hmac and sfu_verify compute, as names only, so that others can speak of "the MAC of": that they are the
    // standards' is tested, not proved.
    axiomatic Crypto {
      logic integer sfu_hmac_byte{L}(uint8_t *key, uint8_t *data, integer size, integer i)
        reads key[0 .. 31], data[0 .. size - 1];
      predicate sfu_signed{L}(uint8_t *public_key, uint8_t *hash, uint8_t *signature)
        reads public_key[0 .. 63], hash[0 .. 31], signature[0 .. 63];
    }
*/

#endif
