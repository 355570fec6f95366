#include "flat.h"
#include <string.h>
#include "fuzz.h"
#include "port.h"

uint8_t flat[FUZZ_FLASH], flat_torn[FUZZ_FLASH];
uint32_t flat_first, flat_last, flat_time, flat_writes;

void flat_begin(uint32_t first, uint32_t last)
{
	memset(flat + first, (int)sfu_layout.erased, last - first);
	memset(flat_torn + first, 0, last - first);
	flat_first = first;
	flat_last = last;
	flat_time = 0;
}

static int outside(uint32_t address, uint32_t size)
{
	return address < FUZZ_BASE || size > FUZZ_FLASH || address - FUZZ_BASE > FUZZ_FLASH - size;
}

uint32_t sfu_port_flash_read(uint32_t address, uint8_t *out, uint32_t size)
{
	const uint32_t at = address - FUZZ_BASE;

	FUZZ_MUST(!outside(address, size), "a read outside the flash");
	memcpy(out, flat + at, size);
	if (size > 0 && memchr(flat_torn + at - at % sfu_layout.unit, 1, size + at % sfu_layout.unit) != NULL) {
		memset(out, 0x5A, size);
		return SFU_E_ECC;
	}
	return SFU_OK;
}

static void may_write(uint32_t address, uint32_t size)
{
	FUZZ_MUST(!outside(address, size) && address - FUZZ_BASE >= flat_first && address - FUZZ_BASE + size <= flat_last,
	          "a write where none may be");
	flat_writes++;
}

uint32_t sfu_port_flash_program(uint32_t address, const uint8_t *data, uint32_t size)
{
	const uint32_t at = address - FUZZ_BASE;
	uint32_t i;

	FUZZ_MUST(size > 0 && address % sfu_layout.unit == 0 && size % sfu_layout.unit == 0, "a program of no whole units");
	may_write(address, size);
	for (i = 0; i < size; i++) {
		FUZZ_MUST(flat[at + i] == sfu_layout.erased, "a programmed unit is programmed again");
		if (flat_torn[at + i])
			return SFU_E_IO;
	}
	memcpy(flat + at, data, size);
	return SFU_OK;
}

uint32_t sfu_port_flash_erase(uint32_t address)
{
	const uint32_t sector = sfu_layout_sector(address), at = address - FUZZ_BASE;

	FUZZ_MUST(sector > 0, "an erase of what is no sector");
	may_write(address, sector);
	memset(flat + at, (int)sfu_layout.erased, sector);
	memset(flat_torn + at, 0, sector);
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
