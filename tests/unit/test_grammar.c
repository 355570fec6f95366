/* C10: manifest, version and journal cell against a second reading of spec/formats.md. The numbers here are typed from
 * its tables, not taken from gen/sfu_format.h: an offset that is wrong there shows here. Each byte of a field takes
 * every value; the sizes take every value that a small slot leaves room for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The headers' objects are constant; this test needs some that are not, under the same names. */
#define sfu_layout sfu_layout_declared
#define sfu_config sfu_config_declared
#define sfu_loader_version sfu_loader_version_declared
#include "layout.h"
#include "config.h"
#include "crypto.h"
#include "manifest.h"
#include "journal_cell.h"
#undef sfu_layout
#undef sfu_config
#undef sfu_loader_version
#include "sfu_codes.h"

struct sfu_layout_declared sfu_layout;
uint8_t sfu_config[416], sfu_loader_version[8];

static uint8_t uid[12], m[416];
/* of the manifest's signature, and of the certificate's */
static uint32_t verdict, asked, verdict_added, asked_added;
static const uint8_t *asked_key, *asked_issuer;
static uint8_t digest_is;

static void put(uint8_t *at, uint32_t value, uint32_t size)
{
	for (; size > 0; size--, value >>= 8)
		*at++ = (uint8_t)value;
}

static uint32_t get(const uint8_t *at, uint32_t size)
{
	uint32_t value = 0;

	while (size > 0)
		value = value << 8 | at[--size];
	return value;
}

/* what the parsers ask of others */
void sfu_hash_init(struct sfu_hash *h) { memset(h, 0, sizeof *h); }

void sfu_hash_update(struct sfu_hash *h, const uint8_t *data, uint32_t size)
{
	(void)h;
	assert_true(data == m || data == m + 256);
	assert_int_equal(size, data == m ? 192 : 96);
	digest_is = data == m ? 0x5A : 0xA5;
}

void sfu_hash_final(const struct sfu_hash *h, uint8_t digest[32]) { (void)h; memset(digest, digest_is, 32); }

uint32_t sfu_verify(const uint8_t key[64], const uint8_t hash[32], const uint8_t signature[64])
{
	if (signature == m + 256 + 96) {
		asked_added++;
		asked_issuer = key;
		assert_int_equal(hash[31], 0xA5);
		return verdict_added;
	}
	asked++;
	asked_key = key;
	assert_int_equal(hash[31], 0x5A);
	assert_ptr_equal(signature, m + 192);
	return verdict;
}

uint32_t sfu_equal(const uint8_t *a, const uint8_t *b, uint32_t size)
{
	return memcmp(a, b, size) == 0 ? SFU_OK : SFU_R_IMAGE;
}

void sfu_port_uid(uint8_t out[12]) { memcpy(out, uid, 12); }

void sfu_hkdf(uint8_t out[32], const uint8_t key[32], const uint8_t *salt, uint32_t salt_size, const uint8_t *info,
              uint32_t info_size)
{
	(void)out, (void)key, (void)salt, (void)salt_size, (void)info, (void)info_size;
	fail();
}

/* no MAC, but each byte of it depends on each byte it is made of */
void sfu_hmac(uint8_t out[32], const uint8_t key[32], const uint8_t *data, uint32_t size)
{
	uint32_t i, j, sum = 1;

	for (i = 0; i < 32; i++) {
		sum = sum * 31 + key[i];
		for (j = 0; j < size; j++)
			sum = sum * 31 + data[j];
		out[i] = (uint8_t)(sum ^ sum >> 8 ^ sum >> 16 ^ sum >> 24);
	}
}

static int begin(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < 416; i++)
		sfu_config[i] = (uint8_t)(i * 7 + 3);
	put(sfu_config + 44, 3, 4);
	for (i = 0; i < 4; i++)
		sfu_config[48 + 72 * i + 4] = (uint8_t)i;
	put(sfu_config + 24, 0x00010002, 4);
	put(sfu_config + 28, 77, 4);
	memcpy(sfu_loader_version, "\1\2\3\0\4\0\0\0", 8);
	memcpy(uid, "uidofadevice", 12);
	sfu_layout = (struct sfu_layout_declared){ .image_offset = 2048, .record_max = 2048, .slot_count = 2,
		.area = { [SFU_AREA_SLOT] = { 0x08020000, 0x3000 }, { 0x08080000, 0x4000 } } };
	memset(m, 0, sizeof m);
	memcpy(m, "SFUM\1\1\1\0", 8);
	memcpy(m + 8, sfu_config + 48 + 72, 4); /* id of key 1 */
	memcpy(m + 16, sfu_config + 8, 16);
	put(m + 12, 2, 4);
	put(m + 32, 77, 4);
	put(m + 68, 0x08020800, 4);
	put(m + 72, 4096, 4);
	put(m + 76, 2048, 2);
	put(m + 78, 2, 2);
	/* of rank 1, and it revokes keys of rank 0 */
	m[184] = 9;
	memcpy(m + 188, sfu_config + 48 + 72 + 4, 2);
	memcpy(m + 190, m + 188, 2);
	verdict = verdict_added = SFU_OK;
	return 0;
}

/* the grammar, again */
static uint32_t authentic(const uint8_t **key, const uint8_t **issuer_key)
{
	const uint8_t *issuer = NULL, *signer, *c = m + 256;
	uint32_t i;

	*key = *issuer_key = NULL;

	*key = NULL;
	if (memcmp(m, "SFUM", 4) != 0)
		return SFU_R_MAGIC;
	if (m[4] != 1 || m[5] != 1 || m[6] != 1 || m[7] > 3)
		return SFU_R_FORMAT;
	for (i = 0; i < 4 && i < get(sfu_config + 44, 4); i++) {
		if (memcmp(sfu_config + 48 + 72 * i, m[7] >= 2 ? c + 4 : m + 8, 4) == 0) {
			issuer = sfu_config + 48 + 72 * i;
			break;
		}
	}
	if (issuer == NULL)
		return SFU_R_SIGNER;
	signer = issuer;
	if (m[7] >= 2) {
		signer = c + 24;
		if (memcmp(c, "SFUA", 4) != 0 || memcmp(c + 8, sfu_config + 8, 16) != 0 || memcmp(signer, m + 8, 4) != 0
		    || signer[4] >= issuer[4])
			return SFU_R_CERTIFICATE;
		*issuer_key = issuer + 8;
		if (verdict_added != SFU_OK)
			return SFU_R_CERTIFICATE;
	}
	*key = signer + 8;
	if (verdict != SFU_OK)
		return verdict;
	if (memcmp(m + 188, signer + 4, 2) != 0 || memcmp(m + 190, issuer + 4, 2) != 0)
		return SFU_R_STANDING;
	for (i = 0; i < 4; i++)
		if (m[184 + i] != 0 && m[188] <= i)
			return SFU_R_RANK;
	return SFU_OK;
}

static void judge_authentic(void)
{
	uint8_t hash[32] = { 0 };
	const uint8_t *key, *issuer;
	const uint32_t wanted = authentic(&key, &issuer);

	asked = asked_added = 0;
	assert_int_equal(sfu_manifest_authentic(m, m + 256, hash), wanted);
	assert_int_equal(hash[0], 0x5A);
	assert_int_equal(asked, key != NULL);
	if (key != NULL)
		assert_ptr_equal(asked_key, key);
	assert_int_equal(asked_added, issuer != NULL);
	if (issuer != NULL)
		assert_ptr_equal(asked_issuer, issuer);
}

/* Issued by key `issuer` of the configuration, a certificate of a key of that rank. */
static void certify(uint32_t issuer, uint8_t rank)
{
	uint8_t *c = m + 256;
	uint32_t i;

	for (i = 0; i < 160; i++)
		c[i] = (uint8_t)(i * 11 + 5);
	memcpy(c, "SFUA", 4);
	memcpy(c + 4, sfu_config + 48 + 72 * issuer, 4);
	memcpy(c + 8, sfu_config + 8, 16);
	memcpy(m + 8, c + 24, 4);
	c[28] = rank;
	memcpy(m + 188, c + 28, 2);
	memcpy(m + 190, sfu_config + 48 + 72 * issuer + 4, 2);
	m[7] |= 2;
}

/* every value of each byte of floors, ranks and serials, and of the certificate, with and without one */
static void test_standing(void **state)
{
	uint32_t at, x, issuer, rank;

	(void)state;
	for (issuer = 0; issuer < 4; issuer++) {
		for (rank = 0; rank < 5; rank++) {
			begin(NULL);
			if (rank < 4)
				certify(issuer, (uint8_t)rank);
			judge_authentic();
			for (at = 176; at < 416; at++) {
				const uint8_t was = m[at];

				for (x = 0; x < 256; x++) {
					m[at] = (uint8_t)x;
					judge_authentic();
				}
				m[at] = was;
			}
			memset(m + 184, 0, 4);
			judge_authentic();
			verdict_added = SFU_R_SIGNATURE;
			judge_authentic();
			verdict = SFU_R_SIGNATURE;
			judge_authentic();
			verdict_added = SFU_OK;
			judge_authentic();
		}
	}
}

/* A key is revoked if, and only if, its serial is below its rank's floor. */
static void test_revoked(void **state)
{
	static const uint8_t some[] = { 0, 1, 2, 127, 128, 254, 255 };
	uint8_t keys[8] = { 0 }, floor[4];
	uint32_t a, b, c, d, i;

	(void)state;
	for (i = 0; i < 16; i++)
		for (a = 0; a < sizeof some; a++)
			for (b = 0; b < sizeof some; b++)
				for (c = 0; c < sizeof some; c++)
					for (d = 0; d < sizeof some; d++) {
						keys[4] = (uint8_t)(i % 4);
						keys[5] = some[a];
						keys[6] = (uint8_t)(i / 4);
						keys[7] = some[b];
						memset(floor, 0, sizeof floor);
						floor[i / 4] = some[d];
						floor[i % 4] = some[c];
						assert_int_equal(sfu_authority_revoked(keys, floor),
						                 keys[5] < floor[i % 4] || keys[7] < floor[i / 4]);
					}
}

static void test_extent(void **state)
{
	uint32_t x;

	(void)state;
	for (x = 0; x < 256; x++) {
		m[7] = (uint8_t)x;
		assert_int_equal(sfu_manifest_extent(m), x / 2 % 2 != 0 ? 416 : 256);
	}
}

/* every value of each two bytes up to the flags; behind them, of each byte */
static void test_head(void **state)
{
	uint32_t a, b, x, y;
	uint8_t was[12];

	(void)state;
	memcpy(was, m, 12);
	for (verdict = SFU_OK;; verdict = SFU_R_SIGNATURE) {
		for (a = 0; a < 12; a++) {
			for (b = a + 1; b < 12; b++) {
				for (x = 0; x < 256; x++) {
					m[a] = (uint8_t)x;
					for (y = 0; y < 256; y += verdict == SFU_OK && b < 8 ? 1 : 5) {
						m[b] = (uint8_t)y;
						judge_authentic();
					}
				}
				memcpy(m, was, 12);
			}
		}
		if (verdict != SFU_OK)
			return;
	}
}

/* each key, with each number of keys, also if ids are the same */
static void test_signers(void **state)
{
	uint32_t count, key, copy;

	(void)state;
	for (count = 0; count < 300; count++) {
		put(sfu_config + 44, count < 7 ? count : count << 24 | (count % 3), 4);
		for (key = 0; key < 4; key++) {
			memcpy(m + 8, sfu_config + 48 + 72 * key, 4);
			judge_authentic();
			for (copy = 0; copy < 4; copy++) {
				uint8_t was[4];

				memcpy(was, sfu_config + 48 + 72 * copy, 4);
				memcpy(sfu_config + 48 + 72 * copy, m + 8, 4);
				judge_authentic();
				memcpy(sfu_config + 48 + 72 * copy, was, 4);
			}
		}
	}
}

static uint64_t version(const uint8_t *v)
{
	return (uint64_t)v[0] << 56 | (uint64_t)v[1] << 48 | (uint64_t)get(v + 2, 2) << 32 | get(v + 4, 4);
}

static uint32_t meant(void)
{
	static const uint8_t zeros[12];

	if (memcmp(m + 16, sfu_config + 8, 16) != 0)
		return SFU_R_PRODUCT;
	if ((get(m + 12, 4) & get(sfu_config + 24, 4)) == 0)
		return SFU_R_HARDWARE;
	if (get(m + 32, 4) != get(sfu_config + 28, 4))
		return SFU_R_EPOCH;
	if (memcmp(m + 56, zeros, 12) != 0 && memcmp(m + 56, uid, 12) != 0)
		return SFU_R_UID;
	return version(m + 48) > version(sfu_loader_version) ? SFU_R_LOADER : SFU_OK;
}

static void judge_meant(void)
{
	assert_int_equal(sfu_manifest_meant(m), meant());
}

/* every value of each byte; those that do not belong to it must not matter */
static void test_meant(void **state)
{
	uint32_t at, x, own;
	uint8_t was;

	(void)state;
	for (own = 0; own < 2; own++) {
		memcpy(m + 56, uid, own != 0 ? 12 : 0);
		assert_int_equal(meant(), SFU_OK);
		for (at = 0; at < 256; at++) {
			was = m[at];
			for (x = 0; x < 256; x++) {
				m[at] = (uint8_t)x;
				judge_meant();
			}
			m[at] = was;
		}
		for (at = 0; at < 8; at++) {
			was = sfu_loader_version[at];
			for (x = 0; x < 256 * 256; x++) {
				sfu_loader_version[at] = (uint8_t)x;
				m[48 + at] = (uint8_t)(x >> 8);
				judge_meant();
			}
			sfu_loader_version[at] = was;
			m[48 + at] = 0;
		}
	}
	/* each revision bit with each of the device's, and sets of two */
	for (at = 0; at < 32 * 32 * 32; at++) {
		put(m + 12, 1u << at % 32 | 1u << at / 1024, 4);
		put(sfu_config + 24, 1u << at / 32 % 32, 4);
		judge_meant();
	}
}

static uint32_t fits(uint32_t *slot)
{
	const uint32_t plain = get(m + 72, 4), record = get(m + 76, 2), count = get(m + 78, 2);

	for (*slot = 0; *slot < sfu_layout.slot_count; ++*slot) {
		if (get(m + 68, 4) == sfu_layout.area[SFU_AREA_SLOT + *slot].address + sfu_layout.image_offset)
			break;
	}
	if (*slot == sfu_layout.slot_count)
		return SFU_R_SLOT;
	if ((record != 1024 && record != 2048) || record > sfu_layout.record_max || plain % 32 != 0 || plain == 0
	    || count != ((uint64_t)plain + record - 1) / record
	    || (uint64_t)sfu_layout.image_offset + plain + 128 > sfu_layout.area[SFU_AREA_SLOT + *slot].size)
		return SFU_R_SIZE;
	return SFU_OK;
}

static void judge_fits(void)
{
	uint32_t wanted, slot = 9;
	const uint32_t code = fits(&wanted);

	assert_int_equal(sfu_manifest_fits(m, &slot), code);
	assert_int_equal(slot, code == SFU_OK ? wanted : 0);
}

static void test_fits(void **state)
{
	uint32_t x, plain, count;

	(void)state;
	assert_int_equal(sfu_manifest_fits(m, &x), SFU_OK);
	for (x = 0; x < 65536; x++) {
		put(m + 76, x, 2);
		judge_fits();
	}
	for (sfu_layout.slot_count = 1; sfu_layout.slot_count < 3; sfu_layout.slot_count++) {
		for (sfu_layout.record_max = 1024; sfu_layout.record_max <= 2048; sfu_layout.record_max += 1024) {
			for (x = 0; x < 4; x++) {
				put(m + 76, x % 2 != 0 ? 1024 : 2048, 2);
				put(m + 68, x / 2 != 0 ? 0x08080800 : 0x08020800, 4);
				for (plain = 0; plain < 0x4100; plain++) {
					put(m + 72, plain, 4);
					for (count = 0; count < 20; count++) {
						put(m + 78, count, 2);
						judge_fits();
					}
				}
			}
		}
	}
	/* a number that no sum or product may wrap at */
	sfu_layout.slot_count = 2;
	sfu_layout.record_max = 2048;
	for (plain = 0xFFFFFFFF; plain > 0xFFFFFFFF - 0x3000; plain--) {
		put(m + 72, plain, 4);
		for (x = 0; x < 4; x++) {
			put(m + 76, x % 2 != 0 ? 1024 : 2048, 2);
			put(m + 78, x / 2 != 0 ? 0 : 0xFFFF, 2);
			judge_fits();
		}
	}
	begin(NULL);
	for (count = 0; count < 65536; count++) {
		put(m + 78, count, 2);
		judge_fits();
	}
	/* every byte of the address */
	begin(NULL);
	for (x = 0; x < 4 * 256; x++) {
		put(m + 68, 0x08080800, 4);
		m[68 + x / 256] = (uint8_t)x;
		judge_fits();
	}
	/* two slots at one place: the first */
	begin(NULL);
	sfu_layout.area[SFU_AREA_SLOT + 1] = sfu_layout.area[SFU_AREA_SLOT];
	judge_fits();
}

static void test_chunks(void **state)
{
	uint32_t plain, record, count, i;

	(void)state;
	for (record = 1024; record <= 2048; record += 1024) {
		for (plain = 32; plain < 0x4000; plain += 32) {
			count = (plain + record - 1) / record;
			put(m + 72, plain, 4);
			put(m + 76, record, 2);
			put(m + 78, count, 2);
			for (i = 0; i < count; i++)
				assert_int_equal(sfu_manifest_chunk(m, i), i + 1 < count ? record : plain - i * record);
		}
	}
}

static void judge_versions(const uint8_t *a, const uint8_t *b)
{
	assert_int_equal(sfu_version_compare(a, b), version(a) < version(b) ? 0 : version(a) == version(b) ? 1 : 2);
}

static void test_versions(void **state)
{
	static const uint8_t bytes[] = { 0, 1, 0x7F, 0x80, 0xFF };
	uint8_t a[8], b[8];
	uint32_t at, i, x;

	(void)state;
	srand(1);
	for (i = 0; i < 200; i++) {
		for (at = 0; at < 8; at++)
			a[at] = b[at] = bytes[(uint32_t)rand() % 5];
		if (i % 2 != 0)
			b[(uint32_t)rand() % 8] = bytes[(uint32_t)rand() % 5];
		judge_versions(a, b);
		for (at = 0; at < 8; at++) {
			const uint8_t was = a[at];

			for (x = 0; x < 256; x++) {
				a[at] = (uint8_t)x;
				judge_versions(a, b);
				judge_versions(b, a);
			}
			a[at] = was;
		}
	}
}

/* RFC 1662's FCS-32, a bit at a time */
static uint32_t crc(const uint8_t *data, uint32_t size)
{
	uint32_t sum = 0xFFFFFFFF, i, bit;

	for (i = 0; i < size; i++) {
		sum ^= data[i];
		for (bit = 0; bit < 8; bit++)
			sum = sum & 1 ? sum >> 1 ^ 0xEDB88320 : sum >> 1;
	}
	return ~sum;
}

static const uint8_t key[32] = { 1, 2, 3, 4, 5 };

static void seal_cell(uint8_t cell[128])
{
	uint8_t mac[32];

	sfu_hmac(mac, key, cell, 108);
	memcpy(cell + 108, mac, 16);
	put(cell + 124, crc(cell, 124), 4);
}

static void same_state(const uint8_t cell[128], const struct sfu_state *s)
{
	assert_int_equal(s->slot[0], cell[1]);
	assert_int_equal(s->slot[1], cell[2]);
	assert_int_equal(s->attempts, cell[3]);
	assert_int_equal(s->sequence, get(cell + 4, 4));
	assert_int_equal(s->security_counter, get(cell + 8, 4));
	assert_int_equal(s->failure, get(cell + 12, 4));
	assert_int_equal(s->install[0], get(cell + 16, 4));
	assert_int_equal(s->install[1], get(cell + 20, 4));
	assert_memory_equal(s->seal[0], cell + 24, 16);
	assert_memory_equal(s->seal[1], cell + 40, 16);
	assert_memory_equal(s->manifest_id, cell + 56, 12);
	assert_memory_equal(s->key_floor, cell + 68, 4);
	assert_int_equal(s->next_record, get(cell + 72, 4));
	assert_memory_equal(s->expected, cell + 76, 32);
}

/* what is written is what is read, and is what the grammar says */
static void test_cell(void **state)
{
	uint8_t cell[128], wanted[128];
	struct sfu_state s, t;
	uint32_t round, at, x, i;

	(void)state;
	srand(1);
	for (round = 0; round < 8; round++) {
		for (i = 0; i < 128; i++)
			wanted[i] = (uint8_t)rand();
		wanted[0] = 1;
		seal_cell(wanted);
		assert_int_equal(sfu_journal_decode(&s, wanted, key), SFU_OK);
		same_state(wanted, &s);
		sfu_journal_encode(cell, key, &s);
		assert_memory_equal(cell, wanted, 128);
		for (at = 0; at < 128; at++) {
			for (x = 0; x < 256; x++) {
				memcpy(cell, wanted, 128);
				cell[at] = (uint8_t)x;
				/* the CRC does not hold */
				t = s;
				i = sfu_journal_decode(&t, cell, key);
				assert_int_equal(i, x == wanted[at] ? SFU_OK : SFU_E_JOURNAL);
				assert_memory_equal(&t, &s, sizeof s);
				/* the MAC does not */
				put(cell + 124, crc(cell, 124), 4);
				i = sfu_journal_decode(&t, cell, key);
				assert_int_equal(i, x == wanted[at] || at >= 124 ? SFU_OK : SFU_E_JOURNAL);
				assert_memory_equal(&t, &s, sizeof s);
				/* both do */
				seal_cell(cell);
				i = sfu_journal_decode(&t, cell, key);
				assert_int_equal(i, cell[0] == 1 ? SFU_OK : SFU_E_JOURNAL);
				same_state(cell[0] == 1 ? cell : wanted, &t);
			}
		}
	}
}

/* the configuration: every value of each byte, with its CRC */
static void test_config(void **state)
{
	static const uint32_t locks[] = { 0x2A5C1935, 0x4C63A6E2, 0x71B94E58, 0 };
	uint32_t at, x, i, flags, lock, ok;

	(void)state;
	for (i = 0; i < 8; i++) {
		begin(NULL);
		memcpy(sfu_config, "SFUC\1\0\0\0", 8);
		put(sfu_config + 36, locks[i / 2], 4);
		put(sfu_config + 40, i % 2, 4);
		for (at = 0; at < 412; at++) {
			const uint8_t was = sfu_config[at];

			for (x = 0; x < 256; x++) {
				sfu_config[at] = (uint8_t)x;
				put(sfu_config + 412, crc(sfu_config, 412), 4);
				lock = get(sfu_config + 36, 4);
				flags = get(sfu_config + 40, 4);
				ok = memcmp(sfu_config, "SFUC\1\0\0\0", 8) == 0 && get(sfu_config + 44, 4) >= 1
				     && get(sfu_config + 44, 4) <= 4
				     && (lock == locks[1] || lock == locks[2] || (lock == locks[0] && flags % 2 == 1));
				assert_int_equal(sfu_config_check(), ok ? SFU_OK : SFU_E_CONFIG);
				sfu_config[412 + x % 4] ^= (uint8_t)(1 + x / 4);
				assert_int_equal(sfu_config_check(), SFU_E_CONFIG);
			}
			sfu_config[at] = was;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_head, begin),
		cmocka_unit_test_setup(test_signers, begin),
		cmocka_unit_test_setup(test_standing, begin),
		cmocka_unit_test_setup(test_revoked, begin),
		cmocka_unit_test_setup(test_extent, begin),
		cmocka_unit_test_setup(test_meant, begin),
		cmocka_unit_test_setup(test_fits, begin),
		cmocka_unit_test_setup(test_chunks, begin),
		cmocka_unit_test_setup(test_versions, begin),
		cmocka_unit_test_setup(test_cell, begin),
		cmocka_unit_test_setup(test_config, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
