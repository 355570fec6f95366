/* What the claims of spec/threats.md are said with: the state of the world outside the core, as the contracts of the
 * port and the cryptography change it. Nothing here is compiled. */
#ifndef SFU_CLAIMS_H
#define SFU_CLAIMS_H

#include <stdint.h>

// each a value that stands for all there is: of the flash, of the chip beside it, and of the line
//@ ghost int sfu_flash;
//@ ghost int sfu_chip;
//@ ghost int sfu_line;

/*@ axiomatic Flash {
      // the `size` bytes at `address` while the flash is f, as one value
      logic integer flash_value(integer f, integer address, integer size);
      // what a read of them answers, and the byte at an address, as such a read shows it
      logic integer flash_read(integer f, integer address, integer size);
      logic integer flash_byte(integer f, integer address);
    }
    logic integer flash_word(integer f, integer a) = flash_byte(f, a) + 256 * flash_byte(f, a + 1)
       + 65536 * flash_byte(f, a + 2) + 16777216 * flash_byte(f, a + 3);
    // what a write of `size` bytes at `address` leaves as it was, whatever becomes of the write
    predicate flash_elsewhere(integer f, integer g, integer address, integer size) =
       \forall integer a, n; a + n <= address || address + size <= a ==> flash_value(f, a, n) == flash_value(g, a, n);
*/

/*@ // strings of bytes as values, so that what is computed of them has a name wherever they lay
    axiomatic Bytes {
      logic integer sfu_bytes{L}(uint8_t *p, integer size) reads p[0 .. size - 1];
      // what a hash is of, that began with `value` and went on with `bytes`; of nothing yet; and its digest
      logic integer sfu_sha_more(integer value, integer bytes);
      logic integer sfu_sha_none;
      logic integer sfu_sha_of(integer value);
      // HMAC of a and b, one behind the other
      logic integer sfu_mac_of(integer key, integer a, integer b);
      logic integer sfu_hkdf_of(integer key, integer salt, integer info);
      // b behind a; no byte at all
      logic integer sfu_join(integer a, integer b);
      logic integer sfu_nothing;
      axiom join{L}: \forall uint8_t *p, integer a, b; 0 <= a && 0 <= b ==>
        sfu_bytes(p, a + b) == sfu_join(sfu_bytes(p, a), sfu_bytes(p + a, b));
      axiom nothing{L}: \forall uint8_t *p; sfu_bytes(p, 0) == sfu_nothing;
      axiom same{L1, L2}: \forall uint8_t *p, *q, integer size;
        (\forall integer i; 0 <= i < size ==> \at(p[i], L1) == \at(q[i], L2)) ==>
        sfu_bytes{L1}(p, size) == sfu_bytes{L2}(q, size);
    }
*/

/*@ // of such values: what a box of ChaCha20-Poly1305 holds
    axiomatic Ciphers {
      logic integer sfu_opened_of(integer key, integer box);
    }
*/

/*@ // C10: the chip's unique id and its kind, which do not change; and of what does: its protection, and its next random
    // bytes, as one value (see Bytes)
    axiomatic Uid {
      logic integer sfu_uid_byte(integer i);
      logic integer sfu_part_id;
      logic integer sfu_lock(integer chip);
      logic integer sfu_random(integer chip);
    }
*/

/* C2: what the device has been convinced of */
struct sfu_vouch {
	int signature;               /* 1: the signature that was checked last held */
	int accepted;                /* 1: the manifest in d->upgrade is one that was signed, and acceptable, here */
	const uint8_t *bytes;        /* what belongs into a slot: that manifest, or the record just authenticated … */
	uint32_t size;               /* … and so many bytes of it, at most */
};
//@ ghost struct sfu_vouch sfu_vouch;

// C7: an address in memory that outlives the call that sends, any at all: nobody assigns it, so that what is proved of it
// holds of each byte of the device, where the keys are
//@ ghost const uint8_t *sfu_lasting;

/* C4: what a boot check found */
struct sfu_judged {
	int flash;                   /* the flash as it was when an image held */
	uint32_t address, size;      /* where that image's slot lies */
	uint32_t image;              /* where it begins */
};
//@ ghost struct sfu_judged sfu_judged;

/*@ // the image at `vectors` is, byte for byte, one that a check of this boot held to be good
    predicate image_judged(integer f, integer vectors, struct sfu_judged j) =
       vectors == j.image && flash_value(f, j.address, j.size) == flash_value(j.flash, j.address, j.size);
*/

#endif
