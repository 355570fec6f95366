/* ELF files of 32-bit ARM programs, by libelf. */
#ifndef SFU_TOOL_ELFFILE_H
#define SFU_TOOL_ELFFILE_H

#include <libelf.h>

#include "file.h"
#include "spans.h"

struct sfu_elf {
	const char *path;
	Elf *elf;
};

/* 1 if the bytes begin like an ELF file. */
int sfu_elf_is(const struct sfu_bytes *bytes);

/* Opens a linked program; `bytes` must live as long. EX_DATAERR: it is not one for ARM. */
int sfu_elf_open(const char *path, const struct sfu_bytes *bytes, struct sfu_elf *elf);
void sfu_elf_close(struct sfu_elf *elf);

/* Adds the contents of all sections that are loaded, at their load addresses, as objcopy does. */
int sfu_elf_load(const struct sfu_elf *elf, struct sfu_spans *spans);

/* Address of a symbol that must have this size. */
int sfu_elf_symbol(const struct sfu_elf *elf, const char *name, uint32_t size, uint32_t *address);

#endif
