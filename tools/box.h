/* Key agreement and the box of struct PERMIT, by OpenSSL. */
#ifndef SFU_TOOL_BOX_H
#define SFU_TOOL_BOX_H

#include "crypt.h"
#include "point.h"

/* A fresh key pair, whose public half is `ours`, and X of the secret it shares with `theirs`. *on_curve is
 * 0 if `theirs` is no public key; nothing else is then set. */
int sfu_box_agree(const uint8_t theirs[SFU_POINT], uint8_t ours[SFU_POINT],
	uint8_t secret[SFU_HASH], int *on_curve);

/* ChaCha20-Poly1305 (RFC 8439) with a nonce of zeros: the key must be used once. */
int sfu_box_close(const uint8_t key[SFU_HASH], const uint8_t *plain, size_t size, uint8_t *box,
	uint8_t tag[SFU_FORMAT_TAG]);

/* HMAC-SHA-256 */
int sfu_box_mac(const uint8_t key[SFU_HASH], const void *data, size_t size, uint8_t mac[SFU_HASH]);

#endif
