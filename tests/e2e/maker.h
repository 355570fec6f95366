/* Makes packages and configurations for tests, from spec/formats.md. The host's program has its own code for
 * this; tests/tool checks that against the openssl command. */
#ifndef MAKER_H
#define MAKER_H

#include <stdint.h>

#define MAKER_PACKAGE 65536u

struct maker {
	uint8_t version[8];
	uint32_t counter, slot, size, flags, record;
	uint8_t uid[12];
	uint32_t product;            /* 0: the device's */
	uint32_t signer;             /* 0: the OEM's key; else another */
	uint32_t certified, issuer;  /* certified 1: with a certificate by that key */
	uint8_t keys[8];             /* the manifest from key_floor on: floors, signer's rank and serial, issuer's */
	uint32_t key;                /* 0: the OEM's K; else another */
	uint32_t loader_major, epoch, hardware;
	uint32_t fill;               /* what the image is filled with */
	uint32_t stack, entry;       /* its first two words; 0: such as can run */
};

/* sfu_config, to be written to: it is constant for the core alone. */
uint8_t *config_bytes(void);

/* Fills in sfu_config, for a lock profile. */
void maker_config(uint32_t lock);

/* Puts so many signing keys into sfu_config in place of the one, numbers from 0 on, with rank and serial; and floors, if
 * not null. */
void maker_signers(uint32_t count, const uint8_t (*standing)[2], const uint8_t *floor);

/* Puts the HSM's public key into it, and flags beside CONFIG_TEST. */
void maker_hsm(const uint8_t key[64], uint32_t flags);

/* Another epoch, of configuration and pages. */
void maker_epoch(uint32_t epoch);

/* The key page as a factory programs it, into blank flash: with K, or with a key of any kind. */
void maker_keys(void);
void maker_page(uint32_t kind, const uint8_t key[32]);

/* What K is from now on, in place of the maker's own; null: that again. The 32 bytes are the caller's. */
void maker_oem(const uint8_t *key);

/* The image that maker_package packs: m->size bytes with a vector table that can run in the slot. */
void maker_image(const struct maker *m, uint8_t *image);

/* A package; answers its size. The rank and serial of a certificate are those of the manifest. */
uint32_t maker_package(const struct maker *m, uint8_t out[MAKER_PACKAGE]);

/* Bytes of its manifest, and certificate. */
uint32_t maker_head(const struct maker *m);

/* The id under which a loader knows a signing key. */
void maker_signer_id(uint32_t signer, uint8_t id[4]);

/* Signs a manifest, or the certificate behind it, anew after a test has changed it. */
void maker_sign_certificate(uint8_t *package, uint32_t issuer);
void maker_sign(uint8_t manifest[256], uint32_t signer);

#endif
