/* Keys in a token: made, brought, found. */
#include <openssl/core_names.h>
#include <string.h>

#include "say.h"
#include "token.h"

/* OBJECT IDENTIFIER prime256v1 */
static CK_BYTE p256[] = { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07 };

/* OCTET STRING of an uncompressed point: the header's bytes */
static const uint8_t point_header[3] = { 0x04, 0x41, 0x04 };

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

#define FLAG(type, value) \
	{ \
		type, &(value), sizeof(value) \
	}
#define LABEL(text) \
	{ \
		CKA_LABEL, (void *)(uintptr_t)(text), strlen(text) \
	}

/* Up to two objects of this class with this label (NULL: with the URI's attributes). */
static CK_RV look(struct sfu_token *t, CK_OBJECT_CLASS class, const char *label,
	sfu_object handles[2], CK_ULONG *found)
{
	CK_ATTRIBUTE attributes[16] = { { CKA_CLASS, &class, sizeof(class) } };
	CK_ULONG count = 1, i, wanted = 0;
	CK_ATTRIBUTE *of_uri = p11_kit_uri_get_attributes(t->uri, &wanted);
	CK_RV rv;

	if (label != NULL)
		attributes[count++] = (CK_ATTRIBUTE)LABEL(label);
	for (i = 0; label == NULL && i < wanted && count < 16; i++)
		if (of_uri[i].type != CKA_CLASS)
			attributes[count++] = of_uri[i];
	rv = t->module->C_FindObjectsInit(t->session, attributes, count);
	if (rv != CKR_OK)
		return rv;
	rv = t->module->C_FindObjects(t->session, handles, 2, found);
	(void)t->module->C_FindObjectsFinal(t->session);
	return rv;
}

int sfu_token_object(
	struct sfu_token *t, CK_OBJECT_CLASS class, const char *label, sfu_object *object)
{
	sfu_object handles[2] = { 0, 0 };
	CK_ULONG found = 0;
	const CK_RV rv = look(t, class, label, handles, &found);

	if (rv != CKR_OK)
		return sfu_token_check(t, rv, "look for an object");
	if (found != 1)
		return sfu_fail(EX_UNAVAILABLE, t->name, "the token has %s%s%s",
			found == 0 ? "no object like that" : "several objects like that",
			label == NULL ? "" : ": ", label == NULL ? "" : label);
	*object = handles[0];
	return 0;
}

int sfu_token_count(struct sfu_token *t, CK_OBJECT_CLASS class, const char *label)
{
	sfu_object handles[2];
	CK_ULONG found = 0;
	const CK_RV rv = look(t, class, label, handles, &found);

	return sfu_token_check(t, rv, "look for an object") == 0 ? (int)found : -1;
}

int sfu_token_make_pair(struct sfu_token *t, const char *label, sfu_object *private)
{
	CK_MECHANISM mechanism = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE public_half[] = {
		FLAG(CKA_TOKEN, yes),
		FLAG(CKA_VERIFY, yes),
		LABEL(label),
		{ CKA_EC_PARAMS, p256, sizeof(p256) },
	};
	CK_ATTRIBUTE private_half[] = {
		FLAG(CKA_TOKEN, yes),
		FLAG(CKA_PRIVATE, yes),
		FLAG(CKA_SENSITIVE, yes),
		FLAG(CKA_EXTRACTABLE, no),
		FLAG(CKA_SIGN, yes),
		LABEL(label),
	};
	sfu_object public;

	return sfu_token_check(t,
		t->module->C_GenerateKeyPair(
			t->session, &mechanism, public_half, 4, private_half, 6, &public, private),
		"make a key pair");
}

static int import_halves(
	struct sfu_token *t, const char *label, uint8_t point[67], uint8_t scalar[32])
{
	CK_OBJECT_CLASS public_class = CKO_PUBLIC_KEY, private_class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = CKK_EC;
	CK_ATTRIBUTE public_half[] = {
		FLAG(CKA_CLASS, public_class),
		FLAG(CKA_KEY_TYPE, type),
		FLAG(CKA_TOKEN, yes),
		FLAG(CKA_VERIFY, yes),
		LABEL(label),
		{ CKA_EC_PARAMS, p256, sizeof(p256) },
		{ CKA_EC_POINT, point, 67 },
	};
	CK_ATTRIBUTE private_half[] = {
		FLAG(CKA_CLASS, private_class),
		FLAG(CKA_KEY_TYPE, type),
		FLAG(CKA_TOKEN, yes),
		FLAG(CKA_PRIVATE, yes),
		FLAG(CKA_SENSITIVE, yes),
		FLAG(CKA_EXTRACTABLE, no),
		FLAG(CKA_SIGN, yes),
		LABEL(label),
		{ CKA_EC_PARAMS, p256, sizeof(p256) },
		{ CKA_VALUE, scalar, 32 },
	};
	sfu_object handle;
	CK_RV rv = t->module->C_CreateObject(t->session, public_half, 7, &handle);

	if (rv == CKR_OK)
		rv = t->module->C_CreateObject(t->session, private_half, 10, &handle);
	return sfu_token_check(t, rv, "take a key pair");
}

int sfu_token_import_pair(struct sfu_token *t, const char *label, EVP_PKEY *pair)
{
	uint8_t point[67], scalar[32];
	BIGNUM *x = NULL, *y = NULL, *d = NULL;
	int status = 0;

	memcpy(point, point_header, sizeof(point_header));
	if (EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_EC_PUB_X, &x) != 1 ||
		EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_EC_PUB_Y, &y) != 1 ||
		EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_PRIV_KEY, &d) != 1 ||
		BN_bn2binpad(x, point + 3, 32) != 32 || BN_bn2binpad(y, point + 35, 32) != 32 ||
		BN_bn2binpad(d, scalar, 32) != 32)
		status = sfu_fail(EX_SOFTWARE, NULL, "OpenSSL cannot tell a key's numbers");
	else
		status = import_halves(t, label, point, scalar);
	sfu_crypt_wipe(scalar, sizeof(scalar));
	BN_free(x);
	BN_free(y);
	BN_clear_free(d);
	return status;
}

int sfu_token_make_wrap(struct sfu_token *t, const char *label)
{
	CK_MECHANISM mechanism = { CKM_AES_KEY_GEN, NULL, 0 };
	CK_ULONG size = 32;
	CK_ATTRIBUTE attributes[] = {
		FLAG(CKA_TOKEN, yes),
		FLAG(CKA_PRIVATE, yes),
		FLAG(CKA_SENSITIVE, yes),
		FLAG(CKA_EXTRACTABLE, no),
		FLAG(CKA_ENCRYPT, yes),
		FLAG(CKA_DECRYPT, yes),
		LABEL(label),
		FLAG(CKA_VALUE_LEN, size),
	};
	sfu_object handle;

	return sfu_token_check(t,
		t->module->C_GenerateKey(t->session, &mechanism, attributes, 8, &handle),
		"make an AES key");
}

int sfu_token_import_secret(struct sfu_token *t, const char *label, const uint8_t secret[SFU_HASH])
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_ATTRIBUTE attributes[] = {
		FLAG(CKA_CLASS, class),
		FLAG(CKA_KEY_TYPE, type),
		FLAG(CKA_TOKEN, yes),
		FLAG(CKA_PRIVATE, yes),
		FLAG(CKA_SENSITIVE, yes),
		FLAG(CKA_EXTRACTABLE, no),
		FLAG(CKA_SIGN, yes),
		LABEL(label),
		{ CKA_VALUE, (void *)(uintptr_t)secret, SFU_HASH },
	};
	sfu_object handle;

	return sfu_token_check(
		t, t->module->C_CreateObject(t->session, attributes, 9, &handle), "take a secret");
}

int sfu_token_point(struct sfu_token *t, sfu_object public, uint8_t point[64])
{
	uint8_t params[16], value[80];
	CK_ATTRIBUTE attributes[] = {
		{ CKA_EC_PARAMS, params, sizeof(params) },
		{ CKA_EC_POINT, value, sizeof(value) },
	};
	CK_RV rv = t->module->C_GetAttributeValue(t->session, public, attributes, 2);
	/* some tokens leave the OCTET STRING around the point out */
	const size_t bare = attributes[1].ulValueLen == 65 ? 1 : 3;

	if (rv != CKR_OK)
		return sfu_token_check(t, rv, "tell a public key");
	if (attributes[0].ulValueLen != sizeof(p256) || memcmp(params, p256, sizeof(p256)) != 0 ||
		attributes[1].ulValueLen != bare + 64 ||
		memcmp(value, point_header + 3 - bare, bare) != 0)
		return sfu_fail(EX_UNAVAILABLE, t->name,
			"is a key of another kind; it must be ECDSA on P-256");
	memcpy(point, value + bare, 64);
	return 0;
}
