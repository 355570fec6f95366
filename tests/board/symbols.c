#include "symbols.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "part.h"
#include "stop.h"

struct symbol {
	uint32_t address, size;
	const char *name;
	int function;
};

static struct symbol *g_symbols;
static size_t g_count;

static void add(const Elf32_Sym *symbol, const char *name)
{
	const unsigned type = ELF32_ST_TYPE(symbol->st_info);
	struct symbol *grown;

	if (name[0] == '\0' || name[0] == '$' || symbol->st_shndx == SHN_UNDEF || type > STT_FUNC)
		return;
	grown = realloc(g_symbols, (g_count + 1) * sizeof *g_symbols);
	if (grown == NULL)
		board_fail(BOARD_EX_SOFTWARE, "no memory for symbols");
	g_symbols = grown;
	g_symbols[g_count].address = symbol->st_value & ~(type == STT_FUNC ? 1u : 0u);
	g_symbols[g_count].size = symbol->st_size;
	g_symbols[g_count].name = name;
	g_symbols[g_count++].function = type == STT_FUNC;
}

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->function - y->function;
}

/* A part of the file, or a failure. */
static const void *part_of(
	const char *path, const struct board_file *file, uint64_t offset, uint64_t size)
{
	if (offset > file->size || size > file->size - offset)
		board_fail(BOARD_EX_DATA,
			"%s: ELF table at offset 0x%llx reaches past the end of the file", path,
			(unsigned long long)offset);
	return file->bytes + offset;
}

static void load_table(const char *path, const struct board_file *file, const Elf32_Shdr *sections,
	unsigned count, const Elf32_Shdr *table)
{
	const Elf32_Sym *symbols = part_of(path, file, table->sh_offset, table->sh_size);
	const Elf32_Shdr *strings = table->sh_link < count ? &sections[table->sh_link] : NULL;
	const char *names;
	size_t i;

	if (strings == NULL)
		board_fail(BOARD_EX_DATA, "%s: symbol table without names", path);
	names = part_of(path, file, strings->sh_offset, strings->sh_size);
	if (strings->sh_size == 0 || names[strings->sh_size - 1] != '\0')
		board_fail(BOARD_EX_DATA, "%s: the table of names does not end", path);
	for (i = 0; i < table->sh_size / sizeof *symbols; i++)
		if (symbols[i].st_name < strings->sh_size)
			add(&symbols[i], names + symbols[i].st_name);
}

void board_symbols_load(const char *path)
{
	const struct board_file file = board_file_read(path); /* kept: the names point into it */
	const Elf32_Ehdr *head = (const void *)file.bytes;
	const Elf32_Shdr *sections;
	unsigned i;

	board_file_check_elf(path, &file);
	sections = part_of(path, &file, head->e_shoff, (uint64_t)head->e_shnum * sizeof *sections);
	for (i = 0; i < head->e_shnum; i++)
		if (sections[i].sh_type == SHT_SYMTAB)
			load_table(path, &file, sections, head->e_shnum, &sections[i]);
	if (g_count != 0)
		qsort(g_symbols, g_count, sizeof *g_symbols, by_address);
}

const char *board_symbol_at(uint32_t address)
{
	static char text[160];
	const struct symbol *best = NULL;
	size_t i;

	if (address < BOARD_FLASH_SIZE)
		address += BOARD_FLASH_BASE;
	for (i = 0; i < g_count && g_symbols[i].address <= address; i++)
		if (address == g_symbols[i].address ||
			address - g_symbols[i].address < g_symbols[i].size)
			best = &g_symbols[i];
	if (best == NULL)
		return "";
	if (address == best->address)
		snprintf(text, sizeof text, "%.120s", best->name);
	else
		snprintf(text, sizeof text, "%.120s+0x%x", best->name, address - best->address);
	return text;
}

uint32_t board_symbol_address(const char *text, const char *option)
{
	uint64_t value;
	size_t i;

	if (board_number(text, &value)) {
		if (value > UINT32_MAX)
			board_fail(BOARD_EX_USAGE, "%s %s: an address has 32 bits", option, text);
		return (uint32_t)value;
	}
	for (i = 0; i < g_count; i++)
		if (strcmp(g_symbols[i].name, text) == 0)
			return g_symbols[i].address;
	board_fail(BOARD_EX_USAGE,
		"%s %s: not an address, and no symbol of that name (is --elf given?)", option,
		text);
}

void board_symbols_functions(void (*each)(const char *name, uint32_t from, uint32_t to))
{
	uint32_t end, last = UINT32_MAX;
	size_t i, j;

	for (i = 0; i < g_count; i++) {
		if (!g_symbols[i].function || g_symbols[i].address == last)
			continue;
		for (j = i + 1; j < g_count &&
			!(g_symbols[j].function && g_symbols[j].address > g_symbols[i].address);
			j++)
			;
		end = g_symbols[i].address + g_symbols[i].size;
		if (g_symbols[i].size == 0 && j < g_count) /* assembler without .size */
			end = g_symbols[j].address;
		last = g_symbols[i].address;
		each(g_symbols[i].name, g_symbols[i].address, end);
	}
}
