/* The manifest: what is believed, and when.
 *
 * A manifest is kept as its 256 bytes, read once into RAM; fields are read from there. Nothing but
 * magic, format, suite, kind, flags and signer is looked at before the signature holds. */
#ifndef SFU_MANIFEST_H
#define SFU_MANIFEST_H

#include <stdint.h>
#include "layout.h"
#include "sfu_format.h"

/*@ predicate sfu_manifest_readable(uint8_t *m) = \valid_read(m + (0 .. SFU_MANIFEST_SIZE - 1));
    logic integer sfu_manifest_plain(uint8_t *m) =
         m[SFU_MANIFEST_PLAIN_SIZE_OFFSET] + 256 * m[SFU_MANIFEST_PLAIN_SIZE_OFFSET + 1]
         + 65536 * m[SFU_MANIFEST_PLAIN_SIZE_OFFSET + 2] + 16777216 * m[SFU_MANIFEST_PLAIN_SIZE_OFFSET + 3];
    logic integer sfu_manifest_record(uint8_t *m) =
         m[SFU_MANIFEST_RECORD_SIZE_OFFSET] + 256 * m[SFU_MANIFEST_RECORD_SIZE_OFFSET + 1];
    logic integer sfu_manifest_count(uint8_t *m) =
         m[SFU_MANIFEST_RECORD_COUNT_OFFSET] + 256 * m[SFU_MANIFEST_RECORD_COUNT_OFFSET + 1];
    // bytes of n whole records; without a product of two unknowns
    logic integer sfu_rows(integer record, integer n) =
         record == SFU_FORMAT_RECORD_SMALL ? SFU_FORMAT_RECORD_SMALL * n : SFU_FORMAT_RECORD_LARGE * n;
    // sizes that agree: count - 1 whole records, then one that is not empty
    predicate sfu_sizes(integer plain, integer record, integer count) =
         (record == SFU_FORMAT_RECORD_SMALL || record == SFU_FORMAT_RECORD_LARGE) && 1 <= count
      && sfu_rows(record, count - 1) < plain && plain <= sfu_rows(record, count);
    // and they fit the slot
    predicate sfu_room(integer plain, integer slot, struct sfu_layout l) =
         0 <= slot < l.slot_count && l.image_offset + plain + SFU_FLASH_MAILBOX <= l.area[SFU_AREA_SLOT + slot].size;
    // plain bytes of record `index`
    logic integer sfu_part(integer plain, integer record, integer count, integer index) =
         index + 1 < count ? record : plain - sfu_rows(record, index);

    predicate sfu_manifest_sizes(uint8_t *m) =
         sfu_sizes(sfu_manifest_plain(m), sfu_manifest_record(m), sfu_manifest_count(m));
    predicate sfu_manifest_room(uint8_t *m, integer slot) = sfu_room(sfu_manifest_plain(m), slot, sfu_layout);
    logic integer sfu_manifest_part(uint8_t *m, integer index) =
         sfu_part(sfu_manifest_plain(m), sfu_manifest_record(m), sfu_manifest_count(m), index);
*/

/* the 32-bit field at `offset` (SFU_MANIFEST_…_OFFSET) */
/*@ requires inside: offset <= SFU_MANIFEST_SIZE - 4 && sfu_manifest_readable(m);
    assigns \result \from m[0 .. SFU_MANIFEST_SIZE - 1], offset;
    ensures value: \result == m[offset] + 256 * m[offset + 1] + 65536 * m[offset + 2]
                              + 16777216 * m[offset + 3]; */
uint32_t sfu_manifest_word(const uint8_t m[SFU_MANIFEST_SIZE], uint32_t offset);

/* SHA-256 of the signed part. */
/*@ requires valid: sfu_manifest_readable(m) && \valid(hash + (0 .. 31));
    requires apart: \separated(m + (0 .. SFU_MANIFEST_SIZE - 1), hash + (0 .. 31));
    assigns hash[0 .. 31]; */
void sfu_manifest_hash(const uint8_t m[SFU_MANIFEST_SIZE], uint8_t hash[32]);

/* Is it a manifest this loader understands, signed by a key it was built with? Writes the manifest
 * hash to `hash` in any case. SFU_OK, SFU_R_MAGIC, SFU_R_FORMAT, SFU_R_SIGNER, SFU_R_SIGNATURE. */
/*@ requires valid: sfu_manifest_readable(m) && \valid(hash + (0 .. 31));
    requires apart: \separated(m + (0 .. SFU_MANIFEST_SIZE - 1), hash + (0 .. 31));
    assigns hash[0 .. 31]; */
uint32_t sfu_manifest_authentic(const uint8_t m[SFU_MANIFEST_SIZE], uint8_t hash[32]);

/* Is it for this device? Product, hardware, epoch, uid, loader version: SFU_OK or the field's code. */
/*@ requires valid: sfu_manifest_readable(m);
    assigns \nothing; */
uint32_t sfu_manifest_meant(const uint8_t m[SFU_MANIFEST_SIZE]);

/* Do its sizes agree with each other and with the layout, and which slot is it linked for? SFU_OK and
 * *slot, or SFU_R_SIZE, SFU_R_SLOT. */
/*@ requires valid: sfu_manifest_readable(m) && \valid(slot);
    requires apart: \separated(m + (0 .. SFU_MANIFEST_SIZE - 1), slot);
    requires layout: layout_sound;
    assigns *slot;
    ensures slot: *slot < sfu_layout.slot_count;
    ensures sizes: \result == SFU_OK ==> sfu_manifest_sizes(m);
    ensures room: \result == SFU_OK ==> sfu_manifest_room(m, *slot); */
uint32_t sfu_manifest_fits(const uint8_t m[SFU_MANIFEST_SIZE], uint32_t *slot);

/* Version order (struct VERSION): 0 if a < b, 1 if a == b, 2 if a > b. */
/*@ requires valid: \valid_read(a + (0 .. SFU_VERSION_SIZE - 1)) && \valid_read(b + (0 .. SFU_VERSION_SIZE - 1));
    assigns \nothing;
    ensures order: 0 <= \result <= 2; */
uint32_t sfu_version_compare(const uint8_t a[SFU_VERSION_SIZE], const uint8_t b[SFU_VERSION_SIZE]);

/* HKDF(key, manifest.salt, label ‖ product, if `with_product`); label_size <= 16. */
/*@ requires valid: sfu_manifest_readable(m) && \valid(out + (0 .. 31)) && \valid_read(key + (0 .. 31));
    requires label: label_size <= 16 && \valid_read(label + (0 .. label_size - 1));
    requires apart: \separated(m + (0 .. SFU_MANIFEST_SIZE - 1), out + (0 .. 31), key + (0 .. 31));
    assigns out[0 .. 31]; */
void sfu_manifest_derive(uint8_t out[32], const uint8_t key[32], const uint8_t m[SFU_MANIFEST_SIZE],
                         const uint8_t *label, uint32_t label_size, uint32_t with_product);

/* Plain bytes of record `index`, which is below the record count of a manifest that fits. */
/*@ requires valid: sfu_manifest_readable(m) && sfu_manifest_sizes(m) && index < sfu_manifest_count(m);
    assigns \nothing;
    ensures chunk: \result == sfu_manifest_part(m, index);
    ensures range: 1 <= \result <= SFU_FORMAT_RECORD_LARGE; */
uint32_t sfu_manifest_chunk(const uint8_t m[SFU_MANIFEST_SIZE], uint32_t index);

#endif
