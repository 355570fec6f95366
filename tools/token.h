/* A PKCS#11 token, which an RFC 7512 URI names, by p11-kit.
 *
 * What a token refuses is told in p11-kit's words. Exit statuses of all functions: EX_UNAVAILABLE (the
 * token, or an object in it, is not there or does not work), EX_NOPERM (the PIN), EX_USAGE (no URI). */
#ifndef SFU_TOOL_TOKEN_H
#define SFU_TOOL_TOKEN_H

#include <openssl/evp.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>
#include <stddef.h>
#include <stdint.h>

#include "crypt.h"
#include "pin.h"

struct sfu_token {
	const char *name; /* for messages; the caller's */
	P11KitUri *uri;
	CK_FUNCTION_LIST **all;   /* the registered modules; NULL if the URI names its module */
	CK_FUNCTION_LIST *module; /* the token's */
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session; /* 0: none */
};

typedef CK_OBJECT_HANDLE sfu_object;

/* 1 if `text` is a PKCS#11 URI and no file's name. */
int sfu_token_is_uri(const char *text);

/* Loads the modules that the URI needs. sfu_token_close ends it, also after a failure. */
int sfu_token_load(struct sfu_token *token, const char *name, const char *uri);

/* How many tokens the URI describes; the last becomes token->slot. */
int sfu_token_search(struct sfu_token *token);

/* Both, where there must be one. */
int sfu_token_find(struct sfu_token *token, const char *name, const char *uri);

/* The URI's pin-source, or NULL. */
const char *sfu_token_pin_source(const struct sfu_token *token);

/* A session as nobody, who sees public objects. */
int sfu_token_visit(struct sfu_token *token);

/* A session for reading and writing, as the user whose PIN it is. */
int sfu_token_login(struct sfu_token *token, const struct sfu_pin *pin);

void sfu_token_close(struct sfu_token *token);

/* Sets up a token with this label in the first slot of the module that has a blank one. */
int sfu_token_create(struct sfu_token *token, const char *label, const struct sfu_pin *pin);

/* The one object of this class with this label (NULL: with the URI's attributes). */
int sfu_token_object(
	struct sfu_token *token, CK_OBJECT_CLASS class, const char *label, sfu_object *object);

/* How many objects of this class have this label; -1 if the token failed. */
int sfu_token_count(struct sfu_token *token, CK_OBJECT_CLASS class, const char *label);

/* A new key pair on P-256 that never leaves the token; or one that is brought. */
int sfu_token_make_pair(struct sfu_token *token, const char *label, sfu_object *private);
int sfu_token_import_pair(struct sfu_token *token, const char *label, EVP_PKEY *pair);

/* A new AES-256 key; a secret of 32 bytes for HMAC. Neither leaves the token. */
int sfu_token_make_wrap(struct sfu_token *token, const char *label);
int sfu_token_import_secret(
	struct sfu_token *token, const char *label, const uint8_t secret[SFU_HASH]);

/* X ‖ Y of a public key. */
int sfu_token_point(struct sfu_token *token, sfu_object public, uint8_t point[64]);

/* r ‖ s over a hash, by CKM_ECDSA. */
int sfu_token_sign(struct sfu_token *token, sfu_object key, const uint8_t hash[SFU_HASH],
	uint8_t signature[64]);

/* HMAC-SHA-256 by CKM_SHA256_HMAC. */
int sfu_token_hmac(struct sfu_token *token, sfu_object key, const void *data, size_t size,
	uint8_t mac[SFU_HASH]);

/* 32 bytes by CKM_AES_GCM: `box` is ciphertext ‖ 16 bytes of tag. */
int sfu_token_wrap(struct sfu_token *token, sfu_object key, const uint8_t nonce[12],
	const uint8_t in[SFU_HASH], uint8_t box[SFU_HASH + 16]);
int sfu_token_unwrap(struct sfu_token *token, sfu_object key, const uint8_t nonce[12],
	const uint8_t box[SFU_HASH + 16], uint8_t out[SFU_HASH]);

/* The value of a data object with this label: *size is what there was, 0 if there is none, or none of
 * at most `room` bytes. sfu_token_data_put makes the object in place of the one there was; a cut leaves the old one, none, or the
 * new one. */
int sfu_token_data_get(
	struct sfu_token *token, const char *label, uint8_t *data, size_t room, size_t *size);
int sfu_token_data_put(
	struct sfu_token *token, const char *label, const uint8_t *data, size_t size);

/* Says what did not work, and answers EX_UNAVAILABLE; or 0 if it did. */
int sfu_token_check(const struct sfu_token *token, CK_RV rv, const char *what);

#endif
