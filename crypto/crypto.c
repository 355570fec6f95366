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

/* SHA-256(pad ‖ a ‖ b), where pad is the key, filled up to a block with zeros, and each of its bytes flipped by
 * `flip`: twice this is HMAC (RFC 2104), in less code than BearSSL's. */
/*@ requires key: key_size <= BLOCK && \valid_read(key + (0 .. key_size - 1));
    requires read: \valid_read(a + (0 .. a_size - 1)) && \valid_read(b + (0 .. b_size - 1));
    requires out: \valid(out + (0 .. HASH - 1));
    requires flip: flip == 0x36 || flip == 0x5C;
    assigns out[0 .. HASH - 1]; */
static void keyed(uint8_t out[32], uint8_t flip, const uint8_t *key, uint32_t key_size, const uint8_t *a,
                  uint32_t a_size, const uint8_t *b, uint32_t b_size)
{
	struct sfu_hash h;
	uint8_t pad[BLOCK];
	uint32_t i;

	sfu_fill(pad, flip, BLOCK);
	/*@ loop invariant range: 0 <= i <= key_size;
	    loop invariant flipped: \forall integer j; 0 <= j < i ==> pad[j] == (\at(key[j], Pre) ^ flip) % 256;
	    loop invariant filled: \forall integer j; i <= j < BLOCK ==> pad[j] == flip;
	    loop invariant same: \forall integer j; 0 <= j < key_size ==> key[j] == \at(key[j], Pre);
	    loop assigns i, pad[0 .. BLOCK - 1];
	    loop variant key_size - i; */
	for (i = 0; i < key_size; i++)
		pad[i] = (uint8_t)(((uint32_t)key[i] ^ flip) % 256u);
	sfu_hash_init(&h);
	sfu_hash_update(&h, pad, BLOCK);
	sfu_hash_update(&h, a, a_size);
	sfu_hash_update(&h, b, b_size);
	//@ assert all: sfu_sha_size(h.sha) == BLOCK + a_size + b_size;
	sfu_hash_final(&h, out);
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
             out[i] == \old(sfu_mac_byte(key, key_size, a, a_size, b, b_size, i)); */
static void mac(uint8_t out[32], const uint8_t *key, uint32_t key_size, const uint8_t *a, uint32_t a_size,
                const uint8_t *b, uint32_t b_size)
{
	uint8_t inner[HASH];

	keyed(inner, 0x36, key, key_size, a, a_size, b, b_size);
	keyed(out, 0x5C, key, key_size, inner, HASH, b, 0);
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
	//@ ghost Extracted: ;
	mac(out, extracted, HASH, info, info_size, &first, 1);
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
