/* The port as the abstract interpreter meets it: it answers and does whatever the contract in port/port.h
 * leaves open. What it gives is unknown; what it takes is read to the last byte, so that an invalid
 * or uninitialised one is found. A model, compiled into no loader. */
#include <stddef.h>
#include <stdint.h>
#include "__fc_builtin.h"
#include "port.h"
#include "sfu_codes.h"
#include "sfu_format.h"

static volatile uint32_t any;

static void port_gives(uint8_t *out, uint32_t size)
{
	Frama_C_make_unknown((char *)out, size);
}

/* one byte, but it may be any */
static void port_takes(const uint8_t *data, uint32_t size)
{
	const uint32_t i = any;

	if (i < size)
		any = data[i];
}

uint32_t sfu_port_flash_read(uint32_t address, uint8_t *out, uint32_t size)
{
	(void)address;
	/* a failure leaves `out` as it was, or not */
	if (any) {
		port_gives(out, size);
		return any ? SFU_OK : SFU_E_ECC;
	}
	return any ? SFU_E_ECC : SFU_E_IO;
}

uint32_t sfu_port_flash_program(uint32_t address, const uint8_t *data, uint32_t size)
{
	(void)address;
	port_takes(data, size);
	return any ? SFU_OK : SFU_E_IO;
}

uint32_t sfu_port_flash_erase(uint32_t address)
{
	(void)address;
	return any ? SFU_OK : SFU_E_IO;
}

void sfu_port_open(void)
{
}

uint32_t sfu_port_rx_peek(uint32_t skip, uint8_t *out, uint32_t max)
{
	const uint32_t count = any;

	(void)skip;
	if (count >= max) {
		port_gives(out, max);
		return max;
	}
	port_gives(out, count);
	return count;
}

void sfu_port_rx_skip(uint32_t count)
{
	(void)count;
}

void sfu_port_tx(const uint8_t *data, uint32_t size)
{
	port_takes(data, size);
}

uint32_t sfu_port_time(void)
{
	return any;
}

void sfu_port_idle(void)
{
}

void sfu_port_kick(void)
{
}

uint32_t sfu_port_entropy(uint8_t out[32])
{
	port_gives(out, 32);
	return any ? SFU_OK : SFU_E_ENTROPY;
}

void sfu_port_uid(uint8_t out[12])
{
	port_gives(out, 12);
}

uint32_t sfu_port_part(void)
{
	return any;
}

uint32_t sfu_port_lock(void)
{
	return any;
}

uint32_t sfu_port_entry(void)
{
	return any % 2;
}

void sfu_port_hand_over(uint32_t vectors, const uint8_t report[32], uint32_t trial)
{
	(void)vectors, (void)trial;
	port_takes(report, SFU_EXCHANGE_SIZE);
	for (;;)
		;
}

uint32_t sfu_port_stack_ok(uint32_t stack_pointer)
{
	(void)stack_pointer;
	return any;
}

void sfu_port_reset(void)
{
	for (;;)
		;
}
