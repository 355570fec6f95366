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

static uint32_t reflected(uint32_t value)
{
	uint32_t bit;

	for (bit = 0; bit < 8; bit++)
		value = value & 1 ? value >> 1 ^ 0xEDB88320u : value >> 1;
	return value;
}

uint32_t grammar_crc(const uint8_t *data, uint32_t size)
{
	static uint32_t table[256];
	uint32_t sum = 0xFFFFFFFFu, i;

	for (i = 0; table[255] == 0 && i < 256; i++)
		table[i] = reflected(i);
	for (i = 0; i < size; i++)
		sum = sum >> 8 ^ table[(sum ^ data[i]) & 0xFF];
	return ~sum;
}

uint32_t grammar_crc16(const uint8_t *data, uint32_t size)
{
	static uint32_t table[256];
	uint32_t sum = 0, i, bit;

	for (i = 0; table[255] == 0 && i < 256; i++)
		for (table[i] = i << 8, bit = 0; bit < 8; bit++)
			table[i] = (table[i] & 0x8000u ? table[i] << 1 ^ 0x1021u : table[i] << 1) & 0xFFFFu;
	for (i = 0; i < size; i++)
		sum = (sum << 8 & 0xFF00u) ^ table[sum >> 8 ^ data[i]];
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
