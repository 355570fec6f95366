/* Certificates of signing keys: spec/formats.md, struct CERTIFICATE and Signing keys. */
#ifndef SFU_TOOL_CERTIFICATE_H
#define SFU_TOOL_CERTIFICATE_H

#include <stdint.h>

#include "keyfile.h"

struct sfu_certificate {
	uint8_t issuer[SFU_CERTIFICATE_ISSUER_SIZE]; /* id */
	uint8_t product[SFU_CERTIFICATE_PRODUCT_SIZE];
	uint8_t id[SFU_SIGNER_ID_SIZE]; /* of the added key, and its public half */
	uint8_t point[SFU_SIGNER_PUBLIC_KEY_SIZE];
	uint8_t rank, serial;
	uint8_t signature[SFU_CERTIFICATE_SIGNATURE_SIZE];
};

/* NULL, or what cannot be: magic, zeros that are none, a rank above 3, an id that is not the key's. */
const char *sfu_certificate_decode(
	const uint8_t bytes[SFU_CERTIFICATE_SIZE], struct sfu_certificate *certificate);
void sfu_certificate_encode(
	const struct sfu_certificate *certificate, uint8_t bytes[SFU_CERTIFICATE_SIZE]);

/* Reads a file; EX_DATAERR if it is none. `bytes` gets it as it is. */
int sfu_certificate_read(const char *path, struct sfu_certificate *certificate,
	uint8_t bytes[SFU_CERTIFICATE_SIZE]);

/* *good is 1 if the issuer's signature is right, else 0. The caller knows the issuer by its id. */
int sfu_certificate_verify(const uint8_t bytes[SFU_CERTIFICATE_SIZE],
	const struct sfu_sign_key *issuer, int *good);

#endif
