/* Key files.
 *
 * Signing keys: PEM, PKCS#8 (SEC1 is read too) and SubjectPublicKeyInfo. A key made with --test has
 * the line SFU_KEY_TEST_MARK before its BEGIN line, where PEM lets any text stand.
 *
 * OEM keys and OEM master keys: text, mode 0600, one word and its value a line:
 *
 *     sfu-oem-key 1        the format; sfu-master-key 1: an OEM master key
 *     test                 only in a test key
 *     epoch 1
 *     key <64 hexadecimal digits>
 */
#ifndef SFU_TOOL_KEYFILE_H
#define SFU_TOOL_KEYFILE_H

#include <openssl/evp.h>
#include <stdint.h>

#include "out.h"
#include "sfu_format.h"

#define SFU_KEY_TEST_MARK "sfu: TEST KEY"

struct sfu_token_key; /* signkey.h */

struct sfu_sign_key {
	EVP_PKEY *pkey;              /* its public half only where the private one is in a token */
	struct sfu_token_key *token; /* NULL: it is not */
	uint8_t point[SFU_SIGNER_PUBLIC_KEY_SIZE]; /* X ‖ Y */
	uint8_t id[SFU_SIGNER_ID_SIZE];
	int test;
};

struct sfu_oem_key {
	uint8_t key[SFU_FORMAT_HASH]; /* K, or M */
	uint32_t epoch;               /* of K, or of the K that M leads to */
	int master;                   /* 1: it is M */
	int test;
};

/* EX_NOPERM if others may open the file, unless `insecure`. EX_DATAERR: not a P-256 key. */
int sfu_key_read_private(const char *path, int insecure, struct sfu_sign_key *key);
int sfu_key_read_public(const char *path, struct sfu_sign_key *key);
int sfu_oem_read(const char *path, int insecure, struct sfu_oem_key *key);
int sfu_master_read(const char *path, int insecure, struct sfu_oem_key *key);

/* A new random key. */
int sfu_key_make(int test, struct sfu_sign_key *key);
int sfu_oem_make(uint32_t epoch, int master, int test, struct sfu_oem_key *key);

/* Stage the file (out.h). */
int sfu_key_stage_private(const char *path, int replace, const struct sfu_sign_key *key);
int sfu_key_stage_public(const char *path, int replace, const struct sfu_sign_key *key);
int sfu_oem_stage(const char *path, int replace, const struct sfu_oem_key *key);

/* Public key as PEM, mark included; to be freed with sfu_bytes_free. */
struct sfu_bytes;
int sfu_key_print_public(const struct sfu_sign_key *key, struct sfu_bytes *pem);

void sfu_key_free(struct sfu_sign_key *key);
void sfu_oem_wipe(struct sfu_oem_key *key);

#endif
