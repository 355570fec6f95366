/* Mutations of a conversation that go deep: messages are moved, repeated, changed; then what a device checks first is
 * made right again, most of the time: index and size of records, hash links, hashes and key check value, signature. */
#include <string.h>
#include "bytes.h"
#include "crypto.h"
#include "layout.h"
#include "talk.h"
#include "sfu_format.h"
#include "stand_in.h"
#include "world.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

static struct talk t;
static uint32_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static void insert(uint32_t where, uint8_t type, const uint8_t *body, uint32_t size)
{
	if (t.count >= TALK_MESSAGES || size >= TALK_MAX)
		return;
	memmove(&t.at[where + 1], &t.at[where], (t.count - where) * sizeof t.at[0]);
	t.at[where].size = 1 + size;
	t.at[where].bytes[0] = type;
	if (size > 0)
		memcpy(t.at[where].bytes + 1, body, size);
	t.count++;
}

/* A whole download of one of the known packages, from message `where` on. */
static void insert_download(uint32_t where)
{
	const struct rig_firmware *f = world.known[draw(WORLD_FORGED)];
	const uint32_t slot = draw(sfu_layout.slot_count), step = f->maker.record + 32;
	const uint32_t count = (f->maker.size - 1) / f->maker.record + 1, head = maker_head(&f->maker);
	uint8_t body[4 + SFU_FORMAT_RECORD_MAX];
	uint32_t i, n;

	insert(where++, SFU_MESSAGE_OFFER, f->package[slot], head);
	for (i = 0; i < count; i++) {
		n = f->size[slot] - head - i * step;
		n = n < step ? n : step;
		sfu_put32(body, i);
		memcpy(body + 4, f->package[slot] + head + i * step, n);
		insert(where < t.count ? where++ : t.count, SFU_MESSAGE_RECORD, body, 4 + n);
	}
	insert(where < t.count ? where : t.count, SFU_MESSAGE_FINISH, NULL, 0);
}

static void change(void)
{
	static const uint8_t types[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x81, 0, TALK_CLOCK };
	const uint32_t i = t.count > 0 ? draw(t.count) : 0, j = t.count > 0 ? draw(t.count) : 0;
	const uint8_t clock = (uint8_t)draw(18);

	switch (draw(t.count > 0 ? 9 : 2)) {
	case 0: insert_download(i); break;
	case 1: insert(i, types[draw(sizeof types)], &clock, draw(4) == 0 || types[sizeof types - 1] == TALK_CLOCK); break;
	case 2:
		memmove(&t.at[i], &t.at[i + 1], (t.count - i - 1) * sizeof t.at[0]);
		t.count--;
		break;
	case 3: insert(j, t.at[i].bytes[0], t.at[i].bytes + 1, t.at[i].size - 1); break;
	case 4: t.at[i].bytes[0] = types[draw(sizeof types)]; break;
	case 5: t.at[i].size = (uint32_t)LLVMFuzzerMutate(t.at[i].bytes, t.at[i].size, TALK_MAX); break;
	case 6: t.head[draw(TALK_HEAD)] = (uint8_t)draw(256); break;
	default: /* a field, or a byte */
		if (t.at[i].size > 1)
			(void)LLVMFuzzerMutate(t.at[i].bytes + 1, t.at[i].size - 1 < 4 ? t.at[i].size - 1 : 4 + draw(t.at[i].size - 4),
			                       t.at[i].size - 1);
	}
	if (t.count > 0 && t.at[i < t.count ? i : 0].size == 0)
		t.at[i < t.count ? i : 0].size = 1;
}

/* 1, but for one time in sixteen */
static int mostly(void)
{
	return draw(16) != 0;
}

/* Sizes and numbers of the records behind an offer; answers how many there are. */
static uint32_t number_records(uint32_t offer, uint32_t *which)
{
	uint8_t *m = t.at[offer].bytes + 1;
	const uint32_t record = m[77] == 8 ? 2048 : 1024;
	uint32_t i, count = 0, plain = 0, size;

	for (i = offer + 1; i < t.count && t.at[i].bytes[0] != SFU_MESSAGE_OFFER; i++)
		if (t.at[i].bytes[0] == SFU_MESSAGE_RECORD && t.at[i].size > 37)
			which[count++] = i;
	for (i = 0; i < count; i++) {
		size = i + 1 < count ? record : (t.at[which[i]].size - 37 + 31) / 32 * 32;
		size = size > record ? record : size;
		if (mostly()) {
			t.at[which[i]].size = 1 + 4 + size + 32;
			sfu_put32(t.at[which[i]].bytes + 1, i);
		}
		plain += size;
	}
	if (mostly()) {
		sfu_put32(m + 72, plain);
		m[76] = 0;
		m[77] = (uint8_t)(record >> 8);
		m[78] = (uint8_t)count;
		m[79] = 0;
	}
	return count;
}

static void link_records(uint8_t *m, const uint32_t *which, uint32_t count)
{
	static uint8_t plain[TALK_MAX];
	uint8_t next[32] = { 0 }, key[32];
	struct sfu_hash h;
	uint32_t i, n;

	for (i = count; i-- > 0;) {
		uint8_t *record = t.at[which[i]].bytes + 5;

		n = t.at[which[i]].size - 5;
		if (mostly())
			memcpy(record + n - 32, next, 32);
		talk_hash(next, i, record, n);
	}
	if (mostly())
		memcpy(m + 144, next, 32);
	talk_key(key, m, 'd');
	sfu_hash_init(&h);
	sfu_hash_update(&h, key, 32);
	talk_key(key, m, 'i');
	for (i = 0; i < count; i++) {
		n = t.at[which[i]].size - 37;
		memcpy(plain, t.at[which[i]].bytes + 5, n);
		sfu_cipher(key, i, plain, n);
		sfu_hash_update(&h, plain, n);
	}
	if (mostly())
		sfu_hash_final(&h, m + 112);
}

/* The vector table of an image that could run, encrypted into the first record. */
static void make_vectors(uint8_t *m, const uint32_t *which, uint32_t count)
{
	uint8_t key[32], *record = t.at[which[0]].bytes + 5;

	if (count == 0 || t.at[which[0]].size < 37 + 32)
		return;
	talk_key(key, m, 'i');
	sfu_cipher(key, 0, record, t.at[which[0]].size - 37);
	sfu_put32(record, 0x20001000u);
	sfu_put32(record + 4, sfu_get32(m + 68) + 9);
	sfu_cipher(key, 0, record, t.at[which[0]].size - 37);
}

static void repair(uint32_t offer)
{
	static const uint32_t edges[] = { 0, 1, 5, 6, 7, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF };
	const uint8_t *good = world.known[1]->package[draw(sfu_layout.slot_count)];
	uint8_t *m = t.at[offer].bytes + 1, key[32];
	uint32_t which[TALK_MESSAGES], count;

	t.at[offer].size = mostly() ? 1 + SFU_MANIFEST_SIZE : t.at[offer].size;
	if (t.at[offer].size != 1 + SFU_MANIFEST_SIZE)
		return;
	if (mostly())
		memcpy(m, good, 36);       /* kind, signer, product, epoch … */
	if (mostly())
		memcpy(m + 36, good + 36, 8 + 4 + 8 + 12); /* … version, counter, loader, uid … */
	if (draw(4) == 0)
		memcpy(m + 68, good + 68, 4); /* … and slot of a good one */
	if (draw(8) == 0)
		m[7] = 1;
	if (draw(6) == 0)
		sfu_put32(m + (draw(2) ? 44 : 36), edges[draw(sizeof edges / sizeof edges[0])]); /* counter, version */
	count = number_records(offer, which);
	if (mostly())
		make_vectors(m, which, count);
	if (count > 0)
		link_records(m, which, count);
	talk_key(key, m, 'c');
	if (mostly())
		memcpy(m + 176, key, 16);
	if (mostly())
		maker_sign(m, 0);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int with)
{
	uint32_t i, changes;

	seed = with;
	talk_read(&t, data, size);
	talk_begin(t.head);
	for (changes = 1 + draw(4); changes > 0; changes--)
		change();
	for (i = 0; i < t.count; i++)
		if (t.at[i].bytes[0] == SFU_MESSAGE_OFFER && draw(4) != 0)
			repair(i);
	return talk_write(&t, data, max);
}
