/* The core's entry: called by the platform once it can run C, and never returns. */
#ifndef SFU_SFU_H
#define SFU_SFU_H

#include "device.h"
#include "port.h"

/* the core's memory: zero when sfu_main is called, as C has it at start-up */
extern struct sfu_device sfu_device;

/* Decides, then hands over to a good image, or serves the line until the session is over, and resets. */
/*@ requires line: sfu_line_shown >= 0;
    assigns sfu_device, sfu_flash, sfu_chip, sfu_line, sfu_vouch, sfu_judged; */
void sfu_main(void);

#endif
