/* Personalization by spec/formats.md once more, with crypto/crypto.h: what a device says, and what an HSM's answer is
 * worth. Nothing of it is the device's code, nor the service's. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <stdint.h>
#include "sfu_format.h"

/* HKDF(key, salt, label ‖ tail); salt NULL: empty. */
void exchange_derive(uint8_t out[32], const uint8_t key[32], const uint8_t *salt, const char *label, const uint8_t *tail,
                     uint32_t size);

/* Makes the MAC right; `attest` is A. */
void exchange_mac(uint8_t challenge[SFU_CHALLENGE_SIZE], const uint8_t attest[32]);

/* The hashes that box and signature are bound to. */
void exchange_box_hash(const uint8_t *challenge, const uint8_t *permit, uint8_t hash[32]);
void exchange_transcript(const uint8_t *challenge, const uint8_t *permit, uint8_t hash[32]);

/* SFU_OK and E ‖ random, or what a device says to the box. */
uint32_t exchange_open(const uint8_t *challenge, const uint8_t *permit, const uint8_t scalar[32], const uint8_t attest[32],
                       uint8_t plain[SFU_PERSONAL_BOX]);

/* Closes a box of `plain` for the challenge, with the HSM's ephemeral scalar. */
void exchange_close(const uint8_t *challenge, uint8_t *permit, const uint8_t scalar[32], const uint8_t attest[32],
                    const uint8_t plain[SFU_PERSONAL_BOX]);

/* What a device with `key` says to the permit. */
void exchange_receipt(const uint8_t *challenge, const uint8_t *permit, const uint8_t attest[32], const uint8_t seed[32],
                      const uint8_t key[32], uint32_t lock, uint8_t receipt[SFU_RECEIPT_SIZE]);

/* 1 if twelve bytes in a row of the secret are there. It calls nothing that a fuzzer listens to: who learned the secret
 * could say it. */
int exchange_holds(const uint8_t *where, uint32_t size, const uint8_t secret[32]);

#endif
