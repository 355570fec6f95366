/* Journal pages as they may be found -> the device's state, against a replay that is written from spec/formats.md and
 * fsm/journal.h; then what is appended is what the next start finds.
 *
 * Input: geometry (1), states to append (1), then what pages.h puts into pages. */
#include <string.h>
#include "bytes.h"
#include "crypto.h"
#include "flat.h"
#include "fuzz.h"
#include "grammar.h"
#include "journal.h"
#include "journal_cell.h"
#include "pages.h"

#define FIRST 0x1000u
#define LAST 0x3800u
#define CELLS_MAX 48u

static const uint8_t device[32] = "the device key of the target....";
static struct pages pages;
static int keyed;

/* a cell, or the header: where it begins in `flat` */
static uint32_t cell_at(uint32_t page, uint32_t index)
{
	return sfu_layout.area[SFU_AREA_JOURNAL + page].address - FUZZ_BASE + PAGES_CELL * index;
}

static uint32_t cells_of(uint32_t page)
{
	return sfu_layout.area[SFU_AREA_JOURNAL + page].size / PAGES_CELL;
}

/* ---- the second replay ---- */

static int blank(uint32_t at, uint32_t size)
{
	return flat_blank(at, size) && !flat_torn(at, size);
}

static uint32_t generation(uint32_t page)
{
	uint32_t i, found;

	for (i = 0; i < 4; i++) {
		const uint32_t at = cell_at(page, 0) + 32 * i;
		const uint8_t *unit = flat + at;

		if (flat_torn(at, 32) || flat_blank(at, 32))
			continue;
		found = grammar_commit(unit, "SFUJ");
		/* a whole unit says it, whatever the others say */
		if (found != 0 || (memcmp(unit, "SFUJ", 4) == 0 && grammar_crc(unit, 28) == grammar_number(unit + 28, 4)))
			return found;
	}
	return 0;
}

static int valid(uint32_t at)
{
	const uint8_t *cell = flat + at;
	uint8_t mac[32];

	if (flat_torn(at, PAGES_CELL) || cell[0] != 1 || grammar_crc(cell, 124) != grammar_number(cell + 124, 4))
		return 0;
	sfu_hmac(mac, pages.key, cell, 108);
	return memcmp(cell + 108, mac, 16) == 0;
}

/* The cell that holds a page's state, or null; *behind: cells that are not blank, to the end of the last of them. */
static const uint8_t *state_of(uint32_t page, uint32_t *behind)
{
	uint32_t i, tried = 0;

	*behind = 0;
	for (i = cells_of(page) - 1; i > 0 && tried < 8; i--) {
		if (blank(cell_at(page, i), PAGES_CELL))
			continue;
		if (tried++ == 0)
			*behind = i;
		if (valid(cell_at(page, i)))
			return flat + cell_at(page, i);
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
	                  && memcmp(s->manifest_id, c + 56, 12) == 0 && memcmp(s->key_floor, c + 68, 4) == 0 && s->next_record == grammar_number(c + 72, 4)
	                  && memcmp(s->expected, c + 76, 32) == 0,
	          "another state");
}

/* Appends, and starts anew: what was told to be in is in. After the last but one only the second reading looks: it is
 * the last of an input that appends less. */
static void append(struct sfu_journal *j, uint32_t times)
{
	struct sfu_journal again;
	struct sfu_state next = j->state;
	const uint8_t *found;
	uint32_t status;

	for (; times > 0; times--) {
		next.security_counter++;
		next.failure = times;
		status = sfu_journal_append(j, &next);
		FUZZ_MUST(status == SFU_OK || j->state.sequence == UINT32_MAX || j->store.generation == UINT32_MAX,
		          "a state is not taken");
		if (status != SFU_OK)
			return;
		if (times == 2) {
			found = replay();
			FUZZ_MUST(found != NULL && grammar_number(found + 12, 4) == next.failure
			                  && grammar_number(found + 8, 4) == next.security_counter,
			          "what was appended is not there");
			continue;
		}
		FUZZ_MUST(sfu_journal_load(&again, device) == SFU_OK, "what was appended is not found");
		FUZZ_MUST(again.state.failure == next.failure && again.state.security_counter == next.security_counter
		                  && again.state.sequence == j->state.sequence,
		          "what is found is not what was appended");
		if (times % 3 == 0)
			*j = again;
	}
}

/* The pages as the input has them. */
static void place(struct fuzz_input *in)
{
	struct pages_change change;
	uint32_t i;

	pages.bytes[0] = flat + cell_at(0, 0);
	pages.bytes[1] = flat + cell_at(1, 0);
	if (!keyed)
		pages_key(&pages, device);
	keyed = 1;
	for (i = 0; in->left > 0 && i < 2 * CELLS_MAX; i++) {
		change = pages_place(&pages, in);
		flat_soil(cell_at(change.page, change.cell), PAGES_CELL);
		if (change.torn != PAGES_WHOLE)
			flat_tear(cell_at(change.page, 0) + change.torn);
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
