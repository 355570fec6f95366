/* The effects of the personalize machine, and what they share with its events: derivations of spec/formats.md,
 * Personalization. Used by personalize.rl and personalize_events.c alone. */
#ifndef SFU_PERSONALIZE_KEYS_H
#define SFU_PERSONALIZE_KEYS_H

#include <stdint.h>
#include "personalize.h"

#define SFU_PERSONAL_TRANSCRIPT SFU_PERMIT_SIGNATURE_OFFSET /* where an opened permit holds the transcript hash */

// a receipt says what the key page's fields from `licence` on say, and whose it is (postconditions)
#define SFU_PERSONAL_TOLD(out, record, when) \
	ensures protocol: when ==> SFU_WORD(out, SFU_RECEIPT_PROTOCOL_OFFSET) == SFU_PERSONAL_PROTOCOL; \
	ensures licence: when ==> \forall integer i; 0 <= i < SFU_RECEIPT_LICENCE_SIZE ==> \
	        (out)[SFU_RECEIPT_LICENCE_OFFSET + i] == (record)[i]; \
	ensures uid: when ==> \forall integer i; 0 <= i < SFU_RECEIPT_UID_SIZE ==> \
	        (out)[SFU_RECEIPT_UID_OFFSET + i] == sfu_uid_byte(i); \
	ensures rest: when ==> \forall integer i; 0 <= i < SFU_KEYS_TRANSCRIPT_SIZE + SFU_KEYS_RECEIPT_SIZE ==> \
	        (out)[SFU_RECEIPT_TRANSCRIPT_OFFSET + i] == (record)[SFU_KEYS_TRANSCRIPT_OFFSET - SFU_KEYS_LICENCE_OFFSET + i];

/* A new challenge, made under M, which is in d->keys.oem and is wiped; d->personal.status tells if it could be made. */
/*@ requires valid: \valid(d);
    assigns d->personal.status, d->personal.scalar[0 .. 31], d->personal.challenge[0 .. SFU_CHALLENGE_SIZE - 1],
            d->keys.oem[0 .. 31], sfu_chip;
    ensures gone: \forall integer i; 0 <= i < 32 ==> d->keys.oem[i] == 0;
    SFU_PERSONAL_INTRODUCED(d->personal.challenge) */
void sfu_personal_challenge(struct sfu_device *d);

/* K, D and the receipt, of M (d->keys.oem) and of an opened permit; then the switch of the key page.
 * d->personal.status tells if all of it is done, the erase of M's page included. */
/*@ requires valid: \valid(d) && SFU_PERSONAL_PAGE(d);
    requires permit: permit == &d->link.buffer[0] + (SFU_LINK_PAD + 1);
    assigns d->personal.status, d->personal.scalar[0 .. 31], d->keys, sfu_flash, sfu_chip;
    ensures flash: SFU_WRITES(SFU_AREA_KEYS, SFU_AREA_SLOT);
    ensures made: d->personal.status == SFU_OK ==> d->keys.kind == SFU_FLASH_KEYS_DEVICE; */
void sfu_personal_settle(struct sfu_device *d, const uint8_t *permit);

/* Wipes the scalar. */
/*@ requires valid: \valid(p);
    assigns p->scalar[0 .. 31];
    ensures wiped: \forall integer i; 0 <= i < 32 ==> p->scalar[i] == 0; */
void sfu_personal_forget(struct sfu_personal *p);

/* struct RECEIPT, of a device with KEYS_DEVICE. SFU_R_PERSONALIZED: it has none, and `out` is as it was. */
/*@ requires read: \valid_read(k);
    requires out: \valid(out + (0 .. SFU_RECEIPT_SIZE - 1)) && \separated(k, out + (0 .. SFU_RECEIPT_SIZE - 1));
    assigns out[0 .. SFU_RECEIPT_SIZE - 1];
    ensures answer: \result == SFU_OK || \result == SFU_R_PERSONALIZED;
    ensures has: \result == SFU_OK <==> k->kind == SFU_FLASH_KEYS_DEVICE && k->flags / SFU_FLASH_KEYS_RECEIPT % 2 == 1;
    SFU_PERSONAL_TOLD(out, k->receipt, \result == SFU_OK) */
uint32_t sfu_personal_receipt(const struct sfu_keys *k, uint8_t out[SFU_RECEIPT_SIZE]);

/* HKDF(key, salt, label ‖ tail); salt_size is 0 or 32. */
/*@ requires read: \valid_read(key + (0 .. 31)) && \valid_read(label + (0 .. size - 1))
             && \valid_read(tail + (0 .. tail_size - 1));
    requires salt: salt_size == 0 || (salt_size == 32 && \valid_read(salt + (0 .. 31)));
    requires sizes: size <= 16 && tail_size <= 32;
    requires out: \valid(out + (0 .. 31)) && \separated(out + (0 .. 31), key + (0 .. 31));
    assigns out[0 .. 31];
    ensures value: sfu_bytes(out, 32) == \old(sfu_hkdf_of(sfu_bytes(key, 32), sfu_bytes(salt, salt_size),
             sfu_join(sfu_bytes(label, size), sfu_bytes(tail, tail_size)))); */
void sfu_personal_derive(uint8_t out[32], const uint8_t key[32], const uint8_t *salt, uint32_t salt_size,
                         const uint8_t *label, uint32_t size, const uint8_t *tail, uint32_t tail_size);

/* A, of M. */
/*@ requires read: \valid_read(master + (0 .. 31));
    requires out: \valid(out + (0 .. 31)) && \separated(out + (0 .. 31), master + (0 .. 31));
    assigns out[0 .. 31]; */
void sfu_personal_attest(uint8_t out[32], const uint8_t master[32]);

/* The id of H is the first four bytes of `out`. */
/*@ requires out: \valid(out + (0 .. 31));
    assigns out[0 .. 31]; */
void sfu_personal_signer(uint8_t out[32]);

#endif
