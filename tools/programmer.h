/* Command files that program a chip and set its option bytes: OpenOCD and STM32CubeProgrammer. */
#ifndef SFU_TOOL_PROGRAMMER_H
#define SFU_TOOL_PROGRAMMER_H

#include "layout.h"

/* Stages PREFIX.openocd and PREFIX.stm32cubeprog.sh, which program `hex` (a path) and set what `lock`
 * (SFU_FLASH_LOCK_…) asks for. If `prefix` names a folder, the files are called factory in it.
 * EX_DATAERR: the layout is not of a part whose option bytes are known here. */
int sfu_programmer_stage(
	const char *prefix, const char *hex, const struct sfu_layout *layout, uint32_t lock);

/* What they do, in a sentence on stderr; for LOCK_FINAL a warning. */
void sfu_programmer_tell(const struct sfu_layout *layout, uint32_t lock);

#endif
