/* Personalization: a chip with the OEM master key, an HSM of the test's own (hsm.h) and everybody in between. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "bytes.h"
#include "crc.h"
#include "cuts.h"
#include "desk.h"
#include "flash.h"
#include "host.h"
#include "hsm.h"
#include "layout.h"
#include "personalize_keys.h"
#include "port.h"
#include "sfu.h"
#include "sfu_codes.h"
#include "sfu_format.h"
#include "station.h"

#define LIVES 12u    /* with the same first cut, two thirds of them with a second one */
#define FRAGMENT 8u /* so much of M in a row is a leak */

static uint8_t challenge[SFU_CHALLENGE_SIZE], permit[SFU_PERMIT_SIZE], oem[32];
static const uint8_t product[16] = "e2e";

/* A blank chip as ST delivers it: loader, configuration, M. */
static void chip(uint32_t seed, int ecc, uint32_t flags)
{
	uint8_t h[64];

	hsm_public(h);
	rig_begin(seed, ecc);
	maker_hsm(h, flags);
	host_flash_begin(seed, ecc);
	maker_page(SFU_FLASH_KEYS_MASTER, hsm.master);
}

static int begin(void **state)
{
	(void)state;
	hsm_begin();
	memset(permit, 0, sizeof permit);
	chip(1, 0, 0);
	assert_int_equal(desk_power(0), 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	maker_oem(NULL);
	return 0;
}

static int holds(const uint8_t *where, uint32_t size, const uint8_t *secret)
{
	uint32_t i, j;

	for (i = 0; i + FRAGMENT <= size; i++)
		for (j = 0; j + FRAGMENT <= 32; j++)
			if (memcmp(where + i, secret + j, FRAGMENT) == 0)
				return 1;
	return 0;
}

/* 1 if the flash holds M, or a part of it. Its journal and key pages are looked at, and all else is never given it. */
static int flash_holds(const uint8_t *secret)
{
	static uint8_t pages[8192];
	uint32_t area, at;

	for (area = SFU_AREA_JOURNAL; area < SFU_AREA_SLOT; area++) {
		const uint32_t size = sfu_layout.area[area].size;

		for (at = 0; at < size; at += 32)
			if (sfu_port_flash_read(sfu_layout.area[area].address + at, pages + at, 32) != SFU_OK)
				memset(pages + at, 0, 32);
		if (holds(pages, size, secret))
			return 1;
	}
	return 0;
}

static int ram_holds(const uint8_t *secret)
{
	return holds((const uint8_t *)&sfu_device, sizeof sfu_device, secret);
}

static void ask(void)
{
	assert_int_equal(desk_ask(SFU_MESSAGE_PERSONALIZE, NULL, 0), SFU_MESSAGE_CHALLENGE);
	memcpy(challenge, desk.body, sizeof challenge);
}

static void ask_and_permit(void)
{
	ask();
	assert_true(hsm_permit(challenge, permit));
}

static void is_receipt(int unique)
{
	assert_int_equal(desk.type, SFU_MESSAGE_RECEIPT);
	assert_true(hsm_receipt(desk.body, host.uid, SFU_FLASH_LOCK_FINAL, unique));
}

static uint32_t info_flags(void)
{
	assert_int_equal(desk_ask(SFU_MESSAGE_HELLO, NULL, 0), SFU_MESSAGE_INFO);
	return desk_word(SFU_INFO_FLAGS_OFFSET);
}

/* The permit is refused with the code, nothing is written, and the challenge is used up. */
static void refused(const uint8_t *what, uint32_t code)
{
	desk_refused(SFU_MESSAGE_PERMIT, what, SFU_PERMIT_SIZE, code);
	assert_false(ram_holds(hsm.master));
	assert_false(ram_holds(hsm.seed));
	desk_refused(SFU_MESSAGE_PERMIT, permit, SFU_PERMIT_SIZE, SFU_R_PERMIT);
}

static void personalize(int unique)
{
	ask_and_permit();
	(void)desk_ask(SFU_MESSAGE_PERMIT, permit, sizeof permit);
	is_receipt(unique);
}

static void what_a_chip_says(void **state)
{
	uint8_t id[4], zeros[32] = { 0 };

	(void)state;
	assert_int_equal(sfu_device.boot.trouble, SFU_E_MASTER);
	assert_int_equal(info_flags(), SFU_INFO_TEST_KEYS | SFU_INFO_UNPERSONALIZED | SFU_INFO_NEEDS_IMAGE);
	assert_int_equal(desk_word(SFU_INFO_REFUSAL_OFFSET), SFU_E_MASTER);
	assert_int_equal(desk_word(SFU_INFO_FREE_SLOT_OFFSET), SFU_SLOT_NONE);
	rig_firmware(&desk_new, "1.2.0", 6, 4224, 1024);
	desk_refused(SFU_MESSAGE_OFFER, desk_new.package[0], SFU_MANIFEST_SIZE, SFU_E_MASTER);
	desk_mark();
	ask();
	desk_untouched();
	assert_int_equal(sfu_get32(challenge), 1);
	assert_memory_equal(challenge + 8, host.uid, 12);
	assert_int_equal(sfu_get32(challenge + 20), host.part);
	assert_memory_equal(challenge + 24, product, 16);
	assert_int_equal(sfu_get32(challenge + 40), 1);
	assert_int_equal(sfu_get32(challenge + 44), SFU_FLASH_LOCK_FINAL);
	assert_memory_equal(challenge + 48, sfu_loader_version, 8);
	assert_memory_not_equal(challenge + 56, zeros, 32);
	assert_true(hsm_permit(challenge, permit));
	memcpy(id, permit + 4, 4);
	assert_memory_equal(challenge + 4, id, 4);
	assert_false(ram_holds(hsm.master));
	/* another one each time, in nonce and key */
	assert_int_equal(desk_ask(SFU_MESSAGE_PERSONALIZE, NULL, 0), SFU_MESSAGE_CHALLENGE);
	assert_memory_equal(desk.body, challenge, SFU_CHALLENGE_NONCE_OFFSET);
	assert_memory_not_equal(desk.body + SFU_CHALLENGE_NONCE_OFFSET, challenge + SFU_CHALLENGE_NONCE_OFFSET, 32);
	assert_memory_not_equal(desk.body + SFU_CHALLENGE_PUBLIC_KEY_OFFSET, challenge + SFU_CHALLENGE_PUBLIC_KEY_OFFSET, 64);
}

static void the_good_exchange(void **state)
{
	uint8_t first[SFU_RECEIPT_SIZE];
	struct maker m;

	(void)state;
	assert_true(flash_holds(hsm.master));
	personalize(0);
	memcpy(first, desk.body, sizeof first);
	assert_false(flash_holds(hsm.master));
	assert_false(ram_holds(hsm.master));
	assert_false(ram_holds(hsm.seed));
	assert_int_equal(info_flags() & (SFU_INFO_PERSONALIZED | SFU_INFO_UNPERSONALIZED | SFU_INFO_KEYS_READY),
	                 SFU_INFO_PERSONALIZED);
	/* once more, in this session, after a reset, and beside an image: the ledger must get it */
	desk_mark();
	assert_int_equal(desk_ask(SFU_MESSAGE_PERSONALIZE, NULL, 0), SFU_MESSAGE_RECEIPT);
	assert_memory_equal(desk.body, first, sizeof first);
	desk_untouched();
	assert_int_equal(desk_power(0), 0);
	assert_int_equal(sfu_device.boot.trouble, SFU_OK);
	assert_int_equal(info_flags() & (SFU_INFO_PERSONALIZED | SFU_INFO_UNPERSONALIZED | SFU_INFO_KEYS_READY),
	                 SFU_INFO_PERSONALIZED | SFU_INFO_KEYS_READY);
	assert_int_equal(desk_ask(SFU_MESSAGE_PERSONALIZE, NULL, 0), SFU_MESSAGE_RECEIPT);
	assert_memory_equal(desk.body, first, sizeof first);
	/* K is the same at both ends: what is packed with the HSM's installs */
	hsm_oem_key(product, 1, host.uid, 0, oem);
	assert_memory_equal(sfu_device.keys.oem, oem, 32);
	assert_int_equal(desk_offer(desk_new.package[desk_free()]), SFU_MESSAGE_REFUSE);
	assert_int_equal(desk.code, SFU_R_KEY);
	maker_oem(oem);
	m = desk_maker();
	desk_install(&m);
	assert_int_equal(desk_power(1), 0);
	assert_int_equal(desk_ask(SFU_MESSAGE_PERSONALIZE, NULL, 0), SFU_MESSAGE_RECEIPT);
	assert_memory_equal(desk.body, first, sizeof first);
	assert_false(flash_holds(hsm.master));
}

static void a_key_of_its_own(void **state)
{
	uint8_t fleet[32], other[32], whom[12];
	struct maker m;

	(void)state;
	chip(2, 0, SFU_FLASH_CONFIG_UNIQUE);
	assert_int_equal(desk_power(0), 0);
	personalize(1);
	hsm_oem_key(product, 1, host.uid, 0, fleet);
	hsm_oem_key(product, 1, host.uid, 1, oem);
	assert_int_equal(desk_power(0), 0);
	assert_memory_equal(sfu_device.keys.oem, oem, 32);
	assert_false(flash_holds(fleet));
	assert_false(ram_holds(fleet));
	maker_oem(fleet);
	m = desk_maker();
	(void)maker_package(&m, desk_new.package[0]);
	assert_int_equal(desk_offer(desk_new.package[0]), SFU_MESSAGE_REFUSE);
	assert_int_equal(desk.code, SFU_R_KEY);
	/* T64: nor one for another device, even if it says it is for this one */
	memcpy(whom, host.uid, sizeof whom);
	whom[11] ^= 1;
	hsm_oem_key(product, 1, whom, 1, other);
	assert_memory_not_equal(other, oem, 32);
	maker_oem(other);
	memcpy(m.uid, host.uid, sizeof m.uid);
	(void)maker_package(&m, desk_new.package[0]);
	assert_int_equal(desk_offer(desk_new.package[0]), SFU_MESSAGE_REFUSE);
	assert_int_equal(desk.code, SFU_R_KEY);
	maker_oem(oem);
	desk_install(&m);
}

static void every_chip_another_device_key(void **state)
{
	uint8_t d[32];

	(void)state;
	personalize(0);
	assert_int_equal(desk_power(0), 0);
	memcpy(d, sfu_device.keys.device, 32);
	/* even if its generator and its HSM say the same again */
	hsm.ephemeral = 0;
	chip(1, 0, 0);
	host.uid[0] ^= 1;
	assert_int_equal(desk_power(0), 0);
	personalize(0);
	assert_int_equal(hsm.licences, 2);
	assert_int_equal(desk_power(0), 0);
	assert_memory_not_equal(sfu_device.keys.device, d, 32);
}

/* K and receipt are of the epoch that the chip was made for; a package of another is refused by it. */
static void of_another_epoch(void **state)
{
	uint8_t other[32];
	struct maker m;

	(void)state;
	host_flash_begin(1, 0);
	maker_epoch(2);
	maker_page(SFU_FLASH_KEYS_MASTER, hsm.master);
	assert_int_equal(desk_power(0), 0);
	personalize(0);
	assert_int_equal(sfu_get32(challenge + SFU_CHALLENGE_EPOCH_OFFSET), 2);
	hsm_oem_key(product, 2, host.uid, 0, oem);
	hsm_oem_key(product, 1, host.uid, 0, other);
	assert_memory_not_equal(oem, other, 32);
	assert_int_equal(desk_power(0), 0);
	assert_memory_equal(sfu_device.keys.oem, oem, 32);
	assert_int_equal(sfu_device.keys.epoch, 2);
	maker_oem(oem);
	m = desk_maker();
	(void)maker_package(&m, desk_new.package[0]);
	assert_int_equal(desk_offer(desk_new.package[0]), SFU_MESSAGE_REFUSE);
	assert_int_equal(desk.code, SFU_R_EPOCH);
	m.epoch = 2;
	desk_install(&m);
}

static void a_device_with_keys(void **state)
{
	(void)state;
	desk_running();
	assert_int_equal(desk_power(1), 0);
	desk_refused(SFU_MESSAGE_PERSONALIZE, NULL, 0, SFU_R_PERSONALIZED);
	desk_refused(SFU_MESSAGE_PERMIT, permit, sizeof permit, SFU_R_PERSONALIZED);
	assert_int_equal(info_flags() & (SFU_INFO_PERSONALIZED | SFU_INFO_UNPERSONALIZED), 0);
	assert_true(desk_runs(&desk_old));
}

/* A receipt is told of the keys that it came with, and of no other cell. */
static void whose_receipt(void **state)
{
	static const uint32_t other[] = { SFU_FLASH_KEYS_MASTER, SFU_FLASH_KEYS_OEM, 0 };
	uint8_t receipt[SFU_RECEIPT_SIZE], untouched[SFU_RECEIPT_SIZE];
	struct sfu_keys k;
	uint32_t i;

	(void)state;
	personalize(0);
	assert_int_equal(desk_power(1), 0);
	assert_int_equal(desk_ask(SFU_MESSAGE_PERSONALIZE, NULL, 0), SFU_MESSAGE_RECEIPT);
	k = sfu_device.keys;
	assert_int_equal(sfu_personal_receipt(&k, receipt), SFU_OK);
	assert_memory_equal(receipt, desk.body, sizeof receipt);
	memset(untouched, 0xA5, sizeof untouched);
	memcpy(receipt, untouched, sizeof receipt);
	for (i = 0; i < sizeof other / sizeof other[0]; i++) {
		k.kind = other[i];
		assert_int_equal(sfu_personal_receipt(&k, receipt), SFU_R_PERSONALIZED);
	}
	k.kind = SFU_FLASH_KEYS_DEVICE;
	k.flags &= ~SFU_FLASH_KEYS_RECEIPT;
	assert_int_equal(sfu_personal_receipt(&k, receipt), SFU_R_PERSONALIZED);
	assert_memory_equal(receipt, untouched, sizeof receipt);
}

static void no_hsm(void **state)
{
	uint8_t key[64];
	uint32_t byte;

	(void)state;
	for (byte = 0; byte < 256; byte += 255) {
		memset(key, (int)byte, sizeof key);
		maker_hsm(key, 0);
		assert_int_equal(desk_power(0), 0);
		desk_refused(SFU_MESSAGE_PERSONALIZE, NULL, 0, SFU_R_HSM);
		desk_refused(SFU_MESSAGE_PERMIT, permit, sizeof permit, SFU_R_PERMIT);
		assert_false(ram_holds(hsm.master));
	}
}

static void below_the_profile(void **state)
{
	(void)state;
	ask_and_permit();
	/* what was protected at the start is not any more; one glitched reading is not enough */
	host.lock = SFU_FLASH_LOCK_OPEN;
	for (host.lock_glitch = 0; host.lock_glitch < 3; host.lock_glitch++) {
		host.lock_reads = 0;
		desk_refused(SFU_MESSAGE_PERSONALIZE, NULL, 0, SFU_E_LOCKED);
		host.lock_reads = 0;
		desk_refused(SFU_MESSAGE_PERMIT, permit, sizeof permit, SFU_E_LOCKED);
	}
	host.lock_glitch = 0;
	assert_int_equal(desk_power(0), 0);
	desk_refused(SFU_MESSAGE_PERSONALIZE, NULL, 0, SFU_E_LOCKED);
	desk_refused(SFU_MESSAGE_PERMIT, permit, sizeof permit, SFU_E_LOCKED);
	assert_int_equal(info_flags() & (SFU_INFO_PERSONALIZED | SFU_INFO_UNPERSONALIZED), 0);
	host.lock = SFU_FLASH_LOCK_FINAL;
	assert_int_equal(desk_power(0), 0);
	personalize(0);
}

static void no_entropy(void **state)
{
	(void)state;
	host.entropy_fails = 1;
	desk_refused(SFU_MESSAGE_PERSONALIZE, NULL, 0, SFU_E_ENTROPY);
	desk_refused(SFU_MESSAGE_PERMIT, permit, sizeof permit, SFU_R_PERMIT);
	host.entropy_fails = 0;
	ask_and_permit();
	host.entropy_fails = 1;
	refused(permit, SFU_E_ENTROPY);
	host.entropy_fails = 0;
	assert_true(flash_holds(hsm.master));
	personalize(0);
}

/* T44, T64: every byte, and the code tells what was wrong with it */
static void every_byte_of_a_permit(void **state)
{
	uint8_t wrong[SFU_PERMIT_SIZE];
	uint32_t i, code;

	(void)state;
	for (i = 0; i < SFU_PERMIT_SIZE; i++) {
		ask_and_permit();
		memcpy(wrong, permit, sizeof wrong);
		wrong[i] ^= (uint8_t)(1u << i % 8);
		code = i < SFU_PERMIT_SIGNER_OFFSET || i - SFU_PERMIT_UID_OFFSET < SFU_PERMIT_UID_SIZE ? SFU_R_PERMIT : SFU_R_HSM;
		refused(wrong, code);
	}
	assert_int_equal(hsm.licences, 1);
	personalize(0);
}

static void every_length_of_a_permit(void **state)
{
	uint8_t body[300] = { 0 };
	uint32_t n;

	(void)state;
	ask_and_permit();
	memcpy(body, permit, sizeof permit);
	for (n = 0; n <= sizeof body; n++)
		if (n != SFU_PERMIT_SIZE)
			desk_refused(SFU_MESSAGE_PERMIT, body, n, SFU_R_LENGTH);
	desk_refused(SFU_MESSAGE_PERSONALIZE, body, 1, SFU_R_TYPE);
	/* none of them was a permit: the challenge is still open */
	assert_int_equal(desk_ask(SFU_MESSAGE_PERMIT, permit, sizeof permit), SFU_MESSAGE_RECEIPT);
	is_receipt(0);
}

static void t44_replayed(void **state)
{
	uint8_t old[SFU_PERMIT_SIZE];

	(void)state;
	/* no challenge at all */
	desk_refused(SFU_MESSAGE_PERMIT, permit, sizeof permit, SFU_R_PERMIT);
	ask_and_permit();
	memcpy(old, permit, sizeof old);
	/* the challenge before, in the same session and in another */
	ask_and_permit();
	refused(old, SFU_R_HSM);
	assert_int_equal(desk_power(0), 0);
	desk_refused(SFU_MESSAGE_PERMIT, old, sizeof old, SFU_R_PERMIT);
	ask_and_permit();
	refused(old, SFU_R_HSM);
	/* an old challenge gets its chip nothing: the permit that answers it does not answer the last one */
	ask();
	memcpy(old, challenge, sizeof challenge);
	ask();
	assert_true(hsm_permit(old, permit));
	refused(permit, SFU_R_HSM);
	/* a permit that was used */
	personalize(0);
	desk_refused(SFU_MESSAGE_PERMIT, permit, sizeof permit, SFU_R_PERSONALIZED);
	assert_int_equal(desk_power(0), 0);
	desk_refused(SFU_MESSAGE_PERMIT, permit, sizeof permit, SFU_R_PERSONALIZED);
	assert_int_equal(hsm.licences, 1);
}

static void t44_for_another_chip(void **state)
{
	static const uint32_t at[] = { SFU_CHALLENGE_PRODUCT_OFFSET, SFU_CHALLENGE_EPOCH_OFFSET, SFU_CHALLENGE_LOCK_PROFILE_OFFSET };
	uint32_t i;

	(void)state;
	ask_and_permit();
	host.uid[3] ^= 0x40;
	refused(permit, SFU_R_PERMIT);
	host.uid[3] ^= 0x40;
	/* nor if the HSM itself signs it for another */
	ask_and_permit();
	permit[SFU_PERMIT_UID_OFFSET + 11] ^= 1;
	hsm_sign(challenge, permit);
	refused(permit, SFU_R_PERMIT);
	/* a challenge of another chip is another transcript */
	ask();
	challenge[SFU_CHALLENGE_UID_OFFSET] ^= 1;
	assert_false(hsm_permit(challenge, permit));
	/* nor one that the same HSM gives for another product, epoch or protection, whatever it believes */
	hsm.blind = 1;
	for (i = 0; i < sizeof at / sizeof at[0]; i++) {
		ask();
		challenge[at[i]] ^= 3;
		assert_true(hsm_permit(challenge, permit));
		refused(permit, SFU_R_HSM);
	}
	hsm.blind = 0;
	/* and a receipt is no message of the station */
	desk_refused(SFU_MESSAGE_RECEIPT, permit, SFU_RECEIPT_SIZE, SFU_R_TYPE);
	desk_refused(SFU_MESSAGE_CHALLENGE, permit, SFU_RECEIPT_SIZE, SFU_R_TYPE);
}

static void t44_of_another_hsm(void **state)
{
	uint8_t id[4];

	(void)state;
	ask_and_permit();
	memcpy(id, permit + SFU_PERMIT_SIGNER_OFFSET, 4);
	/* it says who it is, or lies about it */
	hsm.signer = 1;
	ask_and_permit();
	refused(permit, SFU_R_HSM);
	ask_and_permit();
	memcpy(permit + SFU_PERMIT_SIGNER_OFFSET, id, 4);
	hsm_sign(challenge, permit);
	refused(permit, SFU_R_HSM);
	hsm.signer = 0;
	/* nobody's */
	ask_and_permit();
	memset(permit + SFU_PERMIT_SIGNATURE_OFFSET, 0, SFU_PERMIT_SIGNATURE_SIZE);
	refused(permit, SFU_R_HSM);
	personalize(0);
}

/* Signed by H, and yet not what this chip can open. */
static void t64_boxes(void **state)
{
	uint32_t i;

	(void)state;
	for (i = SFU_PERMIT_BOX_OFFSET; i < SFU_PERMIT_SIGNATURE_OFFSET; i++) {
		ask_and_permit();
		permit[i] ^= 0x20;
		hsm_sign(challenge, permit);
		refused(permit, SFU_R_BOX);
	}
	/* an HSM with another M believes no challenge; if it did, its box would not open */
	ask();
	hsm.master[7] ^= 1;
	assert_false(hsm_permit(challenge, permit));
	hsm.blind = 1;
	assert_true(hsm_permit(challenge, permit));
	hsm.master[7] ^= 1;
	hsm.blind = 0;
	refused(permit, SFU_R_BOX);
	/* a point that is none: off the curve, beyond the field, the point at infinity */
	ask_and_permit();
	permit[SFU_PERMIT_PUBLIC_KEY_OFFSET + 63] ^= 1;
	hsm_sign(challenge, permit);
	refused(permit, SFU_R_PERMIT);
	ask_and_permit();
	memset(permit + SFU_PERMIT_PUBLIC_KEY_OFFSET, 0xFF, 64);
	hsm_sign(challenge, permit);
	refused(permit, SFU_R_PERMIT);
	ask_and_permit();
	memset(permit + SFU_PERMIT_PUBLIC_KEY_OFFSET, 0, 64);
	hsm_sign(challenge, permit);
	refused(permit, SFU_R_PERMIT);
	/* another version of the exchange, an older one as well */
	for (i = 0; i < 4; i++) {
		ask_and_permit();
		permit[SFU_PERMIT_PROTOCOL_OFFSET + i] ^= 3;
		hsm_sign(challenge, permit);
		refused(permit, SFU_R_PERMIT);
	}
	ask_and_permit();
	permit[SFU_PERMIT_PROTOCOL_OFFSET] = 0;
	hsm_sign(challenge, permit);
	refused(permit, SFU_R_PERMIT);
	personalize(0);
}

static void babble(void)
{
	static uint32_t n;

	n++;
	if (n % 2 == 0)
		station_frame(SFU_MESSAGE_PERSONALIZE, NULL, 0);
	else
		station_frame(SFU_MESSAGE_PERMIT, permit, sizeof permit);
}

static void t24_a_session_ends(void **state)
{
	(void)state;
	assert_in_range(desk_wait(3 * SFU_TIME_SESSION, babble), SFU_TIME_SESSION, SFU_TIME_SESSION + 2000);
	assert_true(desk.left);
	assert_int_equal(desk_power(0), 0);
	assert_in_range(desk_wait(3 * SFU_TIME_SESSION, NULL), SFU_TIME_SESSION, SFU_TIME_SESSION + 2000);
	assert_true(desk.left);
}

static void a_damaged_page(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < SFU_KEYS_SIZE; i++) {
		chip(3, 0, 0);
		host_flash_flip(sfu_layout.area[SFU_AREA_KEYS].address + SFU_FLASH_CELL + i, 1);
		assert_int_equal(desk_power(0), 0);
		assert_int_equal(sfu_device.boot.trouble, SFU_E_KEYS);
		desk_refused(SFU_MESSAGE_PERSONALIZE, NULL, 0, SFU_E_KEYS);
		assert_int_equal(info_flags() & SFU_INFO_UNPERSONALIZED, 0);
	}
	/* M of a marked test key in a loader that is not marked */
	chip(3, 0, 0);
	sfu_put32(config_bytes() + SFU_CONFIG_FLAGS_OFFSET, 0);
	sfu_put32(config_bytes() + SFU_CONFIG_CRC_OFFSET, sfu_crc32(config_bytes(), SFU_CONFIG_CRC_OFFSET));
	assert_int_equal(desk_power(0), 0);
	desk_refused(SFU_MESSAGE_PERSONALIZE, NULL, 0, SFU_E_KEYS);
	assert_false(ram_holds(hsm.master));
}

/* A station in the life of a device: it carries messages until it has the receipt, then sends the device off. */
static struct { const char *wrong; uint32_t waited, receipts; } carrier;

static void carry(void)
{
	uint8_t payload[200];
	const uint32_t n = station_receive(payload, sizeof payload);

	if (n == 0) {
		if (carrier.waited++ % 20 == 0)
			station_frame(SFU_MESSAGE_HELLO, NULL, 0);
		if (carrier.waited > 200)
			host.time += 1000;
		return;
	}
	carrier.waited = 1;
	if (ram_holds(hsm.master))
		carrier.wrong = "M is in RAM when a message is answered";
	if (payload[0] == SFU_MESSAGE_INFO) {
		const uint32_t flags = sfu_get32(payload + 1 + SFU_INFO_FLAGS_OFFSET);

		if ((flags & SFU_INFO_PERSONALIZED) != 0 && flash_holds(hsm.master))
			carrier.wrong = "M is in flash when a personalized device answers";
		station_frame(SFU_MESSAGE_PERSONALIZE, NULL, 0);
	} else if (payload[0] == SFU_MESSAGE_CHALLENGE) {
		if (!hsm_permit(payload + 1, permit))
			carrier.wrong = "the challenge is wrong";
		station_frame(SFU_MESSAGE_PERMIT, permit, sizeof permit);
	} else if (payload[0] == SFU_MESSAGE_RECEIPT) {
		if (!hsm_receipt(payload + 1, host.uid, SFU_FLASH_LOCK_FINAL, 0))
			carrier.wrong = "the receipt is wrong";
		if (flash_holds(hsm.master))
			carrier.wrong = "M is in flash when the receipt leaves the device";
		carrier.receipts++;
		station_frame(SFU_MESSAGE_REBOOT, NULL, 0);
	} else if (payload[0] != SFU_MESSAGE_DONE) {
		station_frame(SFU_MESSAGE_REBOOT, NULL, 0);
	}
}

/* Until the ledger has the receipt; then M must be gone for good, and a package packed with the HSM's K installs. */
static const char *life(int install)
{
	uint32_t boots, draw;

	memset(&carrier, 0, sizeof carrier);
	for (boots = 0; boots < 20 && carrier.receipts == 0; boots++) {
		host_idle = carry;
		carrier.waited = 0;
		station_begin(NULL, 0, NULL, 0);
		(void)rig_boot();
		if (carrier.wrong != NULL)
			return carrier.wrong;
	}
	if (carrier.receipts == 0)
		return "it is never personalized";
	if (hsm.licences != 1)
		return "one chip took two licences";
	for (draw = 0; draw < 8; draw++) {
		host_flash_reset();
		if (flash_holds(hsm.master))
			return "M comes back";
	}
	if (!install)
		return NULL;
	host_idle = rig_idle;
	return rig_live(&cuts.first, NULL);
}

/* Small units need many operations for the same bytes; SFU_CUT_STRIDE=1 cuts at every one of them too. */
static uint32_t stride(void)
{
	const char *set = getenv("SFU_CUT_STRIDE");

	if (set != NULL && set[0] != 0)
		return (uint32_t)strtoul(set, NULL, 10);
	return sfu_layout.unit >= 16 ? 1 : sfu_layout.unit >= 8 ? 9 : 41;
}

/* T30: the power goes before, in and after every operation, and fails a second time later on. */
static void t30_cuts(void **state)
{
	uint32_t n, reached, twice;
	void *blank;
	int when;

	(void)state;
	hsm_oem_key(product, 1, host.uid, 0, oem);
	maker_oem(oem);
	for (cuts.ecc = 0; cuts.ecc < 2; cuts.ecc++) {
		cuts.seed = 4;
		chip(cuts.seed, cuts.ecc, 0);
		if (cuts.first.size[0] == 0)
			cuts_pack(1056, 1024);
		blank = host_flash_snapshot();
		for (n = 0, reached = 1; reached > 0; n += stride())
			for (when = 0, reached = 0; when < HOST_CUTS; when++)
				for (twice = 0; twice < LIVES; twice++) {
					cuts_restore(blank, 0, cuts.seed + n * 31 + twice);
					hsm_begin();
					rig_plan(n, when, twice < LIVES / 3 ? HOST_NEVER : (twice - LIVES / 3) * 3 + n % 3, (int)(twice % HOST_CUTS));
					cuts_result("personalization", life(twice == 0 && n % 16 == 0), "cut", n * 100 + twice, when);
					reached += rig.reached > 0;
					cuts.cuts += rig.reached;
				}
		free(blank);
	}
	print_message("%u lives, %u cuts\n", cuts.lives, cuts.cuts);
	assert_int_equal(cuts.failures, 0);
	assert_true(cuts.cuts > 60);
}

/* T27: each of the device's calls of the port's flash functions fails once. */
static void t27_one_call_fails(void **state)
{
	const uint32_t step = stride() < 9 ? stride() : 9;
	uint32_t n, failed = 0;
	void *blank;

	(void)state;
	cuts.seed = 5;
	cuts.ecc = 0;
	chip(cuts.seed, 0, 0);
	blank = host_flash_snapshot();
	for (n = 0; n < 400; n += step) {
		cuts_restore(blank, 0, cuts.seed + n);
		hsm_begin();
		rig_fail(n);
		cuts_result("personalization", life(0), "failing call", n, 0);
		failed += rig.calls > n;
	}
	free(blank);
	assert_int_equal(cuts.failures, 0);
	assert_true(failed > 5);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_a_chip_says, begin, end),
		cmocka_unit_test_setup_teardown(the_good_exchange, begin, end),
		cmocka_unit_test_setup_teardown(a_key_of_its_own, begin, end),
		cmocka_unit_test_setup_teardown(every_chip_another_device_key, begin, end),
		cmocka_unit_test_setup_teardown(of_another_epoch, begin, end),
		cmocka_unit_test_setup_teardown(a_device_with_keys, begin, end),
		cmocka_unit_test_setup_teardown(whose_receipt, begin, end),
		cmocka_unit_test_setup_teardown(no_hsm, begin, end),
		cmocka_unit_test_setup_teardown(below_the_profile, begin, end),
		cmocka_unit_test_setup_teardown(no_entropy, begin, end),
		cmocka_unit_test_setup_teardown(every_byte_of_a_permit, begin, end),
		cmocka_unit_test_setup_teardown(every_length_of_a_permit, begin, end),
		cmocka_unit_test_setup_teardown(t44_replayed, begin, end),
		cmocka_unit_test_setup_teardown(t44_for_another_chip, begin, end),
		cmocka_unit_test_setup_teardown(t44_of_another_hsm, begin, end),
		cmocka_unit_test_setup_teardown(t64_boxes, begin, end),
		cmocka_unit_test_setup_teardown(t24_a_session_ends, begin, end),
		cmocka_unit_test_setup_teardown(a_damaged_page, begin, end),
		cmocka_unit_test_setup_teardown(t30_cuts, begin, end),
		cmocka_unit_test_setup_teardown(t27_one_call_fails, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
