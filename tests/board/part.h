#ifndef BOARD_PART_H
#define BOARD_PART_H

/*
 * Facts of the STM32F407VG: RM0090 section 2.3 (memory map), 3.3 (flash
 * sectors), 39.1 (device id); DS8626 table 40 (flash times).
 */
#include <stddef.h>
#include <stdint.h>

#define BOARD_FLASH_BASE UINT32_C(0x08000000)
#define BOARD_FLASH_SIZE UINT32_C(0x100000)
#define BOARD_SRAM_BASE UINT32_C(0x20000000)
#define BOARD_SRAM_SIZE UINT32_C(0x20000)
#define BOARD_CCM_BASE UINT32_C(0x10000000)
#define BOARD_CCM_SIZE UINT32_C(0x10000)
#define BOARD_OTP_BASE UINT32_C(0x1FFF7800)
#define BOARD_OTP_SIZE UINT32_C(0x210) /* 16 blocks of 32 bytes, 16 lock bytes */
#define BOARD_UID_BASE UINT32_C(0x1FFF7A10)
#define BOARD_FLASH_KIB UINT32_C(0x1FFF7A22)
#define BOARD_OPT_BASE UINT32_C(0x1FFFC000)
#define BOARD_SECTORS 12
#define BOARD_IRQS 82
#define BOARD_HSI_HZ UINT32_C(16000000)
#define BOARD_HSE_HZ UINT32_C(8000000) /* the crystal of ST's Discovery board */
#define BOARD_LSI_HZ UINT32_C(32000)
#define BOARD_IDCODE UINT32_C(0x10076413) /* DEV_ID 0x413, revision Z */

/* The reset value of OPTCR without its two lock bits (RM0090 3.9.8). */
#define BOARD_OPTIONS_DEFAULT UINT32_C(0x0FFFAAEC)

uint32_t board_sector_base(unsigned sector); /* sector BOARD_SECTORS: the end of flash */
uint32_t board_sector_size(unsigned sector);
unsigned board_sector_of(uint32_t address); /* of an address inside flash */

static inline int board_in(uint32_t address, uint32_t base, uint32_t size)
{
	return address - base < size;
}

#endif
