/* What every file holds that the host program reads (memory_file.c). */
#ifndef MEMORY_FILE_H
#define MEMORY_FILE_H

#include "file.h"

extern struct sfu_bytes memory_file;

#endif
