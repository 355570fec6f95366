/* Personalization, both sides: a device on the host port, the HSM's service (hsm_box.h), and a station that carries their
 * messages, or does not. Input: geometry and build, then steps. A message is carried as it is, an old one instead, or
 * changed in one place and made right again: its MAC, its box, its signature, each by who has that key or by somebody else.
 * In between power fails, a call of the flash fails, the token is lost, bits flip.
 *
 * What must be so, by a second reading of spec/formats.md (exchange.c): a device takes a permit that answers the challenge
 * it has open, is for it, bears H's signature and has a box that opens, and no other; then it has K of that box, its
 * receipt is what the HSM's ledger takes, and nothing is left of M. */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include "boot.h"
#include "bytes.h"
#include "crypto.h"
#include "exchange.h"
#include "flash.h"
#include "fuzz.h"
#include "geometry.h"
#include "host.h"
#include "hsm_box.h"
#include "keyring.h"
#include "maker.h"
#include "port.h"
#include "rig.h"
#include "session.h"
#include "sfu.h"
#include "sfu_codes.h"
#include "station.h"
#include "token_memory.h"

#define STEPS_MAX 48u
#define MEMORY 8u    /* old messages that may come again */
#define PATIENCE 100u

static struct fuzz_input in;
static const uint8_t product[16] = "e2e";
static uint8_t challenges[MEMORY][SFU_CHALLENGE_SIZE];
static uint8_t permits[MEMORY][SFU_PERMIT_SIZE], receipt[SFU_RECEIPT_SIZE];
static uint32_t challenge_count, permit_count, receipt_there;
static void *blank[FUZZ_GEOMETRIES][2];

static struct {
	int on, left;
	int open;              /* the last challenge of this boot can still be answered */
	uint32_t asked;        /* which that is */
	int unique;
	int forged;            /* somebody who has H signed a permit that the HSM did not make */
	int odd;               /* flash, protection or entropy fail: what is refused, and why, is not told beforehand */
	int spoiled;           /* key pages were damaged */
	uint32_t taken;        /* permits that a device may have taken */
	uint8_t key[MEMORY][32]; /* and what it then decrypts with */
	uint8_t body[SFU_CHALLENGE_SIZE];
	uint32_t type, code;   /* of its last answer */
} chip;

/* ---- secrets ---- */

/* Of all pages but the slots', which are never given it. */
static int flash_holds(const uint8_t *secret)
{
	static uint8_t page[8192];
	uint32_t area, at;

	for (area = SFU_AREA_JOURNAL; area < SFU_AREA_SLOT; area++) {
		const uint32_t size = sfu_layout.area[area].size;

		for (at = 0; at < size; at += 32)
			if (sfu_port_flash_read(sfu_layout.area[area].address + at, page + at, 32) != SFU_OK)
				memset(page + at, 0, 32);
		if (exchange_holds(page, size, secret))
			return 1;
	}
	return 0;
}

static void ram_is_clean(void)
{
	const uint8_t *ram = (const uint8_t *)&sfu_device;

	FUZZ_MUST(!exchange_holds(ram, (uint32_t)sizeof sfu_device, token_memory_master), "M stays in RAM");
	FUZZ_MUST(!exchange_holds(ram, (uint32_t)sizeof sfu_device, token_memory_seed), "E stays in RAM");
	FUZZ_MUST(!exchange_holds(ram, (uint32_t)sizeof sfu_device, token_memory_attest), "A stays in RAM");
}

/* ---- the device ---- */

static void begin(uint32_t geometry, int ecc, int unique)
{
	fuzz_geometry(geometry);
	(void)host_flash_take(geometry);
	if (blank[geometry][ecc] == NULL) {
		rig_begin(7, ecc);
		host_flash_begin(7, ecc);
		maker_page(SFU_FLASH_KEYS_MASTER, token_memory_master);
		blank[geometry][ecc] = host_flash_snapshot();
	}
	host_begin(7);
	host_idle = NULL;
	host.lock = SFU_FLASH_LOCK_FINAL;
	host_flash_restore(blank[geometry][ecc]);
	maker_hsm(keyring_point(KEYRING_SIGN), unique ? SFU_FLASH_CONFIG_UNIQUE : 0);
	memset(&chip, 0, sizeof chip);
	challenge_count = permit_count = receipt_there = 0;
	chip.unique = unique;
}

/* The keys it has are those of a permit that it may have taken. */
static void judge_keys(void)
{
	uint32_t i;

	if (sfu_device.boot.trouble != SFU_OK)
		return;
	for (i = 0; i < chip.taken && memcmp(chip.key[i], sfu_device.keys.oem, 32) != 0; i++)
		;
	FUZZ_MUST(i < chip.taken, "a device has keys that no permit gave it");
	FUZZ_MUST(!flash_holds(token_memory_master), "M comes back");
}

static void power_off(void)
{
	chip.on = chip.open = 0;
	receipt_there &= 1;
}

static void power_on(void)
{
	host_flash_reset();
	memset(&sfu_device, 0, sizeof sfu_device);
	host.time = 0;
	host.entry = 1;
	host_hush();
	power_off();
	if (setjmp(host_power_lost) != 0)
		return;
	FUZZ_MUST(sfu_boot(&sfu_device) != SFU_OK, "an image runs, and there is none");
	judge_keys();
	sfu_port_open();
	sfu_session_init(&sfu_device);
	chip.on = 1;
	chip.left = 0;
}

static void understand(const uint8_t *payload, uint32_t size)
{
	chip.type = payload[0];
	chip.code = 0;
	if (chip.type == SFU_MESSAGE_REFUSE && size >= 5)
		chip.code = sfu_get32(payload + 1);
	if (chip.type == SFU_MESSAGE_CHALLENGE || chip.type == SFU_MESSAGE_RECEIPT) {
		FUZZ_MUST(size == 1 + (chip.type == SFU_MESSAGE_RECEIPT ? SFU_RECEIPT_SIZE : SFU_CHALLENGE_SIZE), "an answer of another size");
		memcpy(chip.body, payload + 1, size - 1);
	}
}

/* Sends a message and hears the answer, if one comes; 0: none, or the power failed. */
static uint32_t ask(uint8_t type, const void *body, uint32_t size)
{
	uint8_t payload[256];
	volatile uint32_t i;

	chip.type = 0;
	if (!chip.on)
		power_on();
	if (!chip.on || chip.left)
		return 0;
	station_frame(type, body, size);
	if (setjmp(host_power_lost) != 0) {
		power_off();
		return 0;
	}
	for (i = 0; i < PATIENCE && chip.type == 0; i++) {
		uint32_t n;

		if (sfu_session_poll(&sfu_device) == SFU_OK)
			chip.left = 1;
		else if (sfu_device.session.busy == 0)
			host.time += 1;
		n = station_receive(payload, sizeof payload);
		if (n != 0)
			understand(payload, n);
		if (chip.left)
			break;
	}
	if (chip.on && chip.type != 0)
		ram_is_clean();
	fuzz_trace("device: %02x is answered %02x, code %08x\n", type, chip.type, chip.code);
	return chip.type;
}

/* ---- what a permit is worth, read a second time ---- */

static uint32_t worth(const uint8_t *p, uint8_t key[32])
{
	const uint8_t *c = challenges[chip.asked % MEMORY];
	uint8_t id[4], transcript[32], plain[SFU_PERSONAL_BOX], whom[20];
	uint32_t status;

	if (!chip.open)
		return SFU_R_PERMIT;
	FUZZ_MUST(sfu_point_id(keyring_point(KEYRING_SIGN), id) == 0, "a key has no id");
	if (sfu_get32(p) != 1 || memcmp(p + 12, host.uid, 12) != 0)
		return SFU_R_PERMIT;
	exchange_transcript(c, p, transcript);
	if (memcmp(p + 4, id, 4) != 0 || sfu_verify(keyring_point(KEYRING_SIGN), transcript, p + 168) != SFU_OK)
		return SFU_R_HSM;
	status = exchange_open(c, p, sfu_device.personal.scalar, token_memory_attest, plain);
	if (status != SFU_OK)
		return status;
	memcpy(whom, product, 16);
	sfu_put32(whom + 16, 1);
	exchange_derive(key, token_memory_master, plain, "sfu oem key", whom, 20);
	if (chip.unique)
		exchange_derive(key, key, NULL, "sfu unique", host.uid, 12);
	return SFU_OK;
}

/* The receipt of a device that took `p`, whose box holds E, or another seed. */
static void judge_receipt(const uint8_t *p, const uint8_t *key)
{
	const uint8_t *c = challenges[chip.asked % MEMORY];
	uint8_t wanted[SFU_RECEIPT_SIZE];

	FUZZ_MUST(!flash_holds(token_memory_master), "M is in flash when the receipt leaves the device");
	exchange_receipt(c, p, token_memory_attest, token_memory_seed, key, host.lock, wanted);
	FUZZ_MUST(chip.odd || memcmp(wanted, chip.body, 56) == 0, "a receipt that tells another story");
	FUZZ_MUST(chip.forged || memcmp(wanted + 56, chip.body + 56, 16) == 0 || chip.odd, "a receipt whose MAC is wrong");
}

/* ---- steps ---- */

static void change(uint8_t *bytes, uint32_t size)
{
	const uint32_t at = fuzz_half(&in) % size;

	bytes[at] ^= fuzz_byte(&in);
}

static void personalize(void)
{
	if (ask(SFU_MESSAGE_PERSONALIZE, NULL, 0) == SFU_MESSAGE_CHALLENGE) {
		FUZZ_MUST(challenge_count == 0
		                  || memcmp(chip.body + 56, challenges[(challenge_count - 1) % MEMORY] + 56, 96) != 0
		                  || chip.odd, "a nonce comes twice");
		FUZZ_MUST(memcmp(chip.body + 8, host.uid, 12) == 0, "a challenge of another device");
		chip.asked = challenge_count++;
		chip.open = 1;
		memcpy(challenges[chip.asked % MEMORY], chip.body, SFU_CHALLENGE_SIZE);
	} else if (chip.type == SFU_MESSAGE_RECEIPT) {
		FUZZ_MUST(chip.taken > 0, "a receipt of a device that took no permit");
		FUZZ_MUST(!flash_holds(token_memory_master), "M is in flash when a receipt leaves the device");
		memcpy(receipt, chip.body, sizeof receipt);
		receipt_there = 1;
	} else if (chip.type == SFU_MESSAGE_REFUSE) {
		FUZZ_MUST(chip.odd || chip.spoiled, "a device with M refuses to be personalized");
		/* what was asked before may have been used up on the way */
		chip.open = chip.open && sfu_device.personal.state == SFU_PERSONALIZE_STATE_CHALLENGED;
	}
}

/* A challenge to the HSM. */
static void carry_challenge(uint32_t how)
{
	uint8_t c[SFU_CHALLENGE_SIZE];
	struct sfu_message answer;
	const uint32_t back = how & 4 ? fuzz_byte(&in) % MEMORY : 0;

	if (challenge_count <= back || !hsm_box_has_room())
		return;
	memcpy(c, challenges[(challenge_count - 1 - back) % MEMORY], sizeof c);
	if (how & 1)
		change(c, sizeof c);
	if (how & 2)
		exchange_mac(c, token_memory_attest);
	hsm_box_ask(SFU_SERVICE_CHALLENGE, c, sizeof c, &answer);
	if (hsm_box_commit() && sfu_message_type(&answer) == SFU_SERVICE_GRANT)
		memcpy(permits[permit_count++ % MEMORY], sfu_message_body(&answer) + SFU_SERVICE_GRANT_PERMIT_OFFSET, SFU_PERMIT_SIZE);
}

/* A permit to the device. */
static void carry_permit(uint32_t how)
{
	const uint32_t back = how & 4 ? fuzz_byte(&in) % MEMORY : 0, was = sfu_device.boot.trouble;
	uint8_t p[SFU_PERMIT_SIZE] = { 0 }, key[32], hash[32], plain[SFU_PERSONAL_BOX];
	const uint8_t *c = challenges[chip.asked % MEMORY];
	uint8_t scalar[32] = { [31] = 9 };
	uint32_t expected;

	if (permit_count > back)
		memcpy(p, permits[(permit_count - 1 - back) % MEMORY], sizeof p);
	if (how & 1)
		change(p, sizeof p);
	if (how & 8 && chip.open) { /* a box of somebody's who has A, with E or a seed of his own */
		memcpy(plain, token_memory_seed, 32);
		memset(plain + 32, 7, 32);
		plain[0] ^= how & 1;
		exchange_close(c, p, scalar, token_memory_attest, plain);
	}
	if (how & 2) { /* and a signature of somebody's */
		exchange_transcript(c, p, hash);
		keyring_sign(how & 4 ? KEYRING_OTHER : KEYRING_SIGN, hash, p + 168);
		chip.forged |= (how & 4) == 0;
	}
	if (!chip.on)
		power_on();
	expected = worth(p, key);
	if (expected == SFU_OK) {
		FUZZ_MUST(chip.forged || hsm_box_gave(c, p), "a permit is good that the HSM did not give");
		memcpy(chip.key[chip.taken % MEMORY], key, 32);
		chip.taken += chip.taken < MEMORY;
	}
	(void)ask(SFU_MESSAGE_PERMIT, p, sizeof p);
	/* one that cannot read M, or is not protected as it must be, does not look at a permit */
	chip.open = chip.open && chip.odd && sfu_device.personal.state == SFU_PERSONALIZE_STATE_CHALLENGED;
	if (chip.type == 0)
		return;
	FUZZ_MUST(chip.odd || sfu_device.personal.state != SFU_PERSONALIZE_STATE_CHALLENGED, "a permit does not use the challenge up");
	if (chip.type == SFU_MESSAGE_RECEIPT) {
		FUZZ_MUST(expected == SFU_OK, "a device takes a permit that it must not take");
		judge_receipt(p, key);
		memcpy(receipt, chip.body, sizeof receipt);
		receipt_there = 1;
	} else if (!chip.odd && !chip.spoiled && was == SFU_E_MASTER && chip.type == SFU_MESSAGE_REFUSE) {
		/* one that took a permit before, in this boot, does not look at another */
		FUZZ_MUST(chip.code == expected || (chip.code == SFU_R_PERSONALIZED && chip.taken > 0),
		          "a permit is refused for another reason, or for none");
	}
}

static void carry_receipt(uint32_t how)
{
	uint8_t r[SFU_RECEIPT_SIZE];
	struct sfu_message answer;
	int done;

	if (!receipt_there || !hsm_box_has_room())
		return;
	memcpy(r, receipt, sizeof r);
	if (how & 1)
		change(r, sizeof r);
	hsm_box_ask(SFU_SERVICE_RECEIPT, r, sizeof r, &answer);
	done = hsm_box_commit();
	FUZZ_MUST(!done || (how & 1) || chip.forged || sfu_message_type(&answer) == SFU_SERVICE_STORED
	                  || sfu_get32(sfu_message_body(&answer)) >= SFU_REFUSED_TOKEN || chip.odd,
	          "the ledger does not take the receipt of a device that the HSM personalized");
}

static void order(uint32_t how)
{
	uint8_t o[SFU_ORDER_SIZE];
	struct sfu_message answer;

	if (!hsm_box_has_room())
		return;
	hsm_box_order(hsm_box.desk.ledger.number, hsm_box.desk.ledger.total + how, o);
	hsm_box_ask(SFU_SERVICE_ORDER, o, sizeof o, &answer);
	(void)hsm_box_commit();
}

/* Another chip of the same kind, with M, or with all that this one's flash holds. */
static void another_chip(uint32_t how)
{
	/* who moves keys to another chip has opened one: nothing is promised then */
	if (chip.taken > 0)
		return;
	power_off();
	host.uid[11] ^= (uint8_t)(1 + how);
}

static void anything(void)
{
	uint8_t body[256];
	const uint8_t type = fuzz_byte(&in);
	const uint32_t size = fuzz_byte(&in);

	(void)fuzz_bytes(&in, body, size);
	/* a permit that carry_permit knows nothing of */
	if (type == SFU_MESSAGE_PERMIT && size == SFU_PERMIT_SIZE)
		return;
	(void)ask(type, body, size);
	if (chip.type == SFU_MESSAGE_CHALLENGE) {
		chip.asked = challenge_count++;
		chip.open = 1;
		memcpy(challenges[chip.asked % MEMORY], chip.body, SFU_CHALLENGE_SIZE);
	}
	if (type == SFU_MESSAGE_PERMIT)
		chip.open = chip.open && sfu_device.personal.state == SFU_PERSONALIZE_STATE_CHALLENGED;
	FUZZ_MUST(chip.type != SFU_MESSAGE_RECEIPT || chip.taken > 0, "a receipt of a device that took no permit");
}

static void damage(uint32_t how)
{
	const struct sfu_area *a = &sfu_layout.area[SFU_AREA_KEYS + how % 2];
	const uint32_t at = a->address + fuzz_half(&in) % a->size;
	const uint8_t bits = fuzz_byte(&in);

	chip.spoiled = 1;
	chip.odd = 1;
	if (bits == 0)
		host_flash_tear(at);
	else
		host_flash_flip(at, bits);
}

static void step(void)
{
	const uint8_t what = fuzz_byte(&in), how = what / 20;

	fuzz_trace("step %u, %u\n", what % 20, how);
	switch (what % 20) {
	case 0:
	case 1: personalize(); break;
	case 2:
	case 3: carry_challenge(how % 8); break;
	case 4:
	case 5: carry_permit(how); break;
	case 6: carry_permit(fuzz_byte(&in) % 16); break;
	case 7: carry_receipt(how); break;
	case 8: power_off(); break;
	case 9: host_flash_cut_at(fuzz_byte(&in), (enum host_cut)(how % HOST_CUTS)); break;
	case 10: host_flash_fail_at(fuzz_byte(&in)); chip.odd = 1; break;
	case 11: host.lock = how & 1 ? SFU_FLASH_LOCK_OPEN : SFU_FLASH_LOCK_FINAL; chip.odd = 1; break;
	case 12: host.lock_glitch = fuzz_byte(&in); host.lock_reads = 0; chip.odd = 1; break;
	case 13: host.entropy_fails = how & 1; chip.odd = 1; break;
	case 14: hsm_box_fail(how); break;
	case 15: hsm_box_plug(); hsm_box_time += 2000; break;
	case 16: order(how); break;
	case 17: another_chip(how); break;
	case 18: anything(); break;
	default: damage(how);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t geometry, steps;

	in.at = data;
	in.left = size;
	geometry = fuzz_byte(&in);
	hsm_box_begin();
	begin(geometry % 0x40 % FUZZ_GEOMETRIES, geometry >= 0x80, (geometry & 0x40) != 0);
	host_flash_reseed(fuzz_byte(&in));
	for (steps = 0; in.left > 0 && steps < STEPS_MAX; steps++)
		step();
	/* steady power, and nobody on the line */
	power_on();
	if (sfu_device.boot.trouble == SFU_OK)
		FUZZ_MUST(chip.taken > 0 && !flash_holds(token_memory_master), "M comes back, or keys come from nowhere");
	else
		FUZZ_MUST(chip.taken > 0 || chip.odd || sfu_device.boot.trouble == SFU_E_MASTER, "a chip forgets that it has M");
	hsm_box_check();
	return 0;
}
