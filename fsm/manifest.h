/* The manifest: what is believed, and when.
 *
 * A manifest is kept as its 256 bytes, with the 160 of a certificate behind them, read once into RAM; fields are read
 * from there. Nothing but magic, format, suite, kind, flags and signer, and the certificate, is looked at before
 * the signature holds. */
#ifndef SFU_MANIFEST_H
#define SFU_MANIFEST_H

#include <stdint.h>
#include "bytes.h"
#include "config.h"
#include "layout.h"
#include "sfu_format.h"
#include "authority.h"

/*@ predicate sfu_manifest_readable(uint8_t *m) = \valid_read(m + (0 .. SFU_MANIFEST_SIZE - 1));
    logic integer sfu_manifest_counter(uint8_t *m) = SFU_WORD(m, SFU_MANIFEST_SECURITY_COUNTER_OFFSET);
    logic integer sfu_manifest_plain(uint8_t *m) = SFU_WORD(m, SFU_MANIFEST_PLAIN_SIZE_OFFSET);
    logic integer sfu_manifest_record(uint8_t *m) = SFU_HALF(m, SFU_MANIFEST_RECORD_SIZE_OFFSET);
    logic integer sfu_manifest_count(uint8_t *m) = SFU_HALF(m, SFU_MANIFEST_RECORD_COUNT_OFFSET);
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

/*@ // struct MANIFEST, as the loader accepts it (claim C10); numbers come from spec/formats.md
    predicate sfu_manifest_begins(uint8_t *m) = SFU_WORD(m, SFU_MANIFEST_MAGIC_OFFSET) == SFU_FORMAT_MANIFEST_MAGIC;
    predicate sfu_manifest_known(uint8_t *m) =
         m[SFU_MANIFEST_FORMAT_OFFSET] == SFU_FORMAT_VERSION_ID && m[SFU_MANIFEST_SUITE_OFFSET] == SFU_FORMAT_SUITE
      && m[SFU_MANIFEST_KIND_OFFSET] == SFU_FORMAT_KIND_IMAGE
      && m[SFU_MANIFEST_FLAGS_OFFSET] <= SFU_FORMAT_FLAGS;
    // struct VERSION: a < b, field by field from the first
    predicate sfu_version_equal(uint8_t *a, uint8_t *b) =
         a[SFU_VERSION_MAJOR_OFFSET] == b[SFU_VERSION_MAJOR_OFFSET]
      && a[SFU_VERSION_MINOR_OFFSET] == b[SFU_VERSION_MINOR_OFFSET]
      && SFU_HALF(a, SFU_VERSION_REVISION_OFFSET) == SFU_HALF(b, SFU_VERSION_REVISION_OFFSET)
      && SFU_WORD(a, SFU_VERSION_BUILD_OFFSET) == SFU_WORD(b, SFU_VERSION_BUILD_OFFSET);
    predicate sfu_version_less(uint8_t *a, uint8_t *b) =
         a[SFU_VERSION_MAJOR_OFFSET] < b[SFU_VERSION_MAJOR_OFFSET]
      || (a[SFU_VERSION_MAJOR_OFFSET] == b[SFU_VERSION_MAJOR_OFFSET]
          && (a[SFU_VERSION_MINOR_OFFSET] < b[SFU_VERSION_MINOR_OFFSET]
              || (a[SFU_VERSION_MINOR_OFFSET] == b[SFU_VERSION_MINOR_OFFSET]
                  && (SFU_HALF(a, SFU_VERSION_REVISION_OFFSET) < SFU_HALF(b, SFU_VERSION_REVISION_OFFSET)
                      || (SFU_HALF(a, SFU_VERSION_REVISION_OFFSET) == SFU_HALF(b, SFU_VERSION_REVISION_OFFSET)
                          && SFU_WORD(a, SFU_VERSION_BUILD_OFFSET) < SFU_WORD(b, SFU_VERSION_BUILD_OFFSET))))));

    // for this device: each field by itself, in the order in which they are looked at
    predicate sfu_manifest_product(uint8_t *m) = \forall integer i; 0 <= i < SFU_MANIFEST_PRODUCT_SIZE ==>
         m[SFU_MANIFEST_PRODUCT_OFFSET + i] == sfu_config[SFU_CONFIG_PRODUCT_OFFSET + i];
    predicate sfu_manifest_hardware(uint8_t *m) =
         (SFU_WORD(m, SFU_MANIFEST_HARDWARE_OFFSET) & SFU_WORD(sfu_config, SFU_CONFIG_HARDWARE_OFFSET)) != 0;
    predicate sfu_manifest_epoch(uint8_t *m) =
         SFU_WORD(m, SFU_MANIFEST_EPOCH_OFFSET) == SFU_WORD(sfu_config, SFU_CONFIG_EPOCH_OFFSET);
    predicate sfu_manifest_any(uint8_t *m) = \forall integer i; 0 <= i < SFU_MANIFEST_UID_SIZE ==>
         m[SFU_MANIFEST_UID_OFFSET + i] == 0;
    predicate sfu_manifest_uid(uint8_t *m) = sfu_manifest_any(m)
      || \forall integer i; 0 <= i < SFU_MANIFEST_UID_SIZE ==> m[SFU_MANIFEST_UID_OFFSET + i] == sfu_uid_byte(i);
    predicate sfu_manifest_loader(uint8_t *m) =
         !sfu_version_less(&sfu_loader_version[0], m + SFU_MANIFEST_LOADER_MIN_OFFSET);

    // it names this slot by the address of its image; and no slot before it
    predicate sfu_manifest_names(uint8_t *m, integer slot) = 0 <= slot < sfu_layout.slot_count
      && SFU_WORD(m, SFU_MANIFEST_LOAD_ADDRESS_OFFSET) == sfu_layout.area[SFU_AREA_SLOT + slot].address + sfu_layout.image_offset;
    predicate sfu_manifest_slot(uint8_t *m, integer slot) =
         sfu_manifest_names(m, slot) && \forall integer i; 0 <= i < slot ==> !sfu_manifest_names(m, i);
    // its sizes are of the grammar, and what this slot can take
    predicate sfu_manifest_sized(uint8_t *m, integer slot) =
         sfu_manifest_sizes(m) && sfu_manifest_plain(m) % SFU_FORMAT_GRAIN == 0
      && sfu_manifest_record(m) <= sfu_layout.record_max && sfu_manifest_room(m, slot);
*/

/* the 32-bit field at `offset` (SFU_MANIFEST_…_OFFSET) */
/*@ requires inside: offset <= SFU_MANIFEST_SIZE - 4 && sfu_manifest_readable(m);
    assigns \result \from m[0 .. SFU_MANIFEST_SIZE - 1], offset;
    ensures value: \result == m[offset] + 256 * m[offset + 1] + 65536 * m[offset + 2]
                              + 16777216 * m[offset + 3]; */
uint32_t sfu_manifest_word(const uint8_t m[SFU_MANIFEST_SIZE], uint32_t offset);

/* Bytes of the manifest with its certificate, if its flags say that it has one. */
/*@ requires valid: sfu_manifest_readable(m);
    assigns \nothing;
    ensures extent: \result == (SFU_AUTHORITY_CERTIFIED(m) ? SFU_FORMAT_HEAD : SFU_MANIFEST_SIZE); */
uint32_t sfu_manifest_extent(const uint8_t m[SFU_MANIFEST_SIZE]);

/* SHA-256 of the signed part. */
/*@ requires valid: sfu_manifest_readable(m) && \valid(hash + (0 .. 31));
    requires apart: \separated(m + (0 .. SFU_MANIFEST_SIZE - 1), hash + (0 .. 31));
    assigns hash[0 .. 31]; */
void sfu_manifest_hash(const uint8_t m[SFU_MANIFEST_SIZE], uint8_t hash[32]);

/* Is it a manifest this loader understands, signed by a key that may sign it (authority.h)? Writes the manifest
 * hash to `hash` in any case. `c` is the place of its certificate. SFU_OK, SFU_R_MAGIC, SFU_R_FORMAT, or
 * an answer of sfu_authority_verify. */
/*@ requires valid: sfu_manifest_readable(m) && sfu_authority_certificate(c) && \valid(hash + (0 .. 31));
    requires apart: \separated(m + (0 .. SFU_MANIFEST_SIZE - 1), hash + (0 .. 31))
             && \separated(c + (0 .. SFU_CERTIFICATE_SIZE - 1), hash + (0 .. 31));
    assigns hash[0 .. 31], sfu_vouch.signature;
    ensures signature: \result == SFU_OK ==> sfu_vouch.signature == 1;
    ensures answer: \result == SFU_OK || \result == SFU_R_MAGIC || \result == SFU_R_FORMAT || \result == SFU_R_SIGNER
             || \result == SFU_R_CERTIFICATE || \result == SFU_R_SIGNATURE || \result == SFU_R_STANDING
             || \result == SFU_R_RANK;
    ensures magic: \result == SFU_R_MAGIC <==> !sfu_manifest_begins(m);
    ensures format: \result == SFU_R_FORMAT <==> sfu_manifest_begins(m) && !sfu_manifest_known(m);
    ensures signer: \result == SFU_R_SIGNER <==> sfu_manifest_begins(m) && sfu_manifest_known(m)
             && \forall integer i; !\old(sfu_config_knows(i, sfu_authority_issuer(m, c)));
    ensures unsigned: \result == SFU_R_SIGNATURE ==> sfu_vouch.signature != 1;
    ensures allowed: \result == SFU_OK ==> \forall integer i; sfu_config_first(i, sfu_authority_issuer(m, c)) ==>
             sfu_authority_allowed(m, c, i); */
uint32_t sfu_manifest_authentic(const uint8_t m[SFU_MANIFEST_SIZE], const uint8_t c[SFU_CERTIFICATE_SIZE], uint8_t hash[32]);

/* Is it for this device? Product, hardware, epoch, uid, loader version: SFU_OK or the field's code. */
/*@ requires valid: sfu_manifest_readable(m);
    assigns \nothing;
    ensures answer: \result == SFU_OK || \result == SFU_R_PRODUCT || \result == SFU_R_HARDWARE
             || \result == SFU_R_EPOCH || \result == SFU_R_UID || \result == SFU_R_LOADER;
    ensures product: \result == SFU_R_PRODUCT <==> !sfu_manifest_product(m);
    ensures hardware: \result == SFU_R_HARDWARE <==> sfu_manifest_product(m) && !sfu_manifest_hardware(m);
    ensures epoch: \result == SFU_R_EPOCH <==>
             sfu_manifest_product(m) && sfu_manifest_hardware(m) && !sfu_manifest_epoch(m);
    ensures uid: \result == SFU_R_UID <==> sfu_manifest_product(m) && sfu_manifest_hardware(m)
             && sfu_manifest_epoch(m) && !sfu_manifest_uid(m);
    ensures meant: \result == SFU_OK <==> sfu_manifest_product(m) && sfu_manifest_hardware(m)
             && sfu_manifest_epoch(m) && sfu_manifest_uid(m) && sfu_manifest_loader(m); */
uint32_t sfu_manifest_meant(const uint8_t m[SFU_MANIFEST_SIZE]);

/* Do its sizes agree with each other and with the layout, and which slot is it linked for? SFU_OK and
 * *slot, or SFU_R_SIZE, SFU_R_SLOT. */
/*@ requires valid: sfu_manifest_readable(m) && \valid(slot);
    requires apart: \separated(m + (0 .. SFU_MANIFEST_SIZE - 1), slot);
    requires layout: layout_sound;
    assigns *slot;
    ensures slot: *slot < sfu_layout.slot_count;
    ensures sizes: \result == SFU_OK ==> sfu_manifest_sizes(m);
    ensures room: \result == SFU_OK ==> sfu_manifest_room(m, *slot);
    ensures answer: \result == SFU_OK || \result == SFU_R_SLOT || \result == SFU_R_SIZE;
    ensures nowhere: \result == SFU_R_SLOT <==> \forall integer i; !sfu_manifest_names(m, i);
    ensures found: \result == SFU_OK ==> sfu_manifest_slot(m, *slot);
    ensures accepted: \forall integer i; sfu_manifest_slot(m, i) ==>
             (\result == SFU_OK <==> sfu_manifest_sized(m, i));
    ensures refused: \result != SFU_OK ==> *slot == 0; */
uint32_t sfu_manifest_fits(const uint8_t m[SFU_MANIFEST_SIZE], uint32_t *slot);

/* Version order (struct VERSION): 0 if a < b, 1 if a == b, 2 if a > b. */
/*@ requires valid: \valid_read(a + (0 .. SFU_VERSION_SIZE - 1)) && \valid_read(b + (0 .. SFU_VERSION_SIZE - 1));
    assigns \nothing;
    ensures order: 0 <= \result <= 2;
    ensures less: \result == 0 <==> sfu_version_less(a, b);
    ensures equal: \result == 1 <==> sfu_version_equal(a, b);
    ensures greater: \result == 2 <==> sfu_version_less(b, a); */
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
