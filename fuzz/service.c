/* Questions to the service of the HSM, in rounds -> answers, and the ledger. Input: steps. A step says a question that is
 * made of its fields, changed in one place, and made right again by who has the keys or not; or bytes of the line, in
 * pieces; or that the token, the disk or the time does something. hsm_box.c is what answers are held against. */
#include <string.h>
#include "bytes.h"
#include "crypto.h"
#include "exchange.h"
#include "fuzz.h"
#include "hsm_box.h"
#include "keyring.h"
#include "token_memory.h"

#define STEPS_MAX 64u

static struct fuzz_input in;
static struct sfu_message line, answer;

/* One byte of it is another. */
static void change(uint8_t *bytes, uint32_t size)
{
	const uint32_t at = fuzz_half(&in) % size;

	bytes[at] ^= fuzz_byte(&in);
}

static void make_challenge(uint8_t *c, uint32_t device, uint32_t number)
{
	static const uint8_t product[16] = "e2e";
	uint8_t scalar[32] = { [31] = 1 };

	memset(c, 0, SFU_CHALLENGE_SIZE);
	sfu_put32(c, 1);
	FUZZ_MUST(sfu_point_id(keyring_point(KEYRING_SIGN), c + 4) == 0, "a key has no id");
	memset(c + 8, (int)device, 12);
	sfu_put32(c + 20, 0x10076413);
	memcpy(c + 24, product, 16);
	sfu_put32(c + 40, 1);
	sfu_put32(c + 44, SFU_FLASH_LOCK_FINAL);
	c[48] = 1;
	memset(c + 56, (int)number, 32);
	scalar[30] = (uint8_t)(1 + number);
	FUZZ_MUST(sfu_agree_public(c + 88, scalar) == SFU_OK, "no public key");
	exchange_mac(c, token_memory_attest);
}

static void say(uint8_t type, const uint8_t *body, size_t size)
{
	if (hsm_box_has_room())
		hsm_box_ask(type, body, size, &answer);
}

static void challenge(uint32_t how)
{
	uint8_t c[SFU_CHALLENGE_SIZE];
	const uint32_t who = fuzz_byte(&in);

	make_challenge(c, who % 8, who / 8);
	if (how & 1)
		change(c, SFU_CHALLENGE_SIZE);
	if (how & 2)
		exchange_mac(c, token_memory_attest);
	say(SFU_SERVICE_CHALLENGE, c, sizeof c);
}

/* What was asked once, again. */
static void replay(uint32_t how)
{
	const uint32_t n = fuzz_byte(&in);
	const uint8_t *grant = hsm_box_grants() > 0 ? hsm_box_grant(n % hsm_box_grants()) : NULL;
	uint8_t c[SFU_CHALLENGE_SIZE];

	if (grant == NULL)
		return;
	memcpy(c, grant, sizeof c);
	if (how & 1)
		change(c, SFU_CHALLENGE_SIZE);
	if (how & 2)
		exchange_mac(c, token_memory_attest);
	say(SFU_SERVICE_CHALLENGE, c, sizeof c);
}

static void receipt(uint32_t how)
{
	const uint32_t n = fuzz_byte(&in);
	const uint8_t *grant = hsm_box_grants() > 0 ? hsm_box_grant(n % hsm_box_grants()) : NULL;
	uint8_t r[SFU_RECEIPT_SIZE], seed[32], key[32] = { 1 };

	if (grant == NULL)
		return;
	memcpy(seed, token_memory_seed, 32);
	/* a device that was personalized elsewhere */
	if (how & 4)
		seed[0] ^= 1;
	exchange_receipt(grant, grant + SFU_CHALLENGE_SIZE, token_memory_attest, seed, key, SFU_FLASH_LOCK_FINAL, r);
	if (how & 1)
		change(r, SFU_RECEIPT_SIZE);
	if (how & 2) {
		uint8_t transcript[32], mac_key[32], mac[32];

		exchange_transcript(grant, grant + SFU_CHALLENGE_SIZE, transcript);
		exchange_derive(mac_key, seed, token_memory_attest, "sfu receipt", transcript, 32);
		sfu_hmac(mac, mac_key, r, 56);
		memcpy(r + 56, mac, 16);
	}
	say(SFU_SERVICE_RECEIPT, r, sizeof r);
}

static void order(uint32_t how)
{
	uint8_t o[SFU_ORDER_SIZE], digest[32];
	const uint32_t more = fuzz_byte(&in), row = fuzz_byte(&in);
	struct sfu_hash h;

	hsm_box_order(how & 4 ? row : hsm_box.desk.ledger.number, hsm_box.desk.ledger.total + more - 2, o);
	if (how & 1)
		change(o, SFU_ORDER_SIZE);
	if (how & 2) {
		sfu_hash_init(&h);
		sfu_hash_update(&h, o, 80);
		sfu_hash_final(&h, digest);
		keyring_sign(how & 8 ? KEYRING_OTHER : KEYRING_ORDER, digest, o + 80);
	}
	say(SFU_SERVICE_ORDER, o, sizeof o);
}

/* Any bytes as a message. */
static void anything(void)
{
	uint8_t body[256];
	const uint8_t type = fuzz_byte(&in);
	const uint32_t size = fuzz_byte(&in);

	(void)fuzz_bytes(&in, body, size);
	say(type, body, size);
}

/* Bytes of the line as they come, and as listener.c takes them. */
static void piece(void)
{
	uint32_t left = fuzz_byte(&in), want;
	int whole = 0;

	while (left > 0 && in.left > 0 && whole == 0) {
		want = (uint32_t)sfu_message_wants(&line);
		FUZZ_MUST(want > 0 && want <= sizeof line.bytes - line.fill, "more is wanted than there is room for");
		want = want < left ? want : left;
		want = fuzz_bytes(&in, line.bytes + line.fill, want);
		line.fill += want;
		left -= want;
		whole = sfu_message_whole(&line);
	}
	if (whole == 0)
		return;
	if (whole == 1) {
		FUZZ_MUST(line.fill == 5 + sfu_message_size(&line) && line.fill <= sizeof line.bytes, "a message of another size");
		say(sfu_message_type(&line), sfu_message_body(&line), sfu_message_size(&line));
	} else {
		FUZZ_MUST(line.fill == 4 && (sfu_get32(line.bytes) == 0 || sfu_get32(line.bytes) > 1024), "a good length is none");
	}
	memset(&line, 0, sizeof line);
}

static void step(void)
{
	const uint8_t what = fuzz_byte(&in);
	const uint8_t greet[4] = { 1 };

	switch (what % 16) {
	case 0: say(SFU_SERVICE_GREET, greet, sizeof greet); break;
	case 1:
	case 2:
	case 3: challenge(what / 16); break;
	case 4: replay(what / 16); break;
	case 5:
	case 6: receipt(what / 16); break;
	case 7: order(what / 16); break;
	case 8: anything(); break;
	case 9: piece(); break;
	case 10: hsm_box_fail(what / 16); break;
	case 11: hsm_box_plug(); break;
	case 12: hsm_box_full((enum hsm_box_full)(what / 16 % 3)); break;
	case 13: hsm_box_time += 1u << what / 16; break;
	default: (void)hsm_box_commit();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t steps;

	in.at = data;
	in.left = size;
	memset(&line, 0, sizeof line);
	hsm_box_begin();
	for (steps = 0; in.left > 0 && steps < STEPS_MAX; steps++)
		step();
	(void)hsm_box_commit();
	hsm_box_check();
	return 0;
}
