/* The flash a target works on: one object that inputs choose from, in place of the constant one of a build. */
#ifndef FUZZ_GEOMETRY_H
#define FUZZ_GEOMETRY_H

#include <stdint.h>

#define FUZZ_GEOMETRIES 20u
#define FUZZ_BASE 0x08000000u
#define FUZZ_FLASH 0xC000u

/* Fills in sfu_layout: program units of 2, 4, 8, 16, 32 bytes; erased to 0xFF or 0; two slots or one. */
void fuzz_geometry(uint32_t number);

#endif
