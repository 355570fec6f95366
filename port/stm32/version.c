/* struct VERSION of this loader: what a package's loader_min is held against. */
#include "config.h"

const uint8_t sfu_loader_version[SFU_VERSION_SIZE] = { 0, 1 }; /* 0.1.0 */
