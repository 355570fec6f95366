#include "token_memory.h"
#include <string.h>
#include "box.h"
#include "exchange.h"
#include "fuzz.h"
#include "ledger.h"
#include "keyring.h"
#include "locked.h"
#include "say.h"
#include "soft_token.h"

#define HANDLE 0x1000u /* an object's is this and its kind */

const uint8_t token_memory_master[32] = {
	0x08, 0xf2, 0x71, 0x88, 0x7c, 0xe9, 0x47, 0x07,
	0xda, 0x82, 0x2d, 0x52, 0x63, 0xba, 0xe1, 0x9d,
	0x55, 0x19, 0xcb, 0x36, 0x14, 0xe0, 0xda, 0xed,
	0xc4, 0xc7, 0xce, 0x5d, 0xab, 0x74, 0x73, 0xf1,
};
const uint8_t token_memory_seed[32] = {
	0xa9, 0xf5, 0x15, 0x66, 0xbd, 0x67, 0x05, 0xf7,
	0xea, 0x6a, 0xd5, 0x4b, 0xb9, 0xde, 0xb4, 0x49,
	0xf7, 0x95, 0x58, 0x2d, 0x65, 0x29, 0xa0, 0xe2,
	0x22, 0x07, 0xb8, 0x98, 0x12, 0x33, 0xec, 0x58,
};
uint8_t token_memory_attest[32];
struct token_memory token_memory = { .fails_at = TOKEN_NEVER };

void token_memory_begin(void)
{
	exchange_derive(token_memory_attest, token_memory_master, NULL, "sfu attest", NULL, 0);
	memset(&token_memory, 0, sizeof token_memory);
	token_memory.fails_at = TOKEN_NEVER;
}

/* 0, or the token is lost. */
static int call(const char *what)
{
	if (token_memory.calls++ == token_memory.fails_at)
		token_memory.gone = 1;
	return token_memory.gone ? sfu_fail(EX_UNAVAILABLE, "token", "the token cannot %s", what) : 0;
}

int sfu_token_find(struct sfu_token *t, const char *name, const char *uri)
{
	t->name = name;
	FUZZ_MUST(uri != NULL, "a token without a URI");
	return call("be found");
}

int sfu_token_load(struct sfu_token *t, const char *name, const char *uri)
{
	return sfu_token_find(t, name, uri);
}

int sfu_token_search(struct sfu_token *t)
{
	(void)t;
	return !token_memory.gone;
}

const char *sfu_token_pin_source(const struct sfu_token *t)
{
	(void)t;
	return NULL;
}

int sfu_token_login(struct sfu_token *t, const struct sfu_pin *pin)
{
	(void)pin;
	t->session = 1;
	return call("log in");
}

void sfu_token_close(struct sfu_token *t)
{
	t->session = 0;
}

/* Which object of the service's a label names. */
static int kind_of(const char *label)
{
	static const char *const ends[] = { " sign", " seal", " attest", " wrap", " seed", " head 0", " head 1" };
	int i;

	for (i = 0; i < 7; i++)
		if (strlen(label) > strlen(ends[i]) && strcmp(label + strlen(label) - strlen(ends[i]), ends[i]) == 0)
			return i;
	FUZZ_MUST(0, "a label that no object has");
	return -1;
}

int sfu_token_object(struct sfu_token *t, CK_OBJECT_CLASS class, const char *label, sfu_object *object)
{
	FUZZ_MUST(t->session != 0 && class != CKO_DATA, "an object is wanted of nobody");
	*object = HANDLE + (sfu_object)kind_of(label);
	return call("find an object");
}

int sfu_token_point(struct sfu_token *t, sfu_object public, uint8_t point[64])
{
	FUZZ_MUST(t->session != 0 && public <= HANDLE + SFU_HSM_SEAL, "a public key that is none");
	memcpy(point, keyring_point(public == HANDLE + SFU_HSM_SIGN ? KEYRING_SIGN : KEYRING_SEAL), 64);
	return call("tell a public key");
}

int sfu_token_sign(struct sfu_token *t, sfu_object key, const uint8_t hash[SFU_HASH], uint8_t signature[64])
{
	FUZZ_MUST(t->session != 0 && (key == HANDLE + SFU_HSM_SIGN || key == HANDLE + SFU_HSM_SEAL), "a key that does not sign");
	keyring_sign(key == HANDLE + SFU_HSM_SIGN ? KEYRING_SIGN : KEYRING_SEAL, hash, signature);
	return call("sign");
}

int sfu_token_hmac(struct sfu_token *t, sfu_object key, const void *data, size_t size, uint8_t mac[SFU_HASH])
{
	FUZZ_MUST(t->session != 0 && key == HANDLE + SFU_HSM_ATTEST, "a key that does not authenticate");
	FUZZ_MUST(sfu_box_mac(token_memory_attest, data, size, mac) == 0, "no MAC");
	return call("authenticate");
}

int sfu_token_unwrap(struct sfu_token *t, sfu_object key, const uint8_t nonce[12], const uint8_t box[SFU_HASH + 16],
                     uint8_t out[SFU_HASH])
{
	(void)nonce, (void)box;
	FUZZ_MUST(t->session != 0 && key == HANDLE + SFU_HSM_WRAP, "a key that does not unwrap");
	memcpy(out, token_memory_seed, SFU_HASH);
	return call("decrypt the seed");
}

int sfu_token_data_get(struct sfu_token *t, const char *label, uint8_t *data, size_t room, size_t *size)
{
	const int kind = kind_of(label), head = kind - SFU_HSM_HEAD0;

	FUZZ_MUST(t->session != 0, "no session");
	*size = kind == SFU_HSM_SEED ? SFU_SEED_SIZE : head >= 0 && token_memory.head_size[head] <= room ? token_memory.head_size[head] : 0;
	FUZZ_MUST(*size <= room, "no room for a data object");
	if (head >= 0)
		memcpy(data, token_memory.head[head], *size);
	else
		memset(data, 0, *size);
	return call("read a data object");
}

int sfu_token_data_put(struct sfu_token *t, const char *label, const uint8_t *data, size_t size)
{
	const int head = kind_of(label) - SFU_HSM_HEAD0;

	FUZZ_MUST(t->session != 0 && head >= 0 && size <= sizeof token_memory.head[0], "a data object that nobody writes");
	/* the old one is destroyed first: a cut leaves neither */
	token_memory.head_size[head] = 0;
	if (call("write a data object") != 0)
		return EX_UNAVAILABLE;
	memcpy(token_memory.head[head], data, size);
	token_memory.head_size[head] = size;
	return 0;
}

/* ---- what hsm.c calls besides ---- */

int sfu_pin_get(struct sfu_pin *pin, const char *path, const char *source, const char *kept, const char *name)
{
	(void)path, (void)source, (void)kept, (void)name;
	pin->text = NULL;
	return 0;
}

void sfu_pin_free(struct sfu_pin *pin)
{
	(void)pin;
}

int sfu_soft_ready(const struct sfu_hsm_folder *folder, int make, char uri[SFU_HSM_URI_MAX])
{
	(void)folder, (void)make, (void)uri;
	FUZZ_MUST(0, "this token is not SoftHSM2's");
}

int sfu_soft_enter(const struct sfu_hsm_folder *folder)
{
	return sfu_soft_ready(folder, 0, NULL);
}

void sfu_soft_leave(int turn)
{
	(void)turn;
}

int sfu_soft_keep(const struct sfu_hsm_folder *folder)
{
	return sfu_soft_ready(folder, 0, NULL);
}

int sfu_soft_restore(const struct sfu_hsm_folder *folder, int *done)
{
	(void)done;
	return sfu_soft_ready(folder, 0, NULL);
}
