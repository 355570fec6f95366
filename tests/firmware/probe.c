/* Stands in for the core, above the port of the loader, and tries what the core never does: sizes and
 * addresses at every edge (T84), aliases (T22), the loader itself, clock, entropy, a stack that overflows.
 * Says on the line what went wrong, then `probe done`. Run by test_port.py on the emulated board. */
#include "layout.h"
#include "port.h"
#include "sfu.h"
#include "sfu_codes.h"
#include "sfu_format.h"
#include "stm32.h"

#define KIB 1024u
#define PAGE (sfu_layout.area[SFU_AREA_JOURNAL].address)
#define LAST (sfu_layout.area[SFU_AREA_KEYS + 1].address)
#define END (LAST + sfu_layout.area[SFU_AREA_KEYS + 1].size)

static uint8_t data[2 * KIB + 8u], back[2 * KIB + 8u];

static void say(const char *text)
{
	uint32_t size = 0;

	while (text[size] != '\0')
		size++;
	sfu_port_tx((const uint8_t *)text, size);
}

static void expect(const char *what, uint32_t is, uint32_t wanted)
{
	if (is == wanted)
		return;
	say("FAILED ");
	say(what);
	say("\r\n");
}

static uint32_t same(const uint8_t *a, const uint8_t *b, uint32_t size)
{
	while (size != 0 && a[size - 1u] == b[size - 1u])
		size--;
	return size == 0;
}

/* Programs `size` bytes from data + shift, so that every alignment of the source comes up too. */
static void program(uint32_t address, uint32_t shift, uint32_t size)
{
	expect("program", sfu_port_flash_program(address, data + shift, size), SFU_OK);
	expect("read", sfu_port_flash_read(address, back + shift % 3u, size), SFU_OK);
	expect("same", same(data + shift, back + shift % 3u, size), 1);
}

static void probe_program(void)
{
	uint32_t at;

	expect("erase", sfu_port_flash_erase(PAGE), SFU_OK);
	expect("size 0", sfu_port_flash_program(PAGE, data, 0), SFU_E_IO);
	expect("size 1", sfu_port_flash_program(PAGE, data, 1), SFU_E_IO);
	expect("size 3", sfu_port_flash_program(PAGE, data, 3), SFU_E_IO);
	expect("size 5", sfu_port_flash_program(PAGE, data, 5), SFU_E_IO);
	expect("odd", sfu_port_flash_program(PAGE + 2u, data, 4), SFU_E_IO);
	expect("blank", sfu_port_flash_read(PAGE, back, 4), SFU_OK);
	expect("untouched", back[0] & back[1] & back[2] & back[3], 0xFF);
	for (at = 0; at < 8u; at++)
		program(PAGE + at * 32u, at, 4u * at + 4u);
	program(PAGE + 2u * KIB, 0, 2u * KIB);
	program(PAGE + 4u * KIB - 4u + 2u * KIB, 1, 8);
}

static void probe_bounds(void)
{
	expect("loader", sfu_port_flash_program(sfu_layout.area[SFU_AREA_LOADER].address, data, 4), SFU_E_IO);
	expect("into journal", sfu_port_flash_program(PAGE - 4u, data, 8), SFU_E_IO);
	expect("loader erased", sfu_port_flash_erase(sfu_layout.area[SFU_AREA_LOADER].address), SFU_E_IO);
	expect("no sector", sfu_port_flash_erase(PAGE + 4u), SFU_E_IO);
	expect("behind", sfu_port_flash_erase(END), SFU_E_IO);
	expect("over the end", sfu_port_flash_program(END - 4u, data, 8), SFU_E_IO);
	expect("last", sfu_port_flash_read(END - 16u, back, 16), SFU_OK);
	expect("beyond", sfu_port_flash_read(END - 16u, back, 17), SFU_E_IO);
	expect("huge", sfu_port_flash_read(PAGE, back, 0xFFFFFFFFu), SFU_E_IO);
	expect("wraps", sfu_port_flash_read(0xFFFFFFF0u, back, 32), SFU_E_IO);
	expect("two regions", sfu_port_flash_read(sfu_layout.region[1].address - 4u, back, 8), SFU_OK);
	expect("alias", sfu_port_flash_read(0, back, 4), SFU_E_IO);
	expect("alias erased", sfu_port_flash_erase(PAGE - sfu_layout.area[SFU_AREA_LOADER].address), SFU_E_IO);
	expect("RAM", sfu_port_flash_program(0x20000000u, data, 4), SFU_E_IO);
	expect("option bytes", sfu_port_flash_program(0x1FFFC000u, data, 4), SFU_E_IO);
	expect("stack", sfu_port_stack_ok(0x20020000u), 1);
	expect("CCM", sfu_port_stack_ok(0x10010000u), 1);
	expect("stack below", sfu_port_stack_ok(0x20000000u), 0);
	expect("stack above", sfu_port_stack_ok(0x20020008u), 0);
	expect("stack odd", sfu_port_stack_ok(0x2001FFFCu), 0);
	expect("stack erased", sfu_port_stack_ok(0xFFFFFFFFu), 0);
}

static void probe_time(void)
{
	uint32_t start = sfu_port_time(), i;

	for (i = 0; i < 125u; i++)
		sfu_port_idle(); /* 4 ms each: port/stm32/time.c */
	expect("idle", sfu_port_time() - start >= 495u && sfu_port_time() - start <= 505u, 1);
	start = sfu_port_time();
	expect("erase", sfu_port_flash_erase(LAST), SFU_OK);
	expect("time of an erase", sfu_port_time() - start >= 900u && sfu_port_time() - start <= 4000u, 1);
}

static void probe_entropy(void)
{
	uint32_t i;

	expect("entropy", sfu_port_entropy(data), SFU_OK);
	expect("entropy again", sfu_port_entropy(back), SFU_OK);
	expect("new entropy", same(data, back, 32), 0);
	expect("part", sfu_port_part(), 0x413);
	expect("lock", sfu_port_lock(), SFU_FLASH_LOCK_OPEN);
	for (i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 7u + i / 256u);
}

static uint32_t blank(uint32_t address)
{
	uint32_t is = 0;

	expect("read", sfu_port_flash_read(address, (uint8_t *)&is, 4), SFU_OK);
	return is == 0xFFFFFFFFu;
}

/* What the controller refuses, leaves behind, or is still at (T84). Sector 11, at LAST, is write-protected. */
static void probe_controller(void)
{
	volatile uint32_t *word = (volatile uint32_t *)(uintptr_t)(PAGE + 4u);
	uint32_t size, journal1 = sfu_layout.area[SFU_AREA_JOURNAL + 1].address;

	expect("erase", sfu_port_flash_erase(PAGE), SFU_OK);
	expect("protected erase", sfu_port_flash_erase(LAST), SFU_E_IO);
	expect("protected program", sfu_port_flash_program(LAST, data, 4), SFU_E_IO);
	expect("protected", blank(LAST), 1);
	/* the flag of that is no failure of this */
	expect("after a refusal", sfu_port_flash_program(PAGE, data, 4), SFU_OK);
	*word = 0; /* nobody programs: PGSERR */
	expect("stray store", blank(PAGE + 4u), 1);
	expect("flags", (FLASH_R.SR & FLASH_SR_ERRORS) != 0, 1);
	expect("after a stray store", sfu_port_flash_program(PAGE + 4u, data, 8), SFU_OK);
	/* bits that are 0 stay so: what is read back is not what was wanted */
	expect("over another", sfu_port_flash_program(PAGE + 4u, data + 8, 4), SFU_E_IO);
	/* an erase that somebody began is waited for */
	expect("program", sfu_port_flash_program(journal1, data, 16), SFU_OK);
	FLASH_R.KEYR = FLASH_KEY1;
	FLASH_R.KEYR = FLASH_KEY2;
	FLASH_R.CR = FLASH_CR_SER | sfu_flash_sector(journal1, &size) << FLASH_CR_SNB_SHIFT | FLASH_CR_X32;
	FLASH_R.CR |= FLASH_CR_STRT;
	expect("while it is busy", sfu_port_flash_program(PAGE + 64u, data, 4), SFU_OK);
	expect("erased meanwhile", blank(journal1), 1);
}

/* Until the stack runs out of RAM. */
static uint32_t overflow(volatile uint32_t *below)
{
	volatile uint32_t here[16];

	here[0] = *below + 1u;
	return overflow(here) + here[0];
}

/* Echoes, and obeys: q resets, s overflows the stack, f does to the flash controller what a board with --lenient
 * bears, k gives it a wrong key, which is a bus fault. */
void sfu_main(void)
{
	uint32_t i, n;

	if (sfu_port_entry() != 0)
		say("asked\r\n");
	sfu_port_open();
	say("probe\r\n");
	probe_entropy();
	probe_program();
	probe_bounds();
	probe_time();
	say("probe done\r\n");
	for (;;) {
		sfu_port_idle();
		n = sfu_port_rx_peek(0, back, sizeof back);
		sfu_port_tx(back, n);
		sfu_port_rx_skip(n);
		for (i = 0; i < n; i++) {
			if (back[i] == 'q')
				sfu_port_reset();
			if (back[i] == 's')
				(void)overflow(&n);
			if (back[i] == 'k')
				FLASH_R.KEYR = 0;
			if (back[i] == 'f') {
				probe_controller();
				say("controller done\r\n");
			}
		}
	}
}
