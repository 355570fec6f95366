/* What makes a chip a device: struct CONFIG in the loader, and key page 0. */
#ifndef SFU_TOOL_PERSONAL_H
#define SFU_TOOL_PERSONAL_H

#include "loader.h"
#include "signers.h"

struct sfu_personal {
	uint8_t product[SFU_CONFIG_PRODUCT_SIZE];
	uint32_t hardware;
	uint32_t min_counter;
	uint8_t key_floor[SFU_CONFIG_KEY_FLOOR_SIZE]; /* keys that are revoked from the start */
	uint32_t lock; /* SFU_FLASH_LOCK_… */
	uint32_t test; /* 1: all keys are marked test keys */
	uint32_t unique; /* 1: personalization leaves K_u in the device and not K */
	const struct sfu_signers *signers;
	const struct sfu_oem_key *oem; /* K, or M of a chip that an HSM personalizes */
	const struct sfu_sign_key *hsm; /* null: no HSM personalizes the chip */
};

/* struct CONFIG. */
void sfu_personal_config(const struct sfu_personal *p, uint8_t config[SFU_CONFIG_SIZE]);

/* Adds key page 0 to `flash`: all commit units, generation 1, and the cell KEYS_OEM or KEYS_MASTER. No unit is left
 * blank, since whoever programs the chip reads it back: the page counts for good. */
int sfu_personal_keys(
	const struct sfu_personal *p, const struct sfu_layout *layout, struct sfu_spans *flash);

#endif
