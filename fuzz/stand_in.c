/* crypto/crypto.h without cryptography, ten to a thousand times faster, with the same contract: the same calls give the
 * same answers however a message is cut into updates, different inputs give different outputs as far as chance goes,
 * sizes and places are checked. It protects nothing: a signature is a hash of the public key and the message.
 *
 * Compiled without the fuzzer's instrumentation, so that no comparison in it tells a fuzzer what it should have said;
 * and without the address sanitizer, which is asked about each argument instead. */
#include "stand_in.h"
#include <string.h>
#include "argument.h"
#include "bytes.h"
#include "crypto.h"
#include "fuzz.h"

#define LANES 4u
#define BLOCK 32u

struct state {
	uint64_t lane[LANES];
	uint64_t size;
	uint8_t rest[BLOCK];
};
_Static_assert(sizeof(struct state) <= sizeof(struct sfu_hash), "the hash's context has room for it");

static uint64_t turn(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

static void blocks(struct state *s, const uint8_t *bytes, uint32_t count)
{
	static const uint64_t odd[LANES] = { 0x9E3779B97F4A7C15u, 0xBF58476D1CE4E5B9u, 0x94D049BB133111EBu,
	                                     0xD6E8FEB86659FD93u };
	uint64_t word[LANES], lane[LANES];
	unsigned i;

	memcpy(lane, s->lane, sizeof lane);
	for (; count > 0; count--, bytes += BLOCK) {
		memcpy(word, bytes, sizeof word);
		for (i = 0; i < LANES; i++)
			lane[i] = turn((lane[i] ^ word[i]) * odd[i], 29);
		for (i = 0; i < LANES; i++)
			lane[i] += turn(lane[(i + 1) % LANES], 17);
	}
	memcpy(s->lane, lane, sizeof lane);
}

static void begin(struct state *s, uint64_t what)
{
	unsigned i;

	memset(s, 0, sizeof *s);
	for (i = 0; i < LANES; i++)
		s->lane[i] = (what + i + 1) * 0x9E3779B97F4A7C15u;
}

static void add(struct state *s, const void *data, uint32_t size)
{
	const uint8_t *at = data;
	uint32_t fill = (uint32_t)(s->size % BLOCK), n;

	s->size += size;
	while (size > 0) {
		if (fill == 0 && size >= BLOCK) {
			n = size - size % BLOCK;
			blocks(s, at, n / BLOCK);
		} else {
			n = size < BLOCK - fill ? size : BLOCK - fill;
			memcpy(s->rest + fill, at, n);
			fill += n;
			if (fill == BLOCK)
				blocks(s, s->rest, 1);
			fill %= BLOCK;
		}
		at += n;
		size -= n;
	}
}

static void end(const struct state *s, uint8_t out[32])
{
	struct state last = *s;
	const uint32_t fill = (uint32_t)(s->size % BLOCK);
	uint8_t pad[4 * BLOCK];

	memset(last.rest + fill, 0, BLOCK - fill);
	blocks(&last, last.rest, 1);
	last.lane[0] ^= s->size;
	memset(pad, 0x5C, sizeof pad);
	blocks(&last, pad, 4);
	memcpy(out, last.lane, 32);
}

static void marked(const struct state *s, uint8_t out[32])
{
	end(s, out);
	sfu_put32(out, STAND_IN_MARK);
}

void sfu_hash_init(struct sfu_hash *h)
{
	ARGUMENT(h, sizeof *h);
	begin((struct state *)(void *)h, 'H');
}

void sfu_hash_update(struct sfu_hash *h, const uint8_t *data, uint32_t size)
{
	ARGUMENT(h, sizeof *h);
	ARGUMENT(data, size);
	add((struct state *)(void *)h, data, size);
}

void sfu_hash_final(const struct sfu_hash *h, uint8_t digest[32])
{
	ARGUMENT(h, sizeof *h);
	ARGUMENT(digest, 32);
	marked((const struct state *)(const void *)h, digest);
}

void sfu_hmac(uint8_t out[32], const uint8_t key[32], const uint8_t *data, uint32_t size)
{
	struct state s;

	ARGUMENT(key, 32);
	ARGUMENT(data, size);
	ARGUMENT(out, 32);
	begin(&s, 'M');
	add(&s, key, 32);
	add(&s, data, size);
	marked(&s, out);
}

void sfu_hkdf(uint8_t out[32], const uint8_t key[32], const uint8_t *salt, uint32_t salt_size, const uint8_t *info,
              uint32_t info_size)
{
	struct state s;

	FUZZ_MUST(salt_size <= 64 && info_size <= 64, "a salt or an info that is too long");
	ARGUMENT(key, 32);
	ARGUMENT(salt, salt_size);
	ARGUMENT(info, info_size);
	ARGUMENT(out, 32);
	begin(&s, 'K' + 256u * salt_size);
	add(&s, key, 32);
	add(&s, salt, salt_size);
	add(&s, info, info_size);
	end(&s, out);
}

void stand_in_sign(const uint8_t public_key[64], const uint8_t hash[32], uint8_t signature[64])
{
	struct state s;

	begin(&s, 'S');
	add(&s, public_key, 64);
	add(&s, hash, 32);
	marked(&s, signature);
	add(&s, hash, 32);
	end(&s, signature + 32);
}

uint32_t sfu_verify(const uint8_t public_key[64], const uint8_t hash[32], const uint8_t signature[64])
{
	uint8_t wanted[64], differ = 0;
	unsigned i;

	ARGUMENT(public_key, 64);
	ARGUMENT(hash, 32);
	ARGUMENT(signature, 64);
	stand_in_sign(public_key, hash, wanted);
	for (i = 0; i < 64; i++)
		differ |= wanted[i] ^ signature[i];
	return differ == 0 ? SFU_OK : SFU_R_SIGNATURE;
}

static uint64_t next_word(uint64_t *seed)
{
	*seed += 0x9E3779B97F4A7C15u;
	*seed ^= *seed >> 29;
	return *seed * 0xBF58476D1CE4E5B9u;
}

void sfu_cipher(const uint8_t key[32], uint32_t index, uint8_t *data, uint32_t size)
{
	struct state s;
	uint64_t seed[LANES], word;
	uint32_t i;

	ARGUMENT(key, 32);
	ARGUMENT(data, size);
	begin(&s, 'C' + 256u * (uint64_t)index);
	add(&s, key, 32);
	end(&s, (uint8_t *)seed);
	/* the tail apart: a memcpy whose size is known is no call */
	for (i = 0; i + 8 <= size; i += 8) {
		memcpy(&word, data + i, 8);
		word ^= next_word(&seed[i / 8 % LANES]);
		memcpy(data + i, &word, 8);
	}
	if (i < size) {
		word = next_word(&seed[i / 8 % LANES]);
		for (; i < size; i++, word >>= 8)
			data[i] ^= (uint8_t)word;
	}
}

void sfu_onetime_mac(uint8_t tag[16], const uint8_t key[32], uint32_t index, const uint8_t *data, uint32_t size)
{
	struct state s;
	uint8_t out[32];

	ARGUMENT(key, 32);
	ARGUMENT(data, size);
	ARGUMENT(tag, 16);
	begin(&s, 'P' + 256u * (uint64_t)index);
	add(&s, key, 32);
	add(&s, data, size);
	marked(&s, out);
	memcpy(tag, out, 16);
}

/* x(scalar) stands for the point: agree(a, x(b)) = agree(b, x(a)), as both hash x(a) and x(b), the smaller one first */
uint32_t sfu_agree_public(uint8_t public_key[64], const uint8_t scalar[32])
{
	struct state s;

	ARGUMENT(scalar, 32);
	ARGUMENT(public_key, 64);
	begin(&s, 'E');
	add(&s, scalar, 32);
	marked(&s, public_key);
	memset(public_key + 32, STAND_IN_POINT, 32);
	return SFU_OK;
}

uint32_t sfu_agree(uint8_t secret[32], const uint8_t scalar[32], const uint8_t public_key[64])
{
	struct state s;
	uint8_t own[64];
	int order;

	ARGUMENT(public_key, 64);
	ARGUMENT(secret, 32);
	(void)sfu_agree_public(own, scalar);
	/* no point of this curve */
	if (public_key[32] != STAND_IN_POINT || public_key[63] != STAND_IN_POINT)
		return SFU_R_PERMIT;
	order = memcmp(own, public_key, 64);
	begin(&s, 'Z');
	add(&s, order < 0 ? own : public_key, 64);
	add(&s, order < 0 ? public_key : own, 64);
	end(&s, secret);
	return SFU_OK;
}

void stand_in_close(const uint8_t key[32], uint8_t *box, uint32_t size, uint8_t tag[16])
{
	sfu_cipher(key, 0, box, size);
	sfu_onetime_mac(tag, key, 0xFFFFFFFFu, box, size);
}

uint32_t sfu_open(const uint8_t key[32], uint8_t *box, uint32_t size, const uint8_t tag[16])
{
	uint8_t wanted[16];

	sfu_onetime_mac(wanted, key, 0xFFFFFFFFu, box, size);
	if (sfu_equal(wanted, tag, 16) != SFU_OK) {
		memset(box, 0, size);
		return SFU_R_BOX;
	}
	sfu_cipher(key, 0, box, size);
	return SFU_OK;
}

uint32_t sfu_equal(const uint8_t *a, const uint8_t *b, uint32_t size)
{
	uint8_t differ = 0;
	uint32_t i;

	FUZZ_MUST(size <= 65536, "a comparison that is too long");
	ARGUMENT(a, size);
	ARGUMENT(b, size);
	for (i = 0; i < size; i++)
		differ |= a[i] ^ b[i];
	return differ == 0 ? SFU_OK : SFU_R_IMAGE;
}

void sfu_wipe(uint8_t *data, uint32_t size)
{
	volatile uint8_t *at = data;
	uint32_t i;

	ARGUMENT(data, size);
	for (i = 0; i < size; i++)
		at[i] = 0;
}
