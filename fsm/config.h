/* What the OEM built into this loader (struct CONFIG of spec/formats.md), and the loader's own
 * version. `sfu factory` fills the bytes in; the core only reads them. */
#ifndef SFU_CONFIG_H
#define SFU_CONFIG_H

#include <stdint.h>
#include "sfu_format.h"

extern const uint8_t sfu_config[SFU_CONFIG_SIZE];
extern const uint8_t sfu_loader_version[SFU_VERSION_SIZE];

/* SFU_OK if magic, format, CRC, key count and lock profile are what they must be; else SFU_E_CONFIG.
 * Nothing else in this header may be used before it has answered SFU_OK. */
uint32_t sfu_config_check(void);

/* The 32-bit field at `offset` (SFU_CONFIG_…_OFFSET). */
uint32_t sfu_config_word(uint32_t offset);

/* The 64-byte public key whose id is `id`, or a null pointer. */
const uint8_t *sfu_config_signer(uint32_t id);

/* Orders lock profiles: 0 open or unknown, 1 field, 2 final. */
uint32_t sfu_config_lock_rank(uint32_t lock);

#endif
