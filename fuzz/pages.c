#include "pages.h"
#include <string.h>
#include "bytes.h"
#include "crypto.h"
#include "grammar.h"
#include "layout.h"

void pages_key(struct pages *p, const uint8_t device[32])
{
	sfu_hkdf(p->key, device, NULL, 0, (const uint8_t *)"sfu journal", 11);
}

static void seal_cell(const struct pages *p, uint8_t *cell, uint32_t how)
{
	uint8_t mac[32];

	if (how & 1) {
		cell[0] = 1;
		sfu_hmac(mac, p->key, cell, 108);
		memcpy(cell + 108, mac, 16);
	}
	if (how & 2)
		sfu_put32(cell + 124, grammar_crc(cell, 124));
}

struct pages_change pages_place(struct pages *p, struct fuzz_input *in)
{
	const uint32_t where = fuzz_byte(in), what = fuzz_byte(in), page = where >> 7;
	const uint32_t index = (where & 0x7F) % PAGES_CELLS;
	struct pages_change change = { page, what % 8 == 0 ? 0 : index, PAGES_WHOLE };
	uint8_t *cell = p->bytes[page] + PAGES_CELL * index;

	switch (what % 8) {
	case 0: /* commit unit: whole, or with something wrong in it */
		cell = p->bytes[page] + 32 * (index % 4);
		memset(cell, 0, 32);
		memcpy(cell, "SFUJ", 4);
		sfu_put32(cell + 4, what & 0x80 ? fuzz_word(in) : fuzz_byte(in));
		cell[8 + what / 8 % 16] = what & 0x08 ? fuzz_byte(in) : 0;
		sfu_put32(cell + 28, grammar_crc(cell, 28) + (what & 0x40 ? fuzz_byte(in) : 0));
		break;
	case 1: /* raw */
		(void)fuzz_bytes(in, cell, PAGES_CELL);
		break;
	case 2: /* raw, but its sums */
		(void)fuzz_bytes(in, cell, PAGES_CELL);
		seal_cell(p, cell, 1 + what / 8 % 3);
		break;
	case 3: /* a state of few bytes */
		memset(cell, (int)(what / 8), PAGES_CELL);
		cell[1] = fuzz_byte(in);
		cell[2] = fuzz_byte(in);
		sfu_put32(cell + 4, fuzz_half(in));
		sfu_put32(cell + 8, fuzz_half(in));
		seal_cell(p, cell, 3);
		break;
	case 4: /* that of another device */
		memset(cell, (int)(what / 8), PAGES_CELL);
		p->key[0] ^= 1;
		seal_cell(p, cell, 3);
		p->key[0] ^= 1;
		break;
	case 5: /* torn */
		change.torn = PAGES_CELL * index + fuzz_byte(in) % PAGES_CELL;
		change.torn -= change.torn % sfu_layout.unit;
		break;
	case 6: /* bits flipped, or something where there was nothing */
		cell[fuzz_byte(in) % PAGES_CELL] ^= fuzz_byte(in);
		break;
	default: /* blank again */
		memset(cell, (int)sfu_layout.erased, PAGES_CELL);
	}
	return change;
}
