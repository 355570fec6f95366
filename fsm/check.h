/* The boot check: does this slot hold an image this device accepted and installed, unchanged?
 *
 * A build links one of two: check_seal.c (Poly1305 seal under the device key: for parts that hide
 * their keys from the application) or check_signature.c (the OEM's signature and the image hash, at
 * every boot: for parts that do not). */
#ifndef SFU_CHECK_H
#define SFU_CHECK_H

#include <stdint.h>
#include "manifest.h"
#include "slot.h"

/* what a check needs to know, and where it works */
struct sfu_check {
	uint32_t slot;
	uint32_t install;                    /* install number and seal as the journal has them */
	const uint8_t *seal;                 /* SFU_FORMAT_TAG bytes */
	const uint8_t *device, *oem;         /* D and K, 32 bytes each */
	uint8_t *buffer;                     /* SFU_PASS_BUFFER bytes */
	uint8_t manifest[SFU_MANIFEST_SIZE]; /* afterwards: the slot's manifest, as it was checked */
	struct sfu_pass pass;
};

/* its manifest lies in the slot */
#define SFU_CHECK_FITS(c) \
	(sfu_sizes(SFU_WORD((c)->manifest, SFU_MANIFEST_PLAIN_SIZE_OFFSET), \
	           SFU_HALF((c)->manifest, SFU_MANIFEST_RECORD_SIZE_OFFSET), \
	           SFU_HALF((c)->manifest, SFU_MANIFEST_RECORD_COUNT_OFFSET)) \
	 && sfu_room(SFU_WORD((c)->manifest, SFU_MANIFEST_PLAIN_SIZE_OFFSET), (c)->slot, sfu_layout))

/* what reading it answers, and its fields as the loader wants them */
#define SFU_CHECK_SEEN(c) flash_read(sfu_flash, sfu_layout.area[SFU_AREA_SLOT + (c)->slot].address, SFU_MANIFEST_SIZE)
#define SFU_CHECK_MEANT(c) \
	(sfu_manifest_product(&(c)->manifest[0]) && sfu_manifest_hardware(&(c)->manifest[0]) \
	 && sfu_manifest_epoch(&(c)->manifest[0]) && sfu_manifest_uid(&(c)->manifest[0]) && sfu_manifest_loader(&(c)->manifest[0]))

/*@ predicate sfu_check_ready(struct sfu_check *c) =
         \valid(c) && layout_sound && c->slot < sfu_layout.slot_count
      && \valid(c->buffer + (0 .. SFU_PASS_BUFFER - 1))
      && \valid_read(c->device + (0 .. 31)) && \valid_read(c->oem + (0 .. 31))
      && \separated(c, c->buffer + (0 .. SFU_PASS_BUFFER - 1))
      && \separated(c, c->buffer + (0 .. SFU_PASS_BUFFER - 1), c->device + (0 .. 31))
      && \separated(c, c->buffer + (0 .. SFU_PASS_BUFFER - 1), c->oem + (0 .. 31));
    // there is a seal to compare with; where the journal is lost there is none
    predicate sfu_check_sealed(struct sfu_check *c) = \valid_read(c->seal + (0 .. SFU_FORMAT_TAG - 1))
      && \separated(c, c->buffer + (0 .. SFU_PASS_BUFFER - 1), c->seal + (0 .. SFU_FORMAT_TAG - 1));
*/

/*@ predicate sfu_check_answer(integer code) =
         code == SFU_OK || code == SFU_E_ECC || code == SFU_E_IO || code == SFU_R_SLOT || code == SFU_R_MAGIC
      || code == SFU_R_FORMAT || code == SFU_R_SIGNER || code == SFU_R_CERTIFICATE || code == SFU_R_SIGNATURE
      || code == SFU_R_STANDING || code == SFU_R_RANK || code == SFU_R_PRODUCT
      || code == SFU_R_HARDWARE || code == SFU_R_EPOCH || code == SFU_R_UID || code == SFU_R_LOADER || code == SFU_R_IMAGE;
*/

/* SFU_OK if the slot's manifest and image hold; c->manifest may be believed then and only then.
 * SFU_R_SEAL, SFU_R_IMAGE or the codes of sfu_manifest_authentic if not, or what reading failed with. */
/*@ requires ready: sfu_check_ready(c) && sfu_check_sealed(c);
    assigns c->manifest[0 .. SFU_MANIFEST_SIZE - 1], c->pass, c->buffer[0 .. SFU_PASS_BUFFER - 1], sfu_chip,
            sfu_vouch.signature, sfu_judged;
    ensures judged: \result == SFU_OK ==> slot_judged(sfu_flash, c->slot, sfu_judged, sfu_layout);
    ensures answer: sfu_check_answer(\result) || \result == SFU_R_SEAL;
    ensures fits: \result == SFU_OK ==> SFU_CHECK_FITS(c); */
uint32_t sfu_check_slot(struct sfu_check *c);

/* Compares once more what sfu_check_slot compared last, and what that left in `c`: SFU_OK or SFU_R_IMAGE. One skipped
 * instruction must not be enough to believe an image. */
/*@ requires read: \valid_read(c) && \valid_read(c->seal + (0 .. SFU_FORMAT_TAG - 1));
    assigns \nothing;
    ensures answer: \result == SFU_OK || \result == SFU_R_IMAGE; */
uint32_t sfu_check_again(const struct sfu_check *c);

/*@ ghost
    // what a check found is kept, if it is proved: by the signature, or by the seal
    /@ requires proof: sfu_vouch.signature == 1
                || \forall integer i; 0 <= i < SFU_FORMAT_TAG ==> c->pass.tag[i] == c->seal[i];
       requires slot: c->slot < sfu_layout.slot_count;
       assigns sfu_judged;
       ensures judged: sfu_judged.flash == sfu_flash && slot_judged(sfu_flash, c->slot, sfu_judged, sfu_layout); @/
    void sfu_judge(const struct sfu_check *c);
*/

/* The check by signature and image hash, in every build: it decides alone where the journal is lost. With
 * `sealing` 1, c->pass.tag becomes the seal for installation c->install in the same pass. */
/*@ requires ready: sfu_check_ready(c);
    assigns c->manifest[0 .. SFU_MANIFEST_SIZE - 1], c->pass, c->buffer[0 .. SFU_PASS_BUFFER - 1], sfu_chip,
            sfu_vouch.signature;
    ensures signed: \result == SFU_OK ==> sfu_vouch.signature == 1;
    ensures answer: sfu_check_answer(\result);
    ensures sealing: \result == SFU_OK ==> c->pass.sealing == sealing;
    ensures image: \result == SFU_OK ==> \forall integer i; 0 <= i < 32 ==>
             c->manifest[SFU_MANIFEST_IMAGE_HASH_OFFSET + i] == sfu_sha_byte(c->pass.hash.sha, i);
    ensures hashed: \result == SFU_OK ==> sfu_sha_size(c->pass.hash.sha)
             == 32 + SFU_WORD(c->manifest, SFU_MANIFEST_PLAIN_SIZE_OFFSET);
    ensures fits: \result == SFU_OK ==> SFU_CHECK_FITS(c); */
uint32_t sfu_check_oem(struct sfu_check *c, uint32_t sealing);

/* Parts of the two: reads the slot's manifest into c->manifest and checks that its sizes lie in the slot;
 * and the pass over its image. */
/*@ requires ready: sfu_check_ready(c);
    assigns c->manifest[0 .. SFU_MANIFEST_SIZE - 1];
    ensures unread: SFU_CHECK_SEEN(c) != SFU_OK ==> \result == SFU_CHECK_SEEN(c);
    ensures read: SFU_CHECK_SEEN(c) == SFU_OK ==> \forall integer i; 0 <= i < SFU_MANIFEST_SIZE ==>
             c->manifest[i] == flash_byte(sfu_flash, sfu_layout.area[SFU_AREA_SLOT + c->slot].address + i);
    ensures answer: \result == SFU_OK || \result == SFU_R_SLOT || \result == SFU_E_ECC || \result == SFU_E_IO;
    ensures accepted: \result == SFU_OK <==> SFU_CHECK_SEEN(c) == SFU_OK
             && sfu_manifest_slot(&c->manifest[0], c->slot) && sfu_manifest_sized(&c->manifest[0], c->slot);
    ensures fits: \result == SFU_OK ==> SFU_CHECK_FITS(c); */
uint32_t sfu_check_read(struct sfu_check *c);
/*@ requires ready: sfu_check_ready(c) && SFU_CHECK_FITS(c);
    requires hash: \valid_read(hash + (0 .. 31));
    requires apart: \separated(c, c->buffer + (0 .. SFU_PASS_BUFFER - 1), hash + (0 .. 31));
    assigns c->pass, c->buffer[0 .. SFU_PASS_BUFFER - 1], sfu_chip;
    ensures answer: \result == SFU_OK || \result == SFU_E_ECC || \result == SFU_E_IO;
    ensures sealing: c->pass.sealing == sealing;
    ensures hashing: c->pass.hashing == hashing;
    ensures hashed: \result == SFU_OK && hashing != 0 ==> sfu_sha_size(c->pass.hash.sha)
             == 32 + SFU_WORD(c->manifest, SFU_MANIFEST_PLAIN_SIZE_OFFSET);
    ensures wiped: \forall integer i; 0 <= i < 32 ==> c->pass.key[i] == 0; */
uint32_t sfu_check_pass(struct sfu_check *c, const uint8_t hash[32], uint32_t sealing, uint32_t hashing);

#endif
