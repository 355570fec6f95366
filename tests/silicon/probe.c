/* Stands in for the core, above the port of the loader, and does what the line asks for: one letter, one
 * operation of the port, one line of answer: the letter, the code, the milliseconds it took, and for entropy the
 * bytes or'ed. Run by defects.py on chips that have a defect.
 *
 *   p  programs 32 bytes, at the next place of the first journal page      e  erases that page
 *   r  takes entropy
 *
 * Before that it tells how the chip is protected. */
#include "layout.h"
#include "port.h"
#include "sfu.h"
#include "sfu_codes.h"

#define PAGE (sfu_layout.area[SFU_AREA_JOURNAL].address)

static uint8_t data[32];
static uint32_t place;

static void say_hex(uint32_t value)
{
	uint8_t text[9];
	uint32_t i;

	text[0] = ' ';
	for (i = 0; i < 8u; i++)
		text[1u + i] = (uint8_t)"0123456789ABCDEF"[value >> (28u - 4u * i) & 15u];
	sfu_port_tx(text, sizeof text);
}

static uint32_t all_bits(void)
{
	uint32_t i, bits = 0;

	for (i = 0; i < sizeof data; i++)
		bits |= data[i];
	return bits;
}

static uint32_t act(uint8_t what)
{
	uint32_t code;

	if (what == 'e')
		return sfu_port_flash_erase(PAGE);
	if (what == 'r')
		return sfu_port_entropy(data);
	for (code = 0; code < sizeof data; code++)
		data[code] = (uint8_t)(0x5Au ^ code);
	code = sfu_port_flash_program(PAGE + place, data, sizeof data);
	place += sizeof data;
	return code;
}

static void answer(uint8_t what)
{
	uint32_t start = sfu_port_time(), code = act(what), took = sfu_port_time() - start;

	sfu_port_tx(&what, 1);
	say_hex(code);
	say_hex(took);
	say_hex(what == 'r' ? all_bits() : 0);
	sfu_port_tx((const uint8_t *)"\r\n", 2);
}

void sfu_main(void)
{
	uint8_t what;

	sfu_port_open();
	sfu_port_tx((const uint8_t *)"lock", 4);
	say_hex(sfu_port_lock());
	sfu_port_tx((const uint8_t *)"\r\nprobe\r\n", 9);
	for (;;) {
		sfu_port_idle();
		if (sfu_port_rx_peek(0, &what, 1) == 0)
			continue;
		sfu_port_rx_skip(1);
		if (what == 'p' || what == 'e' || what == 'r')
			answer(what);
	}
}
