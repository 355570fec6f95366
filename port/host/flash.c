#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "flash.h"
#include "layout.h"
#include "port.h"
#include "sfu_codes.h"

enum matter { BLANK, PROGRAMMED, TORN };

#define PART 1024u /* what a snapshot is restored by; no sector is smaller */

/* One block of memory, so that a snapshot is a copy. Behind it, for each part: which content it has, and erases of the
 * sector that begins there; then matter of each unit, then the two extremes and the present reading of each byte. */
struct chip {
	uint32_t base, size, units, ecc;
	uint32_t torn_from, torn_to; /* no unit outside is torn */
	uint64_t random;
	uint8_t bytes[];
};

jmp_buf host_power_lost;
struct host_flash_counts host_flash_counts;
int (*host_flash_watch)(uint32_t address, uint32_t size, const uint8_t *data);
void (*host_flash_seen)(uint32_t address, uint8_t *out, uint32_t size);

static struct chip *chip;
static uint8_t *matter, *low, *high, *view;
static uint32_t *wear;
/* Parts that bear the same number are the same; 0: it was changed since it got one. */
static uint32_t *content, contents;
static uint32_t cut_in = HOST_NEVER, fail_in = HOST_NEVER, weak_in = HOST_NEVER;
static enum host_cut cut_when;

static void die(const char *what, uint32_t address)
{
	fprintf(stderr, "flash: %s at 0x%08X\n", what, (unsigned)address);
	abort();
}

static uint32_t draw(uint32_t below)
{
	uint64_t z = chip->random += 0x9E3779B97F4A7C15u;

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return (uint32_t)((z ^ (z >> 31)) >> 33) % below;
}

static uint32_t parts(void)
{
	return (chip->size + PART - 1) / PART;
}

static size_t chip_bytes(void)
{
	return sizeof(struct chip) + 8u * parts() + chip->units + 3u * chip->size;
}

/* words first, for their alignment */
static void lay_out(void)
{
	content = (uint32_t *)(void *)chip->bytes;
	wear = content + parts();
	matter = chip->bytes + 8u * parts();
	low = matter + chip->units;
	high = low + chip->size;
	view = high + chip->size;
}

/* Bytes from `at` on are changed. */
static void change(uint32_t at, uint32_t size)
{
	uint32_t part;

	for (part = at / PART; part <= (at + size - 1) / PART; part++)
		content[part] = 0;
}

static uint32_t unit_of(uint32_t address)
{
	return (address - chip->base) / sfu_layout.unit;
}

/* The size of the sector that holds the address and where it begins; 0: no flash there. */
static uint32_t sector_of(uint32_t address, uint32_t *begin)
{
	uint32_t i;

	for (i = 0; i < sfu_layout.region_count; i++) {
		const struct sfu_region *r = &sfu_layout.region[i];

		if (address >= r->address && address - r->address < r->sector * r->count) {
			*begin = address - (address - r->address) % r->sector;
			return r->sector;
		}
	}
	return 0;
}

static int in_flash(uint32_t address, uint32_t size)
{
	uint32_t begin, sector;

	while (size > 0) {
		sector = sector_of(address, &begin);
		if (sector == 0)
			return 0;
		sector -= address - begin;
		if (sector >= size)
			return 1;
		address += sector;
		size -= sector;
	}
	return 1;
}

void host_flash_begin(uint32_t seed, int ecc)
{
	const struct sfu_region *last = &sfu_layout.region[sfu_layout.region_count - 1];
	const uint32_t base = sfu_layout.region[0].address;
	const uint32_t size = last->address + last->sector * last->count - base;
	const uint32_t units = size / sfu_layout.unit;

	host_flash_end();
	chip = calloc(1, sizeof *chip + 8u * ((size + PART - 1) / PART) + units + 3u * size);
	if (chip == NULL)
		abort();
	chip->base = base;
	chip->size = size;
	chip->units = units;
	chip->ecc = ecc != 0;
	chip->random = seed;
	chip->torn_from = units;
	lay_out();
	memset(low, (int)sfu_layout.erased, 3u * size);
	memset(&host_flash_counts, 0, sizeof host_flash_counts);
	cut_in = fail_in = weak_in = HOST_NEVER;
}

void host_flash_end(void)
{
	free(chip);
	chip = NULL;
}

int host_flash_take(uint32_t n)
{
	static struct chip *drawer[HOST_CHIPS];
	static uint32_t taken;

	drawer[taken] = chip;
	taken = n;
	chip = drawer[n];
	drawer[n] = NULL;
	if (chip == NULL)
		return 0;
	lay_out();
	return 1;
}

/* how the bits of torn units fall */
enum mood { MOOD_LOW, MOOD_HIGH, MOOD_MIXED, MOODS };

static void draw_unit(uint32_t unit, enum mood mood)
{
	uint32_t i;

	if (mood == MOOD_MIXED)
		mood = (enum mood)draw(MOODS);
	change(unit * sfu_layout.unit, sfu_layout.unit);
	for (i = unit * sfu_layout.unit; i < (unit + 1) * sfu_layout.unit; i++) {
		const uint8_t mask = mood == MOOD_LOW ? 0 : mood == MOOD_HIGH ? 0xFF : (uint8_t)draw(256);

		view[i] = (uint8_t)((low[i] & ~mask) | (high[i] & mask));
	}
}

void host_flash_reset(void)
{
	const enum mood mood = (enum mood)draw(MOODS);
	uint32_t unit;

	for (unit = chip->torn_from; unit < chip->torn_to; unit++)
		if (matter[unit] == TORN)
			draw_unit(unit, mood);
	cut_in = fail_in = weak_in = HOST_NEVER;
}

void host_flash_cut_at(uint32_t n, enum host_cut when)
{
	cut_in = n;
	cut_when = when;
}

void host_flash_fail_at(uint32_t n)
{
	fail_in = n;
}

void host_flash_weak_from(uint32_t n)
{
	weak_in = n;
}

/* 1: there is not the voltage for this program or erase. */
static int weak(void)
{
	if (weak_in == HOST_NEVER || weak_in == 0)
		return weak_in == 0;
	weak_in--;
	return 0;
}

/* 1: this call is to fail. */
static int failing(void)
{
	host_flash_counts.calls++;
	return fail_in != HOST_NEVER && fail_in-- == 0;
}

/* Counts an operation; what a planned cut makes of it, or HOST_CUTS. */
static enum host_cut operation(void)
{
	host_flash_counts.operations++;
	if (cut_in == HOST_NEVER || cut_in-- != 0)
		return HOST_CUTS;
	cut_in = HOST_NEVER;
	if (cut_when == HOST_CUT_BEFORE)
		longjmp(host_power_lost, 1);
	return cut_when;
}

static void set_unit(uint32_t unit, enum matter now, const uint8_t *from, const uint8_t *to)
{
	const uint32_t at = unit * sfu_layout.unit, size = sfu_layout.unit;

	change(at, size);
	matter[unit] = (uint8_t)now;
	if (now == TORN && unit < chip->torn_from)
		chip->torn_from = unit;
	if (now == TORN && unit >= chip->torn_to)
		chip->torn_to = unit + 1;
	memmove(low + at, from, size);
	memmove(high + at, to, size);
	memmove(view + at, to, size);
}

static const uint8_t *blank(void)
{
	static uint8_t bytes[32];

	memset(bytes, (int)sfu_layout.erased, sizeof bytes);
	return bytes;
}

static void tear_program(uint32_t unit, const uint8_t *data)
{
	if (matter[unit] == BLANK)
		set_unit(unit, TORN, blank(), data);
	draw_unit(unit, MOOD_MIXED);
}

/* A torn unit is programmed again, to its end: bits that are programmed now are firm, the others
 * stay as they were. The controller may also refuse it. */
static uint32_t program_torn(uint32_t unit, const uint8_t *data)
{
	const uint32_t at = unit * sfu_layout.unit;
	uint32_t i;

	if (chip->ecc || draw(3) == 0)
		return SFU_E_IO;
	change(at, sfu_layout.unit);
	for (i = 0; i < sfu_layout.unit; i++) {
		low[at + i] = sfu_layout.erased ? low[at + i] & data[i] : low[at + i] | data[i];
		high[at + i] = sfu_layout.erased ? high[at + i] & data[i] : high[at + i] | data[i];
	}
	if (memcmp(low + at, data, sfu_layout.unit) == 0 && memcmp(high + at, data, sfu_layout.unit) == 0)
		matter[unit] = PROGRAMMED;
	/* whether the marginal bits pass the read-back */
	if (draw(2) == 0)
		draw_unit(unit, MOOD_MIXED);
	else
		memcpy(view + at, data, sfu_layout.unit);
	return memcmp(view + at, data, sfu_layout.unit) == 0 ? SFU_OK : SFU_E_IO;
}

static uint32_t program_unit(uint32_t address, const uint8_t *data)
{
	const uint32_t unit = unit_of(address);
	enum host_cut cut;
	uint32_t status = SFU_OK;

	if (matter[unit] == PROGRAMMED)
		die("a programmed unit is programmed again", address);
	cut = operation();
	if (cut == HOST_CUT_INSIDE) {
		tear_program(unit, data);
		longjmp(host_power_lost, 1);
	}
	if (matter[unit] == TORN)
		status = program_torn(unit, data);
	else
		set_unit(unit, PROGRAMMED, data, data);
	host_flash_counts.programmed += sfu_layout.unit;
	if (cut == HOST_CUT_AFTER)
		longjmp(host_power_lost, 1);
	return status;
}

/* All of a range is blank and no cut is planned in it: 1, and it is programmed at once. */
static int program_all(uint32_t address, const uint8_t *data, uint32_t size)
{
	const uint32_t at = address - chip->base, first = unit_of(address), units = size / sfu_layout.unit;
	uint32_t unit;

	if (cut_in != HOST_NEVER && cut_in < units)
		return 0;
	for (unit = first; unit < first + units; unit++)
		if (matter[unit] != BLANK)
			return 0;
	cut_in -= cut_in != HOST_NEVER ? units : 0;
	host_flash_counts.operations += units;
	host_flash_counts.programmed += size;
	change(at, size);
	memset(matter + first, PROGRAMMED, units);
	memcpy(low + at, data, size);
	memcpy(high + at, data, size);
	memcpy(view + at, data, size);
	return 1;
}

static void tear_erase(uint32_t address, uint32_t sector)
{
	const uint32_t all = draw(2);
	uint32_t unit;

	for (unit = unit_of(address); unit < unit_of(address + sector); unit++) {
		if (matter[unit] == BLANK && draw(2) == 0)
			continue;
		/* either the erase had hardly begun, or some units are through with it */
		if (all || draw(3) != 0)
			set_unit(unit, TORN, blank(), high + unit * sfu_layout.unit);
		else
			set_unit(unit, BLANK, blank(), blank());
		if (matter[unit] == TORN)
			draw_unit(unit, MOOD_MIXED);
	}
}

uint32_t sfu_port_flash_read(uint32_t address, uint8_t *out, uint32_t size)
{
	uint32_t unit;

	if (failing() || !in_flash(address, size))
		return SFU_E_IO;
	if (size == 0)
		return SFU_OK;
	memcpy(out, view + (address - chip->base), size);
	unit = unit_of(address) > chip->torn_from ? unit_of(address) : chip->torn_from;
	for (; chip->ecc && unit < chip->torn_to && unit <= unit_of(address + size - 1); unit++)
		if (matter[unit] == TORN) {
			memset(out, 0x5A, size);
			return SFU_E_ECC;
		}
	if (host_flash_seen != NULL)
		host_flash_seen(address, out, size);
	return SFU_OK;
}

uint32_t sfu_port_flash_program(uint32_t address, const uint8_t *data, uint32_t size)
{
	uint32_t done, stop = size, status = SFU_OK;

	if (size == 0 || address % sfu_layout.unit != 0 || size % sfu_layout.unit != 0)
		die("a program that is not whole units", address);
	if (!in_flash(address, size))
		die("a program outside the flash", address);
	if (host_flash_watch != NULL && !host_flash_watch(address, size, data))
		die("a program where none may be", address);
	if (weak())
		return SFU_E_IO;
	if (failing()) {
		stop = draw(size / sfu_layout.unit + 1) * sfu_layout.unit;
		status = SFU_E_IO;
	}
	if (stop == size && program_all(address, data, size))
		return status;
	for (done = 0; done < stop; done += sfu_layout.unit)
		if (program_unit(address + done, data + done) != SFU_OK)
			return SFU_E_IO;
	if (stop < size && draw(2) == 0)
		tear_program(unit_of(address + stop), data + stop);
	return status;
}

uint32_t sfu_port_flash_erase(uint32_t address)
{
	const uint32_t sector = sfu_layout_sector(address);
	enum host_cut cut;
	uint32_t unit;

	if (sector == 0)
		die("an erase of what is not a sector", address);
	if (host_flash_watch != NULL && !host_flash_watch(address, sector, NULL))
		die("an erase where none may be", address);
	if (weak())
		return SFU_E_IO;
	if (failing()) {
		if (draw(2) == 0)
			tear_erase(address, sector);
		return SFU_E_IO;
	}
	cut = operation();
	if (cut == HOST_CUT_INSIDE) {
		tear_erase(address, sector);
		longjmp(host_power_lost, 1);
	}
	unit = unit_of(address);
	change(address - chip->base, sector);
	memset(matter + unit, BLANK, sector / sfu_layout.unit);
	memset(low + unit * sfu_layout.unit, (int)sfu_layout.erased, sector);
	memset(high + unit * sfu_layout.unit, (int)sfu_layout.erased, sector);
	memset(view + unit * sfu_layout.unit, (int)sfu_layout.erased, sector);
	wear[(address - chip->base) / PART]++;
	host_flash_counts.erases++;
	if (cut == HOST_CUT_AFTER)
		longjmp(host_power_lost, 1);
	return SFU_OK;
}

void host_flash_put(uint32_t address, const uint8_t *data, uint32_t size)
{
	uint32_t done;

	for (done = 0; done < size; done += sfu_layout.unit) {
		if (matter[unit_of(address + done)] != BLANK)
			die("put where the flash is not blank", address + done);
		set_unit(unit_of(address + done), PROGRAMMED, data + done, data + done);
	}
}

void host_flash_tear(uint32_t address)
{
	const uint32_t unit = unit_of(address);

	set_unit(unit, TORN, blank(), high + unit * sfu_layout.unit);
}

void host_flash_flip(uint32_t address, uint8_t bits)
{
	const uint32_t at = address - chip->base;

	change(at, 1);
	low[at] ^= bits;
	high[at] ^= bits;
	view[at] ^= bits;
}

uint32_t host_flash_wear(uint32_t address)
{
	uint32_t begin = address;

	return sector_of(address, &begin) == 0 ? 0 : wear[(begin - chip->base) / PART];
}

void *host_flash_snapshot(void)
{
	void *copy = malloc(chip_bytes());
	uint32_t part;

	if (copy == NULL)
		abort();
	for (part = 0; part < parts(); part++)
		if (content[part] == 0)
			content[part] = ++contents;
	return memcpy(copy, chip, chip_bytes());
}

void host_flash_restore(const void *snapshot)
{
	const uint8_t *from = ((const struct chip *)snapshot)->bytes;
	const uint32_t *wanted = (const uint32_t *)(const void *)from;
	uint32_t part, at, size, unit;

	from += 8u * parts();
	for (part = 0; part < parts(); part++) {
		if (content[part] == wanted[part] && wanted[part] != 0)
			continue;
		at = part * PART;
		size = chip->size - at < PART ? chip->size - at : PART;
		unit = at / sfu_layout.unit;
		memcpy(matter + unit, from + unit, size / sfu_layout.unit);
		memcpy(low + at, from + chip->units + at, size);
		memcpy(high + at, from + chip->units + chip->size + at, size);
		memcpy(view + at, from + chip->units + 2u * chip->size + at, size);
	}
	memcpy(chip, snapshot, sizeof *chip + 8u * parts());
}

void host_flash_reseed(uint32_t seed)
{
	chip->random = seed;
}

int host_flash_save(const char *path)
{
	FILE *file = fopen(path, "wb");
	int done;

	if (file == NULL)
		return 0;
	done = fwrite(chip, chip_bytes(), 1, file) == 1;
	return fclose(file) == 0 && done;
}

int host_flash_load(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct chip *loaded = malloc(chip_bytes());
	int done = 0;

	if (file != NULL && loaded != NULL && fread(loaded, chip_bytes(), 1, file) == 1 &&
	    loaded->base == chip->base && loaded->size == chip->size && loaded->units == chip->units) {
		memcpy(chip, loaded, chip_bytes());
		memset(content, 0, 4u * parts());
		done = 1;
	}
	free(loaded);
	if (file != NULL)
		(void)fclose(file);
	return done;
}
