#ifndef BOARD_BUS_H
#define BOARD_BUS_H

/*
 * The peripherals' addresses (RM0090 2.3, table 1), their clock gates (7.3.10
 * to 7.3.14) and which model answers. An access with the clock off ends the
 * run with a diagnosis. A peripheral without a model remembers what is written
 * and says so once. Between peripherals there is a bus fault.
 */
#include <stdint.h>

uint32_t board_bus_read(uint32_t address, unsigned size);
void board_bus_write(uint32_t address, unsigned size, uint32_t value);
void board_bus_reset(int power);

/* The reset bits of the peripherals whose clocks that enable register gates: those set are held in
 * reset (RM0090 7.3.5 to 7.3.9), and an access to one ends the run with a diagnosis. */
void board_bus_reset_by(uint32_t enable_register, uint32_t bits);

/* Tells every register that is not 0, with the clocks off too: "NAME+0xOFFSET" and value. Reading has
 * its side effects, so this is for the end of a run. */
void board_bus_tell(void (*tell)(const char *name, uint32_t offset, uint32_t value));

#endif
