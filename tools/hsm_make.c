#include "hsm_make.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "locked.h"
#include "say.h"
#include "soft_token.h"

/* Random, beside the token: it keeps the token's format, not a secret. */
static int keep_pin(struct sfu_hsm *h)
{
	char text[SFU_PIN_MAX + 2];
	int status = sfu_pin_make(&h->pin), size;

	if (status != 0)
		return status;
	size = snprintf(text, sizeof(text), "%s\n", h->pin.text);
	status = sfu_out_stage(h->folder->pin, SFU_OUT_SECRET, 0, text, (size_t)size);
	sfu_crypt_wipe(text, sizeof(text));
	return status == 0 ? sfu_out_commit() : status;
}

static int make_soft(struct sfu_hsm *h, const char *pin_file)
{
	int status = sfu_soft_ready(h->folder, 1, h->uri);

	if (status == 0)
		status = sfu_token_load(&h->token, h->folder->name, h->uri);
	if (status == 0 && pin_file == NULL && getenv(SFU_PIN_ENVIRONMENT) == NULL &&
		access(h->folder->pin, F_OK) != 0)
		status = keep_pin(h);
	else if (status == 0)
		status = sfu_pin_get(&h->pin, pin_file, NULL, h->folder->pin, h->token.name);
	if (status == 0 && sfu_token_search(&h->token) == 0) {
		status = sfu_token_create(&h->token, "sfu", &h->pin);
		if (status == 0 && sfu_token_search(&h->token) != 1)
			status = sfu_fail(EX_UNAVAILABLE, h->token.name,
				"SoftHSM2 does not show the token that it made");
	}
	return status;
}

int sfu_hsm_make_token(struct sfu_hsm *h, const struct sfu_hsm_folder *folder, const char *pin_file)
{
	void *memory = NULL;
	int status;

	if (strcmp(folder->uri, SFU_HSM_SOFT) != 0)
		return sfu_hsm_login(h, folder, pin_file);
	memset(h, 0, sizeof(*h));
	h->folder = folder;
	status = sfu_locked_new(SFU_HASH, &memory);
	h->seed = memory;
	if (status == 0)
		status = make_soft(h, pin_file);
	if (status == 0)
		status = sfu_token_login(&h->token, &h->pin);
	return status == 0 ? sfu_soft_keep(folder) : status;
}

static int make_pairs(struct sfu_hsm *h, const struct sfu_hsm_plan *plan)
{
	char label[SFU_HSM_LABEL];
	sfu_object public = 0;
	int status;

	sfu_hsm_label(h->folder->id, SFU_HSM_SIGN, label);
	status = plan->import->pkey != NULL
		? sfu_token_import_pair(&h->token, label, plan->import->pkey)
		: sfu_token_make_pair(&h->token, label, &h->sign);
	if (status == 0)
		status = sfu_token_object(&h->token, CKO_PUBLIC_KEY, label, &public);
	if (status == 0)
		status = sfu_token_point(&h->token, public, h->sign_point);
	sfu_hsm_label(h->folder->id, SFU_HSM_SEAL, label);
	if (status == 0)
		status = sfu_token_make_pair(&h->token, label, &h->seal);
	if (status == 0)
		status = sfu_token_object(&h->token, CKO_PUBLIC_KEY, label, &public);
	if (status == 0)
		status = sfu_token_point(&h->token, public, h->seal_point);
	return status;
}

static int keep_seed(struct sfu_hsm *h)
{
	uint8_t sealed[SFU_SEED_SIZE];
	char label[SFU_HSM_LABEL];
	sfu_object wrap = 0;
	int status = sfu_crypt_random(sealed, SFU_SEED_NONCE_SIZE);

	sfu_hsm_label(h->folder->id, SFU_HSM_WRAP, label);
	if (status == 0)
		status = sfu_token_make_wrap(&h->token, label);
	if (status == 0)
		status = sfu_token_object(&h->token, CKO_SECRET_KEY, label, &wrap);
	if (status == 0)
		status = sfu_token_wrap(
			&h->token, wrap, sealed, h->seed, sealed + SFU_SEED_BOX_OFFSET);
	sfu_hsm_label(h->folder->id, SFU_HSM_SEED, label);
	if (status == 0)
		status = sfu_token_data_put(&h->token, label, sealed, sizeof(sealed));
	return status;
}

static int make_keys(struct sfu_hsm *h, const struct sfu_hsm_plan *plan)
{
	char label[SFU_HSM_LABEL];
	int status = make_pairs(h, plan);

	sfu_hsm_label(h->folder->id, SFU_HSM_ATTEST, label);
	if (status == 0)
		status = sfu_token_import_secret(&h->token, label, plan->attest->key);
	if (status == 0 && plan->seed != NULL)
		memcpy(h->seed, plan->seed, SFU_HASH);
	else if (status == 0)
		status = sfu_crypt_random(h->seed, SFU_HASH);
	if (status == 0)
		status = keep_seed(h);
	return status;
}

void sfu_hsm_unmake(const struct sfu_hsm_folder *folder)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char path[PATH_MAX + 8];
	int i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", folder->ledger, ends[i]);
		unlink(path);
	}
}

static int make_ledger(struct sfu_hsm *h, const struct sfu_hsm_plan *plan)
{
	struct sfu_ledger_begin begin = { .epoch = plan->attest->epoch,
		.lock_profile = plan->lock_profile,
		.test = (uint32_t)plan->attest->test };
	struct sfu_ledger ledger;
	int status;

	memcpy(begin.id, h->folder->id, sizeof(begin.id));
	memcpy(begin.product, plan->product, sizeof(begin.product));
	memcpy(begin.hsm_key, h->sign_point, SFU_POINT);
	memcpy(begin.seal_key, h->seal_point, SFU_POINT);
	memcpy(begin.order_key, plan->order_key, SFU_POINT);
	status = sfu_ledger_create(&ledger, h->folder->ledger, h, &begin);
	sfu_ledger_close(&ledger);
	if (status != 0)
		sfu_hsm_unmake(h->folder);
	return status;
}

int sfu_hsm_make(struct sfu_hsm *h, const struct sfu_hsm_plan *plan, struct sfu_hsm_record *record)
{
	int status = make_keys(h, plan);

	if (status == 0)
		status = make_ledger(h, plan);
	memcpy(record->id, h->folder->id, sizeof(record->id));
	memcpy(record->product, plan->product, sizeof(record->product));
	record->epoch = plan->attest->epoch;
	record->test = plan->attest->test;
	memcpy(record->hsm_key, h->sign_point, SFU_POINT);
	memcpy(record->seal_key, h->seal_point, SFU_POINT);
	memcpy(record->seed, h->seed, SFU_HASH);
	return status == 0 ? sfu_fingerprint(plan->attest->key, record->attest) : status;
}
