#include "stm32.h"

const uint32_t sfu_port_baud = 115200;
