#include "grammar.h"
#include <string.h>

#define OK 0x3C3C3C3Cu

uint32_t grammar_number(const uint8_t *at, uint32_t size)
{
	uint32_t value = 0;

	while (size > 0)
		value = value << 8 | at[--size];
	return value;
}

uint64_t grammar_version(const uint8_t v[8])
{
	return (uint64_t)v[0] << 56 | (uint64_t)v[1] << 48 | (uint64_t)grammar_number(v + 2, 2) << 32
	       | grammar_number(v + 4, 4);
}

/* rows[k][b]: what a byte b leaves in the sum when k more, which are 0, have followed it. A sum is linear, so eight bytes
 * can be taken at once. */
static uint32_t rows[8][256], short_rows[8][256];

__attribute__((constructor)) static void make_rows(void)
{
	uint32_t i, bit;

	for (i = 0; i < 256; i++)
		for (rows[0][i] = i, short_rows[0][i] = i << 8, bit = 0; bit < 8; bit++) {
			rows[0][i] = rows[0][i] & 1 ? rows[0][i] >> 1 ^ 0xEDB88320u : rows[0][i] >> 1;
			short_rows[0][i] = (short_rows[0][i] & 0x8000u ? short_rows[0][i] << 1 ^ 0x1021u : short_rows[0][i] << 1) & 0xFFFFu;
		}
	for (i = 256; i < 8 * 256; i++) {
		const uint32_t before = rows[i / 256 - 1][i % 256], short_before = short_rows[i / 256 - 1][i % 256];

		rows[i / 256][i % 256] = before >> 8 ^ rows[0][before & 0xFF];
		short_rows[i / 256][i % 256] = (short_before << 8 & 0xFF00u) ^ short_rows[0][short_before >> 8];
	}
}

uint32_t grammar_crc(const uint8_t *d, uint32_t size)
{
	uint32_t sum = 0xFFFFFFFFu;

	for (; size >= 8; size -= 8, d += 8)
		sum = rows[7][(sum ^ d[0]) & 0xFF] ^ rows[6][(sum >> 8 ^ d[1]) & 0xFF] ^ rows[5][(sum >> 16 ^ d[2]) & 0xFF]
		      ^ rows[4][sum >> 24 ^ d[3]] ^ rows[3][d[4]] ^ rows[2][d[5]] ^ rows[1][d[6]] ^ rows[0][d[7]];
	for (; size > 0; size--)
		sum = sum >> 8 ^ rows[0][(sum ^ *d++) & 0xFF];
	return ~sum;
}

uint32_t grammar_crc16(const uint8_t *d, uint32_t size)
{
	uint32_t sum = 0;

	for (; size >= 8; size -= 8, d += 8)
		sum = short_rows[7][sum >> 8 ^ d[0]] ^ short_rows[6][(sum & 0xFF) ^ d[1]] ^ short_rows[5][d[2]] ^ short_rows[4][d[3]]
		      ^ short_rows[3][d[4]] ^ short_rows[2][d[5]] ^ short_rows[1][d[6]] ^ short_rows[0][d[7]];
	for (; size > 0; size--)
		sum = (sum << 8 & 0xFF00u) ^ short_rows[0][sum >> 8 ^ *d++];
	return sum;
}

int grammar_config(const uint8_t c[416])
{
	const uint32_t keys = grammar_number(c + 44, 4), lock = grammar_number(c + 36, 4);

	return memcmp(c, "SFUC\1\0\0\0", 8) == 0 && grammar_crc(c, 412) == grammar_number(c + 412, 4) && keys >= 1
	       && keys <= 4 && (lock == 0x4C63A6E2u || lock == 0x71B94E58u || (lock == 0x2A5C1935u && c[40] % 2 == 1));
}

int grammar_stands(const uint8_t m[256], const uint8_t floor[4])
{
	return m[189] >= floor[m[188] % 4] && m[191] >= floor[m[190] % 4];
}

uint32_t grammar_authentic(const struct grammar_device *d, const uint8_t m[416],
                           int (*good)(const uint8_t *, const uint8_t *, uint32_t))
{
	const uint8_t *issuer = NULL, *signer, *c = m + 256;
	uint32_t i;

	if (memcmp(m, "SFUM", 4) != 0)
		return 0x3A3A3A3Au;
	if (m[4] != 1 || m[5] != 1 || m[6] != 1 || m[7] > 3)
		return 0x47474747u;
	for (i = 0; i < 4 && i < grammar_number(d->config + 44, 4); i++)
		if (issuer == NULL && memcmp(d->config + 48 + 72 * i, m[7] & 2 ? c + 4 : m + 8, 4) == 0)
			issuer = d->config + 48 + 72 * i;
	if (issuer == NULL)
		return 0x4B4B4B4Bu;
	signer = m[7] & 2 ? c + 24 : issuer;
	if ((m[7] & 2)
	    && (memcmp(c, "SFUA", 4) != 0 || memcmp(c + 8, d->config + 8, 16) != 0 || memcmp(c + 24, m + 8, 4) != 0
	        || c[28] >= issuer[4] || !good(issuer + 8, c, 96)))
		return 0x12121212u;
	if (!good(signer + 8, m, 192))
		return 0x4D4D4D4Du;
	if (m[188] != signer[4] || m[189] != signer[5] || m[190] != issuer[4] || m[191] != issuer[5])
		return 0x14141414u;
	for (i = 0; i < 4; i++)
		if (m[184 + i] != 0 && m[188] <= i)
			return 0x18181818u;
	return OK;
}

uint32_t grammar_meant(const struct grammar_device *d, const uint8_t m[256])
{
	static const uint8_t any[12];

	if (memcmp(m + 16, d->config + 8, 16) != 0)
		return 0x4E4E4E4Eu;
	if ((grammar_number(m + 12, 4) & grammar_number(d->config + 24, 4)) == 0)
		return 0x53535353u;
	if (memcmp(m + 32, d->config + 28, 4) != 0)
		return 0x55555555u;
	if (memcmp(m + 56, any, 12) != 0 && memcmp(m + 56, d->uid, 12) != 0)
		return 0x56565656u;
	return grammar_version(m + 48) > grammar_version(d->loader) ? 0x59595959u : OK;
}

uint32_t grammar_fits(const struct grammar_device *d, const uint8_t m[256], uint32_t *slot)
{
	const uint64_t plain = grammar_number(m + 72, 4), record = grammar_number(m + 76, 2);

	for (*slot = 0; *slot < d->slots; ++*slot)
		if (grammar_number(m + 68, 4) == d->image[*slot])
			break;
	if (*slot == d->slots)
		return 0x63636363u;
	if ((record != 1024 && record != 2048) || record > d->record_max || plain % 32 != 0 || plain == 0
	    || grammar_number(m + 78, 2) != (plain + record - 1) / record || plain > d->capacity[*slot])
		return 0x65656565u;
	return OK;
}

uint32_t grammar_commit(const uint8_t unit[32], const char *magic)
{
	if (memcmp(unit, magic, 4) != 0 || grammar_crc(unit, 28) != grammar_number(unit + 28, 4))
		return 0;
	return grammar_number(unit + 4, 4);
}
