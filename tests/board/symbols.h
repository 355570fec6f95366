#ifndef BOARD_SYMBOLS_H
#define BOARD_SYMBOLS_H

/* Names for addresses, from the symbol tables of ELF files. */
#include <stdint.h>

void board_symbols_load(const char *path); /* may be called for several files */

/* "name+0x12", or "" if unknown; the text lives until the next call. */
const char *board_symbol_at(uint32_t address);

/* ADDR (0x...) or a symbol's name; fails with a sentence that names `option`. */
uint32_t board_symbol_address(const char *text, const char *option);

/* For profiles: calls each(name, from, to) for every function, in order of address. */
void board_symbols_functions(void (*each)(const char *name, uint32_t from, uint32_t to));

#endif
