/* The manifest: what is believed, and when.
 *
 * A manifest is kept as its 256 bytes, read once into RAM; fields are read from there. Nothing but
 * magic, format, suite, kind, flags and signer is looked at before the signature holds. */
#ifndef SFU_MANIFEST_H
#define SFU_MANIFEST_H

#include <stdint.h>
#include "sfu_format.h"

/* the 32-bit field at `offset` (SFU_MANIFEST_…_OFFSET) */
uint32_t sfu_manifest_word(const uint8_t m[SFU_MANIFEST_SIZE], uint32_t offset);

/* SHA-256 of the signed part. */
void sfu_manifest_hash(const uint8_t m[SFU_MANIFEST_SIZE], uint8_t hash[32]);

/* Is it a manifest this loader understands, signed by a key it was built with? Writes the manifest
 * hash to `hash` in any case. SFU_OK, SFU_R_MAGIC, SFU_R_FORMAT, SFU_R_SIGNER, SFU_R_SIGNATURE. */
uint32_t sfu_manifest_authentic(const uint8_t m[SFU_MANIFEST_SIZE], uint8_t hash[32]);

/* Is it for this device? Product, hardware, epoch, uid, loader version: SFU_OK or the field's code. */
uint32_t sfu_manifest_meant(const uint8_t m[SFU_MANIFEST_SIZE], uint32_t epoch);

/* Do its sizes agree with each other and with the layout, and which slot is it linked for? SFU_OK and
 * *slot, or SFU_R_SIZE, SFU_R_SLOT. */
uint32_t sfu_manifest_fits(const uint8_t m[SFU_MANIFEST_SIZE], uint32_t *slot);

/* Version order (struct VERSION): 0 if a < b, 1 if a == b, 2 if a > b. */
uint32_t sfu_version_compare(const uint8_t a[SFU_VERSION_SIZE], const uint8_t b[SFU_VERSION_SIZE]);

/* HKDF(key, manifest.salt, label ‖ product, if `with_product`); label_size <= 16. */
void sfu_manifest_derive(uint8_t out[32], const uint8_t key[32], const uint8_t m[SFU_MANIFEST_SIZE],
                         const uint8_t *label, uint32_t label_size, uint32_t with_product);

/* Plain bytes of record `index`, which is below the record count of a manifest that fits. */
uint32_t sfu_manifest_chunk(const uint8_t m[SFU_MANIFEST_SIZE], uint32_t index);

#endif
