#include "hsm.h"
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/obj_mac.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

struct hsm hsm;

static uint8_t product[16];
static uint32_t epoch;

static void must(int ok)
{
	if (!ok)
		abort();
}

static void little(uint8_t *out, uint32_t value)
{
	int i;

	for (i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> (8 * i));
}

static uint32_t number(const uint8_t *in)
{
	return in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

static void hmac(const uint8_t *key, int key_size, const uint8_t *data, size_t size, uint8_t out[32])
{
	must(HMAC(EVP_sha256(), key, key_size, data, size, out, NULL) != NULL);
}

/* RFC 5869, one block */
static void hkdf(const uint8_t key[32], const uint8_t *salt, int salt_size, const char *label, const uint8_t *tail,
                 size_t size, uint8_t out[32])
{
	uint8_t zeros[32] = { 0 }, prk[32], info[128];
	const size_t n = strlen(label);

	hmac(salt_size > 0 ? salt : zeros, salt_size > 0 ? salt_size : 32, key, 32, prk);
	memcpy(info, label, n);
	if (size > 0)
		memcpy(info + n, tail, size);
	info[n + size] = 1;
	hmac(prk, 32, info, n + size + 1, out);
}

static EC_KEY *key_of(const BIGNUM *secret)
{
	EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *point;

	must(key != NULL && EC_KEY_set_private_key(key, secret) == 1);
	point = EC_POINT_new(EC_KEY_get0_group(key));
	must(EC_POINT_mul(EC_KEY_get0_group(key), point, secret, NULL, NULL, NULL) == 1);
	must(EC_KEY_set_public_key(key, point) == 1);
	EC_POINT_free(point);
	return key;
}

static EC_KEY *small_key(uint32_t secret)
{
	BIGNUM *n = BN_new();
	EC_KEY *key;

	must(n != NULL && BN_set_word(n, secret) == 1);
	key = key_of(n);
	BN_free(n);
	return key;
}

static void put_point(const EC_KEY *key, uint8_t out[64])
{
	uint8_t point[65];

	must(EC_POINT_point2oct(EC_KEY_get0_group(key), EC_KEY_get0_public_key(key), POINT_CONVERSION_UNCOMPRESSED, point, 65,
	                        NULL) == 65);
	memcpy(out, point + 1, 64);
}

/* H, and another that no loader obeys */
static EC_KEY *signing_key(uint32_t n)
{
	static EC_KEY *keys[2];

	if (keys[n] == NULL)
		keys[n] = small_key(0xC0FFEE01u + n);
	return keys[n];
}

void hsm_begin(void)
{
	memset(&hsm, 0, sizeof hsm);
	SHA256((const uint8_t *)"M", 1, hsm.master);
	SHA256((const uint8_t *)"E", 1, hsm.seed);
}

void hsm_public(uint8_t out[64])
{
	put_point(signing_key(0), out);
}

static void signer_id(uint32_t n, uint8_t id[4])
{
	uint8_t point[64], digest[32];

	put_point(signing_key(n), point);
	SHA256(point, 64, digest);
	memcpy(id, digest, 4);
}

static void attest(uint8_t out[32])
{
	hkdf(hsm.master, NULL, 0, "sfu attest", NULL, 0, out);
}

/* SHA-256("SFUP" ‖ CHALLENGE ‖ the first n bytes of PERMIT) */
static void hash(const uint8_t challenge[184], const uint8_t permit[232], size_t n, uint8_t out[32])
{
	uint8_t all[4 + 184 + 232];

	memcpy(all, "SFUP", 4);
	memcpy(all + 4, challenge, 184);
	memcpy(all + 188, permit, n);
	SHA256(all, 188 + n, out);
}

static void shut(const uint8_t key[32], uint8_t box[64], uint8_t tag[16])
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	uint8_t nonce[12] = { 0 }, plain[64];
	int n;

	memcpy(plain, box, 64);
	must(c != NULL && EVP_EncryptInit_ex(c, EVP_chacha20_poly1305(), NULL, key, nonce) == 1);
	must(EVP_EncryptUpdate(c, box, &n, plain, 64) == 1 && n == 64);
	must(EVP_EncryptFinal_ex(c, box + 64, &n) == 1 && n == 0);
	must(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, tag) == 1);
	EVP_CIPHER_CTX_free(c);
}

/* Z = X of the ephemeral secret times the device's point; 0 if that is none */
static int agree(const EC_KEY *mine, const uint8_t theirs[64], uint8_t z[32])
{
	const EC_GROUP *group = EC_KEY_get0_group(mine);
	EC_POINT *point = EC_POINT_new(group), *shared = EC_POINT_new(group);
	BIGNUM *x = BN_new();
	uint8_t encoded[65] = { 4 };
	int good;

	memcpy(encoded + 1, theirs, 64);
	good = EC_POINT_oct2point(group, point, encoded, 65, NULL) == 1;
	if (good) {
		must(EC_POINT_mul(group, shared, NULL, point, EC_KEY_get0_private_key(mine), NULL) == 1);
		must(EC_POINT_get_affine_coordinates(group, shared, x, NULL, NULL) == 1 && BN_bn2binpad(x, z, 32) == 32);
	}
	EC_POINT_free(point);
	EC_POINT_free(shared);
	BN_free(x);
	return good;
}

static uint32_t licence_of(const uint8_t uid[12])
{
	uint32_t i;

	for (i = 0; i < hsm.licences; i++)
		if (memcmp(hsm.uid[i], uid, 12) == 0)
			return i + 1;
	must(hsm.licences < 16);
	memcpy(hsm.uid[hsm.licences++], uid, 12);
	return hsm.licences;
}

void hsm_sign(const uint8_t challenge[184], uint8_t permit[232])
{
	const BIGNUM *r, *s;
	ECDSA_SIG *signature;

	hash(challenge, permit, 168, hsm.transcript);
	signature = ECDSA_do_sign(hsm.transcript, 32, signing_key(hsm.signer));
	must(signature != NULL);
	ECDSA_SIG_get0(signature, &r, &s);
	must(BN_bn2binpad(r, permit + 168, 32) == 32 && BN_bn2binpad(s, permit + 200, 32) == 32);
	ECDSA_SIG_free(signature);
}

int hsm_permit(const uint8_t challenge[184], uint8_t permit[232])
{
	uint8_t a[32], mac[32], z[32], key[32], box[32], id[4];
	EC_KEY *mine;

	attest(a);
	hmac(a, 32, challenge, 152, mac);
	signer_id(0, id);
	if ((!hsm.blind && memcmp(mac, challenge + 152, 32) != 0) || number(challenge) != 1 || memcmp(challenge + 4, id, 4) != 0)
		return 0;
	mine = small_key(0xE0000001u + hsm.ephemeral);
	if (!agree(mine, challenge + 88, z)) {
		EC_KEY_free(mine);
		return 0;
	}
	memset(hsm.random, 0xA0 + hsm.ephemeral, 32);
	hsm.ephemeral++;
	memcpy(product, challenge + 24, 16);
	epoch = number(challenge + 40);
	little(permit, 1);
	signer_id(hsm.signer, permit + 4);
	little(permit + 8, licence_of(challenge + 8));
	memcpy(permit + 12, challenge + 8, 12);
	put_point(mine, permit + 24);
	EC_KEY_free(mine);
	hash(challenge, permit, 88, box);
	hkdf(z, a, 32, "sfu box", box, 32, key);
	memcpy(permit + 88, hsm.seed, 32);
	memcpy(permit + 120, hsm.random, 32);
	shut(key, permit + 88, permit + 152);
	hsm_sign(challenge, permit);
	return 1;
}

void hsm_oem_key(const uint8_t its_product[16], uint32_t its_epoch, const uint8_t uid[12], int unique, uint8_t key[32])
{
	uint8_t whom[20], k[32];

	memcpy(whom, its_product, 16);
	little(whom + 16, its_epoch);
	hkdf(hsm.master, hsm.seed, 32, "sfu oem key", whom, 20, k);
	if (unique)
		hkdf(k, NULL, 0, "sfu unique", uid, 12, key);
	else
		memcpy(key, k, 32);
}

int hsm_receipt(const uint8_t receipt[72], const uint8_t uid[12], uint32_t lock, int unique)
{
	uint8_t a[32], key[32], mac[32], k[32], fingerprint[32];

	attest(a);
	hkdf(hsm.seed, a, 32, "sfu receipt", hsm.transcript, 32, key);
	hmac(key, 32, receipt, 56, mac);
	hsm_oem_key(product, epoch, uid, unique, k);
	hkdf(k, NULL, 0, "sfu fingerprint", NULL, 0, fingerprint);
	return number(receipt) == 1 && number(receipt + 4) == licence_of(uid) && memcmp(receipt + 8, uid, 12) == 0
	       && number(receipt + 20) == lock && memcmp(receipt + 24, fingerprint, 16) == 0
	       && memcmp(receipt + 40, hsm.transcript, 16) == 0 && memcmp(receipt + 56, mac, 16) == 0;
}
