/* What a token does with its keys, and its data objects. */
#include <string.h>

#include "say.h"
#include "token.h"

int sfu_token_sign(
	struct sfu_token *t, sfu_object key, const uint8_t hash[SFU_HASH], uint8_t signature[64])
{
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	CK_ULONG size = 64;
	CK_RV rv = t->module->C_SignInit(t->session, &mechanism, key);

	if (rv == CKR_OK)
		rv = t->module->C_Sign(
			t->session, (CK_BYTE_PTR)(uintptr_t)hash, SFU_HASH, signature, &size);
	if (rv == CKR_OK && size != 64)
		rv = CKR_GENERAL_ERROR;
	return sfu_token_check(t, rv, "sign");
}

int sfu_token_hmac(
	struct sfu_token *t, sfu_object key, const void *data, size_t size, uint8_t mac[SFU_HASH])
{
	CK_MECHANISM mechanism = { CKM_SHA256_HMAC, NULL, 0 };
	CK_ULONG made = SFU_HASH;
	CK_RV rv = t->module->C_SignInit(t->session, &mechanism, key);

	if (rv == CKR_OK)
		rv = t->module->C_Sign(t->session, (CK_BYTE_PTR)(uintptr_t)data, size, mac, &made);
	if (rv == CKR_OK && made != SFU_HASH)
		rv = CKR_GENERAL_ERROR;
	return sfu_token_check(t, rv, "authenticate");
}

static CK_MECHANISM gcm(CK_GCM_PARAMS *parameters, const uint8_t nonce[12])
{
	memset(parameters, 0, sizeof(*parameters));
	parameters->iv_ptr = (uint8_t *)(uintptr_t)nonce;
	parameters->iv_len = 12;
	parameters->iv_bits = 96;
	parameters->tag_bits = 128;
	return (CK_MECHANISM){ CKM_AES_GCM, parameters, sizeof(*parameters) };
}

int sfu_token_wrap(struct sfu_token *t, sfu_object key, const uint8_t nonce[12],
	const uint8_t in[SFU_HASH], uint8_t box[SFU_HASH + 16])
{
	CK_GCM_PARAMS parameters;
	CK_MECHANISM mechanism = gcm(&parameters, nonce);
	CK_ULONG size = SFU_HASH + 16;
	CK_RV rv = t->module->C_EncryptInit(t->session, &mechanism, key);

	if (rv == CKR_OK)
		rv = t->module->C_Encrypt(
			t->session, (CK_BYTE_PTR)(uintptr_t)in, SFU_HASH, box, &size);
	return sfu_token_check(t, rv, "encrypt the seed");
}

int sfu_token_unwrap(struct sfu_token *t, sfu_object key, const uint8_t nonce[12],
	const uint8_t box[SFU_HASH + 16], uint8_t out[SFU_HASH])
{
	CK_GCM_PARAMS parameters;
	CK_MECHANISM mechanism = gcm(&parameters, nonce);
	uint8_t plain[SFU_HASH + 16]; /* some tokens want room for the tag as well */
	CK_ULONG size = sizeof(plain);
	CK_RV rv = t->module->C_DecryptInit(t->session, &mechanism, key);

	if (rv == CKR_OK)
		rv = t->module->C_Decrypt(
			t->session, (CK_BYTE_PTR)(uintptr_t)box, SFU_HASH + 16, plain, &size);
	if (rv == CKR_OK)
		memcpy(out, plain, SFU_HASH);
	sfu_crypt_wipe(plain, sizeof(plain));
	return sfu_token_check(t, rv, "decrypt the seed");
}

/* The data object with this label, or 0. */
static CK_RV find_data(struct sfu_token *t, const char *label, sfu_object *object)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_ATTRIBUTE attributes[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_LABEL, (void *)(uintptr_t)label, strlen(label) },
	};
	CK_ULONG found = 0;
	CK_RV rv = t->module->C_FindObjectsInit(t->session, attributes, 2);

	*object = 0;
	if (rv != CKR_OK)
		return rv;
	rv = t->module->C_FindObjects(t->session, object, 1, &found);
	(void)t->module->C_FindObjectsFinal(t->session);
	if (found == 0)
		*object = 0;
	return rv;
}

int sfu_token_data_get(
	struct sfu_token *t, const char *label, uint8_t *data, size_t room, size_t *size)
{
	CK_ATTRIBUTE value = { CKA_VALUE, data, room };
	sfu_object object;
	CK_RV rv = find_data(t, label, &object);

	*size = 0;
	if (rv == CKR_OK && object != 0)
		rv = t->module->C_GetAttributeValue(t->session, object, &value, 1);
	if (rv == CKR_OK && object != 0)
		*size = value.ulValueLen;
	/* what is too long is not ours; what a cut left of an object may have no value; and a service that
	 * runs may have made it anew since it was found */
	if (rv == CKR_BUFFER_TOO_SMALL || rv == CKR_ATTRIBUTE_TYPE_INVALID ||
		rv == CKR_OBJECT_HANDLE_INVALID)
		return 0;
	return sfu_token_check(t, rv, "read its data");
}

/* Not every token lets a data object change: the old one goes, a new one comes. */
int sfu_token_data_put(struct sfu_token *t, const char *label, const uint8_t *data, size_t size)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE attributes[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_TOKEN, &yes, sizeof(yes) },
		{ CKA_PRIVATE, &yes, sizeof(yes) },
		{ CKA_LABEL, (void *)(uintptr_t)label, strlen(label) },
		{ CKA_VALUE, (void *)(uintptr_t)data, size },
	};
	sfu_object object = 0;
	CK_RV rv = find_data(t, label, &object);

	if (rv == CKR_OK && object != 0)
		rv = t->module->C_DestroyObject(t->session, object);
	if (rv == CKR_OK)
		rv = t->module->C_CreateObject(t->session, attributes, 5, &object);
	return sfu_token_check(t, rv, "keep its data");
}
