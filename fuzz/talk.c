#include "talk.h"
#include <string.h>
#include "bytes.h"
#include "crypto.h"
#include "fuzz.h"
#include "geometry.h"
#include "world.h"

void talk_read(struct talk *t, const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	uint32_t n;

	(void)fuzz_bytes(&in, t->head, TALK_HEAD);
	for (t->count = 0; in.left > 2 && t->count < TALK_MESSAGES; t->count++) {
		n = fuzz_half(&in);
		n = n < 1 ? 1 : n > TALK_MAX ? TALK_MAX : n;
		t->at[t->count].size = n;
		(void)fuzz_bytes(&in, t->at[t->count].bytes, n);
	}
}

size_t talk_write(const struct talk *t, uint8_t *data, size_t max)
{
	size_t at = TALK_HEAD;
	uint32_t i;

	if (max < TALK_HEAD)
		return 0;
	memcpy(data, t->head, TALK_HEAD);
	for (i = 0; i < t->count; i++) {
		const uint32_t n = t->at[i].size;

		if (max - at < n + 2)
			break;
		data[at++] = (uint8_t)n;
		data[at++] = (uint8_t)(n >> 8);
		memcpy(data + at, t->at[i].bytes, n);
		at += n;
	}
	return at;
}

void talk_key(uint8_t key[32], const uint8_t *manifest, int which)
{
	static const char *const labels[] = { "sfu image", "sfu digest", "sfu check" };
	const char *label = labels[which == 'i' ? 0 : which == 'd' ? 1 : 2];
	const uint32_t n = (uint32_t)strlen(label);
	uint8_t oem[32], info[32];

	memset(oem, 0x4B, sizeof oem);
	memcpy(info, label, n);
	memcpy(info + n, manifest + 16, 16);
	sfu_hkdf(key, oem, manifest + 80, 32, info, which == 'i' ? n + 16 : n);
}

void talk_hash(uint8_t hash[32], uint32_t index, const uint8_t *record, uint32_t size)
{
	uint8_t number[4];
	struct sfu_hash h;

	sfu_put32(number, index);
	sfu_hash_init(&h);
	sfu_hash_update(&h, (const uint8_t *)"SFUR", 4);
	sfu_hash_update(&h, number, 4);
	sfu_hash_update(&h, record, size);
	sfu_hash_final(&h, hash);
}

void talk_begin(const uint8_t head[TALK_HEAD])
{
	world_begin(head[0] % 0x80 % FUZZ_GEOMETRIES, head[0] >= 0x80, (enum world_stage)(head[1] % WORLD_STAGES), 1);
}
