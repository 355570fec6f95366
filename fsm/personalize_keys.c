#include "personalize_keys.h"
#include "bytes.h"
#include "config.h"
#include "crypto.h"
#include "digest.h"
#include "port.h"
#include "sfu_codes.h"

#define INFO 64u

static const uint8_t LABEL_ATTEST[] = { 's', 'f', 'u', ' ', 'a', 't', 't', 'e', 's', 't' };
static const uint8_t LABEL_OEM[] = { 's', 'f', 'u', ' ', 'o', 'e', 'm', ' ', 'k', 'e', 'y' };
static const uint8_t LABEL_UNIQUE[] = { 's', 'f', 'u', ' ', 'u', 'n', 'i', 'q', 'u', 'e' };
static const uint8_t LABEL_DEVICE[] = { 's', 'f', 'u', ' ', 'd', 'e', 'v', 'i', 'c', 'e' };
static const uint8_t LABEL_RECEIPT[] = { 's', 'f', 'u', ' ', 'r', 'e', 'c', 'e', 'i', 'p', 't' };
static const uint8_t LABEL_FINGERPRINT[] = {
	's', 'f', 'u', ' ', 'f', 'i', 'n', 'g', 'e', 'r', 'p', 'r', 'i', 'n', 't'
};

/* what the cell and the receipt hold alike, and in the same order */
#define KEPT (SFU_KEYS_TRANSCRIPT_SIZE + SFU_KEYS_RECEIPT_SIZE)
#define RECORD(field) (SFU_KEYS_##field##_OFFSET - SFU_KEYS_LICENCE_OFFSET)

_Static_assert(SFU_RECEIPT_TRANSCRIPT_OFFSET + SFU_RECEIPT_TRANSCRIPT_SIZE == SFU_RECEIPT_MAC_OFFSET
               && SFU_KEYS_TRANSCRIPT_OFFSET + SFU_KEYS_TRANSCRIPT_SIZE == SFU_KEYS_RECEIPT_OFFSET
               && KEPT == SFU_RECEIPT_TRANSCRIPT_SIZE + SFU_RECEIPT_MAC_SIZE, "one copy serves two fields");
_Static_assert(SFU_PERSONAL_BOX == 2 * SFU_FORMAT_HASH, "E and random");
_Static_assert(SFU_CONFIG_HSM_KEY_SIZE == 64, "X and Y");

void sfu_personal_derive(uint8_t out[32], const uint8_t key[32], const uint8_t *salt, uint32_t salt_size,
                         const uint8_t *label, uint32_t size, const uint8_t *tail, uint32_t tail_size)
{
	uint8_t info[INFO];

	sfu_copy(info, label, size);
	//@ assert label: sfu_bytes(&info[0], size) == \at(sfu_bytes(label, size), Pre);
	//@ assert still: sfu_bytes(tail, tail_size) == \at(sfu_bytes(tail, tail_size), Pre);
	//@ ghost Label: ;
	sfu_copy(info + size, tail, tail_size);
	//@ assert kept: sfu_bytes(&info[0], size) == \at(sfu_bytes(&info[0], size), Label);
	//@ assert tail: sfu_bytes(&info[size], tail_size) == \at(sfu_bytes(tail, tail_size), Pre);
	//@ assert key: sfu_bytes(key, 32) == \at(sfu_bytes(key, 32), Pre);
	//@ assert salt: sfu_bytes(salt, salt_size) == \at(sfu_bytes(salt, salt_size), Pre);
	sfu_hkdf(out, key, salt, salt_size, info, size + tail_size);
}

void sfu_personal_attest(uint8_t out[32], const uint8_t master[32])
{
	sfu_hkdf(out, master, master, 0, LABEL_ATTEST, sizeof LABEL_ATTEST);
	/*@ assert made: sfu_bytes(out, 32)
	      == \at(sfu_hkdf_of(sfu_bytes(master, 32), sfu_nothing, sfu_bytes(&LABEL_ATTEST[0], 10)), Pre); */
}

void sfu_personal_signer(uint8_t out[32])
{
	sfu_digest(sfu_config + SFU_CONFIG_HSM_KEY_OFFSET, SFU_CONFIG_HSM_KEY_SIZE, out);
}

void sfu_personal_forget(struct sfu_personal *p)
{
	sfu_wipe(p->scalar, sizeof p->scalar);
}

/* What the device says of itself, up to the nonce. */
/*@ requires out: \valid(out + (0 .. SFU_CHALLENGE_NONCE_OFFSET - 1));
    assigns out[0 .. SFU_CHALLENGE_NONCE_OFFSET - 1], sfu_chip;
    SFU_PERSONAL_INTRODUCED(out) */
static void introduce(uint8_t *out)
{
	uint8_t id[SFU_FORMAT_HASH];

	sfu_personal_signer(id);
	sfu_put32(out + SFU_CHALLENGE_PROTOCOL_OFFSET, SFU_PERSONAL_PROTOCOL);
	sfu_copy(out + SFU_CHALLENGE_SIGNER_OFFSET, id, SFU_CHALLENGE_SIGNER_SIZE);
	sfu_port_uid(out + SFU_CHALLENGE_UID_OFFSET);
	sfu_put32(out + SFU_CHALLENGE_PART_OFFSET, sfu_port_part());
	sfu_copy(out + SFU_CHALLENGE_PRODUCT_OFFSET, sfu_config + SFU_CONFIG_PRODUCT_OFFSET, SFU_CHALLENGE_PRODUCT_SIZE);
	sfu_copy(out + SFU_CHALLENGE_EPOCH_OFFSET, sfu_config + SFU_CONFIG_EPOCH_OFFSET, SFU_CHALLENGE_EPOCH_SIZE);
	sfu_put32(out + SFU_CHALLENGE_LOCK_PROFILE_OFFSET, sfu_port_lock());
	sfu_copy(out + SFU_CHALLENGE_LOADER_VERSION_OFFSET, sfu_loader_version, SFU_VERSION_SIZE);
}

void sfu_personal_challenge(struct sfu_device *d)
{
	struct sfu_personal *p = &d->personal;
	uint8_t attest[SFU_FORMAT_HASH];
	uint32_t status;

	sfu_personal_attest(attest, d->keys.oem);
	sfu_wipe(d->keys.oem, sizeof d->keys.oem);
	introduce(p->challenge);
	status = sfu_port_entropy(p->scalar);
	//@ ghost Scalar: ;
	if (status == SFU_OK)
		status = sfu_port_entropy(p->challenge + SFU_CHALLENGE_NONCE_OFFSET);
	/*@ assert nonce: status == SFU_OK ==>
	      sfu_bytes(&p->challenge[SFU_CHALLENGE_NONCE_OFFSET], 32) == \at(sfu_random(sfu_chip), Scalar); */
	if (status == SFU_OK)
		status = sfu_agree_public(p->challenge + SFU_CHALLENGE_PUBLIC_KEY_OFFSET, p->scalar);
	//@ ghost Full: ;
	/*@ assert product: \forall integer i; 0 <= i < SFU_CHALLENGE_PRODUCT_SIZE ==>
	      p->challenge[SFU_CHALLENGE_PRODUCT_OFFSET + i] == sfu_config[SFU_CONFIG_PRODUCT_OFFSET + i]; */
	/*@ assert epoch: \forall integer i; 0 <= i < SFU_CHALLENGE_EPOCH_SIZE ==>
	      p->challenge[SFU_CHALLENGE_EPOCH_OFFSET + i] == sfu_config[SFU_CONFIG_EPOCH_OFFSET + i]; */
	sfu_hmac(p->challenge + SFU_CHALLENGE_MAC_OFFSET, attest, p->challenge, SFU_CHALLENGE_MAC_OFFSET);
	/*@ assert made: \forall integer i; 0 <= i < SFU_CHALLENGE_MAC_SIZE ==> p->challenge[SFU_CHALLENGE_MAC_OFFSET + i]
	      == \at(sfu_hmac_byte(&attest[0], &p->challenge[0], SFU_CHALLENGE_MAC_OFFSET, i), Full); */
	sfu_wipe(attest, sizeof attest);
	//@ assert wiped: \forall integer i; 0 <= i < SFU_FORMAT_HASH ==> attest[i] == 0;
	p->status = status;
}

/* What the receipt tells of a key: its fingerprint. */
/*@ requires key: \valid_read(key + (0 .. 31));
    requires out: \valid(out + (0 .. 31)) && \separated(out + (0 .. 31), key + (0 .. 31));
    assigns out[0 .. 31]; */
static void take_fingerprint(uint8_t out[32], const uint8_t *key)
{
	sfu_hkdf(out, key, key, 0, LABEL_FINGERPRINT, sizeof LABEL_FINGERPRINT);
	/*@ assert made: sfu_bytes(out, 32)
	      == \at(sfu_hkdf_of(sfu_bytes(key, 32), sfu_nothing, sfu_bytes(&LABEL_FINGERPRINT[0], 15)), Pre); */
}

/* struct RECEIPT, of a cell's fields from `licence` on and the key beside them. */
/*@ requires read: \valid_read(record + (0 .. SFU_KEYS_RECORD - 1)) && \valid_read(key + (0 .. 31));
    requires out: \valid(out + (0 .. SFU_RECEIPT_SIZE - 1))
             && \separated(out + (0 .. SFU_RECEIPT_SIZE - 1), record + (0 .. SFU_KEYS_RECORD - 1), key + (0 .. 31));
    assigns out[0 .. SFU_RECEIPT_SIZE - 1];
    SFU_PERSONAL_TOLD(out, record, \true) */
static void tell(uint8_t *out, const uint8_t *record, const uint8_t *key)
{
	uint8_t fingerprint[SFU_FORMAT_HASH];

	take_fingerprint(fingerprint, key);
	sfu_put32(out + SFU_RECEIPT_PROTOCOL_OFFSET, SFU_PERSONAL_PROTOCOL);
	sfu_copy(out + SFU_RECEIPT_LICENCE_OFFSET, record, SFU_RECEIPT_LICENCE_SIZE);
	sfu_port_uid(out + SFU_RECEIPT_UID_OFFSET);
	sfu_copy(out + SFU_RECEIPT_LOCK_PROFILE_OFFSET, record + RECORD(LOCK_PROFILE), SFU_RECEIPT_LOCK_PROFILE_SIZE);
	sfu_copy(out + SFU_RECEIPT_FINGERPRINT_OFFSET, fingerprint, SFU_RECEIPT_FINGERPRINT_SIZE);
	sfu_copy(out + SFU_RECEIPT_TRANSCRIPT_OFFSET, record + RECORD(TRANSCRIPT), KEPT);
}

uint32_t sfu_personal_receipt(const struct sfu_keys *k, uint8_t out[SFU_RECEIPT_SIZE])
{
	if (k->kind != SFU_FLASH_KEYS_DEVICE || k->flags / SFU_FLASH_KEYS_RECEIPT % 2u == 0)
		return SFU_R_PERSONALIZED;
	tell(out, k->receipt, k->oem);
	return SFU_OK;
}

/* K, or what stands for it in this build. */
/*@ requires read: \valid_read(master + (0 .. 31)) && \valid_read(seed + (0 .. 31)) && \valid_read(uid + (0 .. 11));
    requires out: \valid(out + (0 .. 31)) && \separated(out + (0 .. 31), master + (0 .. 31));
    assigns out[0 .. 31]; */
static void make_oem_key(uint8_t *out, const uint8_t *master, const uint8_t *seed, const uint8_t *uid)
{
	uint8_t whom[SFU_CONFIG_PRODUCT_SIZE + SFU_CONFIG_EPOCH_SIZE], key[SFU_FORMAT_HASH];

	sfu_copy(whom, sfu_config + SFU_CONFIG_PRODUCT_OFFSET, SFU_CONFIG_PRODUCT_SIZE);
	sfu_copy(whom + SFU_CONFIG_PRODUCT_SIZE, sfu_config + SFU_CONFIG_EPOCH_OFFSET, SFU_CONFIG_EPOCH_SIZE);
	//@ assert product: \forall integer i; 0 <= i < SFU_CONFIG_PRODUCT_SIZE ==> whom[i] == sfu_config[SFU_CONFIG_PRODUCT_OFFSET + i];
	/*@ assert epoch: \forall integer i; 0 <= i < SFU_CONFIG_EPOCH_SIZE ==>
	      whom[SFU_CONFIG_PRODUCT_SIZE + i] == sfu_config[SFU_CONFIG_EPOCH_OFFSET + i]; */
	//@ ghost Whom: ;
	sfu_personal_derive(key, master, seed, SFU_FORMAT_HASH, LABEL_OEM, sizeof LABEL_OEM, whom, sizeof whom);
	/*@ assert oem: sfu_bytes(&key[0], 32) == \at(sfu_hkdf_of(sfu_bytes(master, 32), sfu_bytes(seed, 32),
	      sfu_join(sfu_bytes(&LABEL_OEM[0], 11), sfu_bytes(&whom[0], SFU_CONFIG_PRODUCT_SIZE + SFU_CONFIG_EPOCH_SIZE))), Whom); */
	//@ ghost Made: ;
	if ((sfu_config_word(SFU_CONFIG_FLAGS_OFFSET) & SFU_FLASH_CONFIG_UNIQUE) != 0)
		sfu_personal_derive(out, key, key, 0, LABEL_UNIQUE, sizeof LABEL_UNIQUE, uid, SFU_PERMIT_UID_SIZE);
	else
		sfu_copy(out, key, SFU_FORMAT_HASH);
	/*@ assert unique: (SFU_WORD(sfu_config, SFU_CONFIG_FLAGS_OFFSET) & SFU_FLASH_CONFIG_UNIQUE) != 0 ==>
	      sfu_bytes(out, 32) == \at(sfu_hkdf_of(sfu_bytes(&key[0], 32), sfu_nothing,
	        sfu_join(sfu_bytes(&LABEL_UNIQUE[0], 10), sfu_bytes(uid, SFU_PERMIT_UID_SIZE))), Made); */
	/*@ assert common: (SFU_WORD(sfu_config, SFU_CONFIG_FLAGS_OFFSET) & SFU_FLASH_CONFIG_UNIQUE) == 0 ==>
	      sfu_bytes(out, 32) == \at(sfu_bytes(&key[0], 32), Made); */
	sfu_wipe(key, sizeof key);
	//@ assert wiped: \forall integer i; 0 <= i < SFU_FORMAT_HASH ==> key[i] == 0;
}

/* Fills in the cell; `attest` is A and is used up. */
/*@ requires read: \valid_read(permit + (0 .. SFU_PERMIT_SIZE - 1)) && \valid_read(master + (0 .. 31))
             && \valid_read(entropy + (0 .. 31));
    requires cell: \valid(cell + (0 .. SFU_KEYS_SIZE - 1));
    requires apart: \separated(cell + (0 .. SFU_KEYS_SIZE - 1), permit + (0 .. SFU_PERMIT_SIZE - 1),
                               master + (0 .. 31), entropy + (0 .. 31));
    assigns cell[0 .. SFU_KEYS_SIZE - 1], sfu_chip; */
static void fill_cell(uint8_t *cell, const uint8_t *permit, const uint8_t *master, const uint8_t *entropy)
{
	const uint8_t *seed = permit + SFU_PERMIT_BOX_OFFSET, *random = seed + SFU_FORMAT_HASH;
	const uint8_t *transcript = permit + SFU_PERSONAL_TRANSCRIPT, *uid = permit + SFU_PERMIT_UID_OFFSET;
	uint8_t attest[SFU_FORMAT_HASH], key[SFU_FORMAT_HASH], receipt[SFU_RECEIPT_SIZE];

	sfu_fill(cell, 0, SFU_KEYS_SIZE);
	sfu_put32(cell + SFU_KEYS_FLAGS_OFFSET, SFU_FLASH_KEYS_RECEIPT);
	make_oem_key(cell + SFU_KEYS_OEM_KEY_OFFSET, master, seed, uid);
	sfu_personal_derive(cell + SFU_KEYS_DEVICE_KEY_OFFSET, entropy, random, SFU_FORMAT_HASH, LABEL_DEVICE,
	                    sizeof LABEL_DEVICE, uid, SFU_PERMIT_UID_SIZE);
	sfu_copy(cell + SFU_KEYS_LICENCE_OFFSET, permit + SFU_PERMIT_LICENCE_OFFSET, SFU_KEYS_LICENCE_SIZE);
	sfu_put32(cell + SFU_KEYS_LOCK_PROFILE_OFFSET, sfu_port_lock());
	sfu_copy(cell + SFU_KEYS_TRANSCRIPT_OFFSET, transcript, SFU_KEYS_TRANSCRIPT_SIZE);

	sfu_personal_attest(attest, master);
	//@ ghost Attested: ;
	sfu_personal_derive(key, seed, attest, SFU_FORMAT_HASH, LABEL_RECEIPT, sizeof LABEL_RECEIPT, transcript,
	                    SFU_FORMAT_HASH);
	/*@ assert key: sfu_bytes(&key[0], 32) == \at(sfu_hkdf_of(sfu_bytes(seed, 32), sfu_bytes(&attest[0], 32),
	      sfu_join(sfu_bytes(&LABEL_RECEIPT[0], 11), sfu_bytes(transcript, 32))), Attested); */
	tell(receipt, cell + SFU_KEYS_LICENCE_OFFSET, cell + SFU_KEYS_OEM_KEY_OFFSET);
	//@ ghost Told: ;
	sfu_hmac(attest, key, receipt, SFU_RECEIPT_MAC_OFFSET);
	/*@ assert mac: \forall integer i; 0 <= i < 32 ==>
	      attest[i] == \at(sfu_hmac_byte(&key[0], &receipt[0], SFU_RECEIPT_MAC_OFFSET, i), Told); */
	sfu_copy(cell + SFU_KEYS_RECEIPT_OFFSET, attest, SFU_KEYS_RECEIPT_SIZE);
	sfu_wipe(attest, sizeof attest);
	sfu_wipe(key, sizeof key);
	//@ assert wiped: \forall integer i; 0 <= i < SFU_FORMAT_HASH ==> attest[i] == 0 && key[i] == 0;
}

void sfu_personal_settle(struct sfu_device *d, const uint8_t *permit)
{
	uint8_t cell[SFU_KEYS_SIZE], entropy[SFU_FORMAT_HASH];
	uint32_t status = sfu_port_entropy(entropy);

	sfu_personal_forget(&d->personal);
	fill_cell(cell, permit, d->keys.oem, entropy);
	sfu_wipe(entropy, sizeof entropy);
	//@ assert random: \forall integer i; 0 <= i < SFU_FORMAT_HASH ==> entropy[i] == 0;
	sfu_wipe(d->keys.oem, sizeof d->keys.oem);
	//@ ghost sfu_keys_known(&d->keys.store);
	if (status == SFU_OK)
		status = sfu_keys_replace(&d->keys, cell);
	sfu_wipe(cell, sizeof cell);
	//@ assert wiped: \forall integer i; 0 <= i < SFU_KEYS_SIZE ==> cell[i] == 0;
	d->personal.status = status;
}
