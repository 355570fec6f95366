#ifndef BOARD_CELLS_H
#define BOARD_CELLS_H

/*
 * The flash cells: what a program or an erase, whole or torn by a cut or a
 * reset, does to them. The controller (flash.h) decides what is allowed.
 */
#include <stdint.h>

/* Was any byte of [address, address + size) programmed, or torn, since its erase? */
int board_cells_programmed(uint32_t address, unsigned size);
int board_cells_torn(uint32_t address);

uint32_t board_cells_word(uint32_t address); /* the aligned word that holds address */

void board_cells_program(uint32_t address, unsigned size, uint32_t value);
void board_cells_erase(unsigned sector);

/* The last program, or the erase of these sectors (bit i: sector i), was cut while under way. */
void board_cells_tear_program(uint64_t seed);
void board_cells_tear_erase(uint32_t sectors, uint64_t seed);

/* At every reset: marginal bits read as they like. */
void board_cells_draw_marginal(uint64_t seed);

int board_otp_locked(uint32_t address);

#endif
