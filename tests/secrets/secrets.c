/* The core with its keys marked as undefined, under valgrind's memcheck, as ctgrind does it: a branch or an address that
 * depends on one is an error, and so is a byte of one that goes to the line.
 *
 * Secret are the OEM key as it is read from the key page, the chip's entropy, and what is computed of them. Public again
 * becomes only what is named here: what a comparison came to (sfu_equal), MACs and seals, the plain text that is programmed
 * into a slot, and, in secrets.supp, the CRC of a cell with keys.
 *
 * A life is lived: keys are made, an image is installed, sealed, confirmed, upgraded, refused, checked at each boot.
 *
 * usage: secrets [--leak]    --leak: one byte of a key decides a branch, to see that it is noticed */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>
#include "boot.h"
#include "bytes.h"
#include "crypto.h"
#include "flash.h"
#include "host.h"
#include "layout.h"
#include "port.h"
#include "rig.h"
#include "sfu.h"
#include "station.h"

static uint32_t secret_reads, comparisons, sent;

static int in_keys(uint32_t address)
{
	return address >= sfu_layout.area[SFU_AREA_KEYS].address
	       && address - sfu_layout.area[SFU_AREA_KEYS].address < 2 * sfu_layout.area[SFU_AREA_KEYS].size;
}

uint32_t __real_sfu_port_flash_read(uint32_t address, uint8_t *out, uint32_t size);
uint32_t __wrap_sfu_port_flash_read(uint32_t address, uint8_t *out, uint32_t size);
uint32_t __wrap_sfu_port_flash_read(uint32_t address, uint8_t *out, uint32_t size)
{
	const uint32_t status = __real_sfu_port_flash_read(address, out, size);

	/* a cell with keys in it; a blank one holds none */
	if (in_keys(address) && size == SFU_KEYS_SIZE && sfu_get32(out) != 0xFFFFFFFFu && sfu_get32(out) != 0) {
		(void)VALGRIND_MAKE_MEM_UNDEFINED(out + SFU_KEYS_OEM_KEY_OFFSET, 64);
		secret_reads++;
	}
	return status;
}

uint32_t __real_sfu_port_flash_program(uint32_t address, const uint8_t *data, uint32_t size);
uint32_t __wrap_sfu_port_flash_program(uint32_t address, const uint8_t *data, uint32_t size);
uint32_t __wrap_sfu_port_flash_program(uint32_t address, const uint8_t *data, uint32_t size)
{
	uint8_t public[4096];

	/* what is in flash is read as defined, but for the keys, which become secret when they are read */
	memcpy(public, data, size);
	(void)VALGRIND_MAKE_MEM_DEFINED(public, size);
	return __real_sfu_port_flash_program(address, public, size);
}

uint32_t __real_sfu_port_entropy(uint8_t out[32]);
uint32_t __wrap_sfu_port_entropy(uint8_t out[32]);
uint32_t __wrap_sfu_port_entropy(uint8_t out[32])
{
	const uint32_t status = __real_sfu_port_entropy(out);

	(void)VALGRIND_MAKE_MEM_UNDEFINED(out, 32);
	return status;
}

uint32_t __real_sfu_equal(const uint8_t *a, const uint8_t *b, uint32_t size);
uint32_t __wrap_sfu_equal(const uint8_t *a, const uint8_t *b, uint32_t size);
uint32_t __wrap_sfu_equal(const uint8_t *a, const uint8_t *b, uint32_t size)
{
	uint32_t status = __real_sfu_equal(a, b, size);

	(void)VALGRIND_MAKE_MEM_DEFINED(&status, sizeof status);
	comparisons++;
	return status;
}

void __real_sfu_hmac(uint8_t out[32], const uint8_t key[32], const uint8_t *data, uint32_t size);
void __wrap_sfu_hmac(uint8_t out[32], const uint8_t key[32], const uint8_t *data, uint32_t size);
void __wrap_sfu_hmac(uint8_t out[32], const uint8_t key[32], const uint8_t *data, uint32_t size)
{
	__real_sfu_hmac(out, key, data, size);
	(void)VALGRIND_MAKE_MEM_DEFINED(out, 32);
}

void __real_sfu_onetime_mac(uint8_t tag[16], const uint8_t key[32], uint32_t index, const uint8_t *data, uint32_t size);
void __wrap_sfu_onetime_mac(uint8_t tag[16], const uint8_t key[32], uint32_t index, const uint8_t *data, uint32_t size);
void __wrap_sfu_onetime_mac(uint8_t tag[16], const uint8_t key[32], uint32_t index, const uint8_t *data, uint32_t size)
{
	__real_sfu_onetime_mac(tag, key, index, data, size);
	(void)VALGRIND_MAKE_MEM_DEFINED(tag, 16);
}

void __real_sfu_port_tx(const uint8_t *data, uint32_t size);
void __wrap_sfu_port_tx(const uint8_t *data, uint32_t size);
void __wrap_sfu_port_tx(const uint8_t *data, uint32_t size)
{
	(void)VALGRIND_CHECK_MEM_IS_DEFINED(data, size);
	sent += size;
	__real_sfu_port_tx(data, size);
}

void __real_sfu_port_hand_over(uint32_t vectors, const uint8_t report[32], uint32_t trial);
void __wrap_sfu_port_hand_over(uint32_t vectors, const uint8_t report[32], uint32_t trial);
void __wrap_sfu_port_hand_over(uint32_t vectors, const uint8_t report[32], uint32_t trial)
{
	(void)VALGRIND_CHECK_MEM_IS_DEFINED(report, 32);
	__real_sfu_port_hand_over(vectors, report, trial);
}

static void must(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "secrets: %s\n", what);
	exit(1);
}

static struct rig_firmware first, second, damaged;

/* A package that is refused late: its last record's plain text is not what the manifest promises. */
static void refused(void)
{
	rig_firmware(&damaged, "1.2.0", 2, 1056, 1024);
	damaged.package[0][SFU_MANIFEST_IMAGE_HASH_OFFSET] ^= 1;
	damaged.package[1][SFU_MANIFEST_IMAGE_HASH_OFFSET] ^= 1;
	maker_sign(damaged.package[0], 0);
	maker_sign(damaged.package[1], 0);
	rig_enter();
	station_begin(damaged.package[0], damaged.size[0], damaged.package[1], damaged.size[1]);
	(void)rig_boot();
	must(station.refusal == SFU_R_IMAGE, "an image with the wrong hash is not refused");
}

int main(int argc, char **argv)
{
	const char *wrong;
	uint8_t leak[SFU_KEYS_SIZE];

	must(RUNNING_ON_VALGRIND != 0, "to be run under valgrind");
	rig_firmware(&first, "1.0.0", 1, 1056, 1024);
	rig_firmware(&second, "1.1.0", 2, 3072, 2048);
	rig_begin(3, 0);
	wrong = rig_live(&first, NULL);
	must(wrong == NULL, wrong);
	wrong = rig_live(&second, &first);
	must(wrong == NULL, wrong);
	refused();
	if (argc > 1 && strcmp(argv[1], "--leak") == 0) {
		(void)sfu_port_flash_read(sfu_layout.area[SFU_AREA_KEYS].address + SFU_KEYS_SIZE, leak, sizeof leak);
		(void)sfu_port_flash_read(sfu_layout.area[SFU_AREA_KEYS + 1].address + SFU_KEYS_SIZE, leak, sizeof leak);
		if (leak[SFU_KEYS_OEM_KEY_OFFSET] == 0x4B)
			puts("a key's byte decides");
	}
	printf("%u reads of keys, %u comparisons, %u bytes sent\n", (unsigned)secret_reads, (unsigned)comparisons, (unsigned)sent);
	must(secret_reads >= 6 && comparisons >= 20 && sent >= 500, "hardly anything was done");
	return 0;
}
