/* The key page: the OEM key K and the device key D, and their life.
 *
 * Bypass personalization: the chip is programmed with a page that holds K (KEYS_OEM). At the first
 * start sfu_keys_make adds D, made from the chip's entropy, by one atomic switch to the other page,
 * and erases the first one. */
#ifndef SFU_KEYS_H
#define SFU_KEYS_H

#include <stdint.h>
#include "store.h"

struct sfu_keys {
	struct sfu_store store;
	uint32_t kind;           /* SFU_FLASH_KEYS_OEM or _DEVICE; 0: none */
	uint32_t epoch;
	uint32_t flags;
	uint8_t oem[32];         /* K */
	uint8_t device[32];      /* D */
};

/* Reads the current key page. SFU_OK; SFU_E_KEYS if there is none whose CRC holds (everything is
 * then zero). If both pages count, the older one is erased before it answers. */
uint32_t sfu_keys_load(struct sfu_keys *k);

/* KEYS_OEM -> KEYS_DEVICE: makes D = HKDF(entropy, uid, "sfu device") and switches the page.
 * SFU_OK also if D was there already. SFU_E_ENTROPY, SFU_E_IO: nothing changed, or an interrupted
 * switch that the next start begins again. */
uint32_t sfu_keys_make(struct sfu_keys *k);

/* Wipes K and D in RAM. */
void sfu_keys_wipe(struct sfu_keys *k);

#endif
