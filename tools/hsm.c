#include "hsm.h"

#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "locked.h"
#include "number.h"
#include "say.h"
#include "soft_token.h"

#define CHANGES 250u /* some 150 bytes each */

void sfu_hsm_label(const uint8_t id[SFU_LEDGER_BEGIN_LEDGER_SIZE], enum sfu_hsm_object which,
	char label[SFU_HSM_LABEL])
{
	static const char *const names[] = { "sign", "seal", "attest", "wrap", "seed", "head 0",
		"head 1" };
	char digits[2 * SFU_LEDGER_BEGIN_LEDGER_SIZE + 1];

	snprintf(label, SFU_HSM_LABEL, "sfu %s %s",
		sfu_number_print_hex(digits, id, SFU_LEDGER_BEGIN_LEDGER_SIZE), names[which]);
}

static int find(
	struct sfu_hsm *h, CK_OBJECT_CLASS class, enum sfu_hsm_object which, sfu_object *object)
{
	char label[SFU_HSM_LABEL];

	sfu_hsm_label(h->folder->id, which, label);
	return sfu_token_object(&h->token, class, label, object);
}

static int read_seed(struct sfu_hsm *h, sfu_object wrap)
{
	uint8_t sealed[SFU_SEED_SIZE];
	char label[SFU_HSM_LABEL];
	size_t size;
	int status;

	sfu_hsm_label(h->folder->id, SFU_HSM_SEED, label);
	status = sfu_token_data_get(&h->token, label, sealed, sizeof(sealed), &size);
	if (status == 0 && size != sizeof(sealed))
		status = sfu_fail(EX_UNAVAILABLE, h->token.name, "the token has no seed");
	if (status == 0)
		status = sfu_token_unwrap(
			&h->token, wrap, sealed, sealed + SFU_SEED_BOX_OFFSET, h->seed);
	return status;
}

static int read_keys(struct sfu_hsm *h)
{
	sfu_object public = 0, wrap = 0;
	int status = find(h, CKO_PUBLIC_KEY, SFU_HSM_SIGN, &public);

	if (status == 0)
		status = sfu_token_point(&h->token, public, h->sign_point);
	if (status == 0)
		status = sfu_point_id(h->sign_point, h->sign_id);
	if (status == 0)
		status = find(h, CKO_PUBLIC_KEY, SFU_HSM_SEAL, &public);
	if (status == 0)
		status = sfu_token_point(&h->token, public, h->seal_point);
	if (status == 0)
		status = find(h, CKO_PRIVATE_KEY, SFU_HSM_SIGN, &h->sign);
	if (status == 0)
		status = find(h, CKO_PRIVATE_KEY, SFU_HSM_SEAL, &h->seal);
	if (status == 0)
		status = find(h, CKO_SECRET_KEY, SFU_HSM_ATTEST, &h->attest);
	if (status == 0)
		status = find(h, CKO_SECRET_KEY, SFU_HSM_WRAP, &wrap);
	if (status == 0)
		status = read_seed(h, wrap);
	h->ready = status == 0;
	return status;
}

/* A SoftHSM2 token that is not there may have been lost in a cut. */
static int find_soft(struct sfu_hsm *h)
{
	int turn, restored, status = sfu_soft_ready(h->folder, 0, h->uri);

	if (status != 0)
		return status;
	turn = sfu_soft_enter(h->folder);
	status = sfu_token_load(&h->token, h->folder->name, h->uri);
	if (status == 0 && sfu_token_search(&h->token) != 1) {
		sfu_token_close(&h->token);
		status = sfu_soft_restore(h->folder, &restored);
		if (status == 0)
			status = sfu_token_find(&h->token, h->folder->name, h->uri);
	}
	sfu_soft_leave(turn);
	return status;
}

static int find_token(struct sfu_hsm *h)
{
	if (strcmp(h->folder->uri, SFU_HSM_SOFT) == 0)
		return find_soft(h);
	snprintf(h->uri, sizeof(h->uri), "%s", h->folder->uri);
	return sfu_token_find(&h->token, h->uri, h->uri);
}

static int login(struct sfu_hsm *h)
{
	const int soft = strcmp(h->folder->uri, SFU_HSM_SOFT) == 0,
		  turn = soft ? sfu_soft_enter(h->folder) : -1;
	int status = sfu_token_login(&h->token, &h->pin);

	h->refusals = status == EX_NOPERM ? h->refusals + 1 : 0;
	if (status == 0 && soft)
		status = sfu_soft_keep(h->folder);
	sfu_soft_leave(turn);
	return status;
}

int sfu_hsm_login(struct sfu_hsm *h, const struct sfu_hsm_folder *folder, const char *pin_file)
{
	void *memory = NULL;
	int status;

	memset(h, 0, sizeof(*h));
	h->folder = folder;
	status = sfu_locked_new(SFU_HASH, &memory);
	h->seed = memory;
	if (status == 0)
		status = find_token(h);
	if (status == 0)
		status = sfu_pin_get(&h->pin, pin_file, sfu_token_pin_source(&h->token),
			folder->pin, h->token.name);
	if (status == 0)
		status = login(h);
	return status;
}

int sfu_hsm_open(struct sfu_hsm *h, const struct sfu_hsm_folder *folder, const char *pin_file)
{
	const int status = sfu_hsm_login(h, folder, pin_file);

	return status == 0 ? read_keys(h) : status;
}

void sfu_hsm_drop(struct sfu_hsm *h)
{
	h->ready = 0;
	h->changes = 0;
	sfu_token_close(&h->token);
}

int sfu_hsm_again(struct sfu_hsm *h)
{
	int status = h->refusals < SFU_HSM_REFUSALS ? find_token(h) : EX_NOPERM;

	if (status == 0)
		status = login(h);
	if (status == 0)
		status = read_keys(h);
	if (status != 0)
		sfu_hsm_drop(h);
	return status;
}

void sfu_hsm_rest(struct sfu_hsm *h)
{
	if (!h->ready || h->changes < CHANGES || strcmp(h->folder->uri, SFU_HSM_SOFT) != 0)
		return;
	sfu_hsm_drop(h);
	(void)sfu_hsm_again(h); /* who failed here is looked for at the next question */
}

void sfu_hsm_close(struct sfu_hsm *h)
{
	sfu_hsm_drop(h);
	sfu_pin_free(&h->pin);
	sfu_locked_free(h->seed, SFU_HASH);
	h->seed = NULL;
}

int sfu_hsm_hkdf(struct sfu_hsm *h, const uint8_t key[SFU_HASH], const void *info, size_t size,
	uint8_t out[SFU_HASH])
{
	uint8_t extracted[SFU_HASH], block[128];
	unsigned int made = 0;
	int status;

	if (size >= sizeof(block))
		return sfu_fail(EX_SOFTWARE, NULL, "a label is too long");
	memcpy(block, info, size);
	block[size] = 1;
	status = sfu_token_hmac(&h->token, h->attest, key, SFU_HASH, extracted);
	if (status == 0 &&
		HMAC(EVP_sha256(), extracted, SFU_HASH, block, size + 1, out, &made) == NULL)
		status = sfu_fail(EX_SOFTWARE, NULL, "OpenSSL cannot derive a key");
	sfu_crypt_wipe(extracted, sizeof(extracted));
	return status;
}
