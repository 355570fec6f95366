/* T65: signing keys are added by certificates, and revoked by floors of serials; spec/formats.md, Signing keys. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "check.h"
#include "desk.h"
#include "flash.h"
#include "layout.h"
#include "port.h"
#include "sfu.h"
#include "sfu_codes.h"
#include "sfu_format.h"
#include "station.h"

/* the loader's: what runs is signed by number 0. Numbers 4 and 5 it does not know */
static const uint8_t STANDING[4][2] = { { 0, 3 }, { 1, 0 }, { 2, 9 }, { 3, 0 } };
static uint8_t package[MAKER_PACKAGE];
static uint32_t size;
static struct maker maker;

/* keys[4] to keys[7] of what key `signer` of the loader signs */
static void by(struct maker *m, uint32_t signer)
{
	m->signer = signer;
	m->certified = 0;
	m->keys[4] = m->keys[6] = STANDING[signer][0];
	m->keys[5] = m->keys[7] = STANDING[signer][1];
}

/* … and of what key `signer` signs, which `issuer` certified with that rank and serial */
static void added(struct maker *m, uint32_t signer, uint32_t issuer, uint8_t rank, uint8_t serial)
{
	by(m, issuer);
	m->signer = signer;
	m->certified = 1;
	m->issuer = issuer;
	m->keys[4] = rank;
	m->keys[5] = serial;
}

static void floors(struct maker *m, uint8_t rank0, uint8_t rank1, uint8_t rank2)
{
	m->keys[0] = rank0;
	m->keys[1] = rank1;
	m->keys[2] = rank2;
}

static struct maker newer(uint8_t major)
{
	struct maker m = desk_maker();

	m.version[0] = major;
	m.fill += major;
	return m;
}

/* 1.1.0 by key 0 runs and is confirmed; the loader was asked for */
static int begin(void **state)
{
	static void *running;
	struct maker first;

	(void)state;
	desk_factory();
	maker_signers(4, STANDING, NULL);
	if (running == NULL) {
		first = desk_old.maker;
		first.slot = 0;
		by(&first, 0);
		assert_int_equal(desk_power(1), 0);
		desk_install(&first);
		running = host_flash_snapshot();
	}
	host_flash_restore(running);
	rig.provisioned = 1;
	maker = newer(2);
	by(&maker, 0);
	assert_int_equal(desk_power(1), 0);
	return 0;
}

static void offered(uint32_t code)
{
	size = maker_package(&maker, package);
	if (code == SFU_OK) {
		assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
		return;
	}
	desk_mark();
	assert_int_equal(desk_offer(package), SFU_MESSAGE_REFUSE);
	assert_int_equal(desk.code, code);
	desk_same();
}

/* signatures are checked eight times a session */
static void again(void)
{
	assert_int_equal(desk_power(1), 0);
}

static void free_slot(void)
{
	assert_int_equal(desk_ask(SFU_MESSAGE_HELLO, NULL, 0), SFU_MESSAGE_INFO);
	maker.slot = desk_word(SFU_INFO_FREE_SLOT_OFFSET);
}

static void t65_an_added_key(void **state)
{
	uint32_t issuer, rank, slot;

	(void)state;
	for (issuer = 1; issuer < 4; issuer++)
		for (rank = 0; rank < issuer; rank++) {
			(void)begin(NULL);
			added(&maker, 4, issuer, (uint8_t)rank, 5);
			slot = maker.slot;
			desk_install(&maker);
			assert_int_equal(desk_boots(), slot);
			/* it is no key of the loader: the next package needs its certificate again */
			assert_int_equal(desk_power(1), 0);
			maker.version[0]++;
			free_slot();
			offered(SFU_OK);
			again();
			maker.certified = 0;
			offered(SFU_R_SIGNER);
		}
}

static void t65_issuers_are_of_higher_rank(void **state)
{
	uint32_t issuer, rank;

	(void)state;
	for (issuer = 0; issuer < 4; issuer++)
		for (rank = 0; rank < 256; rank += rank < 6 ? 1 : 25) {
			again();
			added(&maker, 4, issuer, (uint8_t)rank, 5);
			offered(rank < STANDING[issuer][0] ? SFU_OK : SFU_R_CERTIFICATE);
		}
	/* a key that was added adds none, nor does one that nobody knows */
	again();
	added(&maker, 4, 3, 2, 5);
	maker.issuer = 5;
	offered(SFU_R_SIGNER);
}

static void t65_every_bit_of_a_certificate(void **state)
{
	const uint32_t head = 8 * SFU_MANIFEST_SIZE, issuer = head + 8 * SFU_CERTIFICATE_ISSUER_OFFSET;
	uint32_t bit;

	(void)state;
	added(&maker, 4, 2, 1, 5);
	(void)maker_package(&maker, package);
	for (bit = head; bit < 8 * SFU_FORMAT_HEAD; bit++) {
		if (bit % SFU_LIMIT_OFFERS == 0) {
			assert_int_equal(desk_power(1), 0);
			host_flash_counts.operations = 0;
		}
		package[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(desk_offer(package), SFU_MESSAGE_REFUSE);
		assert_int_equal(desk.code, bit >= issuer && bit < issuer + 32 ? SFU_R_SIGNER : SFU_R_CERTIFICATE);
		package[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(host_flash_counts.operations, 0);
	}
	again();
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
}

/* Signed by the issuer, but for another product, or another key; or of another length than the flag says. */
static void t65_certificates_of_others(void **state)
{
	(void)state;
	added(&maker, 4, 2, 1, 5);
	(void)maker_package(&maker, package);
	package[SFU_MANIFEST_SIZE + SFU_CERTIFICATE_PRODUCT_OFFSET] ^= 1;
	maker_sign_certificate(package, 2);
	desk_refused(SFU_MESSAGE_OFFER, package, SFU_FORMAT_HEAD, SFU_R_CERTIFICATE);
	(void)maker_package(&maker, package);
	maker_signer_id(5, package + SFU_MANIFEST_SIZE + SFU_CERTIFICATE_KEY_OFFSET);
	maker_sign_certificate(package, 2);
	desk_refused(SFU_MESSAGE_OFFER, package, SFU_FORMAT_HEAD, SFU_R_CERTIFICATE);
	/* by the key itself */
	(void)maker_package(&maker, package);
	maker_sign_certificate(package, 4);
	desk_refused(SFU_MESSAGE_OFFER, package, SFU_FORMAT_HEAD, SFU_R_CERTIFICATE);
	(void)maker_package(&maker, package);
	desk_refused(SFU_MESSAGE_OFFER, package, SFU_MANIFEST_SIZE, SFU_R_LENGTH);
	desk_refused(SFU_MESSAGE_OFFER, package, SFU_FORMAT_HEAD - 1, SFU_R_LENGTH);
	desk_refused(SFU_MESSAGE_OFFER, package, SFU_FORMAT_HEAD + 1, SFU_R_LENGTH);
	by(&maker, 0);
	(void)maker_package(&maker, package);
	desk_refused(SFU_MESSAGE_OFFER, package, SFU_FORMAT_HEAD, SFU_R_LENGTH);
}

static void t65_rank_and_serial_are_the_keys_own(void **state)
{
	uint32_t field, certified;

	(void)state;
	for (certified = 0; certified < 2; certified++)
		for (field = 4; field < 8; field++) {
			again();
			by(&maker, 2);
			if (certified != 0)
				added(&maker, 4, 2, 1, 5);
			(void)maker_package(&maker, package);
			package[SFU_MANIFEST_KEY_FLOOR_OFFSET + field] ^= 1;
			maker_sign(package, certified != 0 ? 4 : 2);
			desk_refused(SFU_MESSAGE_OFFER, package, certified != 0 ? SFU_FORMAT_HEAD : SFU_MANIFEST_SIZE,
			             SFU_R_STANDING);
		}
}

/* Only of lower rank: neither its equals, nor itself, nor who issued its certificate; rank 3 not at all. */
static void t65_whom_a_key_may_revoke(void **state)
{
	uint32_t signer, rank;

	(void)state;
	for (signer = 0; signer < 7; signer++)
		for (rank = 0; rank < 4; rank++) {
			again();
			maker = newer(2);
			if (signer < 4)
				by(&maker, signer);
			else
				added(&maker, 4, 3, (uint8_t)(signer - 4), 5);
			maker.keys[rank] = 1;
			offered(rank < maker.keys[4] ? SFU_OK : SFU_R_RANK);
		}
}

/* Revoked at confirm, not before; then nothing by it is accepted or runs. */
static void t65_revoked_at_confirm(void **state)
{
	uint8_t replay[MAKER_PACKAGE];

	(void)state;
	maker.counter = 9;
	maker.version[0] = 9;
	(void)maker_package(&maker, replay);
	maker = newer(2);
	by(&maker, 1);
	floors(&maker, 4, 0, 0);
	desk_try(&maker);
	/* on trial: key 0 stands, and may be reverted to */
	assert_int_equal(desk_boots(), maker.slot);
	assert_int_equal(sfu_device.journal.state.key_floor[0], 0);
	(void)rig_confirm();
	assert_int_equal(desk_boots(), maker.slot);
	assert_memory_equal(sfu_device.journal.state.key_floor, "\4\0\0\0", 4);
	/* what key 0 signed is refused, whatever its version and counter */
	assert_int_equal(desk_power(1), 0);
	desk_mark();
	assert_int_equal(desk_offer(replay), SFU_MESSAGE_REFUSE);
	assert_int_equal(desk.code, SFU_R_REVOKED);
	desk_same();
	/* a key of that rank with a higher serial is taken */
	maker = newer(3);
	free_slot();
	added(&maker, 4, 1, 0, 3);
	offered(SFU_R_REVOKED);
	added(&maker, 4, 1, 0, 4);
	offered(SFU_OK);
}

static void t65_the_old_slot_does_not_boot(void **state)
{
	(void)state;
	if (sfu_layout.slot_count < 2)
		return;
	by(&maker, 1);
	floors(&maker, 4, 0, 0);
	maker.counter = 5;
	desk_install(&maker);
	host_flash_flip(sfu_layout.area[SFU_AREA_SLOT + maker.slot].address + sfu_layout.image_offset + 100, 4);
	assert_int_equal(desk_boots(), SFU_SLOT_NONE);
	assert_int_equal(sfu_device.boot.held, SFU_R_REVOKED);
	assert_int_equal(desk_power(1), 0);
	/* the way out is a package by a key that stands */
	maker.version[0]++;
	free_slot();
	desk_install(&maker);
}

/* A trial that is given up has revoked nobody. */
static void t65_reverted(void **state)
{
	uint32_t boots;

	(void)state;
	if (sfu_layout.slot_count < 2)
		return;
	by(&maker, 1);
	floors(&maker, 4, 0, 0);
	maker.counter = 5;
	desk_try(&maker);
	for (boots = 0; boots < SFU_LIMIT_TRIAL_BOOTS; boots++)
		assert_int_equal(desk_boots(), maker.slot);
	assert_int_equal(desk_boots(), 0);
	assert_memory_equal(sfu_device.journal.state.key_floor, "\0\0\0\0", 4);
}

/* Two rotations, one behind the other: the second revokes the key that the first one added. */
static void t65_revoked_in_turn(void **state)
{
	struct maker second;
	uint32_t boots;

	(void)state;
	if (sfu_layout.slot_count < 2)
		return;
	added(&maker, 4, 2, 1, 5);
	maker.counter = 5;
	desk_install(&maker);
	assert_int_equal(desk_power(1), 0);
	second = newer(3);
	second.slot = 0;
	by(&second, 2);
	floors(&second, 0, 6, 0);
	second.counter = 5;
	desk_install(&second);
	assert_memory_equal(sfu_device.journal.state.key_floor, "\0\6\0\0", 4);
	assert_int_equal(desk_power(1), 0);
	/* and the way back from a third leads to the second alone */
	second.version[0]++;
	second.slot = 1;
	desk_try(&second);
	for (boots = 0; boots < SFU_LIMIT_TRIAL_BOOTS; boots++)
		assert_int_equal(desk_boots(), 1);
	assert_int_equal(desk_boots(), 0);
	assert_memory_equal(sfu_device.journal.state.key_floor, "\0\6\0\0", 4);
}

/* With a key all that it certified is revoked, of any rank and serial. */
static void t65_a_revoked_issuer(void **state)
{
	(void)state;
	added(&maker, 4, 1, 0, 255);
	maker.counter = 5;
	desk_install(&maker);
	assert_int_equal(desk_power(1), 0);
	maker = newer(3);
	free_slot();
	by(&maker, 2);
	floors(&maker, 0, 1, 0);
	maker.counter = 5;
	desk_install(&maker);
	if (sfu_layout.slot_count > 1) {
		host_flash_flip(sfu_layout.area[SFU_AREA_SLOT + maker.slot].address + sfu_layout.image_offset + 100, 4);
		assert_int_equal(desk_boots(), SFU_SLOT_NONE);
		assert_int_equal(sfu_device.boot.held, SFU_R_REVOKED);
	}
	assert_int_equal(desk_power(1), 0);
	maker = newer(4);
	free_slot();
	added(&maker, 5, 1, 0, 255);
	offered(SFU_R_REVOKED);
	by(&maker, 1);
	offered(SFU_R_REVOKED);
}

/* Floors only rise, each by itself. */
static void t65_floors_rise(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		maker.version[0]++;
		free_slot();
		by(&maker, 3);
		floors(&maker, (uint8_t)(i == 1 ? 2 : 1), (uint8_t)(i == 2 ? 7 : 0), (uint8_t)(i == 0 ? 200 : 3));
		desk_install(&maker);
		assert_int_equal(desk_power(1), 0);
	}
	assert_memory_equal(sfu_device.journal.state.key_floor, "\2\7\310\0", 4);
}

static void lose_journal(void)
{
	uint32_t i, at;

	for (i = 0; i < 2; i++)
		for (at = 0; at < sfu_layout.area[SFU_AREA_JOURNAL + i].size;
		     at += sfu_layout_sector(sfu_layout.area[SFU_AREA_JOURNAL + i].address + at))
			assert_int_equal(sfu_port_flash_erase(sfu_layout.area[SFU_AREA_JOURNAL + i].address + at), SFU_OK);
	rig.floor = 0;
	memset(rig.key_floor, 0, sizeof rig.key_floor);
}

/* Who destroys the journal does not get a revoked key back: the image that revoked it says so again. */
static void t65_a_lost_journal(void **state)
{
	uint32_t boots;

	(void)state;
	by(&maker, 1);
	floors(&maker, 4, 0, 0);
	maker.counter = 5;
	desk_install(&maker);
	lose_journal();
	assert_int_equal(desk_boots(), maker.slot);
	assert_memory_equal(sfu_device.journal.state.key_floor, "\4\0\0\0", 4);
	/* it is on trial again; where it never confirms, what is left is by a revoked key */
	if (sfu_layout.slot_count < 2)
		return;
	(void)begin(NULL);
	maker.version[0] = 3;
	by(&maker, 1);
	floors(&maker, 4, 0, 0);
	maker.counter = 5;
	desk_try(&maker);
	lose_journal();
	for (boots = 0; boots < SFU_LIMIT_TRIAL_BOOTS; boots++)
		assert_int_equal(desk_boots(), maker.slot);
	assert_int_equal(desk_boots(), SFU_SLOT_NONE);
	assert_int_equal(sfu_device.boot.held, SFU_R_REVOKED);
}

/* The certificate in the slot counts where the signature does: at each boot, or where the journal is lost. */
static void t65_the_certificate_in_the_slot(void **state)
{
	uint32_t slot;

	(void)state;
	added(&maker, 4, 2, 1, 5);
	slot = maker.slot;
	desk_install(&maker);
	lose_journal();
	assert_int_equal(desk_boots(), slot);
	host_flash_flip(sfu_layout.area[SFU_AREA_SLOT + slot].address + SFU_MANIFEST_SIZE + 40, 1);
	lose_journal();
	assert_int_equal(desk_boots(), sfu_layout.slot_count > 1 ? 0 : SFU_SLOT_NONE);
}

/* The slot's manifest as it should be by `m`: signed by `signer`, and sealed by the device's own key. Who can do that has
 * the device key, and what he seals counts no more than what a key may say. */
static void forge(uint32_t slot, const uint8_t m[SFU_MANIFEST_SIZE])
{
	const uint32_t at = sfu_layout.area[SFU_AREA_SLOT + slot].address;
	struct sfu_state next = sfu_device.journal.state;
	uint8_t was[SFU_MANIFEST_SIZE], hash[32];
	struct sfu_check c;
	uint32_t i;

	assert_int_equal(sfu_port_flash_read(at, was, sizeof was), SFU_OK);
	for (i = 0; i < sizeof was; i++)
		host_flash_flip(at + i, was[i] ^ m[i]);
	c.slot = slot;
	c.install = next.install[slot];
	c.device = sfu_device.keys.device;
	c.oem = sfu_device.keys.oem;
	c.buffer = sfu_device_buffer(&sfu_device);
	assert_int_equal(sfu_check_read(&c), SFU_OK);
	sfu_manifest_hash(c.manifest, hash);
	assert_int_equal(sfu_check_pass(&c, hash, 1, 0), SFU_OK);
	memcpy(next.seal[slot], c.pass.tag, SFU_FORMAT_TAG);
	assert_int_equal(sfu_journal_append(&sfu_device.journal, &next), SFU_OK);
}

static void t65_who_revokes_himself(void **state)
{
	uint8_t m[SFU_MANIFEST_SIZE];
	uint32_t by_seal;

	(void)state;
	assert_int_equal(sfu_port_flash_read(sfu_layout.area[SFU_AREA_SLOT].address, m, sizeof m), SFU_OK);
	/* a key's own serial is not below itself; the signature, which a seal does not cover, is good for nothing */
	m[SFU_MANIFEST_KEY_FLOOR_OFFSET] = STANDING[0][1];
	forge(0, m);
	by_seal = desk_boots() == 0;
	assert_int_equal(sfu_device.boot.held, by_seal ? SFU_OK : SFU_R_SIGNATURE);
	assert_int_equal(desk_power(1), 0);
	m[SFU_MANIFEST_KEY_FLOOR_OFFSET] = (uint8_t)(STANDING[0][1] + 1u);
	maker_sign(m, 0);
	forge(0, m);
	assert_int_equal(desk_boots(), SFU_SLOT_NONE);
	assert_int_equal(sfu_device.boot.held, by_seal ? SFU_R_REVOKED : SFU_R_RANK);
}

/* What a loader revokes from the start. */
static void t65_floors_of_the_configuration(void **state)
{
	(void)state;
	maker_signers(4, STANDING, (const uint8_t[4]){ 4, 0, 0, 0 });
	assert_int_equal(desk_boots(), SFU_SLOT_NONE);
	assert_int_equal(sfu_device.boot.held, SFU_R_REVOKED);
	assert_int_equal(desk_power(1), 0);
	free_slot();
	offered(SFU_R_REVOKED);
	added(&maker, 4, 1, 0, 3);
	offered(SFU_R_REVOKED);
	added(&maker, 4, 1, 0, 4);
	offered(SFU_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(t65_an_added_key, begin),
		cmocka_unit_test_setup(t65_issuers_are_of_higher_rank, begin),
		cmocka_unit_test_setup(t65_every_bit_of_a_certificate, begin),
		cmocka_unit_test_setup(t65_certificates_of_others, begin),
		cmocka_unit_test_setup(t65_rank_and_serial_are_the_keys_own, begin),
		cmocka_unit_test_setup(t65_whom_a_key_may_revoke, begin),
		cmocka_unit_test_setup(t65_revoked_at_confirm, begin),
		cmocka_unit_test_setup(t65_the_old_slot_does_not_boot, begin),
		cmocka_unit_test_setup(t65_reverted, begin),
		cmocka_unit_test_setup(t65_revoked_in_turn, begin),
		cmocka_unit_test_setup(t65_a_revoked_issuer, begin),
		cmocka_unit_test_setup(t65_floors_rise, begin),
		cmocka_unit_test_setup(t65_a_lost_journal, begin),
		cmocka_unit_test_setup(t65_the_certificate_in_the_slot, begin),
		cmocka_unit_test_setup(t65_who_revokes_himself, begin),
		cmocka_unit_test_setup(t65_floors_of_the_configuration, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
