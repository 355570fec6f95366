/* Messages in any order -> the device's answers, each against a second session that is written from spec/formats.md,
 * spec/codes.md and spec/decisions.md; and what goes into the slot against what those messages brought.
 *
 * Input: talk.h. Bodies are as they are on the wire, so most of what a blind mutation makes is refused at once;
 * session_mutator.c makes lengths, hash links, hashes and signatures right again. */
#include "talk.h"
#include <setjmp.h>
#include <string.h>
#include "bytes.h"
#include "crypto.h"
#include "flash.h"
#include "grammar.h"
#include "host.h"
#include "port.h"
#include "sfu.h"
#include "stand_in.h"
#include "station.h"
#include "world.h"

#define OK 0x3C3C3C3Cu

enum { IDLE, RECEIVING, COMPLETE, DONE };

static struct talk talk;
static uint32_t at;

/* the second session */
static struct {
	uint32_t state, next, count, slot, offers, left;
	uint8_t manifest[256], expected[32], image[MAKER_PACKAGE];
} other;

/* what the next answer must be */
static struct {
	uint32_t type, code, next, any;
} wanted;

/* ---- the second session ---- */

static int good_signature(const uint8_t *key, const uint8_t *bytes, uint32_t size)
{
	uint8_t hash[32];
	struct sfu_hash h;

	sfu_hash_init(&h);
	sfu_hash_update(&h, bytes, size);
	sfu_hash_final(&h, hash);
	return sfu_verify(key, hash, bytes + size) == OK;
}

static uint32_t judge_offer(const uint8_t *m, uint32_t size)
{
	const struct sfu_state *s = &sfu_device.journal.state;
	struct grammar_device d = { config_bytes(), host.uid, (const uint8_t *)"\1\0\0\0\0\0\0", sfu_layout.slot_count, { 0, 0 }, { 0, 0 }, 2048 };
	uint32_t status, i;
	uint8_t key[32];

	if (size < 8 || size != (m[7] & 2 ? 416 : 256))
		return SFU_R_LENGTH;
	if (s->slot[0] == 2 || s->slot[1] == 2)
		return SFU_R_BUSY;
	if ((other.state == RECEIVING || other.state == COMPLETE) && memcmp(m, other.manifest, 256) == 0)
		return OK;
	if (other.offers >= 8)
		return SFU_R_OFFERS;
	other.offers++;
	for (i = 0; i < d.slots; i++) {
		d.image[i] = sfu_layout.area[SFU_AREA_SLOT + i].address + sfu_layout.image_offset;
		d.capacity[i] = sfu_layout.area[SFU_AREA_SLOT + i].size - sfu_layout.image_offset - 128;
	}
	status = grammar_authentic(&d, m, good_signature);
	if (status == OK)
		status = grammar_meant(&d, m);
	if (status != OK)
		return status;
	if (!grammar_stands(m, s->key_floor))
		return SFU_R_REVOKED;
	if (grammar_number(m + 44, 4) < s->security_counter || grammar_number(m + 44, 4) < 1)
		return SFU_R_COUNTER;
	if (sfu_device.boot.good < 2 && (m[7] & 1) == 0 && grammar_version(m + 36) <= grammar_version(sfu_device.boot.version))
		return SFU_R_VERSION;
	status = grammar_fits(&d, m, &i);
	if (status != OK)
		return status;
	if (d.slots == 2 && i == sfu_device.boot.good)
		return SFU_R_SLOT;
	talk_key(key, m, 'c');
	return memcmp(key, m + 176, 8) == 0 ? OK : SFU_R_KEY;
}

/* The manifest is accepted: from the start, or from where the journal says. */
static void begin_other(const uint8_t *m)
{
	const struct sfu_state *s = &sfu_device.journal.state;
	struct sfu_hash h;
	uint8_t hash[32];

	if ((other.state == RECEIVING || other.state == COMPLETE) && memcmp(m, other.manifest, 256) == 0)
		return;
	memcpy(other.manifest, m, 256);
	other.count = grammar_number(m + 78, 2);
	other.slot = grammar_number(m + 68, 4) == sfu_layout.area[SFU_AREA_SLOT].address + sfu_layout.image_offset ? 0 : 1;
	other.state = RECEIVING;
	other.next = 0;
	memcpy(other.expected, m + 144, 32);
	sfu_hash_init(&h);
	sfu_hash_update(&h, m, 192);
	sfu_hash_final(&h, hash);
	if (s->slot[other.slot] == 1 && memcmp(s->manifest_id, hash, 12) == 0 && s->next_record < other.count) {
		other.next = s->next_record;
		memcpy(other.expected, s->expected, 32);
		(void)sfu_port_flash_read(sfu_layout.area[SFU_AREA_SLOT + other.slot].address + sfu_layout.image_offset, other.image,
		                          other.next * grammar_number(m + 76, 2));
	}
}

static uint32_t judge_record(const uint8_t *body, uint32_t size)
{
	const uint32_t record = grammar_number(other.manifest + 76, 2), plain = grammar_number(other.manifest + 72, 4);
	uint32_t index, chunk;
	uint8_t hash[32], key[32];

	if (size <= 4)
		return SFU_R_LENGTH;
	index = grammar_number(body, 4);
	if (other.state == COMPLETE && index < other.count)
		return OK;
	if (other.state != RECEIVING)
		return SFU_R_ORDER;
	if (index != other.next)
		return OK;
	chunk = plain - index * record < record ? plain - index * record : record;
	if (size - 4 != chunk + 32)
		return SFU_R_LENGTH;
	talk_hash(hash, index, body + 4, chunk + 32);
	if (memcmp(hash, other.expected, 32) != 0)
		return SFU_R_RECORD;
	talk_key(key, other.manifest, 'i');
	memcpy(other.image + index * record, body + 4, chunk);
	sfu_cipher(key, index, other.image + index * record, chunk);
	memcpy(other.expected, body + 4 + chunk, 32);
	if (++other.next == other.count)
		other.state = COMPLETE;
	return OK;
}

static uint32_t judge_finish(void)
{
	const uint32_t plain = grammar_number(other.manifest + 72, 4);
	const uint32_t image = sfu_layout.area[SFU_AREA_SLOT + other.slot].address + sfu_layout.image_offset;
	const uint32_t stack = grammar_number(other.image, 4), entry = grammar_number(other.image + 4, 4);
	struct sfu_hash h;
	uint8_t hash[32];

	if (other.state != COMPLETE)
		return other.state == DONE ? OK : other.state == RECEIVING ? SFU_R_INCOMPLETE : SFU_R_ORDER;
	other.state = IDLE;
	talk_key(hash, other.manifest, 'd');
	sfu_hash_init(&h);
	sfu_hash_update(&h, hash, 32);
	sfu_hash_update(&h, other.image, plain);
	sfu_hash_final(&h, hash);
	if (memcmp(hash, other.manifest + 112, 32) != 0)
		return SFU_R_IMAGE;
	if (entry % 2 != 1 || entry < image + 8 || entry >= image + plain || stack % 8 != 0 || stack <= host.ram
	    || stack > host.ram + host.ram_size)
		return SFU_R_VECTOR;
	other.state = DONE;
	return OK;
}

static void expect(uint32_t code, uint32_t type)
{
	wanted.type = code == OK ? type : SFU_MESSAGE_REFUSE;
	wanted.code = code;
}

static void predict(const uint8_t *m, uint32_t size)
{
	memset(&wanted, 0, sizeof wanted);
	switch (m[0]) {
	case 1: case 7: expect(size == 0 ? OK : SFU_R_TYPE, SFU_MESSAGE_INFO); break;
	case 2:
		expect(judge_offer(m + 1, size), SFU_MESSAGE_ACCEPT);
		if (wanted.code == OK)
			begin_other(m + 1);
		break;
	case 3: expect(judge_record(m + 1, size), SFU_MESSAGE_ACK); break;
	case 4: expect(size == 0 ? judge_finish() : SFU_R_TYPE, SFU_MESSAGE_DONE); break;
	case 5: case 6:
		expect(size == 0 ? OK : SFU_R_TYPE, SFU_MESSAGE_DONE);
		other.left |= size == 0;
		if (size == 0 && other.state != DONE)
			other.state = IDLE;
		break;
	case 8: case 9: wanted.any = 1; break;
	default: expect(SFU_R_TYPE, 0);
	}
	wanted.next = other.next;
}

/* ---- the device ---- */

static void hear(void)
{
	uint8_t answer[256];
	uint32_t n = station_receive(answer, sizeof answer);

	if (wanted.any || wanted.code == 0)
		return;
	FUZZ_MUST(n > 0, "no answer");
	FUZZ_MUST(answer[0] == wanted.type, wanted.code == OK ? "refused, or another answer" : "not refused");
	if (answer[0] == SFU_MESSAGE_REFUSE)
		FUZZ_MUST(n == 9 && grammar_number(answer + 1, 4) == wanted.code, "refused for another reason");
	if (answer[0] == SFU_MESSAGE_ACCEPT || answer[0] == SFU_MESSAGE_ACK)
		FUZZ_MUST(n == 9 && grammar_number(answer + 1, 4) == wanted.next
		                  && grammar_number(answer + 5, 4) <= other.count
		                  && grammar_number(answer + 5, 4) <= wanted.next + SFU_LIMIT_WINDOW,
		          "another record is awaited");
	wanted.code = 0;
	FUZZ_MUST(station_receive(answer, sizeof answer) == 0, "a second answer");
}

static void idle(void)
{
	hear();
	if (at >= talk.count)
		longjmp(host_left, 2);
	fuzz_trace("message %u: type %02x, %u bytes\n", at, talk.at[at].bytes[0], talk.at[at].size);
	if (talk.at[at].bytes[0] == TALK_CLOCK) {
		host.time += 1u << talk.at[at].bytes[1] % 16;
		wanted.code = 0;
	} else {
		predict(talk.at[at].bytes, talk.at[at].size - 1);
		station_frame(talk.at[at].bytes[0], talk.at[at].bytes + 1, talk.at[at].size - 1);
	}
	at++;
}

/* Only what was accepted goes into a slot, and only into its own. */
static int watch(uint32_t address, uint32_t size, const uint8_t *data)
{
	const uint32_t plain = grammar_number(other.manifest + 72, 4);
	uint32_t slot, offset;

	for (slot = 0; slot < sfu_layout.slot_count; slot++) {
		const struct sfu_area *a = &sfu_layout.area[SFU_AREA_SLOT + slot];

		if (address < a->address || address - a->address >= a->size)
			continue;
		offset = address - a->address;
		FUZZ_MUST(other.manifest[0] != 0 && slot == other.slot, "a slot is written that nothing was accepted for");
		if (data == NULL)
			return 1;
		if (offset + size <= 256)
			return memcmp(other.manifest + offset, data, size) == 0;
		FUZZ_MUST(offset >= sfu_layout.image_offset && offset - sfu_layout.image_offset + size <= plain,
		          "beyond the image");
		FUZZ_MUST(memcmp(other.image + (offset - sfu_layout.image_offset), data, size) == 0,
		          "something goes into a slot that no message brought");
		return 1;
	}
	return address >= sfu_layout.area[SFU_AREA_JOURNAL].address;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t floor;
	enum rig_end end;

	talk_read(&talk, data, size);
	talk_begin(talk.head);
	floor = rig.floor;
	memset(&other, 0, sizeof other);
	memset(&wanted, 0, sizeof wanted);
	at = 0;
	host.entry = 1;
	host_flash_watch = watch;
	station_begin(NULL, 0, NULL, 0);
	host_idle = idle;
	end = rig_boot();
	FUZZ_MUST(end != RIG_RUN || talk.head[1] % WORLD_STAGES == WORLD_FACTORY, "the loader was asked for and does not stay");
	FUZZ_MUST(rig.floor == floor, "a message moves the counter");
	FUZZ_MUST(!other.left || end == RIG_RESET, "no reset after ABORT or REBOOT");
	return 0;
}
