/* The OEM master key's file: text, mode 0600, as an OEM key's (keyfile.h) but for its first line:
 *
 *     sfu-master-key 1
 *     test                 only in a test key
 *     epoch 1
 *     key <64 hexadecimal digits>
 */
#ifndef SFU_TOOL_MASTER_H
#define SFU_TOOL_MASTER_H

#include "keyfile.h"

/* Statuses as of sfu_oem_read; sfu_oem_wipe ends it. */
int sfu_master_read(const char *path, int insecure, struct sfu_oem_key *master);

#endif
