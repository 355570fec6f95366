#include "permit.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "box.h"
#include "bytes.h"
#include "lock_profile.h"
#include "number.h"
#include "say.h"

static const uint8_t prefix[4] = { 'S', 'F', 'U', 'P' };

int sfu_refuse(struct sfu_refusal *refusal, uint32_t code, const char *format, ...)
{
	va_list list;

	refusal->code = code;
	va_start(list, format);
	vsnprintf(refusal->text, sizeof(refusal->text), format, list);
	va_end(list);
	return 1;
}

/* What the challenge says openly. It is looked at first because it tells people more than a wrong MAC;
 * nothing but refusals follows from it. */
static int mismatch(const struct sfu_hsm *hsm, const struct sfu_ledger_begin *begin,
	const uint8_t *c, struct sfu_refusal *refusal)
{
	const uint32_t protocol = sfu_get32(c + SFU_CHALLENGE_PROTOCOL_OFFSET),
		       epoch = sfu_get32(c + SFU_CHALLENGE_EPOCH_OFFSET);
	char its[32], ours[32];

	if (protocol != SFU_PERSONAL_PROTOCOL)
		return sfu_refuse(refusal, SFU_REFUSED_PROTOCOL,
			"the device personalizes by protocol %u, the HSM by %u", protocol,
			SFU_PERSONAL_PROTOCOL);
	if (memcmp(c + SFU_CHALLENGE_PRODUCT_OFFSET, begin->product, sizeof(begin->product)) != 0)
		return sfu_refuse(refusal, SFU_REFUSED_PRODUCT,
			"the device is a `%s`, and the HSM is for `%s`",
			sfu_number_print_product(its, c + SFU_CHALLENGE_PRODUCT_OFFSET),
			sfu_number_print_product(ours, begin->product));
	if (epoch != begin->epoch)
		return sfu_refuse(refusal, SFU_REFUSED_EPOCH,
			"the device expects epoch %u, and the HSM has %u", epoch, begin->epoch);
	if (memcmp(c + SFU_CHALLENGE_SIGNER_OFFSET, hsm->sign_id, sizeof(hsm->sign_id)) != 0)
		return sfu_refuse(refusal, SFU_REFUSED_SIGNER,
			"the device obeys the HSM key %s, and this is %s",
			sfu_number_print_hex(its, c + SFU_CHALLENGE_SIGNER_OFFSET, 4),
			sfu_number_print_hex(ours, hsm->sign_id, 4));
	return 0;
}

int sfu_permit_judge(struct sfu_hsm *hsm, const struct sfu_ledger_begin *begin,
	const uint8_t challenge[SFU_CHALLENGE_SIZE], struct sfu_refusal *refusal)
{
	const uint32_t lock = sfu_get32(challenge + SFU_CHALLENGE_LOCK_PROFILE_OFFSET);
	uint8_t mac[SFU_HASH];
	int status;

	refusal->code = 0;
	if (mismatch(hsm, begin, challenge, refusal))
		return 0;
	status = sfu_token_hmac(&hsm->token, hsm->attest, challenge, SFU_CHALLENGE_MAC_OFFSET, mac);
	if (status != 0)
		return status;
	if (CRYPTO_memcmp(mac, challenge + SFU_CHALLENGE_MAC_OFFSET, sizeof(mac)) != 0)
		sfu_refuse(refusal, SFU_REFUSED_ATTEST,
			"the device does not prove that it holds the OEM master key: its factory "
			"image was made with another one, or it is none of ours");
	else if (sfu_lock_rank(lock) < sfu_lock_rank(begin->lock_profile))
		sfu_refuse(refusal, SFU_REFUSED_LOCK,
			"the device's protection is `%s`, and the OEM demands `%s`",
			sfu_lock_name(lock), sfu_lock_name(begin->lock_profile));
	return 0;
}

/* SHA-256("SFUP" ‖ challenge ‖ the permit's first `size` bytes) */
static int hash_both(
	const uint8_t *challenge, const uint8_t *permit, size_t size, uint8_t hash[SFU_HASH])
{
	const struct sfu_part parts[] = {
		{ prefix, sizeof(prefix) },
		{ challenge, SFU_CHALLENGE_SIZE },
		{ permit, size },
	};

	return sfu_crypt_sha256(parts, 3, hash);
}

int sfu_permit_transcript(const uint8_t challenge[SFU_CHALLENGE_SIZE],
	const uint8_t permit[SFU_PERMIT_SIZE], uint8_t hash[SFU_HASH])
{
	return hash_both(challenge, permit, SFU_PERMIT_SIGNATURE_OFFSET, hash);
}

/* HKDF(key, A, label ‖ hash) */
static int derive(struct sfu_hsm *hsm, const uint8_t key[SFU_HASH], const char *label,
	const uint8_t hash[SFU_HASH], uint8_t out[SFU_HASH])
{
	uint8_t info[16 + SFU_HASH];
	const size_t size = strlen(label);

	memcpy(info, label, size);
	memcpy(info + size, hash, SFU_HASH);
	return sfu_hsm_hkdf(hsm, key, info, size + SFU_HASH, out);
}

static int fill_box(struct sfu_hsm *hsm, const uint8_t *challenge, const uint8_t secret[SFU_HASH],
	uint8_t *permit)
{
	uint8_t hash[SFU_HASH], key[SFU_HASH], plain[SFU_PERSONAL_BOX];
	int status = hash_both(challenge, permit, SFU_PERMIT_BOX_OFFSET, hash);

	if (status == 0)
		status = derive(hsm, secret, "sfu box", hash, key);
	memcpy(plain, hsm->seed, SFU_HASH);
	if (status == 0)
		status = sfu_crypt_random(plain + SFU_HASH, SFU_HASH);
	if (status == 0)
		status = sfu_box_close(key, plain, sizeof(plain), permit + SFU_PERMIT_BOX_OFFSET,
			permit + SFU_PERMIT_TAG_OFFSET);
	sfu_crypt_wipe(key, sizeof(key));
	sfu_crypt_wipe(plain, sizeof(plain));
	return status;
}

int sfu_permit_make(struct sfu_hsm *hsm, const uint8_t challenge[SFU_CHALLENGE_SIZE],
	uint32_t licence, uint8_t permit[SFU_PERMIT_SIZE], struct sfu_refusal *refusal)
{
	uint8_t secret[SFU_HASH], hash[SFU_HASH];
	int on_curve, status;

	refusal->code = 0;
	sfu_put32(permit + SFU_PERMIT_PROTOCOL_OFFSET, SFU_PERSONAL_PROTOCOL);
	memcpy(permit + SFU_PERMIT_SIGNER_OFFSET, hsm->sign_id, sizeof(hsm->sign_id));
	sfu_put32(permit + SFU_PERMIT_LICENCE_OFFSET, licence);
	memcpy(permit + SFU_PERMIT_UID_OFFSET, challenge + SFU_CHALLENGE_UID_OFFSET,
		SFU_PERMIT_UID_SIZE);
	status = sfu_box_agree(challenge + SFU_CHALLENGE_PUBLIC_KEY_OFFSET,
		permit + SFU_PERMIT_PUBLIC_KEY_OFFSET, secret, &on_curve);
	if (status == 0 && !on_curve)
		sfu_refuse(refusal, SFU_REFUSED_MESSAGE, "the device's public key is none");
	if (status == 0 && on_curve)
		status = fill_box(hsm, challenge, secret, permit);
	sfu_crypt_wipe(secret, sizeof(secret));
	if (status == 0 && on_curve)
		status = sfu_permit_transcript(challenge, permit, hash);
	if (status == 0 && on_curve)
		status = sfu_token_sign(
			&hsm->token, hsm->sign, hash, permit + SFU_PERMIT_SIGNATURE_OFFSET);
	return status;
}

int sfu_permit_receipt(struct sfu_hsm *hsm, const uint8_t grant[SFU_LEDGER_GRANT],
	const uint8_t receipt[SFU_RECEIPT_SIZE], int *good)
{
	const uint8_t *permit = grant + SFU_CHALLENGE_SIZE;
	uint8_t hash[SFU_HASH], key[SFU_HASH], mac[SFU_HASH];
	int status = sfu_permit_transcript(grant, permit, hash);

	*good = 0;
	if (status != 0 || sfu_get32(receipt) != SFU_PERSONAL_PROTOCOL ||
		memcmp(receipt + SFU_RECEIPT_LICENCE_OFFSET, permit + SFU_PERMIT_LICENCE_OFFSET,
			4) != 0 ||
		memcmp(receipt + SFU_RECEIPT_UID_OFFSET, permit + SFU_PERMIT_UID_OFFSET,
			SFU_PERMIT_UID_SIZE) != 0 ||
		memcmp(receipt + SFU_RECEIPT_TRANSCRIPT_OFFSET, hash,
			SFU_RECEIPT_TRANSCRIPT_SIZE) != 0)
		return status;
	status = derive(hsm, hsm->seed, "sfu receipt", hash, key);
	if (status == 0)
		status = sfu_box_mac(key, receipt, SFU_RECEIPT_MAC_OFFSET, mac);
	*good = status == 0 &&
		CRYPTO_memcmp(mac, receipt + SFU_RECEIPT_MAC_OFFSET, SFU_RECEIPT_MAC_SIZE) == 0;
	sfu_crypt_wipe(key, sizeof(key));
	return status;
}
