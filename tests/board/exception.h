#ifndef BOARD_EXCEPTION_H
#define BOARD_EXCEPTION_H

/* Entry to and return from exceptions, which libunicorn leaves to its user. ARMv7-M ARM, B1.5.6 to B1.5.8. */
#include <stdint.h>

/* Pushes the frame and sets pc to the handler; stops the run if that is impossible (lockup). */
void board_exception_enter(unsigned exception);

/* A load of 0xFFFFFFxx into pc in handler mode. */
void board_exception_return(uint32_t exc_return);

/* A synchronous fault of the instruction at pc: status bits for CFSR (B3.2.15), its address if `valid`. */
void board_exception_fault(unsigned exception, uint32_t cfsr, uint32_t address, int valid);

#endif
