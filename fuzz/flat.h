/* A platform for targets that need flash and little else: fast, and without power cuts. What the core must never do
 * with flash ends the program, as on the host port. */
#ifndef FLAT_H
#define FLAT_H

#include <stdint.h>
#include "geometry.h"

#define FLAT_BLOCK 128u /* what is put back at once */

extern uint8_t *flat;                   /* from FUZZ_BASE on */
extern uint32_t flat_first, flat_last;  /* only this range of offsets may be written */
extern uint32_t flat_time, flat_writes;

/* Flash as it was when it was kept, and as it has become. */
struct flat_image {
	uint8_t now[FUZZ_FLASH], then[FUZZ_FLASH];
	uint8_t dirty[FUZZ_FLASH / FLAT_BLOCK];
};

/* The flash is blank, with nothing torn; the range is what may be written. It costs what was written since. */
void flat_begin(uint32_t first, uint32_t last);

/* Keeps the flash as it is; makes it so again. */
void flat_keep(struct flat_image *image);
void flat_again(struct flat_image *image, uint32_t first, uint32_t last);

/* Puts bytes into it, as no loader can; or says that this has been done. */
void flat_put(uint32_t at, const uint8_t *data, uint32_t size);
void flat_soil(uint32_t at, uint32_t size);

/* The unit that begins at this offset cannot be read, or programmed. */
void flat_tear(uint32_t at);

/* Is a unit torn that begins in this range? Does all of it read erased? */
int flat_torn(uint32_t at, uint32_t size);
int flat_blank(uint32_t at, uint32_t size);

/* Does it read as these bytes? */
int flat_holds(uint32_t at, const uint8_t *data, uint32_t size);

/* memcpy for a target's own bytes, about which the sanitizer need not be asked. */
void flat_copy(void *to, const void *from, uint32_t size);

#endif
