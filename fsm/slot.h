/* An installed slot: `manifest ‖ blank ‖ image ‖ blank ‖ mailbox`, and the one pass over it. */
#ifndef SFU_SLOT_H
#define SFU_SLOT_H

#include <stdint.h>
#include "crypto.h"
#include "layout.h"
#include "port.h"
#include "sfu_format.h"

/* One pass over an image: what it is made with, what it has come to.
 *
 * Both results are of the *same* buffer, so that what was hashed is what was sealed. */
struct sfu_pass {
	uint8_t key[32];             /* seal key: used if `sealing` is 1 */
	uint8_t tag[SFU_FORMAT_TAG]; /* in the end: the seal */
	uint32_t sealing, hashing;   /* what is asked for */
	uint32_t chunk;              /* index of the next chunk */
	struct sfu_hash hash;        /* used if `hashing` is 1 */
};

/* the pass needs this much memory to read into */
#define SFU_PASS_BUFFER (SFU_FORMAT_TAG + SFU_FORMAT_SEAL_CHUNK)

/*@ // the image at `image` begins with an entry point: a Thumb address inside it, and behind the two words
    predicate slot_entry(integer f, integer image, integer plain) = flash_word(f, image + 4) % 2 == 1
         && image + 8 <= flash_word(f, image + 4) < image + plain;
    predicate slot_vector(integer f, integer image, integer plain) =
         slot_entry(f, image, plain) && sfu_stack_fits(flash_word(f, image));
    // cell k of a mailbox confirms the installation
    predicate slot_confirms(integer f, integer mailbox, integer k, integer install) =
         flash_read(f, mailbox + k * SFU_MAILBOX_SIZE, SFU_MAILBOX_SIZE) == SFU_OK
         && flash_word(f, mailbox + k * SFU_MAILBOX_SIZE + SFU_MAILBOX_MAGIC_OFFSET) == SFU_FLASH_CONFIRM_MAGIC
         && flash_word(f, mailbox + k * SFU_MAILBOX_SIZE + SFU_MAILBOX_INSTALL_OFFSET) == install;
    // bytes of the chunk that begins `at` bytes into `size`
    logic integer slot_chunk(integer size, integer at) =
         size - at < SFU_FORMAT_SEAL_CHUNK ? size - at : SFU_FORMAT_SEAL_CHUNK;
*/
#define SFU_SLOT_IMAGE(slot) (sfu_layout.area[SFU_AREA_SLOT + (slot)].address + sfu_layout.image_offset)
#define SFU_SLOT_MAILBOX(slot) \
	(sfu_layout.area[SFU_AREA_SLOT + (slot)].address + sfu_layout.area[SFU_AREA_SLOT + (slot)].size - SFU_FLASH_MAILBOX)

/* Begins a pass. sealing: the key is HKDF(device, "sfu seal" ‖ install ‖ manifest hash), and chunk 0 is
 * taken from `manifest`. hashing: begins with the digest key, made of K = `oem`. */
/*@ requires pass: \valid(p) && \valid(buffer + (0 .. SFU_PASS_BUFFER - 1));
    requires read: \valid_read(manifest + (0 .. SFU_MANIFEST_SIZE - 1))
             && \valid_read(manifest_hash + (0 .. 31)) && \valid_read(device + (0 .. 31))
             && \valid_read(oem + (0 .. 31));
    requires pass_apart: \separated(p, buffer + (0 .. SFU_PASS_BUFFER - 1),
                         manifest + (0 .. SFU_MANIFEST_SIZE - 1), manifest_hash + (0 .. 31))
             && \separated(p, buffer + (0 .. SFU_PASS_BUFFER - 1), device + (0 .. 31))
             && \separated(p, buffer + (0 .. SFU_PASS_BUFFER - 1), oem + (0 .. 31))
             && \separated(manifest + (0 .. SFU_MANIFEST_SIZE - 1), oem + (0 .. 31));
    assigns p->key[0 .. 31], p->tag[0 .. SFU_FORMAT_TAG - 1], p->chunk, p->hash,
            buffer[0 .. SFU_PASS_BUFFER - 1];
    ensures chunk: p->sealing != 0 ==> p->chunk == 1;
    ensures hashed: p->hashing != 0 ==> sfu_sha_size(p->hash.sha) == 32; */
void sfu_pass_begin(struct sfu_pass *p, const uint8_t manifest[SFU_MANIFEST_SIZE],
                    const uint8_t manifest_hash[32], uint32_t install, const uint8_t device[32],
                    const uint8_t oem[32], uint8_t buffer[SFU_PASS_BUFFER]);

/* Reads `size` bytes of flash at `address` in chunks and adds them. SFU_OK, or what reading failed with.
 * Kicks the watchdog once a chunk. */
/*@ requires pass: \valid(p) && \valid(buffer + (0 .. SFU_PASS_BUFFER - 1));
    requires apart: \separated(p, buffer + (0 .. SFU_PASS_BUFFER - 1));
    requires chunk: p->sealing != 0 ==> p->chunk == 1;
    requires inside: address + size + SFU_FLASH_MAILBOX <= UINT32_MAX;
    assigns p->tag[0 .. SFU_FORMAT_TAG - 1], p->chunk, p->hash, buffer[0 .. SFU_PASS_BUFFER - 1], sfu_chip;
    ensures answer: \result == SFU_OK || \result == SFU_E_ECC || \result == SFU_E_IO;
    ensures read: \result == SFU_OK ==> \forall integer at; 0 <= at < size && at % SFU_FORMAT_SEAL_CHUNK == 0 ==>
             flash_read(sfu_flash, address + at, slot_chunk(size, at)) == SFU_OK;
    ensures failed: \result != SFU_OK ==> \exists integer at; 0 <= at < size && at % SFU_FORMAT_SEAL_CHUNK == 0
             && flash_read(sfu_flash, address + at, slot_chunk(size, at)) == \result;
    ensures sealed: \result == SFU_OK && p->sealing != 0 ==>
             p->chunk == 1 + (size + SFU_FORMAT_SEAL_CHUNK - 1) / SFU_FORMAT_SEAL_CHUNK;
    ensures hashed: \result == SFU_OK ==>
             sfu_sha_size(p->hash.sha) == \old(sfu_sha_size(p->hash.sha)) + (p->hashing != 0 ? size : 0); */
uint32_t sfu_pass_image(struct sfu_pass *p, uint32_t address, uint32_t size,
                        uint8_t buffer[SFU_PASS_BUFFER]);

/* Does the image of `slot` begin with a stack pointer in RAM and an entry point inside the image?
 * `plain` is the image's size. SFU_OK, SFU_R_VECTOR, or what reading failed with. */
/*@ requires slot: layout_sound && slot < sfu_layout.slot_count;
    assigns \nothing;
    ensures unread: flash_read(sfu_flash, SFU_SLOT_IMAGE(slot), 8) != SFU_OK ==>
             \result == flash_read(sfu_flash, SFU_SLOT_IMAGE(slot), 8);
    ensures vector: flash_read(sfu_flash, SFU_SLOT_IMAGE(slot), 8) == SFU_OK ==>
             (\result == SFU_OK <==> slot_vector(sfu_flash, SFU_SLOT_IMAGE(slot), plain));
    ensures refused: flash_read(sfu_flash, SFU_SLOT_IMAGE(slot), 8) == SFU_OK ==>
             \result == SFU_OK || \result == SFU_R_VECTOR; */
uint32_t sfu_slot_vector(uint32_t slot, uint32_t plain);

/* 1 if the application has confirmed installation `install` in the slot's mailbox. A cell that cannot be
 * read counts as not there. */
/*@ requires slot: layout_sound && slot < sfu_layout.slot_count;
    assigns \nothing;
    ensures choice: \result == 0 || \result == 1;
    ensures confirmed: \result == 1 <==> \exists integer i; 0 <= i < SFU_FLASH_MAILBOX_CELLS
             && slot_confirms(sfu_flash, SFU_SLOT_MAILBOX(slot), i, install); */
uint32_t sfu_slot_confirmed(uint32_t slot, uint32_t install);

/* the address of the slot's image, and of its mailbox */
/*@ requires slot: layout_sound && slot < sfu_layout.slot_count;
    assigns \nothing;
    ensures image: \result == sfu_layout.area[SFU_AREA_SLOT + slot].address + sfu_layout.image_offset; */
uint32_t sfu_slot_image(uint32_t slot);
/*@ requires slot: layout_sound && slot < sfu_layout.slot_count;
    assigns \nothing;
    ensures mailbox: \result + SFU_FLASH_MAILBOX == sfu_layout.area[SFU_AREA_SLOT + slot].address + sfu_layout.area[SFU_AREA_SLOT + slot].size; */
uint32_t sfu_slot_mailbox(uint32_t slot);

#endif
