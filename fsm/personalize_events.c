/* What the personalize machine's events are: whether the device may be personalized, and what a permit is worth. */
#include "personalize.h"
#include "boot.h"
#include "bytes.h"
#include "config.h"
#include "crypto.h"
#include "personalize_keys.h"
#include "port.h"
#include "sfu_codes.h"

#define HSM_KEY (sfu_config + SFU_CONFIG_HSM_KEY_OFFSET)

// the permit is one for this device
#define ADDRESSED(permit) \
	(SFU_WORD(permit, SFU_PERMIT_PROTOCOL_OFFSET) == SFU_PERSONAL_PROTOCOL \
	 && \forall integer i; 0 <= i < SFU_PERMIT_UID_SIZE ==> (permit)[SFU_PERMIT_UID_OFFSET + i] == sfu_uid_byte(i))

static const uint8_t LABEL_BOX[] = { 's', 'f', 'u', ' ', 'b', 'o', 'x' };

_Static_assert(SFU_PERMIT_TAG_OFFSET + SFU_PERMIT_TAG_SIZE == SFU_PERMIT_SIGNATURE_OFFSET
               && SFU_PERMIT_SIGNATURE_OFFSET + SFU_PERMIT_SIGNATURE_SIZE == SFU_PERMIT_SIZE, "the signature ends it");

void sfu_personalize_init(struct sfu_personal *p)
{
	p->cs = SFU_PERSONALIZE_STATE_IDLE;
	p->state = SFU_PERSONALIZE_STATE_IDLE;
	p->status = SFU_OK;
}

/* An event, and another if its effect did not work. Answers what the effect came to. */
/*@ requires valid: \valid(d) && SFU_PERSONAL_TOTAL(d->personal);
    requires permit: event == SFU_PERSONALIZE_EVENT_PERMIT ==>
             permit == &d->link.buffer[0] + (SFU_LINK_PAD + 1) && SFU_PERSONAL_PAGE(d);
    assigns d->personal, d->keys, sfu_flash, sfu_chip;
    ensures flash: layout_sound ==> SFU_WRITES(SFU_AREA_KEYS, SFU_AREA_SLOT);
    ensures total: SFU_PERSONAL_TOTAL(d->personal);
    ensures done: \result == SFU_OK && event == SFU_PERSONALIZE_EVENT_PERMIT
             && \old(d->personal.state) == SFU_PERSONALIZE_STATE_CHALLENGED ==>
             d->personal.state == SFU_PERSONALIZE_STATE_DONE;
    ensures idle: \old(d->personal.state) == SFU_PERSONALIZE_STATE_DONE && event != SFU_PERSONALIZE_EVENT_FAILED ==>
             \result == SFU_OK; */
static uint32_t step(struct sfu_device *d, unsigned char event, const uint8_t *permit)
{
	const unsigned char failed = SFU_PERSONALIZE_EVENT_FAILED;

	d->personal.status = SFU_OK;
	sfu_personalize_step(d, &event, permit);
	if (d->personal.status != SFU_OK)
		sfu_personalize_step(d, &failed, permit);
	return d->personal.status;
}

/* SFU_OK: the device holds M, which is now in d->keys.oem, and is protected as it must be. SFU_R_PERSONALIZED: it has
 * its own keys; those are in RAM then, and nothing is left of M. */
/*@ requires valid: \valid(d);
    requires layout: d->boot.trouble != SFU_E_LAYOUT ==> layout_sound;
    assigns d->keys, sfu_flash;
    ensures flash: layout_sound ==> SFU_WRITES(SFU_AREA_KEYS, SFU_AREA_SLOT);
    ensures untouched: d->boot.trouble != SFU_E_MASTER ==> sfu_flash == \old(sfu_flash) && d->keys == \old(d->keys);
    ensures page: \result == SFU_OK ==> d->boot.trouble == SFU_E_MASTER && SFU_PERSONAL_PAGE(d);
    ensures locked: \result == SFU_OK ==> sfu_protected(sfu_chip); */
static uint32_t open_master(struct sfu_device *d)
{
	uint32_t status;

	if (d->boot.trouble == SFU_OK)
		return SFU_R_PERSONALIZED;
	if (d->boot.trouble != SFU_E_MASTER)
		return d->boot.trouble;
	status = sfu_boot_locked();
	if (status == SFU_OK)
		status = sfu_boot_locked();
	if (status == SFU_OK)
		status = sfu_keys_load(&d->keys);
	if (status == SFU_OK && d->keys.kind != SFU_FLASH_KEYS_MASTER)
		return SFU_R_PERSONALIZED;
	return status;
}

/* Only a device that works with its keys keeps them in RAM. */
/*@ requires valid: \valid(d);
    assigns d->keys.oem[0 .. 31], d->keys.device[0 .. 31];
    ensures gone: d->boot.trouble != SFU_OK ==>
             \forall integer i; 0 <= i < 32 ==> d->keys.oem[i] == 0 && d->keys.device[i] == 0; */
static void close_keys(struct sfu_device *d)
{
	if (d->boot.trouble == SFU_OK)
		return;
	sfu_wipe(d->keys.oem, sizeof d->keys.oem);
	sfu_wipe(d->keys.device, sizeof d->keys.device);
}

uint32_t sfu_personalize_ask(struct sfu_device *d, uint8_t body[SFU_CHALLENGE_SIZE], uint32_t *size)
{
	uint32_t status = open_master(d);

	*size = SFU_CHALLENGE_SIZE;
	//@ assert master: status == SFU_OK ==> d->boot.trouble == SFU_E_MASTER;
	//@ assert untouched: d->boot.trouble != SFU_E_MASTER ==> sfu_flash == \at(sfu_flash, Pre);
	if (status == SFU_R_PERSONALIZED) {
		status = sfu_personal_receipt(&d->keys, body);
		*size = SFU_RECEIPT_SIZE;
	} else if (status == SFU_OK) {
		/* no key has all bytes alike; where they are, they are zeros, or blank */
		if (sfu_equal(HSM_KEY, HSM_KEY + 1, SFU_CONFIG_HSM_KEY_SIZE - 1u) == SFU_OK)
			status = SFU_R_HSM;
		else
			status = step(d, SFU_PERSONALIZE_EVENT_ASK, 0);
		//@ assert after_step: SFU_PERSONAL_TOTAL(d->personal);
		sfu_copy(body, d->personal.challenge, SFU_CHALLENGE_SIZE);
		//@ assert after_copy: SFU_PERSONAL_TOTAL(d->personal);
	}
	//@ assert total: SFU_PERSONAL_TOTAL(d->personal);
	//@ assert still: d->boot.trouble != SFU_E_MASTER ==> sfu_flash == \at(sfu_flash, Pre);
	close_keys(d);
	return status;
}

/* Whom the permit is for, and who says it is from him. */
/*@ requires read: \valid_read(permit + (0 .. SFU_PERMIT_SIZE - 1));
    assigns \nothing;
    ensures answer: \result == SFU_OK || \result == SFU_R_PERMIT || \result == SFU_R_HSM;
    ensures whom: \result == SFU_R_PERMIT <==> !ADDRESSED(permit); */
static uint32_t addressed(const uint8_t *permit)
{
	uint8_t uid[SFU_PERMIT_UID_SIZE], id[SFU_FORMAT_HASH];

	sfu_port_uid(uid);
	if (sfu_get32(permit + SFU_PERMIT_PROTOCOL_OFFSET) != SFU_PERSONAL_PROTOCOL
	    || sfu_equal(permit + SFU_PERMIT_UID_OFFSET, uid, SFU_PERMIT_UID_SIZE) != SFU_OK)
		return SFU_R_PERMIT;
	sfu_personal_signer(id);
	return sfu_equal(permit + SFU_PERMIT_SIGNER_OFFSET, id, SFU_PERMIT_SIGNER_SIZE) == SFU_OK ? SFU_OK : SFU_R_HSM;
}

/* E and random take the place of the box. */
/*@ requires valid: \valid(d) && \valid_read(hash + (0 .. 31));
    requires permit: permit == &d->link.buffer[0] + (SFU_LINK_PAD + 1) && \separated(d, hash + (0 .. 31));
    assigns d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_chip; */
static uint32_t open_box(struct sfu_device *d, uint8_t *permit, const uint8_t *hash)
{
	uint8_t attest[SFU_FORMAT_HASH], secret[SFU_FORMAT_HASH], key[SFU_FORMAT_HASH];
	uint32_t status;

	sfu_port_kick();
	status = sfu_agree(secret, d->personal.scalar, permit + SFU_PERMIT_PUBLIC_KEY_OFFSET);
	sfu_personal_attest(attest, d->keys.oem);
	//@ ghost Attested: ;
	sfu_personal_derive(key, secret, attest, SFU_FORMAT_HASH, LABEL_BOX, sizeof LABEL_BOX, hash, SFU_FORMAT_HASH);
	/*@ assert key: sfu_bytes(&key[0], 32) == \at(sfu_hkdf_of(sfu_bytes(&secret[0], 32), sfu_bytes(&attest[0], 32),
	      sfu_join(sfu_bytes(&LABEL_BOX[0], 7), sfu_bytes(hash, 32))), Attested); */
	//@ ghost Keyed: ;
	if (status == SFU_OK)
		status = sfu_open(key, permit + SFU_PERMIT_BOX_OFFSET, SFU_PERSONAL_BOX, permit + SFU_PERMIT_TAG_OFFSET);
	/*@ assert opened: status == SFU_OK ==> sfu_bytes(&permit[SFU_PERMIT_BOX_OFFSET], SFU_PERSONAL_BOX)
	      == \at(sfu_opened_of(sfu_bytes(&key[0], 32), sfu_bytes(&permit[SFU_PERMIT_BOX_OFFSET], SFU_PERSONAL_BOX)), Keyed); */
	sfu_wipe(attest, sizeof attest);
	sfu_wipe(secret, sizeof secret);
	sfu_wipe(key, sizeof key);
	//@ assert wiped: \forall integer i; 0 <= i < SFU_FORMAT_HASH ==> attest[i] == 0 && secret[i] == 0 && key[i] == 0;
	return status;
}

/* What the HSM's signature is over, and what the box is bound to: its first half. */
/*@ requires read: \valid_read(challenge + (0 .. SFU_CHALLENGE_SIZE - 1)) && \valid_read(permit + (0 .. SFU_PERMIT_SIZE - 1));
    requires out: \valid(box + (0 .. 31)) && \valid(transcript + (0 .. 31))
             && \separated(box + (0 .. 31), transcript + (0 .. 31), permit + (0 .. SFU_PERMIT_SIZE - 1));
    assigns box[0 .. 31], transcript[0 .. 31]; */
static void hash_both(uint8_t *box, uint8_t *transcript, const uint8_t *challenge, const uint8_t *permit)
{
	struct sfu_hash h;
	uint8_t prefix[4];

	sfu_put32(prefix, SFU_PERSONAL_PREFIX);
	//@ ghost Prefix: ;
	sfu_hash_init(&h);
	sfu_hash_update(&h, prefix, sizeof prefix);
	sfu_hash_update(&h, challenge, SFU_CHALLENGE_SIZE);
	sfu_hash_update(&h, permit, SFU_PERMIT_BOX_OFFSET);
	/*@ assert half: sfu_sha_value(h.sha) == \at(sfu_sha_more(sfu_sha_more(sfu_sha_more(sfu_sha_none, sfu_bytes(&prefix[0], 4)),
	      sfu_bytes(challenge, SFU_CHALLENGE_SIZE)), sfu_bytes(permit, SFU_PERMIT_BOX_OFFSET)), Prefix); */
	sfu_hash_final(&h, box);
	//@ ghost Half: ;
	sfu_hash_update(&h, permit + SFU_PERMIT_BOX_OFFSET, SFU_PERMIT_SIGNATURE_OFFSET - SFU_PERMIT_BOX_OFFSET);
	//@ assert all: sfu_sha_size(h.sha) == 4 + SFU_CHALLENGE_SIZE + SFU_PERMIT_SIGNATURE_OFFSET;
	/*@ assert value: sfu_sha_value(h.sha) == \at(sfu_sha_more(sfu_sha_value(h.sha),
	      sfu_bytes(permit + SFU_PERMIT_BOX_OFFSET, SFU_PERMIT_SIGNATURE_OFFSET - SFU_PERMIT_BOX_OFFSET)), Half); */
	sfu_hash_final(&h, transcript);
}

/* SFU_OK: the permit answers the challenge, the HSM made it, its box is open, and the transcript hash lies where
 * its signature was. */
/*@ requires valid: \valid(d);
    requires permit: permit == &d->link.buffer[0] + (SFU_LINK_PAD + 1);
    assigns d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_chip, sfu_vouch.signature;
    ensures signed: \result == SFU_OK ==> sfu_vouch.signature == 1;
    ensures addressed: \result == SFU_OK ==> \old(ADDRESSED(permit));
    ensures other: \old(!ADDRESSED(permit)) ==> \result == SFU_R_PERMIT && sfu_vouch.signature == \old(sfu_vouch.signature); */
static uint32_t judge(struct sfu_device *d, uint8_t *permit)
{
	uint8_t transcript[SFU_FORMAT_HASH], box[SFU_FORMAT_HASH];
	uint32_t status = addressed(permit);

	if (status != SFU_OK)
		return status;
	hash_both(box, transcript, d->personal.challenge, permit);
	if (sfu_verify(HSM_KEY, transcript, permit + SFU_PERMIT_SIGNATURE_OFFSET) != SFU_OK)
		return SFU_R_HSM;
	status = open_box(d, permit, box);
	sfu_copy(permit + SFU_PERSONAL_TRANSCRIPT, transcript, SFU_FORMAT_HASH);
	return status;
}

uint32_t sfu_personalize_permit(struct sfu_device *d, uint8_t *permit, uint8_t receipt[SFU_RECEIPT_SIZE])
{
	uint32_t status = open_master(d);

	if (status == SFU_OK && d->personal.state != SFU_PERSONALIZE_STATE_CHALLENGED)
		status = SFU_R_PERMIT;
	if (status == SFU_OK) {
		status = judge(d, permit);
		if (status != SFU_OK)
			(void)step(d, SFU_PERSONALIZE_EVENT_REFUSED, permit);
		else
			status = step(d, SFU_PERSONALIZE_EVENT_PERMIT, permit);
	}
	if (status == SFU_OK)
		status = sfu_personal_receipt(&d->keys, receipt);
	sfu_wipe(permit, SFU_PERMIT_SIZE);
	close_keys(d);
	return status;
}
