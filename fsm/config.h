/* What the OEM built into this loader (struct CONFIG of spec/formats.md), and the loader's own
 * version. `sfu factory` fills the bytes in; the core only reads them. */
#ifndef SFU_CONFIG_H
#define SFU_CONFIG_H

#include <stdint.h>
#include "claims.h"
#include "bytes.h"
#include "crc.h"
#include "sfu_codes.h"
#include "sfu_format.h"

extern const uint8_t sfu_config[SFU_CONFIG_SIZE];
extern const uint8_t sfu_loader_version[SFU_VERSION_SIZE];

/*@ // struct CONFIG, as sfu_config_check accepts it (claim C10)
    predicate sfu_config_begins = SFU_WORD(sfu_config, SFU_CONFIG_MAGIC_OFFSET) == SFU_FLASH_CONFIG_MAGIC
      && SFU_WORD(sfu_config, SFU_CONFIG_FORMAT_OFFSET) == 1;
    predicate sfu_config_whole =
         SFU_WORD(sfu_config, SFU_CONFIG_CRC_OFFSET) == sfu_crc32_of(&sfu_config[0], SFU_CONFIG_CRC_OFFSET);
    predicate sfu_config_keys = 1 <= SFU_WORD(sfu_config, SFU_CONFIG_KEY_COUNT_OFFSET) <= SFU_FLASH_CONFIG_KEYS;
    predicate sfu_config_lock = SFU_WORD(sfu_config, SFU_CONFIG_LOCK_PROFILE_OFFSET) == SFU_FLASH_LOCK_FIELD
      || SFU_WORD(sfu_config, SFU_CONFIG_LOCK_PROFILE_OFFSET) == SFU_FLASH_LOCK_FINAL
      || (SFU_WORD(sfu_config, SFU_CONFIG_LOCK_PROFILE_OFFSET) == SFU_FLASH_LOCK_OPEN
          && (SFU_WORD(sfu_config, SFU_CONFIG_FLAGS_OFFSET) & SFU_FLASH_CONFIG_TEST) != 0);

    // lock profiles in their order
    logic integer sfu_config_rank(integer lock) = lock == SFU_FLASH_LOCK_FINAL ? 2 : lock == SFU_FLASH_LOCK_FIELD ? 1 : 0;
    predicate sfu_protected(integer chip) =
         sfu_config_rank(sfu_lock(chip)) >= sfu_config_rank(SFU_WORD(sfu_config, SFU_CONFIG_LOCK_PROFILE_OFFSET));

    // signing key i is there, and `id` is its id
    predicate sfu_config_knows(integer i, integer id) =
         0 <= i < SFU_FLASH_CONFIG_KEYS && i < SFU_WORD(sfu_config, SFU_CONFIG_KEY_COUNT_OFFSET)
      && SFU_WORD(sfu_config, SFU_CONFIG_KEY0_OFFSET + i * SFU_SIGNER_SIZE + SFU_SIGNER_ID_OFFSET) == id;
    // it is the first of them
    predicate sfu_config_first(integer i, integer id) =
         sfu_config_knows(i, id) && \forall integer j; 0 <= j < i ==> !sfu_config_knows(j, id);
*/

/* SFU_OK if magic, format, CRC, key count and lock profile are what they must be; else SFU_E_CONFIG.
 * Nothing else in this header may be used before it has answered SFU_OK. */
/*@ assigns \result \from sfu_config[0 .. SFU_CONFIG_SIZE - 1];
    ensures answer: \result == SFU_OK || \result == SFU_E_CONFIG;
    ensures accepted: \result == SFU_OK <==>
             sfu_config_begins && sfu_config_whole && sfu_config_keys && sfu_config_lock; */
uint32_t sfu_config_check(void);

/* The 32-bit field at `offset` (SFU_CONFIG_…_OFFSET). */
/*@ requires inside: offset <= SFU_CONFIG_SIZE - 4;
    assigns \result \from sfu_config[0 .. SFU_CONFIG_SIZE - 1], offset;
    ensures value: \result == sfu_config[offset] + 256 * sfu_config[offset + 1]
                              + 65536 * sfu_config[offset + 2] + 16777216 * sfu_config[offset + 3]; */
uint32_t sfu_config_word(uint32_t offset);

/* The signing key (struct SIGNER) whose id is `id`, or a null pointer. */
/*@ assigns \result \from sfu_config[0 .. SFU_CONFIG_SIZE - 1], id;
    ensures key: \result == \null || \valid_read(\result + (0 .. SFU_SIGNER_SIZE - 1));
    ensures none: \result == \null <==> \forall integer i; !sfu_config_knows(i, id);
    ensures first: \forall integer i; sfu_config_first(i, id) ==>
             \result == &sfu_config[SFU_CONFIG_KEY0_OFFSET + i * SFU_SIGNER_SIZE]; */
const uint8_t *sfu_config_signer(uint32_t id);

/* Orders lock profiles: 0 open or unknown, 1 field, 2 final. */
/*@ assigns \nothing;
    ensures rank: \result == sfu_config_rank(lock); */
uint32_t sfu_config_lock_rank(uint32_t lock);

#endif
