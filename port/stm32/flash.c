/* Flash of the F4: RM0090 chapter 3. Fetches stall while it is busy, so the code that waits may lie
 * in flash itself. No ECC: a torn word reads as some value, and reading never fails inside flash. */
#include <string.h>
#include "stm32.h"

/* twice the data sheet's maximum with 32-bit parallelism: 100 us a word, 2 s for 128 KiB */
#define PROGRAM_LIMIT 200u
#define ERASE_LIMIT 4000000u

static uint32_t *word_at(uint32_t address)
{
	return (uint32_t *)(uintptr_t)address;
}

/* 1 if [address, address + size) lies in the layout's flash. Aliases of it (0x00000000) do not. */
static uint32_t inside(uint32_t address, uint32_t size)
{
	const struct sfu_region *r = sfu_layout.region;
	uint32_t i, left;

	for (i = 0; i < sfu_layout.region_count && size != 0; i++, r++) {
		if (address - r->address >= r->sector * r->count)
			continue;
		left = r->sector * r->count - (address - r->address);
		if (left > size)
			left = size;
		address += left;
		size -= left;
	}
	return size == 0;
}

/* The loader never writes itself, whoever asks. */
static uint32_t writable(uint32_t address, uint32_t size)
{
	const struct sfu_area *l = &sfu_layout.area[SFU_AREA_LOADER];

	return size != 0 && inside(address, size) &&
	       (address >= l->address + l->size || address + size <= l->address);
}

uint32_t sfu_flash_sector(uint32_t address, uint32_t *size)
{
	const struct sfu_region *r = sfu_layout.region;
	uint32_t i, j, number = 0;

	for (i = 0; i < sfu_layout.region_count; i++, r++)
		for (j = 0; j < r->count; j++, number++)
			if (address == r->address + j * r->sector) {
				*size = r->sector;
				return number;
			}
	*size = 0;
	return FLASH_SECTORS;
}

/* 3.6.4: caches may be emptied only while they are off. */
void sfu_flash_flush(void)
{
	uint32_t acr = FLASH_R.ACR;
	uint32_t off = acr & ~(FLASH_ACR_ICEN | FLASH_ACR_DCEN);

	FLASH_R.ACR = off;
	FLASH_R.ACR = off | FLASH_ACR_ICRST | FLASH_ACR_DCRST;
	FLASH_R.ACR = off;
	FLASH_R.ACR = acr;
	sfu_barrier();
}

/* Waits for the operation under way and tells how it ended. */
static uint32_t settle(uint32_t limit)
{
	sfu_barrier();
	/* as a rule the fetches of this code stalled until it was over */
	if ((FLASH_R.SR & FLASH_SR_BSY) != 0 && sfu_wait(&FLASH_R.SR, FLASH_SR_BSY, 0, limit) != SFU_OK)
		return SFU_E_IO;
	return (FLASH_R.SR & FLASH_SR_ERRORS) != 0 ? SFU_E_IO : SFU_OK;
}

/* Flags of an earlier failure must not be taken for this one's, and may be cleared only when nothing is
 * under way (mynewt#1333). */
static uint32_t unlock(uint32_t mode)
{
	if (sfu_wait(&FLASH_R.SR, FLASH_SR_BSY, 0, ERASE_LIMIT) != SFU_OK)
		return SFU_E_IO;
	FLASH_R.SR = FLASH_SR_ERRORS | FLASH_SR_EOP;
	if ((FLASH_R.CR & FLASH_CR_LOCK) != 0) {
		FLASH_R.KEYR = FLASH_KEY1;
		FLASH_R.KEYR = FLASH_KEY2;
	}
	if ((FLASH_R.CR & FLASH_CR_LOCK) != 0)
		return SFU_E_IO;
	FLASH_R.CR = mode | FLASH_CR_X32;
	return SFU_OK;
}

/* Writing CR while flash is busy would stall the bus for as long as that lasts (3.6). */
static void lock(void)
{
	if ((FLASH_R.SR & FLASH_SR_BSY) == 0)
		FLASH_R.CR = FLASH_CR_LOCK;
	sfu_flash_flush();
}

uint32_t sfu_port_flash_read(uint32_t address, uint8_t *out, uint32_t size)
{
	if (!inside(address, size))
		return SFU_E_IO;
	memcpy(out, word_at(address), size);
	return SFU_OK;
}

uint32_t sfu_port_flash_program(uint32_t address, const uint8_t *data, uint32_t size)
{
	uint32_t code, done, word;

	if (address % 4u != 0 || size % 4u != 0 || !writable(address, size))
		return SFU_E_IO;
	code = unlock(FLASH_CR_PG);
	for (done = 0; done < size && code == SFU_OK; done += 4u) {
		__builtin_memcpy(&word, data + done, 4); /* one load; memcpy would be a call in freestanding C */
		*(volatile uint32_t *)word_at(address + done) = word;
		code = settle(PROGRAM_LIMIT);
	}
	lock();
	if (code == SFU_OK && memcmp(word_at(address), data, size) != 0)
		code = SFU_E_IO;
	return code;
}

uint32_t sfu_port_flash_erase(uint32_t address)
{
	uint32_t size, i, code, sector = sfu_flash_sector(address, &size);
	uint32_t blank = sfu_layout.erased * 0x01010101u;

	(void)sfu_port_time(); /* erases of a whole slot outlast a wrap of the cycle counter */
	if (sector >= FLASH_SECTORS || !writable(address, size))
		return SFU_E_IO;
	code = unlock(FLASH_CR_SER | sector << FLASH_CR_SNB_SHIFT);
	if (code == SFU_OK) {
		FLASH_R.CR |= FLASH_CR_STRT;
		code = settle(ERASE_LIMIT);
	}
	lock();
	for (i = 0; i < size && code == SFU_OK; i += 4u)
		if (*word_at(address + i) != blank)
			code = SFU_E_IO;
	return code;
}
