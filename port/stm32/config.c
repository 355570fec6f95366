/* struct CONFIG, as programmed into every chip. Blank here, and refused as it is: `sfu factory` puts
 * product, keys and profile into the ELF at this symbol. In a file of its own, so that no compiler
 * takes the blank for a constant. */
#include "config.h"

__attribute__((section(".sfu_config"), aligned(4), used))
const uint8_t sfu_config[SFU_CONFIG_SIZE] = { [0 ... SFU_CONFIG_SIZE - 1] = 0xFF };
