#ifndef BOARD_IMAGE_H
#define BOARD_IMAGE_H

/*
 * What a programmer is given: FILE.hex, FILE.elf (its loadable segments at
 * their physical addresses) or FILE.bin@0xADDR. All images of a command are
 * gathered first, so that a bad one leaves the chip as it was.
 */
#include <stdint.h>

#include "part.h"

struct board_image {
	uint8_t bytes[BOARD_FLASH_SIZE];
	uint8_t used[BOARD_FLASH_SIZE]; /* 1: this byte is to be programmed */
};

void board_image_add(struct board_image *image, const char *name);

#endif
