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
/*@ assigns \result \from sfu_config[0 .. SFU_CONFIG_SIZE - 1]; */
uint32_t sfu_config_check(void);

/* The 32-bit field at `offset` (SFU_CONFIG_…_OFFSET). */
/*@ requires inside: offset <= SFU_CONFIG_SIZE - 4;
    assigns \result \from sfu_config[0 .. SFU_CONFIG_SIZE - 1], offset;
    ensures value: \result == sfu_config[offset] + 256 * sfu_config[offset + 1]
                              + 65536 * sfu_config[offset + 2] + 16777216 * sfu_config[offset + 3]; */
uint32_t sfu_config_word(uint32_t offset);

/* The 64-byte public key whose id is `id`, or a null pointer. */
/*@ assigns \result \from sfu_config[0 .. SFU_CONFIG_SIZE - 1], id;
    ensures key: \result == \null || \valid_read(\result + (0 .. SFU_SIGNER_PUBLIC_KEY_SIZE - 1)); */
const uint8_t *sfu_config_signer(uint32_t id);

/* Orders lock profiles: 0 open or unknown, 1 field, 2 final. */
/*@ assigns \nothing;
    ensures rank: \result == (lock == SFU_FLASH_LOCK_FINAL ? 2 : lock == SFU_FLASH_LOCK_FIELD ? 1 : 0); */
uint32_t sfu_config_lock_rank(uint32_t lock);

#endif
