/* An application's image: from an ELF, Intel HEX or binary file, checked for its slot. */
#ifndef SFU_TOOL_IMAGE_H
#define SFU_TOOL_IMAGE_H

#include "spans.h"

/* Reads FILE.elf, FILE.hex or FILE.bin@ADDRESS (the contents decide, not the name) into one span,
 * and pads it with 0xFF to a multiple of SFU_FORMAT_GRAIN. */
int sfu_image_read(const char *name, struct sfu_spans *image);

/* Refuses a vector table with which the image cannot run where it lies. */
int sfu_image_check(const char *name, const struct sfu_span *image);

#endif
