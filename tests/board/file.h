#ifndef BOARD_FILE_H
#define BOARD_FILE_H

/* Files and numbers as the command line names them. All fail with a sentence. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct board_file {
	uint8_t *bytes;
	size_t size;
};

struct board_file board_file_read(const char *path);
FILE *board_file_create(const char *path);
void board_file_finish(const char *path, FILE *file); /* closes; fails if a write failed */
void board_file_check_elf(
	const char *path, const struct board_file *file); /* 32-bit ARM, little endian */

int board_number(const char *text, uint64_t *value); /* decimal or 0x...; 0 if it is neither */
uint64_t board_number_of(const char *option, const char *text, uint64_t max);

#endif
