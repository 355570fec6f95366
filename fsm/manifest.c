#include "manifest.h"
#include "bytes.h"
#include "config.h"
#include "crypto.h"
#include "digest.h"
#include "layout.h"
#include "port.h"
#include "sfu_codes.h"

uint32_t sfu_manifest_word(const uint8_t m[SFU_MANIFEST_SIZE], uint32_t offset)
{
	return sfu_get32(m + offset);
}

uint32_t sfu_manifest_extent(const uint8_t m[SFU_MANIFEST_SIZE])
{
	return (m[SFU_MANIFEST_FLAGS_OFFSET] & SFU_FORMAT_FLAG_CERTIFICATE) != 0 ? SFU_FORMAT_HEAD : SFU_MANIFEST_SIZE;
}

void sfu_manifest_hash(const uint8_t m[SFU_MANIFEST_SIZE], uint8_t hash[32])
{
	sfu_digest(m, SFU_FORMAT_MANIFEST_SIGNED, hash);
}

uint32_t sfu_manifest_authentic(const uint8_t m[SFU_MANIFEST_SIZE], const uint8_t c[SFU_CERTIFICATE_SIZE], uint8_t hash[32])
{
	sfu_manifest_hash(m, hash);
	//@ assert issuer: sfu_authority_issuer(m, c) == \at(sfu_authority_issuer(m, c), Pre);
	if (sfu_manifest_word(m, SFU_MANIFEST_MAGIC_OFFSET) != SFU_FORMAT_MANIFEST_MAGIC)
		return SFU_R_MAGIC;
	if (m[SFU_MANIFEST_FORMAT_OFFSET] != SFU_FORMAT_VERSION_ID
	    || m[SFU_MANIFEST_SUITE_OFFSET] != SFU_FORMAT_SUITE
	    || m[SFU_MANIFEST_KIND_OFFSET] != SFU_FORMAT_KIND_IMAGE
	    || m[SFU_MANIFEST_FLAGS_OFFSET] > SFU_FORMAT_FLAGS)
		return SFU_R_FORMAT;
	return sfu_authority_verify(m, c, hash);
}

/*@ requires read: \valid_read(a + (0 .. size - 1)) && \valid_read(b + (0 .. size - 1));
    requires size: size <= 65536;
    assigns \nothing;
    ensures choice: \result == 0 || \result == 1;
    ensures same: \result == 1 <==> \forall integer i; 0 <= i < size ==> a[i] == b[i]; */
static uint32_t same(const uint8_t *a, const uint8_t *b, uint32_t size)
{
	return sfu_equal(a, b, size) == SFU_OK;
}

/* a package for any device has a uid of zeros */
/*@ requires read: \valid_read(wanted + (0 .. 11));
    assigns \nothing;
    ensures choice: \result == 0 || \result == 1;
    ensures uid: \result == 1 <==> (\forall integer i; 0 <= i < 12 ==> wanted[i] == 0)
             || (\forall integer i; 0 <= i < 12 ==> wanted[i] == sfu_uid_byte(i)); */
static uint32_t uid_matches(const uint8_t *wanted)
{
	uint8_t uid[12];

	sfu_port_uid(uid);
	return (sfu_get32(wanted) == 0 && sfu_get32(wanted + 4) == 0 && sfu_get32(wanted + 8) == 0)
	       || same(wanted, uid, sizeof uid);
}

uint32_t sfu_manifest_meant(const uint8_t m[SFU_MANIFEST_SIZE])
{
	if (!same(m + SFU_MANIFEST_PRODUCT_OFFSET, sfu_config + SFU_CONFIG_PRODUCT_OFFSET,
	          SFU_MANIFEST_PRODUCT_SIZE))
		return SFU_R_PRODUCT;
	if ((sfu_manifest_word(m, SFU_MANIFEST_HARDWARE_OFFSET)
	     & sfu_config_word(SFU_CONFIG_HARDWARE_OFFSET)) == 0)
		return SFU_R_HARDWARE;
	if (sfu_manifest_word(m, SFU_MANIFEST_EPOCH_OFFSET) != sfu_config_word(SFU_CONFIG_EPOCH_OFFSET))
		return SFU_R_EPOCH;
	if (!uid_matches(m + SFU_MANIFEST_UID_OFFSET))
		return SFU_R_UID;
	if (sfu_version_compare(m + SFU_MANIFEST_LOADER_MIN_OFFSET, sfu_loader_version) == 2)
		return SFU_R_LOADER;
	return SFU_OK;
}

/* the slot whose image lies at `address`, or SFU_SLOT_NONE */
/*@ requires layout: layout_sound;
    assigns \nothing;
    ensures slot: \result < sfu_layout.slot_count || \result == SFU_SLOT_NONE;
    ensures none: \result == SFU_SLOT_NONE ==> \forall integer i; 0 <= i < sfu_layout.slot_count ==>
             address != sfu_layout.area[SFU_AREA_SLOT + i].address + sfu_layout.image_offset;
    ensures found: \result != SFU_SLOT_NONE ==>
             address == sfu_layout.area[SFU_AREA_SLOT + \result].address + sfu_layout.image_offset;
    ensures first: \forall integer i; 0 <= i < sfu_layout.slot_count && i < \result ==>
             address != sfu_layout.area[SFU_AREA_SLOT + i].address + sfu_layout.image_offset; */
static uint32_t slot_at(uint32_t address)
{
	uint32_t i;

	/*@ loop invariant range: 0 <= i <= 2;
	    loop invariant others: \forall integer j; 0 <= j < i && j < sfu_layout.slot_count ==>
	      address != sfu_layout.area[SFU_AREA_SLOT + j].address + sfu_layout.image_offset;
	    loop assigns i;
	    loop variant 2 - i; */
	for (i = 0; i < 2; i++) {
		if (i < sfu_layout.slot_count
		    && address == sfu_layout.area[SFU_AREA_SLOT + i].address + sfu_layout.image_offset)
			return i;
	}
	return SFU_SLOT_NONE;
}

uint32_t sfu_manifest_fits(const uint8_t m[SFU_MANIFEST_SIZE], uint32_t *slot)
{
	const uint32_t plain = sfu_manifest_word(m, SFU_MANIFEST_PLAIN_SIZE_OFFSET);
	const uint32_t record = sfu_get16(m + SFU_MANIFEST_RECORD_SIZE_OFFSET);
	const uint32_t count = sfu_get16(m + SFU_MANIFEST_RECORD_COUNT_OFFSET);
	const uint32_t found = slot_at(sfu_manifest_word(m, SFU_MANIFEST_LOAD_ADDRESS_OFFSET));

	//@ assert nowhere: found > 1 ==> \forall integer i; !sfu_manifest_names(m, i);
	//@ assert named: found <= 1 ==> sfu_manifest_slot(m, found);
	//@ assert only: \forall integer i; sfu_manifest_slot(m, i) ==> i == found;
	*slot = 0;
	if (found > 1)
		return SFU_R_SLOT;
	if (record != SFU_FORMAT_RECORD_SMALL && record != SFU_FORMAT_RECORD_LARGE)
		return SFU_R_SIZE;
	if (record > sfu_layout.record_max || plain == 0 || plain % SFU_FORMAT_GRAIN != 0)
		return SFU_R_SIZE;
	/* no sum of unchecked sizes: the layout's own were checked at start */
	if (plain > sfu_layout.area[SFU_AREA_SLOT + found].size - sfu_layout.image_offset - SFU_FLASH_MAILBOX)
		return SFU_R_SIZE;
	/* `count - 1` whole records, then one that is not empty */
	if (count == 0 || plain > count * record || plain <= (count - 1) * record)
		return SFU_R_SIZE;
	*slot = found;
	return SFU_OK;
}

/* major, minor and revision as one number */
/*@ requires valid: \valid_read(v + (0 .. SFU_VERSION_SIZE - 1));
    assigns \nothing;
    ensures value: \result == 16777216 * v[SFU_VERSION_MAJOR_OFFSET] + 65536 * v[SFU_VERSION_MINOR_OFFSET]
             + SFU_HALF(v, SFU_VERSION_REVISION_OFFSET); */
static uint32_t head(const uint8_t *v)
{
	return v[SFU_VERSION_MAJOR_OFFSET] * 16777216u + v[SFU_VERSION_MINOR_OFFSET] * 65536u
	       + sfu_get16(v + SFU_VERSION_REVISION_OFFSET);
}

uint32_t sfu_version_compare(const uint8_t a[SFU_VERSION_SIZE], const uint8_t b[SFU_VERSION_SIZE])
{
	const uint32_t ah = head(a), bh = head(b);
	const uint32_t al = sfu_get32(a + SFU_VERSION_BUILD_OFFSET), bl = sfu_get32(b + SFU_VERSION_BUILD_OFFSET);

	if (ah != bh)
		return ah < bh ? 0 : 2;
	if (al != bl)
		return al < bl ? 0 : 2;
	return 1;
}

void sfu_manifest_derive(uint8_t out[32], const uint8_t key[32], const uint8_t m[SFU_MANIFEST_SIZE],
                         const uint8_t *label, uint32_t label_size, uint32_t with_product)
{
	uint8_t info[16 + SFU_MANIFEST_PRODUCT_SIZE];

	sfu_copy(info, label, label_size);
	sfu_copy(info + label_size, m + SFU_MANIFEST_PRODUCT_OFFSET, SFU_MANIFEST_PRODUCT_SIZE);
	sfu_hkdf(out, key, m + SFU_MANIFEST_SALT_OFFSET, SFU_MANIFEST_SALT_SIZE, info,
	         with_product != 0 ? label_size + SFU_MANIFEST_PRODUCT_SIZE : label_size);
}

uint32_t sfu_manifest_chunk(const uint8_t m[SFU_MANIFEST_SIZE], uint32_t index)
{
	const uint32_t plain = sfu_manifest_word(m, SFU_MANIFEST_PLAIN_SIZE_OFFSET);
	const uint32_t record = sfu_get16(m + SFU_MANIFEST_RECORD_SIZE_OFFSET);
	const uint32_t left = plain - index * record;

	return left < record ? left : record;
}
