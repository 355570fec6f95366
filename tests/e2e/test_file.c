/* YMODEM through the whole core: a package as `sb` sends it, and as nobody should. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "crc.h"
#include "desk.h"
#include "flash.h"
#include "host.h"
#include "layout.h"
#include "port.h"
#include "session.h"
#include "sfu.h"
#include "sfu_codes.h"
#include "sfu_format.h"

#define SOH 0x01
#define STX 0x02
#define EOT 0x04
#define ACK 0x06
#define NAK 0x15
#define CAN 0x18

static uint8_t file[MAKER_PACKAGE];
static uint32_t size;
static struct maker maker;

static int begin(void **state)
{
	(void)state;
	desk_running();
	maker = desk_maker();
	memset(file, 0x1A, sizeof file);
	size = maker_package(&maker, file);
	assert_int_equal(desk_power(1), 0);
	return 0;
}

/* The first byte that is not 'C' the device says within some seconds; 0: none; DESK_LEFT: it resets. */
static uint32_t answer(void)
{
	uint32_t i;
	uint8_t byte;

	for (i = 0; i < 4000; i++) {
		if (!desk.left && sfu_session_poll(&sfu_device) == SFU_OK)
			desk.left = 1;
		host.time += sfu_device.session.busy == 0;
		while (host_receive(&byte, 1) == 1)
			if (byte != 'C')
				return byte;
		if (desk.left)
			return DESK_LEFT;
	}
	return 0;
}

static uint32_t send_block(uint32_t number, const uint8_t *data, uint32_t n)
{
	uint8_t block[1029];
	uint32_t crc;

	block[0] = n == 1024 ? STX : SOH;
	block[1] = (uint8_t)number;
	block[2] = (uint8_t)~number;
	memcpy(block + 3, data, n);
	crc = sfu_crc16(0, data, n);
	block[3 + n] = (uint8_t)(crc >> 8);
	block[4 + n] = (uint8_t)crc;
	host_send(block, n + 5);
	return answer();
}

static uint32_t say(uint8_t byte, uint32_t times)
{
	while (times-- > 0)
		host_send(&byte, 1);
	return answer();
}

static uint32_t name(uint32_t bytes)
{
	uint8_t block[128] = "firmware.sfu";

	(void)snprintf((char *)block + 13, 100, "%u 14000000000 100644", (unsigned)bytes);
	return send_block(0, block, sizeof block);
}

/* Blocks of the file until one is not acknowledged, or all are; answers the last answer. */
static uint32_t blocks(uint32_t bytes, uint32_t step)
{
	uint32_t at, number = 1, said = ACK;

	for (at = 0; at < bytes && said == ACK; at += step, number++)
		said = send_block(number, file + at, step);
	return said;
}

static void closes(void)
{
	static const uint8_t empty[128];

	assert_int_equal(say(EOT, 1), ACK);
	assert_int_equal(send_block(0, empty, sizeof empty), ACK);
	assert_int_equal(answer(), DESK_LEFT);
	assert_true(desk_runs(&desk_new));
}

/* Refused by two CAN; the session is open to the next, and the old image is not touched, or gone with one slot. */
static void is_refused(uint32_t said, uint32_t code)
{
	assert_int_equal(said, CAN);
	assert_int_equal(answer(), CAN);
	assert_int_equal(desk_ask(SFU_MESSAGE_HELLO, NULL, 0), SFU_MESSAGE_INFO);
	assert_int_equal(desk_word(SFU_INFO_REFUSAL_OFFSET), code);
	if (sfu_layout.slot_count > 1)
		assert_true(desk_runs(&desk_old));
	else
		assert_int_equal(desk_runs(&desk_old), sfu_device.journal.state.slot[0] == SFU_SLOT_CONFIRMED);
	/* and the right one is taken */
	(void)maker_package(&maker, file);
	assert_int_equal(desk_power(1), 0);
	assert_int_equal(name(size), ACK);
	assert_int_equal(blocks(size, 1024), ACK);
	closes();
}

static void a_package(void **state)
{
	(void)state;
	assert_int_equal(name(size), ACK);
	assert_int_equal(blocks(size, 1024), ACK);
	closes();
	(void)begin(NULL);
	assert_int_equal(name(size), ACK);
	assert_int_equal(blocks(size, 128), ACK);
	closes();
}

static void certified(void)
{
	static const uint8_t standing[2][2] = { { 0, 0 }, { 1, 0 } };

	(void)begin(NULL);
	maker_signers(2, standing, NULL);
	maker.signer = 3;
	maker.certified = 1;
	maker.issuer = 1;
	maker.keys[5] = 7;
	maker.keys[6] = 1;
	memset(file, 0x1A, sizeof file);
	size = maker_package(&maker, file);
	assert_int_equal(size, SFU_FORMAT_HEAD + maker.size + 32 * desk_records(file));
}

/* The certificate is a part of the file, behind the manifest. */
static void a_package_with_a_certificate(void **state)
{
	uint32_t step, cut;

	(void)state;
	for (step = 128; step <= 1024; step += 896) {
		certified();
		assert_int_equal(name(size), ACK);
		assert_int_equal(blocks(size, step), ACK);
		closes();
		certified();
		file[SFU_MANIFEST_SIZE + 30] ^= 1;
		assert_int_equal(name(size), ACK);
		is_refused(blocks(size, step), SFU_R_CERTIFICATE);
	}
	/* its file ends within the certificate */
	for (cut = SFU_MANIFEST_SIZE; cut < SFU_FORMAT_HEAD; cut += 53) {
		certified();
		assert_int_equal(name(cut), ACK);
		assert_int_equal(blocks(cut, 128), ACK);
		is_refused(say(EOT, 1), SFU_R_ORDER);
	}
}

static void a_block_twice_and_a_damaged_one(void **state)
{
	uint8_t junk[1029] = { STX, 3, 0xFC, 1 };

	(void)state;
	assert_int_equal(name(size), ACK);
	assert_int_equal(send_block(1, file, 1024), ACK);
	assert_int_equal(send_block(1, file, 1024), ACK);
	assert_int_equal(send_block(2, file + 1024, 1024), ACK);
	host_send(junk, sizeof junk);
	assert_int_equal(answer(), NAK);
	assert_int_equal(send_block(3, file + 2048, 1024), ACK);
	assert_int_equal(send_block(4, file + 3072, 1024), ACK);
	assert_int_equal(send_block(5, file + 4096, 1024), ACK);
	closes();
}

/* The file ends in the middle, by its own size. */
static void t81_truncated_file(void **state)
{
	uint32_t cut;

	(void)state;
	for (cut = 100; cut < size; cut += 611) {
		(void)begin(NULL);
		assert_int_equal(name(cut), ACK);
		assert_int_equal(blocks(cut, 128), ACK);
		is_refused(say(EOT, 1), cut < SFU_MANIFEST_SIZE ? SFU_R_ORDER : SFU_R_INCOMPLETE);
	}
}

/* EOT before the file is whole is no EOT; in the end the station gives up, or the device does. */
static void t81_end_of_file_too_early(void **state)
{
	(void)state;
	assert_int_equal(name(size), ACK);
	assert_int_equal(blocks(2048, 1024), ACK);
	assert_int_equal(say(EOT, 1), NAK);
	assert_int_equal(send_block(3, file + 2048, 1024), ACK);
	assert_int_equal(send_block(4, file + 3072, 1024), ACK);
	assert_int_equal(send_block(5, file + 4096, 1024), ACK);
	closes();
}

static void t05_t81_trailing_bytes(void **state)
{
	static const uint32_t more[] = { 1, 32, 128, 1024, 2000 };
	uint32_t i;

	(void)state;
	for (i = 0; i < sizeof more / sizeof more[0]; i++) {
		(void)begin(NULL);
		assert_int_equal(name(size + more[i]), ACK);
		is_refused(blocks(size + more[i], 1024), SFU_R_YMODEM);
	}
}

static void a_package_that_is_refused(void **state)
{
	(void)state;
	desk_mark();
	file[SFU_MANIFEST_SIGNATURE_OFFSET] ^= 1;
	assert_int_equal(name(size), ACK);
	assert_int_equal(blocks(size, 1024), CAN);
	desk_untouched();
	is_refused(CAN, SFU_R_SIGNATURE);
	/* and a file that is no package at all */
	(void)begin(NULL);
	memset(file, 'x', 4096);
	desk_mark();
	assert_int_equal(name(4096), ACK);
	assert_int_equal(blocks(4096, 1024), CAN);
	desk_untouched();
	is_refused(CAN, SFU_R_MAGIC);
}

static void a_damaged_record(void **state)
{
	uint32_t at;

	(void)state;
	for (at = SFU_MANIFEST_SIZE; at < size; at += 997) {
		(void)begin(NULL);
		file[at] ^= 0x40;
		assert_int_equal(name(size), ACK);
		is_refused(blocks(size, 1024), SFU_R_RECORD);
	}
}

static void the_station_cancels(void **state)
{
	uint32_t after;

	(void)state;
	for (after = 0; after <= 4096; after += 1024) {
		(void)begin(NULL);
		assert_int_equal(name(size), ACK);
		assert_int_equal(blocks(after, 1024), ACK);
		(void)say(CAN, 2);
		assert_int_equal(sfu_device.upgrade.state, SFU_UPGRADE_STATE_IDLE);
		assert_int_equal(name(size), ACK);
		assert_int_equal(blocks(size, 1024), ACK);
		closes();
	}
}

static void t24_the_station_falls_silent(void **state)
{
	uint32_t after;

	(void)state;
	for (after = 0; after <= 4096; after += 2048) {
		(void)begin(NULL);
		assert_int_equal(name(size), ACK);
		assert_int_equal(blocks(after, 1024), ACK);
		(void)desk_wait(SFU_TIME_PROGRESS + SFU_TIME_SESSION + 60000, NULL);
		assert_true(desk.left || sfu_layout.slot_count == 1);
		if (sfu_layout.slot_count > 1)
			assert_true(desk_runs(&desk_old));
	}
}

/* The time limit runs out while part of a record is assembled and a whole block waits: the end of the session is
 * the end, or the block would be copied to where no room was counted for it. */
static void t80_a_block_behind_the_end(void **state)
{
	uint8_t block[1029] = { STX, 3, 0xFC }, seen;
	uint32_t crc;

	(void)state;
	assert_int_equal(name(size), ACK);
	assert_int_equal(blocks(2048, 1024), ACK);
	assert_true(sfu_device.session.fill > 256 && sfu_device.upgrade.next > 0);
	memcpy(block + 3, file + 2048, 1024);
	crc = sfu_crc16(0, block + 3, 1024);
	block[1027] = (uint8_t)(crc >> 8);
	block[1028] = (uint8_t)crc;
	host_send(block, sizeof block);
	host.time += SFU_TIME_PROGRESS + 1;
	assert_int_equal(sfu_session_poll(&sfu_device), SFU_OK);
	/* not a byte of it was looked at */
	assert_int_equal(sfu_port_rx_peek(0, &seen, 1), 1);
	assert_int_equal(seen, STX);
	assert_int_equal(sfu_device.ymodem.at, sfu_device.ymodem.size);
}

static void t82_power_lost_and_sent_again(void **state)
{
	(void)state;
	maker.size = 21504;
	size = maker_package(&maker, file);
	assert_int_equal(name(size), ACK);
	assert_int_equal(blocks(16384, 1024), ACK);
	assert_int_equal(desk_power(1), 0);
	assert_int_equal(name(size), ACK);
	assert_int_equal(blocks(size, 1024), ACK);
	assert_int_equal(say(EOT, 1), ACK);
	assert_int_equal(desk_power(0), 1);
	assert_int_equal(sfu_device.boot.good, desk_free());
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_package, begin),
		cmocka_unit_test_setup(a_package_with_a_certificate, begin),
		cmocka_unit_test_setup(a_block_twice_and_a_damaged_one, begin),
		cmocka_unit_test_setup(t81_truncated_file, begin),
		cmocka_unit_test_setup(t81_end_of_file_too_early, begin),
		cmocka_unit_test_setup(t05_t81_trailing_bytes, begin),
		cmocka_unit_test_setup(a_package_that_is_refused, begin),
		cmocka_unit_test_setup(a_damaged_record, begin),
		cmocka_unit_test_setup(the_station_cancels, begin),
		cmocka_unit_test_setup(t24_the_station_falls_silent, begin),
		cmocka_unit_test_setup(t80_a_block_behind_the_end, begin),
		cmocka_unit_test_setup(t82_power_lost_and_sent_again, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
