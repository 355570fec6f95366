/* The core's entry: called by the platform once it can run C, and never returns. */
#ifndef SFU_SFU_H
#define SFU_SFU_H

#include "device.h"

/* Decides, then hands over to a good image, or serves the line until the session is over, and resets. */
void sfu_main(void);

#endif
