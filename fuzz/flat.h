/* A platform for targets that need flash and little else: fast, and without power cuts. What the core must never do
 * with flash ends the program, as on the host port. */
#ifndef FLAT_H
#define FLAT_H

#include <stdint.h>
#include "geometry.h"

extern uint8_t flat[FUZZ_FLASH];        /* from FUZZ_BASE on */
extern uint8_t flat_torn[FUZZ_FLASH];   /* 1 at a unit's first byte: it cannot be read, or programmed */
extern uint32_t flat_first, flat_last;  /* only this range of offsets may be written */
extern uint32_t flat_time, flat_writes;

/* The range becomes blank, with nothing torn, and is what may be written. */
void flat_begin(uint32_t first, uint32_t last);

#endif
