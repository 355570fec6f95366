#include "hsm_record.h"

#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "number.h"
#include "out.h"
#include "say.h"
#include "textfile.h"

static const char attest_head[] = "sfu-attest-key 1", record_head[] = "sfu-hsm-record 1";

static int take_epoch(const char *path, const char *text, uint32_t *epoch)
{
	if (sfu_number_u32(text, epoch))
		return 0;
	return sfu_fail(EX_DATAERR, path, "`%s` is no epoch", text);
}

int sfu_attest_read(const char *path, int insecure, struct sfu_attest_key *key)
{
	char epoch[16], digits[2 * SFU_HASH + 1];
	struct sfu_text_field fields[] = {
		{ "test", NULL, 0, 0, 0 },
		{ "epoch", epoch, sizeof(epoch), 1, 0 },
		{ "key", digits, sizeof(digits), 1, 0 },
	};
	int status;

	memset(key, 0, sizeof(*key));
	status = sfu_text_read(path, insecure ? SFU_FILE_PUBLIC : SFU_FILE_SECRET,
		"an attest key file", attest_head, fields, 3);
	if (status == 0)
		status = take_epoch(path, epoch, &key->epoch);
	if (status == 0)
		status = sfu_text_hex(path, &fields[2], key->key, sizeof(key->key));
	key->test = fields[0].seen;
	sfu_crypt_wipe(digits, sizeof(digits));
	return status;
}

int sfu_attest_stage(const char *path, int replace, const struct sfu_attest_key *key)
{
	char digits[2 * SFU_HASH + 1], text[256];
	const int size = snprintf(text, sizeof(text), "%s\n%sepoch %u\nkey %s\n", attest_head,
		key->test ? "test\n" : "", key->epoch,
		sfu_number_print_hex(digits, key->key, sizeof(key->key)));
	const int status = sfu_out_stage(path, SFU_OUT_SECRET, replace, text, (size_t)size);

	sfu_crypt_wipe(digits, sizeof(digits));
	sfu_crypt_wipe(text, sizeof(text));
	return status;
}

int sfu_record_read(const char *path, int insecure, struct sfu_hsm_record *r)
{
	char epoch[16], product[sizeof(r->product) + 1], id[2 * sizeof(r->id) + 1],
		hsm_key[2 * SFU_POINT + 1], seal_key[2 * SFU_POINT + 1], seed[2 * SFU_HASH + 1],
		attest[2 * SFU_FINGERPRINT + 1];
	struct sfu_text_field fields[] = {
		{ "test", NULL, 0, 0, 0 },
		{ "epoch", epoch, sizeof(epoch), 1, 0 },
		{ "product", product, sizeof(product), 1, 0 },
		{ "ledger", id, sizeof(id), 1, 0 },
		{ "hsm-key", hsm_key, sizeof(hsm_key), 1, 0 },
		{ "seal-key", seal_key, sizeof(seal_key), 1, 0 },
		{ "seed", seed, sizeof(seed), 1, 0 },
		{ "attest", attest, sizeof(attest), 0, 0 },
	};
	int status;

	memset(r, 0, sizeof(*r));
	status = sfu_text_read(path, insecure ? SFU_FILE_PUBLIC : SFU_FILE_SECRET,
		"an HSM's record", record_head, fields, 8);
	r->test = fields[0].seen;
	if (status == 0)
		status = take_epoch(path, epoch, &r->epoch);
	if (status == 0 && !sfu_number_product(product, r->product))
		status = sfu_fail(EX_DATAERR, path, "`%s` is no product", product);
	if (status == 0)
		status = sfu_text_hex(path, &fields[3], r->id, sizeof(r->id));
	if (status == 0)
		status = sfu_text_hex(path, &fields[4], r->hsm_key, SFU_POINT);
	if (status == 0)
		status = sfu_text_hex(path, &fields[5], r->seal_key, SFU_POINT);
	if (status == 0)
		status = sfu_text_hex(path, &fields[6], r->seed, SFU_HASH);
	if (status == 0 && fields[7].seen)
		status = sfu_text_hex(path, &fields[7], r->attest, sizeof(r->attest));
	sfu_crypt_wipe(seed, sizeof(seed));
	return status;
}

int sfu_record_fits(const char *path, const struct sfu_hsm_record *r, const char *master_path,
	const struct sfu_oem_key *master)
{
	uint8_t attest[SFU_FINGERPRINT];
	int status;

	if (r->epoch != master->epoch)
		return sfu_fail(EX_DATAERR, path, "is of epoch %u, and %s of epoch %u", r->epoch,
			master_path, master->epoch);
	if (r->test != master->test)
		return sfu_fail(EX_DATAERR, path, "is %s test keys, and %s is %s",
			r->test ? "of" : "not of", master_path, master->test ? "one" : "none");
	if (!sfu_fingerprint_told(r->attest))
		return 0;
	status = sfu_attest_fingerprint(master->key, attest);
	if (status == 0 && memcmp(attest, r->attest, sizeof(attest)) != 0)
		status = sfu_fail(EX_DATAERR, path,
			"is of an HSM whose attest key comes from another master key than %s",
			master_path);
	return status;
}

int sfu_record_stage(const char *path, int replace, const struct sfu_hsm_record *r)
{
	char product[sizeof(r->product) + 1], id[2 * sizeof(r->id) + 1], hsm_key[2 * SFU_POINT + 1],
		seal_key[2 * SFU_POINT + 1], seed[2 * SFU_HASH + 1],
		attest[2 * SFU_FINGERPRINT + 1], text[800];
	const int told = sfu_fingerprint_told(r->attest);
	const int size = snprintf(text, sizeof(text),
		"%s\n%sepoch %u\nproduct %s\nledger %s\nhsm-key %s\nseal-key %s\nseed %s\n"
		"%s%s%s",
		record_head, r->test ? "test\n" : "", r->epoch,
		sfu_number_print_product(product, r->product),
		sfu_number_print_hex(id, r->id, sizeof(r->id)),
		sfu_number_print_hex(hsm_key, r->hsm_key, SFU_POINT),
		sfu_number_print_hex(seal_key, r->seal_key, SFU_POINT),
		sfu_number_print_hex(seed, r->seed, SFU_HASH), told ? "attest " : "",
		told ? sfu_number_print_hex(attest, r->attest, sizeof(r->attest)) : "",
		told ? "\n" : "");
	const int status = sfu_out_stage(path, SFU_OUT_SECRET, replace, text, (size_t)size);

	sfu_crypt_wipe(seed, sizeof(seed));
	sfu_crypt_wipe(text, sizeof(text));
	return status;
}

/* HMAC pads a key with zeros, so a salt of zeros is the empty one. */
static const uint8_t empty[SFU_HASH];

int sfu_attest_derive(const uint8_t master[SFU_HASH], uint8_t key[SFU_HASH])
{
	static const char label[] = "sfu attest";

	return sfu_crypt_hkdf(master, empty, label, sizeof(label) - 1, key);
}

int sfu_record_oem_key(
	const struct sfu_hsm_record *r, const uint8_t master[SFU_HASH], uint8_t key[SFU_HASH])
{
	static const char label[] = "sfu oem key";
	uint8_t info[sizeof(label) - 1 + sizeof(r->product) + 4];

	memcpy(info, label, sizeof(label) - 1);
	memcpy(info + sizeof(label) - 1, r->product, sizeof(r->product));
	sfu_put32(info + sizeof(info) - 4, r->epoch);
	return sfu_crypt_hkdf(master, r->seed, info, sizeof(info), key);
}

int sfu_unique_key(const uint8_t key[SFU_HASH], const uint8_t uid[12], uint8_t unique[SFU_HASH])
{
	static const char label[] = "sfu unique";
	uint8_t info[sizeof(label) - 1 + 12];

	memcpy(info, label, sizeof(label) - 1);
	memcpy(info + sizeof(label) - 1, uid, 12);
	return sfu_crypt_hkdf(key, empty, info, sizeof(info), unique);
}

int sfu_fingerprint(const uint8_t key[SFU_HASH], uint8_t fingerprint[SFU_FINGERPRINT])
{
	static const char label[] = "sfu fingerprint";
	uint8_t whole[SFU_HASH];
	const int status = sfu_crypt_hkdf(key, empty, label, sizeof(label) - 1, whole);

	memcpy(fingerprint, whole, SFU_FINGERPRINT);
	sfu_crypt_wipe(whole, sizeof(whole));
	return status;
}

int sfu_attest_fingerprint(const uint8_t master[SFU_HASH], uint8_t fingerprint[SFU_FINGERPRINT])
{
	uint8_t attest[SFU_HASH];
	int status = sfu_attest_derive(master, attest);

	if (status == 0)
		status = sfu_fingerprint(attest, fingerprint);
	sfu_crypt_wipe(attest, sizeof(attest));
	return status;
}

int sfu_fingerprint_told(const uint8_t fingerprint[SFU_FINGERPRINT])
{
	static const uint8_t zeros[SFU_FINGERPRINT];

	return memcmp(fingerprint, zeros, sizeof(zeros)) != 0;
}
