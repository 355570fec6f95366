#include "exchange.h"
#include <string.h>
#include "box.h"
#include "bytes.h"
#include "crypto.h"
#include "fuzz.h"

void exchange_derive(uint8_t out[32], const uint8_t key[32], const uint8_t *salt, const char *label, const uint8_t *tail,
                     uint32_t size)
{
	uint8_t info[64];
	const uint32_t n = (uint32_t)strlen(label);

	memcpy(info, label, n);
	if (size > 0)
		memcpy(info + n, tail, size);
	sfu_hkdf(out, key, salt != NULL ? salt : key, salt != NULL ? 32 : 0, info, n + size);
}

void exchange_mac(uint8_t challenge[SFU_CHALLENGE_SIZE], const uint8_t attest[32])
{
	sfu_hmac(challenge + SFU_CHALLENGE_MAC_OFFSET, attest, challenge, SFU_CHALLENGE_MAC_OFFSET);
}

static void hash(const uint8_t *challenge, const uint8_t *permit, uint32_t size, uint8_t out[32])
{
	struct sfu_hash h;

	sfu_hash_init(&h);
	sfu_hash_update(&h, (const uint8_t *)"SFUP", 4);
	sfu_hash_update(&h, challenge, 184);
	sfu_hash_update(&h, permit, size);
	sfu_hash_final(&h, out);
}

void exchange_box_hash(const uint8_t *challenge, const uint8_t *permit, uint8_t out[32])
{
	hash(challenge, permit, 24 + 64, out);
}

void exchange_transcript(const uint8_t *challenge, const uint8_t *permit, uint8_t out[32])
{
	hash(challenge, permit, 168, out);
}

static uint32_t box_key(const uint8_t *challenge, const uint8_t *permit, const uint8_t scalar[32], const uint8_t *theirs,
                        const uint8_t attest[32], uint8_t key[32])
{
	uint8_t secret[32], bound[32];
	const uint32_t status = sfu_agree(secret, scalar, theirs);

	exchange_box_hash(challenge, permit, bound);
	exchange_derive(key, secret, attest, "sfu box", bound, 32);
	return status;
}

uint32_t exchange_open(const uint8_t *challenge, const uint8_t *permit, const uint8_t scalar[32], const uint8_t attest[32],
                       uint8_t plain[SFU_PERSONAL_BOX])
{
	uint8_t key[32];
	const uint32_t status = box_key(challenge, permit, scalar, permit + 24, attest, key);

	memcpy(plain, permit + 88, SFU_PERSONAL_BOX);
	return status == SFU_OK ? sfu_open(key, plain, SFU_PERSONAL_BOX, permit + 152) : status;
}

void exchange_close(const uint8_t *challenge, uint8_t *permit, const uint8_t scalar[32], const uint8_t attest[32],
                    const uint8_t plain[SFU_PERSONAL_BOX])
{
	uint8_t key[32];

	if (sfu_agree_public(permit + 24, scalar) == SFU_OK
	    && box_key(challenge, permit, scalar, challenge + 88, attest, key) == SFU_OK)
		FUZZ_MUST(sfu_box_close(key, plain, SFU_PERSONAL_BOX, permit + 88, permit + 152) == 0, "a box does not close");
}

void exchange_receipt(const uint8_t *challenge, const uint8_t *permit, const uint8_t attest[32], const uint8_t seed[32],
                      const uint8_t key[32], uint32_t lock, uint8_t receipt[SFU_RECEIPT_SIZE])
{
	uint8_t transcript[32], mac_key[32], out[32];

	exchange_transcript(challenge, permit, transcript);
	sfu_put32(receipt, 1);
	memcpy(receipt + 4, permit + 8, 4);
	memcpy(receipt + 8, permit + 12, 12);
	sfu_put32(receipt + 20, lock);
	exchange_derive(out, key, NULL, "sfu fingerprint", NULL, 0);
	memcpy(receipt + 24, out, 16);
	memcpy(receipt + 40, transcript, 16);
	exchange_derive(mac_key, seed, attest, "sfu receipt", transcript, 32);
	sfu_hmac(out, mac_key, receipt, 56);
	memcpy(receipt + 56, out, 16);
}

int exchange_holds(const uint8_t *where, uint32_t size, const uint8_t secret[32])
{
	uint8_t there[512] = { 0 };
	uint64_t part[25], seen;
	uint32_t i, j;

	/* any eight of its bytes, at every fourth place: of eleven, eight begin at one */
	for (j = 0; j < 25; j++) {
		memcpy(&part[j], secret + j, 8);
		there[part[j] % 4096 / 8] |= (uint8_t)(1u << part[j] % 8);
	}
	for (i = 0; i + 8 <= size; i += 4) {
		memcpy(&seen, where + i, 8);
		for (j = 0; (there[seen % 4096 / 8] >> seen % 8 & 1) && j < 25; j++)
			if (seen == part[j])
				return 1;
	}
	return 0;
}
