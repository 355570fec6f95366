/* Personalization: a chip that holds the OEM master key M gets its keys from the OEM's HSM (spec/formats.md,
 * Personalization). The station only carries messages.
 *
 * PERSONALIZE is answered by a CHALLENGE, fresh each time. A PERMIT must answer the last one, bear the signature of the
 * HSM that the loader was built for, and hold a box that opens. Judging it uses the challenge up, whatever comes of it; a
 * chip whose protection is too low, or whose key page cannot be read, judges none. Then K and D are made, and one atomic
 * switch of the key page puts them, the licence and the receipt where M was; M's page is erased; and only after that the
 * RECEIPT leaves the device. It is made again, from the key page, whenever PERSONALIZE comes to a device that has been
 * personalized.
 *
 * Power cuts. Until the switch the page with M counts: the device asks anew, and the HSM gives the same chip the same
 * licence. From the switch on the new page counts, and a start erases the old one before any message is served
 * (keys.h).
 *
 * What is secret does not stay. M is read from flash for each message and wiped from RAM before the message is
 * answered; between a challenge and its permit RAM holds the ephemeral scalar alone. The device does not work with its
 * new keys before its next reset. */
#ifndef SFU_PERSONALIZE_H
#define SFU_PERSONALIZE_H

#include <stdint.h>
#include "config.h"
#include "crypto.h"
#include "device.h"

// a challenge tells whose it is, and of which product and epoch (postconditions)
#define SFU_PERSONAL_INTRODUCED(c) \
	ensures protocol: SFU_WORD(c, SFU_CHALLENGE_PROTOCOL_OFFSET) == SFU_PERSONAL_PROTOCOL; \
	ensures uid: \forall integer i; 0 <= i < SFU_CHALLENGE_UID_SIZE ==> \
	        (c)[SFU_CHALLENGE_UID_OFFSET + i] == sfu_uid_byte(i); \
	ensures part: SFU_WORD(c, SFU_CHALLENGE_PART_OFFSET) == sfu_part_id; \
	ensures product: \forall integer i; 0 <= i < SFU_CHALLENGE_PRODUCT_SIZE ==> \
	        (c)[SFU_CHALLENGE_PRODUCT_OFFSET + i] == sfu_config[SFU_CONFIG_PRODUCT_OFFSET + i]; \
	ensures epoch: \forall integer i; 0 <= i < SFU_CHALLENGE_EPOCH_SIZE ==> \
	        (c)[SFU_CHALLENGE_EPOCH_OFFSET + i] == sfu_config[SFU_CONFIG_EPOCH_OFFSET + i];

// a page of keys was found, and nobody wrote to it since
#define SFU_PERSONAL_PAGE(d) \
	(SFU_STORE_VALID(&(d)->keys.store) && (d)->keys.store.area == SFU_AREA_KEYS && SFU_STORE_HAS_PAGE(&(d)->keys.store) \
	 && (d)->keys.kind != 0)

/*@ requires valid: \valid(p);
    assigns p->cs, p->state, p->status;
    ensures idle: p->state == SFU_PERSONALIZE_STATE_IDLE && p->cs == p->state;
    ensures status: p->status == SFU_OK; */
void sfu_personalize_init(struct sfu_personal *p);

/* PERSONALIZE. SFU_OK: `body` is struct CHALLENGE, or, in a device that has been personalized, struct RECEIPT, as *size
 * tells. Else why not:
 *   SFU_R_PERSONALIZED  the device was made with its keys: no HSM personalizes it
 *   SFU_E_LOCKED        the chip's protection is below the loader's profile
 *   SFU_R_HSM           the loader was built without an HSM's key
 *   SFU_E_ENTROPY, or what keeps the device from reading or erasing its key pages. */
/*@ requires valid: \valid(d) && SFU_PERSONAL_TOTAL(d->personal);
    requires layout: d->boot.trouble != SFU_E_LAYOUT ==> layout_sound;
    requires body: \valid(body + (0 .. SFU_CHALLENGE_SIZE - 1)) && \valid(size)
             && \separated(d, body + (0 .. SFU_CHALLENGE_SIZE - 1), size);
    assigns d->personal, d->keys, body[0 .. SFU_CHALLENGE_SIZE - 1], *size, sfu_flash, sfu_chip;
    ensures flash: layout_sound ==> SFU_WRITES(SFU_AREA_KEYS, SFU_AREA_SLOT);
    ensures untouched: d->boot.trouble != SFU_E_MASTER ==> sfu_flash == \old(sfu_flash);
    ensures total: SFU_PERSONAL_TOTAL(d->personal);
    ensures size: \result == SFU_OK ==> *size == SFU_CHALLENGE_SIZE || *size == SFU_RECEIPT_SIZE;
    ensures hsm: \result == SFU_OK && d->boot.trouble != SFU_OK && *size == SFU_CHALLENGE_SIZE ==>
             \exists integer i; 0 <= i < SFU_CONFIG_HSM_KEY_SIZE - 1
             && sfu_config[SFU_CONFIG_HSM_KEY_OFFSET + i] != sfu_config[SFU_CONFIG_HSM_KEY_OFFSET + 1 + i];
    ensures gone: d->boot.trouble == SFU_E_MASTER ==>
             \forall integer i; 0 <= i < 32 ==> d->keys.oem[i] == 0 && d->keys.device[i] == 0; */
uint32_t sfu_personalize_ask(struct sfu_device *d, uint8_t body[SFU_CHALLENGE_SIZE], uint32_t *size);

/* PERMIT, in the frame's buffer, where it is wiped. SFU_OK: the device is personalized, and `receipt` is struct RECEIPT.
 * Else why not; as above, and:
 *   SFU_R_PERMIT        no challenge is open, or the permit is for another device, or its public key is none
 *   SFU_R_HSM           another HSM signed it, or nobody
 *   SFU_R_BOX           the box does not open: the HSM does not have this M
 *   SFU_E_IO            the key page could not be switched, or the old one not erased: PERSONALIZE tells, or the next start */
/*@ requires valid: \valid(d) && SFU_PERSONAL_TOTAL(d->personal);
    requires layout: d->boot.trouble != SFU_E_LAYOUT ==> layout_sound;
    requires permit: permit == &d->link.buffer[0] + (SFU_LINK_PAD + 1);
    requires receipt: \valid(receipt + (0 .. SFU_RECEIPT_SIZE - 1))
             && \separated(d, receipt + (0 .. SFU_RECEIPT_SIZE - 1));
    assigns d->personal, d->keys, d->link.buffer[0 .. SFU_LINK_BUFFER - 1], receipt[0 .. SFU_RECEIPT_SIZE - 1],
            sfu_flash, sfu_chip, sfu_vouch.signature;
    ensures flash: layout_sound ==> SFU_WRITES(SFU_AREA_KEYS, SFU_AREA_SLOT);
    ensures untouched: d->boot.trouble != SFU_E_MASTER ==> sfu_flash == \old(sfu_flash);
    ensures challenged: \old(d->personal.state) != SFU_PERSONALIZE_STATE_CHALLENGED ==> \result != SFU_OK;
    ensures total: SFU_PERSONAL_TOTAL(d->personal);
    ensures once: \result == SFU_OK ==> d->personal.state == SFU_PERSONALIZE_STATE_DONE;
    ensures wiped: sfu_zero(permit, SFU_PERMIT_SIZE);
    ensures gone: d->boot.trouble == SFU_E_MASTER ==>
             \forall integer i; 0 <= i < 32 ==> d->keys.oem[i] == 0 && d->keys.device[i] == 0; */
uint32_t sfu_personalize_permit(struct sfu_device *d, uint8_t *permit, uint8_t receipt[SFU_RECEIPT_SIZE]);

/* One event of the machine; `permit` is PERMIT's, with its box open and the transcript hash where its signature was. */
/*@ requires valid: \valid(d) && \valid_read(p) && \separated(d, p) && SFU_PERSONAL_TOTAL(d->personal);
    requires permit: *p == SFU_PERSONALIZE_EVENT_PERMIT ==>
             permit == &d->link.buffer[0] + (SFU_LINK_PAD + 1) && SFU_PERSONAL_PAGE(d);
    assigns d->personal.cs, d->personal.state, d->personal.status, d->personal.scalar[0 .. 31],
            d->personal.challenge[0 .. SFU_CHALLENGE_SIZE - 1], d->keys, sfu_flash, sfu_chip;
    ensures flash: layout_sound ==> SFU_WRITES(SFU_AREA_KEYS, SFU_AREA_SLOT);
    ensures writes: \old(d->personal.state) != SFU_PERSONALIZE_STATE_CHALLENGED
             || \old(*p) != SFU_PERSONALIZE_EVENT_PERMIT ==> sfu_flash == \old(sfu_flash);
    ensures total: SFU_PERSONAL_TOTAL(d->personal);
    ensures challenged: d->personal.state == SFU_PERSONALIZE_STATE_CHALLENGED ==>
             \old(d->personal.state) == SFU_PERSONALIZE_STATE_CHALLENGED
             || (\old(d->personal.state) == SFU_PERSONALIZE_STATE_IDLE && \old(*p) == SFU_PERSONALIZE_EVENT_ASK);
    ensures done: d->personal.state == SFU_PERSONALIZE_STATE_DONE ==>
             \old(d->personal.state) == SFU_PERSONALIZE_STATE_DONE
             || (\old(d->personal.state) == SFU_PERSONALIZE_STATE_CHALLENGED
                 && \old(*p) == SFU_PERSONALIZE_EVENT_PERMIT);
    ensures stays: \old(d->personal.state) == SFU_PERSONALIZE_STATE_DONE && \old(*p) != SFU_PERSONALIZE_EVENT_FAILED ==>
             d->personal.state == SFU_PERSONALIZE_STATE_DONE && d->personal.status == \old(d->personal.status);
    ensures gone: \old(d->personal.state) != SFU_PERSONALIZE_STATE_DONE && \old(*p) == SFU_PERSONALIZE_EVENT_ASK ==>
             \forall integer i; 0 <= i < 32 ==> d->keys.oem[i] == 0;
    ensures once: \old(*p) == SFU_PERSONALIZE_EVENT_PERMIT || \old(*p) == SFU_PERSONALIZE_EVENT_REFUSED ==>
             d->personal.state != SFU_PERSONALIZE_STATE_CHALLENGED; */
void sfu_personalize_step(struct sfu_device *d, const unsigned char *p, const uint8_t *permit);
#include "personalize_contract.h"

#endif
