/* fsm/crc.h, sixteen bytes a step, for targets that sum much and judge something else: `link` and `ymodem` have the core's own,
 * and what these sum is held against grammar.c there. Compiled without instrumentation; the address sanitizer is asked about
 * each argument. */
#include <string.h>
#include "argument.h"
#include "crc.h"

static uint32_t rows[16][256];
static uint16_t short_rows[8][256];

__attribute__((constructor)) static void begin(void)
{
	uint32_t i, j;

	for (i = 0; i < 256; i++) {
		rows[0][i] = i;
		short_rows[0][i] = (uint16_t)(i << 8);
		for (j = 0; j < 8; j++) {
			rows[0][i] = rows[0][i] % 2 ? rows[0][i] / 2 ^ 0xEDB88320u : rows[0][i] / 2;
			short_rows[0][i] = (uint16_t)(short_rows[0][i] & 0x8000 ? short_rows[0][i] << 1 ^ 0x1021 : short_rows[0][i] << 1);
		}
	}
	for (j = 1; j < 16; j++)
		for (i = 0; i < 256; i++)
			rows[j][i] = rows[j - 1][i] >> 8 ^ rows[0][rows[j - 1][i] % 256];
	for (j = 1; j < 8; j++)
		for (i = 0; i < 256; i++)
			short_rows[j][i] = (uint16_t)(short_rows[j - 1][i] << 8 ^ short_rows[0][short_rows[j - 1][i] >> 8]);
}

uint32_t sfu_crc32(const uint8_t *data, uint32_t size)
{
	uint32_t crc = 0xFFFFFFFFu, word[4], i;

	ARGUMENT(data, size);
	for (; size >= 16; size -= 16, data += 16) {
		memcpy(word, data, 16);
		word[0] ^= crc;
		for (crc = 0, i = 0; i < 4; i++)
			crc ^= rows[15 - 4 * i][word[i] % 256] ^ rows[14 - 4 * i][word[i] >> 8 & 255]
			       ^ rows[13 - 4 * i][word[i] >> 16 & 255] ^ rows[12 - 4 * i][word[i] >> 24];
	}
	for (; size > 0; size--)
		crc = crc >> 8 ^ rows[0][(crc ^ *data++) % 256];
	return ~crc;
}

uint32_t sfu_crc16(uint32_t crc, const uint8_t *data, uint32_t size)
{
	ARGUMENT(data, size);
	for (; size >= 8; size -= 8, data += 8)
		crc = (uint32_t)(short_rows[7][crc >> 8 ^ data[0]] ^ short_rows[6][crc % 256 ^ data[1]] ^ short_rows[5][data[2]]
		                 ^ short_rows[4][data[3]] ^ short_rows[3][data[4]] ^ short_rows[2][data[5]] ^ short_rows[1][data[6]]
		                 ^ short_rows[0][data[7]]);
	for (; size > 0; size--)
		crc = (crc << 8 & 0xFF00u) ^ short_rows[0][(crc >> 8 ^ *data++) % 256];
	return crc;
}
