#ifndef BOARD_TRAP_H
#define BOARD_TRAP_H

/* What stops libunicorn in the middle of an instruction, turned into the core's exceptions. */
#include <stdint.h>
#include <unicorn/unicorn.h>

void board_trap_interrupt(int number); /* QEMU's number: SVC, BKPT, exception return ... */
void board_trap_bus_fault(int fetch, uint32_t address);
void board_trap_error(uc_err error); /* an undefined instruction, or the end */

#endif
