/* What the core does, seen from outside (the linker's --wrap): one line of numbers for each thing that
 * spec/model/replay.pml has a name for. */
#ifndef LOG_H
#define LOG_H

#include <stdint.h>
#include "rig.h"

/* the packages that may be on the line, by their kinds in spec/model/wire.pml */
#define LOG_KINDS 8
extern const struct rig_firmware *log_packages[LOG_KINDS];

#endif
