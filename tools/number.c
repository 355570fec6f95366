#include "number.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"

/* Digits at *text, a value of at most `max`; moves *text behind them. */
static int take(const char **text, int base, unsigned long long max, unsigned long long *value)
{
	char *end;

	if (base == 16 ? !isxdigit((unsigned char)**text) : !isdigit((unsigned char)**text))
		return 0;
	errno = 0;
	*value = strtoull(*text, &end, base);
	*text = end;
	return errno == 0 && *value <= max;
}

int sfu_number_u32(const char *text, uint32_t *value)
{
	const int hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *at = hex ? text + 2 : text;
	unsigned long long v;

	/* strtoull would take a second 0x */
	if (hex && at[0] == '0' && (at[1] == 'x' || at[1] == 'X'))
		return 0;
	if (!take(&at, hex ? 16 : 10, UINT32_MAX, &v) || *at != '\0')
		return 0;
	*value = (uint32_t)v;
	return 1;
}

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c == '\0' ? NULL : strchr(digits, tolower((unsigned char)c));

	return at == NULL ? -1 : (int)(at - digits);
}

int sfu_number_hex(const char *text, uint8_t *out, size_t size)
{
	size_t i;

	if (strlen(text) != 2 * size)
		return 0;
	for (i = 0; i < size; i++) {
		const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return 0;
		out[i] = (uint8_t)(16 * high + low);
	}
	return 1;
}

const char *sfu_number_print_hex(char *out, const uint8_t *data, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		snprintf(out + 2 * i, 3, "%02x", data[i]);
	out[2 * size] = '\0';
	return out;
}

int sfu_number_version(const char *text, struct sfu_version *version)
{
	static const unsigned long long max[4] = { UINT8_MAX, UINT8_MAX, UINT16_MAX, UINT32_MAX };
	static const char before[4] = { '\0', '.', '.', '+' };
	unsigned long long v[4] = { 0 };
	const char *at = text;
	int i;

	for (i = 0; i < 4; i++) {
		if (i > 0 && *at != before[i])
			continue;
		at += i > 0;
		if (!take(&at, 10, max[i], &v[i]))
			return 0;
	}
	version->major = (uint8_t)v[0];
	version->minor = (uint8_t)v[1];
	version->revision = (uint16_t)v[2];
	version->build = (uint32_t)v[3];
	return *at == '\0';
}

const char *sfu_number_print_version(char out[SFU_VERSION_TEXT], const struct sfu_version *version)
{
	snprintf(out, SFU_VERSION_TEXT, "%u.%u.%u+%u", version->major, version->minor,
		version->revision, version->build);
	return out;
}

void sfu_version_get(const uint8_t *p, struct sfu_version *version)
{
	version->major = p[SFU_VERSION_MAJOR_OFFSET];
	version->minor = p[SFU_VERSION_MINOR_OFFSET];
	version->revision = (uint16_t)sfu_get16(p + SFU_VERSION_REVISION_OFFSET);
	version->build = sfu_get32(p + SFU_VERSION_BUILD_OFFSET);
}

void sfu_version_put(uint8_t *p, const struct sfu_version *version)
{
	p[SFU_VERSION_MAJOR_OFFSET] = version->major;
	p[SFU_VERSION_MINOR_OFFSET] = version->minor;
	p[SFU_VERSION_REVISION_OFFSET] = (uint8_t)(version->revision & 0xFFu);
	p[SFU_VERSION_REVISION_OFFSET + 1] = (uint8_t)(version->revision >> 8);
	sfu_put32(p + SFU_VERSION_BUILD_OFFSET, version->build);
}

int sfu_number_product(const char *text, uint8_t out[SFU_MANIFEST_PRODUCT_SIZE])
{
	const size_t size = strlen(text);
	size_t i;

	if (size == 0 || size > SFU_MANIFEST_PRODUCT_SIZE)
		return 0;
	for (i = 0; i < size; i++)
		if (text[i] < ' ' || text[i] > '~')
			return 0;
	memset(out, 0, SFU_MANIFEST_PRODUCT_SIZE);
	memcpy(out, text, size);
	return 1;
}

const char *sfu_number_print_product(char *out, const uint8_t product[SFU_MANIFEST_PRODUCT_SIZE])
{
	size_t i;

	for (i = 0; i < SFU_MANIFEST_PRODUCT_SIZE && product[i] != 0; i++)
		out[i] = product[i] >= ' ' && product[i] <= '~' ? (char)product[i] : '?';
	out[i] = '\0';
	return out;
}
