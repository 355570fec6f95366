/* The configuration as a test may change it. The core sees it as constant; `sfu factory` fills in the
 * same bytes for a real loader. */
#include <stdint.h>
#include "maker.h"

uint8_t sfu_config[416];
const uint8_t sfu_loader_version[8] = { 1, 0, 0, 0, 0, 0, 0, 0 };

uint8_t *config_bytes(void)
{
	return sfu_config;
}
