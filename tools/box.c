#include "box.h"

#include <openssl/ec.h>
#include <openssl/hmac.h>

#include "say.h"

static int derive(EVP_PKEY *ours, EVP_PKEY *theirs, uint8_t secret[SFU_HASH])
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(ours, NULL);
	size_t size = SFU_HASH;
	const int good = context != NULL && EVP_PKEY_derive_init(context) == 1 &&
		EVP_PKEY_derive_set_peer(context, theirs) == 1 &&
		EVP_PKEY_derive(context, secret, &size) == 1 && size == SFU_HASH;

	EVP_PKEY_CTX_free(context);
	return good ? 0 : sfu_fail(EX_SOFTWARE, NULL, "OpenSSL cannot agree on a key");
}

int sfu_box_agree(const uint8_t theirs[SFU_POINT], uint8_t ours[SFU_POINT],
	uint8_t secret[SFU_HASH], int *on_curve)
{
	EVP_PKEY *peer = sfu_point_key(theirs), *pair = NULL;
	int status = 0;

	*on_curve = peer != NULL;
	if (peer == NULL)
		return 0;
	pair = EVP_EC_gen("P-256");
	if (pair == NULL)
		status = sfu_fail(EX_SOFTWARE, NULL, "OpenSSL cannot make a key");
	if (status == 0)
		status = sfu_point_of(pair, ours);
	if (status == 0)
		status = derive(pair, peer, secret);
	EVP_PKEY_free(pair);
	EVP_PKEY_free(peer);
	return status;
}

int sfu_box_close(const uint8_t key[SFU_HASH], const uint8_t *plain, size_t size, uint8_t *box,
	uint8_t tag[SFU_FORMAT_TAG])
{
	static const uint8_t nonce[12];
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int done = 0, rest = 0;
	const int good = context != NULL &&
		EVP_EncryptInit_ex(context, EVP_chacha20_poly1305(), NULL, key, nonce) == 1 &&
		EVP_EncryptUpdate(context, box, &done, plain, (int)size) == 1 &&
		done == (int)size && EVP_EncryptFinal_ex(context, box + done, &rest) == 1 &&
		EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, SFU_FORMAT_TAG, tag) == 1;

	EVP_CIPHER_CTX_free(context);
	return good ? 0 : sfu_fail(EX_SOFTWARE, NULL, "OpenSSL cannot close a box");
}

int sfu_box_mac(const uint8_t key[SFU_HASH], const void *data, size_t size, uint8_t mac[SFU_HASH])
{
	unsigned int made = 0;

	if (HMAC(EVP_sha256(), key, SFU_HASH, data, size, mac, &made) != NULL && made == SFU_HASH)
		return 0;
	return sfu_fail(EX_SOFTWARE, NULL, "OpenSSL cannot authenticate");
}
