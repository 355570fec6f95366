#include "crypto.h"
#include "bytes.h"
#include "curve.h"
#include "sfu_codes.h"

#define HASH 32u
#define NONCE 12u
#define BLOCK 64u /* of SHA-256 */
#define TAG 16u
#define POINT 65u /* 0x04 ‖ X ‖ Y */

/* not br_sha256_init, which names functions that are never called, through the context's table */
void sfu_hash_init(struct sfu_hash *h)
{
	/* FIPS 180-4 5.3.3 */
	static const uint8_t first[HASH] = {
		0x6A, 0x09, 0xE6, 0x67, 0xBB, 0x67, 0xAE, 0x85, 0x3C, 0x6E, 0xF3, 0x72, 0xA5, 0x4F, 0xF5, 0x3A,
		0x51, 0x0E, 0x52, 0x7F, 0x9B, 0x05, 0x68, 0x8C, 0x1F, 0x83, 0xD9, 0xAB, 0x5B, 0xE0, 0xCD, 0x19
	};

	br_sha256_set_state(&h->sha, first, 0);
}

void sfu_hash_update(struct sfu_hash *h, const uint8_t *data, uint32_t size)
{
	br_sha256_update(&h->sha, data, size);
}

void sfu_hash_final(const struct sfu_hash *h, uint8_t digest[32])
{
	br_sha256_out(&h->sha, digest);
}

/*@ // what the names of spec/claims.h stand for: RFC 2104, and RFC 5869 with one block of output
    axiomatic CryptoMeaning {
      // a key, filled up to a block with zeros, each of its bytes flipped; and the last byte of what HKDF expands
      logic integer flipped(integer byte, integer flip) = (uint32_t)((uint32_t)byte ^ flip) % 256;
      logic integer padded(integer key, integer flip);
      logic integer one;
      logic integer keyed_of(integer flip, integer key, integer a, integer b) =
        sfu_sha_of(sfu_sha_more(sfu_sha_more(sfu_sha_more(sfu_sha_none, padded(key, flip)), a), b));
      axiom padded{L1, L2}: \forall uint8_t *pad, *key, integer size, flip;
        (\forall integer i; 0 <= i < size ==> \at(pad[i], L2) == flipped(\at(key[i], L1), flip))
        && (\forall integer i; size <= i < 64 ==> \at(pad[i], L2) == flip) ==>
        sfu_bytes{L2}(pad, 64) == padded(sfu_bytes{L1}(key, size), flip);
      axiom one{L}: \forall uint8_t *p; p[0] == 1 ==> sfu_bytes(p, 1) == one;
      axiom mac: \forall integer key, a, b; sfu_mac_of(key, a, b)
        == keyed_of(0x5C, key, keyed_of(0x36, key, a, b), sfu_nothing);
      axiom hkdf: \forall integer key, salt, info; sfu_hkdf_of(key, salt, info)
        == sfu_mac_of(sfu_mac_of(salt, key, sfu_nothing), info, one);
      axiom mac_byte{L1, L2}: \forall uint8_t *key, *a, *b, *out, integer key_size, a_size, b_size, i;
        0 <= i < 32 && sfu_bytes{L2}(out, 32) == sfu_mac_of(sfu_bytes{L1}(key, key_size), sfu_bytes{L1}(a, a_size),
          sfu_bytes{L1}(b, b_size)) ==> \at(out[i], L2) == sfu_mac_byte{L1}(key, key_size, a, a_size, b, b_size, i);
    }
*/

/*@ assigns \nothing;
    ensures flipped: \result == flipped(byte, flip); */
static inline uint8_t flip_bits(uint8_t byte, uint8_t flip)
{
	return (uint8_t)(((uint32_t)byte ^ flip) % 256u);
}

/* SHA-256(pad ‖ a ‖ b), where pad is the key, filled up to a block with zeros, and each of its bytes flipped by
 * `flip`: twice this is HMAC (RFC 2104), in less code than BearSSL's. */
/*@ requires key: key_size <= BLOCK && \valid_read(key + (0 .. key_size - 1));
    requires read: \valid_read(a + (0 .. a_size - 1)) && \valid_read(b + (0 .. b_size - 1));
    requires out: \valid(out + (0 .. HASH - 1));
    requires flip: flip == 0x36 || flip == 0x5C;
    assigns out[0 .. HASH - 1];
    ensures value: sfu_bytes(out, HASH) == \old(keyed_of(flip, sfu_bytes(key, key_size), sfu_bytes(a, a_size),
             sfu_bytes(b, b_size))); */
static void keyed(uint8_t out[32], uint8_t flip, const uint8_t *key, uint32_t key_size, const uint8_t *a,
                  uint32_t a_size, const uint8_t *b, uint32_t b_size)
{
	struct sfu_hash h;
	uint8_t pad[BLOCK];
	uint32_t i;

	sfu_fill(pad, flip, BLOCK);
	/*@ loop invariant range: 0 <= i <= key_size;
	    loop invariant flipped: \forall integer j; 0 <= j < i ==> pad[j] == flipped(\at(key[j], Pre), flip);
	    loop invariant filled: \forall integer j; i <= j < BLOCK ==> pad[j] == flip;
	    loop invariant same: \forall integer j; 0 <= j < key_size ==> key[j] == \at(key[j], Pre);
	    loop assigns i, pad[0 .. BLOCK - 1];
	    loop variant key_size - i; */
	for (i = 0; i < key_size; i++)
		pad[i] = flip_bits(key[i], flip);
	//@ assert pad: sfu_bytes(&pad[0], BLOCK) == padded(\at(sfu_bytes(key, key_size), Pre), flip);
	/*@ assert still: sfu_bytes(a, a_size) == \at(sfu_bytes(a, a_size), Pre)
	      && sfu_bytes(b, b_size) == \at(sfu_bytes(b, b_size), Pre); */
	sfu_hash_init(&h);
	br_sha256_update(&h.sha, pad, BLOCK);
	//@ assert key: sfu_sha_value(h.sha) == \at(sfu_sha_more(sfu_sha_none, padded(sfu_bytes(key, key_size), flip)), Pre);
	br_sha256_update(&h.sha, a, a_size);
	br_sha256_update(&h.sha, b, b_size);
	//@ assert all: sfu_sha_size(h.sha) == BLOCK + a_size + b_size;
	/*@ assert value: sfu_sha_of(sfu_sha_value(h.sha))
	      == \at(keyed_of(flip, sfu_bytes(key, key_size), sfu_bytes(a, a_size), sfu_bytes(b, b_size)), Pre); */
	br_sha256_out(&h.sha, out);
	sfu_wipe(pad, BLOCK);
	//@ assert wiped: \forall integer i; 0 <= i < BLOCK ==> pad[i] == 0;
	sfu_wipe((uint8_t *)&h, sizeof h);
}

/* HMAC of a ‖ b under a key no longer than a block: all that is needed of HKDF too. */
/*@ requires key: key_size <= BLOCK && \valid_read(key + (0 .. key_size - 1));
    requires read: \valid_read(a + (0 .. a_size - 1)) && \valid_read(b + (0 .. b_size - 1));
    requires out: \valid(out + (0 .. HASH - 1));
    assigns out[0 .. HASH - 1];
    ensures mac: \forall integer i; 0 <= i < HASH ==>
             out[i] == \old(sfu_mac_byte(key, key_size, a, a_size, b, b_size, i));
    ensures value: sfu_bytes(out, HASH) == \old(sfu_mac_of(sfu_bytes(key, key_size), sfu_bytes(a, a_size),
             sfu_bytes(b, b_size))); */
static void mac(uint8_t out[32], const uint8_t *key, uint32_t key_size, const uint8_t *a, uint32_t a_size,
                const uint8_t *b, uint32_t b_size)
{
	uint8_t inner[HASH];

	keyed(inner, 0x36, key, key_size, a, a_size, b, b_size);
	//@ assert still: sfu_bytes(key, key_size) == \at(sfu_bytes(key, key_size), Pre);
	//@ ghost Inner: ;
	keyed(out, 0x5C, key, key_size, inner, HASH, b, 0);
	//@ assert value: sfu_bytes(out, HASH) == \at(sfu_mac_of(sfu_bytes(key, key_size), sfu_bytes(a, a_size), sfu_bytes(b, b_size)), Pre);
	sfu_wipe(inner, HASH);
	//@ assert wiped: \forall integer i; 0 <= i < HASH ==> inner[i] == 0;
}

void sfu_hmac(uint8_t out[32], const uint8_t key[32], const uint8_t *data, uint32_t size)
{
	mac(out, key, HASH, data, size, data, 0);
}

/* RFC 5869 with one block of output: T(1) = HMAC(HMAC(salt, key), info ‖ 0x01) */
void sfu_hkdf(uint8_t out[32], const uint8_t key[32], const uint8_t *salt, uint32_t salt_size,
	const uint8_t *info, uint32_t info_size)
{
	static const uint8_t first = 1;
	uint8_t extracted[HASH];

	mac(extracted, salt, salt_size, key, HASH, key, 0);
	/*@ assert extracted: \forall integer i; 0 <= i < HASH ==>
	      extracted[i] == \at(sfu_mac_byte(salt, salt_size, key, HASH, key, 0, i), Pre); */
	//@ assert still: sfu_bytes(info, info_size) == \at(sfu_bytes(info, info_size), Pre);
	//@ assert one: sfu_bytes(&first, 1) == one;
	//@ ghost Extracted: ;
	mac(out, extracted, HASH, info, info_size, &first, 1);
	/*@ assert made: sfu_bytes(out, HASH)
	      == \at(sfu_hkdf_of(sfu_bytes(key, HASH), sfu_bytes(salt, salt_size), sfu_bytes(info, info_size)), Pre); */
	/*@ assert expanded: \forall integer i; 0 <= i < HASH ==>
	      out[i] == \at(sfu_mac_byte(&extracted[0], HASH, info, info_size, &first, 1, i), Extracted); */
	sfu_wipe(extracted, sizeof extracted);
	//@ assert wiped: \forall integer i; 0 <= i < HASH ==> extracted[i] == 0;
}

uint32_t sfu_verify(
	const uint8_t public_key[64], const uint8_t hash[32], const uint8_t signature[64])
{
	uint8_t point[POINT];
	br_ec_public_key key;
	uint32_t bits = 0, i;

	//@ ghost sfu_vouch.signature = 0;
	/* BearSSL refuses r and s from n on, and s = 0, but leaves r = 0 to the final comparison */
	/*@ loop invariant range: 0 <= i <= HASH;
	    loop invariant zero: bits == 0 <==> \forall integer j; 0 <= j < i ==> signature[j] == 0;
	    loop assigns i, bits;
	    loop variant HASH - i; */
	for (i = 0; i < HASH; i++)
		bits |= signature[i];
	if (bits == 0)
		return SFU_R_SIGNATURE;
	point[0] = 0x04;
	sfu_copy(point + 1, public_key, POINT - 1u);
	key.curve = BR_EC_secp256r1;
	key.q = point;
	key.qlen = sizeof point;
	if (sfu_curve_verify(&key, hash, signature) != 1)
		return SFU_R_SIGNATURE;
	return SFU_OK;
}

/*@ // what the name of an opened box stands for: the first block of the stream is the key of the tag (RFC 8439, 2.8)
    axiomatic CipherMeaning {
      axiom opened{L}: \forall uint8_t *nonce, integer key, data; (\forall integer i; 0 <= i < 12 ==> nonce[i] == 0) ==>
        br_chacha20_of(key, sfu_bytes(nonce, 12), 1, data) == sfu_opened_of(key, data);
    }
*/

/*@ requires write: \valid(nonce + (0 .. NONCE - 1)) && NONCE == 12;
    assigns nonce[0 .. NONCE - 1];
    ensures index: SFU_WORD(nonce, 0) == index;
    ensures zeros: \forall integer i; 4 <= i < 12 ==> nonce[i] == 0; */
static void make_nonce(uint8_t *nonce, uint32_t index)
{
	sfu_fill(nonce, 0, NONCE);
	sfu_put32(nonce, index);
}

void sfu_cipher(const uint8_t key[32], uint32_t index, uint8_t *data, uint32_t size)
{
	uint8_t nonce[NONCE];

	make_nonce(nonce, index);
	//@ assert index: SFU_WORD(nonce, 0) == index;
	//@ ghost Ready: ;
	(void)br_chacha20_ct_run(key, nonce, 0, data, size);
	/*@ assert stream: \forall integer i; 0 <= i < size ==>
	      data[i] == \at(br_chacha20_byte(key, &nonce[0], 0, data, i), Ready); */
}

void sfu_onetime_mac(
	uint8_t tag[16], const uint8_t key[32], uint32_t index, const uint8_t *data, uint32_t size)
{
	uint8_t nonce[NONCE], none = 0;

	make_nonce(nonce, index);
	//@ assert index: SFU_WORD(nonce, 0) == index;
	//@ ghost Ready: ;
	br_poly1305_ctmul_run(key, nonce, &none, 0, data, size, tag, br_chacha20_ct_run, 1);
	/*@ assert tag: \forall integer i; 0 <= i < 16 ==>
	      tag[i] == \at(br_poly1305_byte(key, &nonce[0], data, size, i), Ready); */
}

/* 1 if the number is one that a private key may be: above 0, below the order of the group. Not a branch, so that
 * nothing tells by how much. */
/*@ requires scalar: \valid_read(scalar + (0 .. HASH - 1));
    assigns \nothing;
    ensures bit: \result == 0 || \result == 1; */
static uint32_t in_range(const uint8_t *scalar)
{
	const uint8_t *order = sfu_curve_order();
	uint32_t i, bits = 0, borrow = 0;

	/* subtracts the order, from the lowest byte on; 256 is what each byte could borrow */
	/*@ loop invariant range: 0 <= i <= HASH && 0 <= borrow <= 1;
	    loop assigns i, bits, borrow;
	    loop variant HASH - i; */
	for (i = 0; i < HASH; i++) {
		borrow = 1u - (256u + scalar[HASH - 1u - i] - order[HASH - 1u - i] - borrow) / 256u;
		bits |= scalar[i];
	}
	return borrow == 1 && bits != 0 ? 1 : 0;
}

uint32_t sfu_agree_public(uint8_t public_key[64], const uint8_t scalar[32])
{
	uint8_t point[POINT];

	if (in_range(scalar) == 0)
		return SFU_E_ENTROPY;
	sfu_copy(point, sfu_curve_generator(), POINT);
	(void)sfu_curve_multiply(point, scalar);
	sfu_copy(public_key, point + 1, POINT - 1u);
	return SFU_OK;
}

uint32_t sfu_agree(uint8_t secret[32], const uint8_t scalar[32], const uint8_t public_key[64])
{
	uint8_t point[POINT];
	uint32_t good;

	point[0] = 0x04;
	sfu_copy(point + 1, public_key, POINT - 1u);
	good = sfu_curve_multiply(point, scalar);
	sfu_copy(secret, point + 1, HASH);
	sfu_wipe(point, POINT);
	//@ assert wiped: \forall integer i; 0 <= i < POINT ==> point[i] == 0;
	return good == 1 ? SFU_OK : SFU_R_PERMIT;
}

uint32_t sfu_open(const uint8_t key[32], uint8_t *box, uint32_t size, const uint8_t tag[16])
{
	uint8_t nonce[NONCE], seen[TAG], none = 0;

	make_nonce(nonce, 0);
	br_poly1305_ctmul_run(key, nonce, box, size, &none, 0, seen, br_chacha20_ct_run, 0);
	if (sfu_equal(seen, tag, TAG) == SFU_OK)
		return SFU_OK;
	sfu_wipe(box, size);
	return SFU_R_BOX;
}

/*@ requires byte: -255 <= difference <= 255;
    assigns \nothing;
    ensures square: \result == difference * difference;
    ensures limit: \result <= 65025;
    ensures zero: \result == 0 <==> difference == 0; */
static inline uint32_t square(int32_t difference)
{
	return (uint32_t)(difference * difference);
}

uint32_t sfu_equal(const uint8_t *a, const uint8_t *b, uint32_t size)
{
	uint32_t sum = 0, i;

	/* squares, because a sum of them is zero only if each is; 65536 of them cannot wrap */
	/*@ loop invariant range: 0 <= i <= size;
	    loop invariant sum: 0 <= sum <= i * 65025;
	    loop invariant equal: sum == 0 <==> \forall integer j; 0 <= j < i ==> a[j] == b[j];
	    loop assigns i, sum;
	    loop variant size - i; */
	for (i = 0; i < size; i++)
		sum += square((int32_t)a[i] - (int32_t)b[i]);
	return sum == 0 ? SFU_OK : SFU_R_IMAGE;
}

void sfu_wipe(uint8_t *data, uint32_t size)
{
	volatile uint8_t *at = data;
	uint32_t i;

	/*@ loop invariant range: 0 <= i <= size;
	    loop invariant wiped: \forall integer j; 0 <= j < i ==> data[j] == 0;
	    loop assigns i, data[0 .. size - 1];
	    loop variant size - i; */
	for (i = 0; i < size; i++)
		at[i] = 0;
}
