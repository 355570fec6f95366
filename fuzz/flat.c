#include "flat.h"
#include <string.h>
#include "argument.h"
#include "fuzz.h"
#include "port.h"

_Static_assert(FUZZ_FLASH / FLAT_BLOCK % 8 == 0, "blocks are looked at by eights");

static struct flat_image ground, *image = &ground;
static uint8_t torn[FUZZ_FLASH];                /* 1 at a unit's first byte */
static uint32_t torn_from = FUZZ_FLASH, torn_to; /* none outside */
static uint32_t ground_erased = 0x100;

uint8_t *flat = ground.now;
uint32_t flat_first, flat_last, flat_time, flat_writes;

/* Copies what has been asked about: the sanitizer's memcpy would ask again, for a third of a target's time. */
__attribute__((no_builtin("memcpy"))) static void copy(uint8_t *restrict to, const uint8_t *restrict from, uint32_t size)
{
	uint32_t i;

	for (i = 0; i < size; i++)
		to[i] = from[i];
}

__attribute__((no_builtin("memset"))) static void fill(uint8_t *to, uint32_t value, uint32_t size)
{
	uint32_t i;

	for (i = 0; i < size; i++)
		to[i] = (uint8_t)value;
}

void flat_soil(uint32_t at, uint32_t size)
{
	uint32_t block;

	for (block = at / FLAT_BLOCK; block <= (at + size - 1) / FLAT_BLOCK; block++)
		image->dirty[block] = 1;
}

static void clean(struct flat_image *to)
{
	uint32_t block, next;
	uint64_t some;

	for (block = 0; block < FUZZ_FLASH / FLAT_BLOCK; block = next) {
		next = block + 8;
		memcpy(&some, to->dirty + block, 8);
		for (; some != 0 && block < next; block++)
			if (to->dirty[block])
				copy(to->now + block * FLAT_BLOCK, to->then + block * FLAT_BLOCK, FLAT_BLOCK);
	}
	memset(to->dirty, 0, sizeof to->dirty);
	if (torn_from < torn_to)
		memset(torn + torn_from, 0, torn_to - torn_from);
	torn_from = FUZZ_FLASH;
	torn_to = flat_time = 0;
	image = to;
	flat = to->now;
}

void flat_begin(uint32_t first, uint32_t last)
{
	if (ground_erased != sfu_layout.erased) {
		ground_erased = sfu_layout.erased;
		memset(ground.then, (int)ground_erased, sizeof ground.then);
		memset(ground.dirty, 1, sizeof ground.dirty);
	}
	clean(&ground);
	flat_first = first;
	flat_last = last;
}

void flat_keep(struct flat_image *to)
{
	memcpy(to->then, flat, FUZZ_FLASH);
	memset(to->dirty, 1, sizeof to->dirty);
}

void flat_again(struct flat_image *from, uint32_t first, uint32_t last)
{
	clean(from);
	flat_first = first;
	flat_last = last;
}

void flat_put(uint32_t at, const uint8_t *data, uint32_t size)
{
	flat_soil(at, size);
	copy(flat + at, data, size);
}

void flat_tear(uint32_t at)
{
	torn[at] = 1;
	torn_from = at < torn_from ? at : torn_from;
	torn_to = at >= torn_to ? at + 1 : torn_to;
}

/* The first unit of the range that is torn. */
static const uint8_t *tear_in(uint32_t at, uint32_t size)
{
	return at < torn_to && at + size > torn_from && size > 0 ? memchr(torn + at, 1, size) : NULL;
}

int flat_torn(uint32_t at, uint32_t size)
{
	return tear_in(at, size) != NULL;
}

int flat_blank(uint32_t at, uint32_t size)
{
	uint8_t differ = 0;
	uint32_t i;

	if (at % FLAT_BLOCK + size <= FLAT_BLOCK && image == &ground && image->dirty[at / FLAT_BLOCK] == 0)
		return 1;
	for (i = 0; i < size; i++)
		differ |= (uint8_t)(flat[at + i] ^ sfu_layout.erased);
	return differ == 0;
}

int flat_holds(uint32_t at, const uint8_t *data, uint32_t size)
{
	uint8_t differ = 0;
	uint32_t i;

	for (i = 0; i < size; i++)
		differ |= flat[at + i] ^ data[i];
	return differ == 0;
}

void flat_copy(void *to, const void *from, uint32_t size)
{
	copy(to, from, size);
}

static int outside(uint32_t address, uint32_t size)
{
	return address < FUZZ_BASE || size > FUZZ_FLASH || address - FUZZ_BASE > FUZZ_FLASH - size;
}

uint32_t sfu_port_flash_read(uint32_t address, uint8_t *out, uint32_t size)
{
	const uint32_t at = address - FUZZ_BASE, before = at % sfu_layout.unit;

	FUZZ_MUST(!outside(address, size), "a read outside the flash");
	ARGUMENT(out, size);
	if (size > 0 && flat_torn(at - before, size + before)) {
		memset(out, 0x5A, size);
		return SFU_E_ECC;
	}
	copy(out, flat + at, size);
	return SFU_OK;
}

static void may_write(uint32_t address, uint32_t size)
{
	FUZZ_MUST(!outside(address, size) && address - FUZZ_BASE >= flat_first && address - FUZZ_BASE + size <= flat_last,
	          "a write where none may be");
	flat_writes++;
	flat_soil(address - FUZZ_BASE, size);
}

uint32_t sfu_port_flash_program(uint32_t address, const uint8_t *data, uint32_t size)
{
	const uint32_t at = address - FUZZ_BASE;
	const uint8_t *refuses;

	FUZZ_MUST(size > 0 && address % sfu_layout.unit == 0 && size % sfu_layout.unit == 0, "a program of no whole units");
	may_write(address, size);
	ARGUMENT(data, size);
	refuses = tear_in(at, size);
	FUZZ_MUST(flat_blank(at, refuses != NULL ? (uint32_t)(refuses - (torn + at)) + 1 : size),
	          "a programmed unit is programmed again");
	if (refuses != NULL)
		return SFU_E_IO;
	copy(flat + at, data, size);
	return SFU_OK;
}

uint32_t sfu_port_flash_erase(uint32_t address)
{
	const uint32_t sector = sfu_layout_sector(address), at = address - FUZZ_BASE;

	FUZZ_MUST(sector > 0, "an erase of what is no sector");
	may_write(address, sector);
	fill(flat + at, sfu_layout.erased, sector);
	memset(torn + at, 0, sector);
	return SFU_OK;
}

uint32_t sfu_port_time(void)
{
	return flat_time;
}

void sfu_port_kick(void)
{
}

void sfu_port_uid(uint8_t out[12])
{
	memcpy(out, "twelve bytes", 12);
}

uint32_t sfu_port_stack_ok(uint32_t stack_pointer)
{
	return stack_pointer % 8 == 0;
}

/* The loader's main loop is linked and never entered. */
void sfu_port_hand_over(uint32_t vectors, const uint8_t report[32], uint32_t trial)
{
	(void)vectors, (void)report, (void)trial;
	FUZZ_MUST(0, "hand-over");
}

void sfu_port_reset(void)
{
	FUZZ_MUST(0, "reset");
}

void sfu_port_open(void)
{
}

void sfu_port_idle(void)
{
}
