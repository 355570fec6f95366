/* Two secret text files of the OEM's.
 *
 * The attest key A, which `sfu hsm attest-key` derives from M and `sfu hsm init` puts into a token:
 *
 *     sfu-attest-key 1
 *     test                 only if M is a marked test key
 *     epoch 1
 *     key <64 hexadecimal digits>
 *
 * The record of an HSM, which `sfu hsm init` leaves to the OEM. With M it gives K:
 *
 *     sfu-hsm-record 1
 *     test
 *     epoch 1
 *     product lamp
 *     ledger <32 hexadecimal digits>
 *     hsm-key <128>        H, X ‖ Y
 *     seal-key <128>       L, X ‖ Y
 *     seed <64>            E
 *     attest <32>          fingerprint of A, so that a wrong M is noticed; records of earlier programs lack it
 */
#ifndef SFU_TOOL_HSM_RECORD_H
#define SFU_TOOL_HSM_RECORD_H

#include "crypt.h"
#include "keyfile.h"
#include "point.h"

#define SFU_FINGERPRINT 16

struct sfu_attest_key {
	uint8_t key[SFU_HASH]; /* A */
	uint32_t epoch;
	int test;
};

struct sfu_hsm_record {
	uint8_t id[SFU_LEDGER_BEGIN_LEDGER_SIZE];
	uint8_t product[SFU_LEDGER_BEGIN_PRODUCT_SIZE];
	uint32_t epoch;
	int test;
	uint8_t hsm_key[SFU_POINT], seal_key[SFU_POINT];
	uint8_t seed[SFU_HASH];          /* E */
	uint8_t attest[SFU_FINGERPRINT]; /* of A; zeros: it is not told */
};

/* Statuses as of sfu_oem_read (keyfile.h). The caller wipes. */
int sfu_attest_read(const char *path, int insecure, struct sfu_attest_key *key);
int sfu_record_read(const char *path, int insecure, struct sfu_hsm_record *record);

/* EX_DATAERR if epoch, mark or fingerprint say that the HSM of the record has its attest key from another master key. */
int sfu_record_fits(const char *path, const struct sfu_hsm_record *record, const char *master_path,
	const struct sfu_oem_key *master);

/* Stage the file (out.h). */
int sfu_attest_stage(const char *path, int replace, const struct sfu_attest_key *key);
int sfu_record_stage(const char *path, int replace, const struct sfu_hsm_record *record);

/* A = HKDF(M, empty, "sfu attest"); K = HKDF(M, E, "sfu oem key" ‖ product ‖ epoch). */
int sfu_attest_derive(const uint8_t master[SFU_HASH], uint8_t key[SFU_HASH]);
int sfu_record_oem_key(
	const struct sfu_hsm_record *record, const uint8_t master[SFU_HASH], uint8_t key[SFU_HASH]);

/* K_u = HKDF(K, empty, "sfu unique" ‖ uid). */
int sfu_unique_key(const uint8_t key[SFU_HASH], const uint8_t uid[12], uint8_t unique[SFU_HASH]);

/* The first 16 bytes of HKDF(key, empty, "sfu fingerprint"). */
int sfu_fingerprint(const uint8_t key[SFU_HASH], uint8_t fingerprint[SFU_FINGERPRINT]);

/* That of the A which follows from M. */
int sfu_attest_fingerprint(const uint8_t master[SFU_HASH], uint8_t fingerprint[SFU_FINGERPRINT]);

/* 1 if it is one, 0 if it is zeros: the file does not tell it. */
int sfu_fingerprint_told(const uint8_t fingerprint[SFU_FINGERPRINT]);

#endif
