/* Records -> flash: an accepted manifest, then whatever is sent for its records.
 *
 * Input: layout (1), size of image and record (1), then steps: what (1), and what that needs. See one_record(). */
#include <stdlib.h>
#include <string.h>
#include "boot.h"
#include "bytes.h"
#include "crypto.h"
#include "device.h"
#include "flat.h"
#include "fuzz.h"
#include "maker.h"
#include "session.h"
#include "upgrade.h"

#define FIRST 0x1000u
#define SIZES 6u
#define RECORDS 11u

/* the device behind an accepted offer, for each layout and size */
struct start {
	struct maker maker;
	struct sfu_device device;
	struct flat_image flash;
	uint8_t package[MAKER_PACKAGE], image[MAKER_PACKAGE];
	uint8_t hash[RECORDS][SFU_FORMAT_HASH]; /* of each record */
	uint32_t size, count;
};

static struct start *starts[FUZZ_GEOMETRIES][SIZES];
static struct sfu_device d;

uint32_t sfu_port_entropy(uint8_t out[32])
{
	memset(out, 0x33, 32);
	return SFU_OK;
}

uint32_t sfu_port_lock(void)
{
	return SFU_FLASH_LOCK_FINAL;
}

uint32_t sfu_port_part(void)
{
	return 0x413;
}

uint32_t sfu_port_entry(void)
{
	return 1;
}

void sfu_port_tx(const uint8_t *data, uint32_t size)
{
	(void)data, (void)size;
}

uint32_t sfu_port_rx_peek(uint32_t skip, uint8_t *out, uint32_t max)
{
	(void)skip, (void)out, (void)max;
	return 0;
}

void sfu_port_rx_skip(uint32_t count)
{
	(void)count;
}

/* keys as maker_keys makes them for the host port */
void host_flash_put(uint32_t address, const uint8_t *data, uint32_t size)
{
	flat_put(address - FUZZ_BASE, data, size);
}

static const uint8_t *record_at(const struct start *s, uint32_t index)
{
	return s->package + SFU_MANIFEST_SIZE + index * (s->maker.record + 32);
}

static uint32_t record_size(const struct start *s, uint32_t index)
{
	const uint32_t step = s->maker.record + 32, at = SFU_MANIFEST_SIZE + index * step;

	return s->size - at < step ? s->size - at : step;
}

static void hash_record(uint32_t index, const uint8_t *record, uint32_t size, uint8_t hash[SFU_FORMAT_HASH])
{
	uint8_t prefix[8];
	struct sfu_hash h;

	memcpy(prefix, "SFUR", 4);
	sfu_put32(prefix + 4, index);
	sfu_hash_init(&h);
	sfu_hash_update(&h, prefix, 8);
	sfu_hash_update(&h, record, size);
	sfu_hash_final(&h, hash);
}

static struct start *prepare(uint32_t layout, uint32_t number)
{
	static const uint32_t sizes[SIZES] = { 32, 1024, 1056, 2080, 5120, 10272 };
	struct start *s = calloc(1, sizeof *s);
	uint32_t i;

	FUZZ_MUST(s != NULL, "there is no memory");
	s->maker = (struct maker){ .version = { 1 }, .counter = 1, .size = sizes[number], .epoch = 1, .hardware = 1, .fill = 5,
		.record = number % 2 ? 2048 : 1024 };
	s->size = maker_package(&s->maker, s->package);
	maker_image(&s->maker, s->image);
	s->count = (sizes[number] - 1) / s->maker.record + 1;
	for (i = 0; i < s->count; i++)
		hash_record(i, record_at(s, i), record_size(s, i), s->hash[i]);
	maker_config(SFU_FLASH_LOCK_FIELD);
	flat_begin(FIRST, FUZZ_FLASH);
	maker_keys();
	memset(&d, 0, sizeof d);
	FUZZ_MUST(sfu_boot(&d) == SFU_E_BLANK && d.boot.trouble == SFU_OK, "a blank device does not stay in the loader");
	sfu_session_init(&d);
	FUZZ_MUST(sfu_upgrade_offer(&d, s->package) == SFU_OK, "a good manifest is refused");
	s->device = d;
	flat_keep(&s->flash);
	starts[layout][number] = s;
	return s;
}

static uint32_t slot_at(void)
{
	return sfu_layout.area[SFU_AREA_SLOT].address + sfu_layout.image_offset - FUZZ_BASE;
}

/* Makes the record be the one that is promised, as the OEM could have. */
static void promise(const uint8_t *record, uint32_t size)
{
	hash_record(d.upgrade.next, record, size, d.upgrade.expected);
}

/* The same for one of the package, as it is. */
static void promise_own(const struct start *s, uint32_t index)
{
	if (index == d.upgrade.next)
		memcpy(d.upgrade.expected, s->hash[index], SFU_FORMAT_HASH);
	else
		hash_record(d.upgrade.next, record_at(s, index), record_size(s, index), d.upgrade.expected);
}

/* What becomes of a record that is handed over, the package's own or another: it is in flash, decrypted, or nothing has
 * changed. */
static void hand_over(const struct start *s, uint32_t index, uint8_t *record, uint32_t size, int good, int own)
{
	static uint8_t other[SFU_FORMAT_RECORD_MAX];
	const uint8_t *plain = other;
	const uint32_t at = slot_at() + index * s->maker.record, writes = flat_writes;
	const uint32_t next = d.upgrade.next;
	uint8_t expected[SFU_FORMAT_HASH];
	uint32_t status;

	good = good && d.upgrade.state == SFU_UPGRADE_STATE_RECEIVING && index == next;
	if (good && own) {
		plain = s->image + index * s->maker.record;
	} else if (good) {
		memcpy(other, record, size - 32);
		sfu_cipher(d.upgrade.key, index, other, size - 32);
	}
	memcpy(expected, d.upgrade.expected, sizeof expected);
	status = sfu_upgrade_record(&d, index, record, size);
	if (good) {
		FUZZ_MUST(status == SFU_OK && d.upgrade.next == next + 1, "a good record is not taken");
		FUZZ_MUST(flat_holds(at, plain, size - 32), "the record's plain text is not in flash");
		return;
	}
	FUZZ_MUST(d.upgrade.next == next && flat_writes == writes && memcmp(d.upgrade.expected, expected, sizeof expected) == 0,
	          "a record that is not due changes something");
	FUZZ_MUST(status != SFU_OK || index < next, "a record that is not due is taken");
}

static void one_record(const struct start *s, struct fuzz_input *in)
{
	static uint8_t record[4096];
	const uint32_t what = fuzz_byte(in), next = d.upgrade.next;
	uint32_t index = next < s->count ? next : s->count - 1, size = record_size(s, index), n;
	int good = next < s->count, own = 0;

	if (what % 8 < 6)
		flat_copy(record, record_at(s, index), size);

	switch (what % 8) {
	case 0: /* as it should be */
		promise_own(s, index);
		own = 1;
		break;
	case 1: /* another index */
		promise_own(s, index);
		index = what & 0x80 ? fuzz_word(in) : fuzz_byte(in);
		own = 1;
		break;
	case 2: /* a bit */
		promise_own(s, index);
		n = fuzz_half(in) % size;
		record[n] ^= (uint8_t)(1u << what / 8 % 8);
		good = 0;
		break;
	case 3: /* another size, promised or not */
		n = fuzz_half(in) % sizeof record;
		if (n == size || (what & 0x80))
			promise(record, n);
		good = good && n == size;
		own = n == size;
		size = n;
		break;
	case 4: /* any bytes, as the OEM could have sent them */
		(void)fuzz_bytes(in, record, size);
		promise(record, size);
		break;
	case 5: /* any bytes */
		(void)fuzz_bytes(in, record, size);
		good = 0;
		break;
	case 6: /* the manifest again */
		FUZZ_MUST(sfu_upgrade_offer(&d, s->package) == SFU_OK || d.upgrade.offers >= SFU_LIMIT_OFFERS
		                  || sfu_upgrade_on_trial(&d),
		          "the same manifest is refused");
		return;
	default: /* the end */
		n = d.upgrade.state;
		index = !flat_holds(slot_at(), s->image, s->maker.size);
		size = sfu_upgrade_finish(&d);
		FUZZ_MUST(size != SFU_OK || (index == 0 && n >= SFU_UPGRADE_STATE_COMPLETE), "another image is installed");
		FUZZ_MUST(size == SFU_OK || n != SFU_UPGRADE_STATE_COMPLETE || index != 0, "the image is not installed");
		return;
	}
	hand_over(s, index, record, size, good, own);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	const uint32_t layout = fuzz_byte(&in) % FUZZ_GEOMETRIES, number = fuzz_byte(&in) % SIZES;
	struct start *s;
	uint32_t steps;

	fuzz_geometry(layout);
	s = starts[layout][number] != NULL ? starts[layout][number] : prepare(layout, number);
	flat_copy(&d, &s->device, sizeof d);
	flat_again(&s->flash, FIRST, FUZZ_FLASH);
	for (steps = 0; in.left > 0 && steps < 40; steps++)
		one_record(s, &in);
	return 0;
}
