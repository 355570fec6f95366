/* Manifests that must be refused before anything in them is believed, and what flash looks like then. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>
#include "bytes.h"
#include "desk.h"
#include "flash.h"
#include "host.h"
#include "layout.h"
#include "sfu.h"
#include "sfu_codes.h"
#include "sfu_format.h"

static uint8_t package[MAKER_PACKAGE];
static uint32_t size;
static struct maker maker; /* of a package that is acceptable until a test changes it */

static int begin(void **state)
{
	(void)state;
	desk_running();
	maker = desk_maker();
	size = maker_package(&maker, package);
	assert_int_equal(desk_power(1), 0);
	return 0;
}

static void pack(void)
{
	size = maker_package(&maker, package);
}

static void put(uint32_t offset, uint32_t value)
{
	sfu_put32(package + offset, value);
}

/* Refused before anything was believed: no flash operation at all. */
static void refused_unsigned(uint32_t code)
{
	desk_mark();
	assert_int_equal(desk_offer(package), SFU_MESSAGE_REFUSE);
	assert_int_equal(desk.code, code);
	desk_untouched();
	assert_int_equal(desk_ask(SFU_MESSAGE_HELLO, NULL, 0), SFU_MESSAGE_INFO);
	assert_int_equal(desk_word(SFU_INFO_REFUSAL_OFFSET), code);
	assert_int_equal(sfu_device.upgrade.state, SFU_UPGRADE_STATE_IDLE);
}

static uint32_t before_signature(uint32_t offset)
{
	if (offset < SFU_MANIFEST_FORMAT_OFFSET)
		return SFU_R_MAGIC;
	if (offset < SFU_MANIFEST_SIGNER_OFFSET)
		return SFU_R_FORMAT;
	return offset < SFU_MANIFEST_HARDWARE_OFFSET ? SFU_R_SIGNER : SFU_R_SIGNATURE;
}

static void t08_every_bit_of_the_manifest(void **state)
{
	uint32_t bit, code;

	(void)state;
	for (bit = 0; bit < 8 * SFU_MANIFEST_SIZE; bit++) {
		/* signatures are checked eight times a session */
		if (bit % SFU_LIMIT_OFFERS == 0)
			assert_int_equal(desk_power(1), 0);
		if (bit % 512 == 0)
			desk_mark();
		package[bit / 8] ^= (uint8_t)(1u << bit % 8);
		code = before_signature(bit / 8);
		/* that one is a flag that exists */
		if (bit == 8 * SFU_MANIFEST_FLAGS_OFFSET)
			code = SFU_R_SIGNATURE;
		/* and that one another, which makes the first record a certificate */
		if (bit == 8 * SFU_MANIFEST_FLAGS_OFFSET + 1)
			code = SFU_R_SIGNER;
		assert_int_equal(desk_offer(package), SFU_MESSAGE_REFUSE);
		assert_int_equal(desk.code, code);
		package[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(host_flash_counts.operations, 0);
	}
	desk_untouched();
	/* and unchanged it is taken */
	assert_int_equal(desk_power(1), 0);
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
}

static void t08_formats_nobody_knows(void **state)
{
	static const uint32_t bytes[] = { SFU_MANIFEST_FORMAT_OFFSET, SFU_MANIFEST_SUITE_OFFSET, SFU_MANIFEST_KIND_OFFSET,
		                          SFU_MANIFEST_FLAGS_OFFSET };
	uint32_t i, value;

	(void)state;
	/* signed by the OEM or not: what is not known is not believed */
	for (i = 0; i < 4; i++)
		for (value = 0; value < 256; value += 17) {
			if (value <= 1)
				continue;
			pack();
			package[bytes[i]] = (uint8_t)value;
			maker_sign(package, 0);
			assert_int_equal(desk_power(1), 0);
			refused_unsigned(SFU_R_FORMAT);
		}
	pack();
	put(SFU_MANIFEST_MAGIC_OFFSET, SFU_FLASH_CONFIG_MAGIC);
	maker_sign(package, 0);
	refused_unsigned(SFU_R_MAGIC);
}

static void t13_unknown_signer(void **state)
{
	(void)state;
	maker.signer = 1;
	pack();
	refused_unsigned(SFU_R_SIGNER);
	/* an unknown key under the known one's id */
	maker_signer_id(0, package + SFU_MANIFEST_SIGNER_OFFSET);
	maker_sign(package, 1);
	refused_unsigned(SFU_R_SIGNATURE);
}

static void t10_signatures_of_zeros_and_of_others(void **state)
{
	static uint8_t other[MAKER_PACKAGE];

	(void)state;
	memset(package + SFU_MANIFEST_SIGNATURE_OFFSET, 0, SFU_MANIFEST_SIGNATURE_SIZE);
	refused_unsigned(SFU_R_SIGNATURE);
	memset(package + SFU_MANIFEST_SIGNATURE_OFFSET, 0xFF, SFU_MANIFEST_SIGNATURE_SIZE);
	refused_unsigned(SFU_R_SIGNATURE);
	maker.counter++;
	(void)maker_package(&maker, other);
	memcpy(package + SFU_MANIFEST_SIGNATURE_OFFSET, other + SFU_MANIFEST_SIGNATURE_OFFSET,
	       SFU_MANIFEST_SIGNATURE_SIZE);
	refused_unsigned(SFU_R_SIGNATURE);
}

static void t28_too_many_offers(void **state)
{
	uint32_t i;

	(void)state;
	package[SFU_MANIFEST_SIGNATURE_OFFSET] ^= 1;
	desk_mark();
	for (i = 0; i < SFU_LIMIT_OFFERS; i++) {
		assert_int_equal(desk_offer(package), SFU_MESSAGE_REFUSE);
		assert_int_equal(desk.code, SFU_R_SIGNATURE);
	}
	package[SFU_MANIFEST_SIGNATURE_OFFSET] ^= 1;
	assert_int_equal(desk_offer(package), SFU_MESSAGE_REFUSE);
	assert_int_equal(desk.code, SFU_R_OFFERS);
	desk_untouched();
	/* until the next reset */
	assert_int_equal(desk_power(1), 0);
	assert_int_equal(desk_offer(package), SFU_MESSAGE_ACCEPT);
}

static void t28_reasons_wear_nothing_out(void **state)
{
	uint32_t i, wrote = 0;

	(void)state;
	/* different refusals of one session: one is kept */
	for (i = 0; i < SFU_LIMIT_OFFERS; i++) {
		maker.epoch = i % 2 ? 1 : 2;
		maker.hardware = i % 2 ? 2 : 1;
		pack();
		assert_int_equal(desk_offer(package), SFU_MESSAGE_REFUSE);
		assert_int_equal(desk.code, i % 2 ? SFU_R_HARDWARE : SFU_R_EPOCH);
		if (i == 0)
			wrote = host_flash_counts.operations;
	}
	assert_int_equal(host_flash_counts.operations, wrote);
	/* the same one in every session: it is there already */
	maker.epoch = 2;
	maker.hardware = 1;
	pack();
	for (i = 0; i < 5; i++) {
		assert_int_equal(desk_power(1), 0);
		host_flash_counts.operations = 0;
		assert_int_equal(desk_offer(package), SFU_MESSAGE_REFUSE);
		assert_int_equal(desk.code, SFU_R_EPOCH);
		assert_int_equal(host_flash_counts.operations, 0);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(t08_every_bit_of_the_manifest, begin),
		cmocka_unit_test_setup(t08_formats_nobody_knows, begin),
		cmocka_unit_test_setup(t13_unknown_signer, begin),
		cmocka_unit_test_setup(t10_signatures_of_zeros_and_of_others, begin),
		cmocka_unit_test_setup(t28_too_many_offers, begin),
		cmocka_unit_test_setup(t28_reasons_wear_nothing_out, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
