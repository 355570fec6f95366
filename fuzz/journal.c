/* Journal pages as they may be found -> the device's state, against a replay that is written from spec/formats.md and
 * fsm/journal.h; then what is appended is what the next start finds.
 *
 * Input: layout (1), then cells: where (1: page in bit 7, index below), what (1), and what that needs. See place(). */
#include <string.h>
#include "bytes.h"
#include "crypto.h"
#include "flat.h"
#include "fuzz.h"
#include "grammar.h"
#include "journal.h"
#include "journal_cell.h"

#define FIRST 0x1000u
#define LAST 0x3800u
#define CELLS_MAX 48u

static const uint8_t device[32] = "the device key of the target....";
static uint8_t key[32];

static uint8_t *page_at(uint32_t page)
{
	return flat + (sfu_layout.area[SFU_AREA_JOURNAL + page].address - FUZZ_BASE);
}

static uint32_t cells_of(uint32_t page)
{
	return sfu_layout.area[SFU_AREA_JOURNAL + page].size / 128;
}

static void seal_cell(uint8_t *cell, uint32_t how)
{
	uint8_t mac[32];

	if (how & 1) {
		cell[0] = 1;
		sfu_hmac(mac, key, cell, 108);
		memcpy(cell + 108, mac, 16);
	}
	if (how & 2)
		sfu_put32(cell + 124, grammar_crc(cell, 124));
}

/* Puts one thing into flash: a commit unit, a state, raw bytes, a torn unit. */
static void place(struct fuzz_input *in)
{
	const uint32_t where = fuzz_byte(in), what = fuzz_byte(in), page = where >> 7;
	const uint32_t index = (where & 0x7F) % cells_of(page);
	uint8_t *cell = page_at(page) + 128 * index;
	uint32_t i;

	switch (what % 8) {
	case 0: /* commit unit: whole, or with something wrong in it */
		cell = page_at(page) + 32 * (index % 4);
		memset(cell, 0, 32);
		memcpy(cell, "SFUJ", 4);
		sfu_put32(cell + 4, what & 0x80 ? fuzz_word(in) : fuzz_byte(in));
		cell[8 + what / 8 % 16] = what & 0x08 ? fuzz_byte(in) : 0;
		sfu_put32(cell + 28, grammar_crc(cell, 28) + (what & 0x40 ? fuzz_byte(in) : 0));
		break;
	case 1: /* raw */
		(void)fuzz_bytes(in, cell, 128);
		break;
	case 2: /* raw, but its sums */
		(void)fuzz_bytes(in, cell, 128);
		seal_cell(cell, 1 + what / 8 % 3);
		break;
	case 3: /* a state of few bytes */
		memset(cell, (int)(what / 8), 128);
		cell[1] = fuzz_byte(in);
		cell[2] = fuzz_byte(in);
		sfu_put32(cell + 4, fuzz_half(in));
		sfu_put32(cell + 8, fuzz_half(in));
		seal_cell(cell, 3);
		break;
	case 4: /* that of another device */
		memset(cell, (int)(what / 8), 128);
		key[0] ^= 1;
		seal_cell(cell, 3);
		key[0] ^= 1;
		break;
	case 5: /* torn */
		i = (uint32_t)(cell - flat) + fuzz_byte(in) % 128;
		flat_torn[i - i % sfu_layout.unit] = 1;
		break;
	case 6: /* bits flipped, or something where there was nothing */
		cell[fuzz_byte(in) % 128] ^= fuzz_byte(in);
		break;
	default: /* blank again */
		memset(cell, (int)sfu_layout.erased, 128);
	}
}

/* ---- the second replay ---- */

static int torn(const uint8_t *at, uint32_t size)
{
	return memchr(flat_torn + (at - flat), 1, size) != NULL;
}

static int blank(const uint8_t *at, uint32_t size)
{
	static uint8_t erased[128];

	if (erased[0] != sfu_layout.erased)
		memset(erased, (int)sfu_layout.erased, sizeof erased);
	return memcmp(at, erased, size) == 0 && !torn(at, size);
}

static uint32_t generation(uint32_t page)
{
	uint32_t i, found;

	for (i = 0; i < 4; i++) {
		const uint8_t *unit = page_at(page) + 32 * i;

		if (torn(unit, 32) || blank(unit, 32))
			continue;
		found = grammar_commit(unit, "SFUJ");
		/* a whole unit says it, whatever the others say */
		if (found != 0 || (memcmp(unit, "SFUJ", 4) == 0 && grammar_crc(unit, 28) == grammar_number(unit + 28, 4)))
			return found;
	}
	return 0;
}

static int valid(const uint8_t *cell)
{
	uint8_t mac[32];

	sfu_hmac(mac, key, cell, 108);
	return !torn(cell, 128) && cell[0] == 1 && grammar_crc(cell, 124) == grammar_number(cell + 124, 4)
	       && memcmp(cell + 108, mac, 16) == 0;
}

/* The cell that holds a page's state, or null; *behind: cells that are not blank, to the end of the last of them. */
static const uint8_t *state_of(uint32_t page, uint32_t *behind)
{
	uint32_t i, tried = 0;

	*behind = 0;
	for (i = cells_of(page) - 1; i > 0 && tried < 8; i--) {
		const uint8_t *cell = page_at(page) + 128 * i;

		if (blank(cell, 128))
			continue;
		if (tried++ == 0)
			*behind = i;
		if (valid(cell))
			return cell;
	}
	return NULL;
}

static const uint8_t *replay(void)
{
	const uint32_t a = generation(0), b = generation(1), current = a > b ? 0 : 1;
	const uint8_t *found;
	uint32_t behind;

	if (a == 0 && b == 0)
		return NULL;
	found = state_of(current, &behind);
	/* nobody was told of anything in it: the one before counts, if it is there */
	if (found == NULL && behind <= 2 && a != 0 && b != 0)
		found = state_of(1 - current, &behind);
	return found;
}

static void same(const struct sfu_state *s, const uint8_t *c)
{
	FUZZ_MUST(s->slot[0] == c[1] && s->slot[1] == c[2] && s->attempts == c[3] && s->sequence == grammar_number(c + 4, 4)
	                  && s->security_counter == grammar_number(c + 8, 4) && s->failure == grammar_number(c + 12, 4)
	                  && s->install[0] == grammar_number(c + 16, 4) && s->install[1] == grammar_number(c + 20, 4)
	                  && memcmp(s->seal[0], c + 24, 16) == 0 && memcmp(s->seal[1], c + 40, 16) == 0
	                  && memcmp(s->manifest_id, c + 56, 16) == 0 && s->next_record == grammar_number(c + 72, 4)
	                  && memcmp(s->expected, c + 76, 32) == 0,
	          "another state");
}

/* Appends, and starts anew: what was told to be in is in. */
static void append(struct sfu_journal *j, uint32_t times)
{
	struct sfu_journal again;
	struct sfu_state next = j->state;
	uint32_t status;

	for (; times > 0; times--) {
		next.security_counter++;
		next.failure = times;
		status = sfu_journal_append(j, &next);
		FUZZ_MUST(status == SFU_OK || j->state.sequence == UINT32_MAX || j->store.generation == UINT32_MAX,
		          "a state is not taken");
		if (status != SFU_OK)
			return;
		FUZZ_MUST(sfu_journal_load(&again, device) == SFU_OK, "what was appended is not found");
		FUZZ_MUST(again.state.failure == next.failure && again.state.security_counter == next.security_counter
		                  && again.state.sequence == j->state.sequence,
		          "what is found is not what was appended");
		if (times % 3 == 0)
			*j = again;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct sfu_journal j;
	const uint8_t *wanted;
	uint32_t i, times;

	fuzz_geometry(fuzz_byte(&in));
	times = fuzz_byte(&in) % 4;
	flat_begin(FIRST, LAST);
	sfu_hkdf(key, device, NULL, 0, (const uint8_t *)"sfu journal", 11);
	for (i = 0; in.left > 0 && i < 2 * CELLS_MAX; i++)
		place(&in);
	wanted = replay();
	flat_last = FIRST; /* nothing may be written */
	i = sfu_journal_load(&j, device);
	flat_last = LAST;
	FUZZ_MUST((i == SFU_OK) == (wanted != NULL), "a state, or none");
	if (wanted != NULL)
		same(&j.state, wanted);
	else
		FUZZ_MUST(i == SFU_E_JOURNAL && j.state.sequence == 0 && j.state.security_counter == 0 && j.state.slot[0] == 0
		                  && j.state.slot[1] == 0,
		          "a state out of nothing");
	append(&j, times);
	return 0;
}
