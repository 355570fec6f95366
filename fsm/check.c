#include "check.h"
#include "layout.h"
#include "manifest.h"
#include "port.h"
#include "sfu_codes.h"

uint32_t sfu_check_read(struct sfu_check *c)
{
	uint32_t status, slot = SFU_SLOT_NONE;

	status = sfu_port_flash_read(sfu_layout.area[SFU_AREA_SLOT + c->slot].address, c->manifest, SFU_MANIFEST_SIZE);
	if (status != SFU_OK)
		return status;
	/* not yet believed: it says how far to read, and that must lie in the slot */
	status = sfu_manifest_fits(c->manifest, &slot);
	return status == SFU_OK && slot == c->slot ? SFU_OK : SFU_R_SLOT;
}

uint32_t sfu_check_oem(struct sfu_check *c, uint32_t sealing)
{
	uint8_t hash[32];
	uint32_t status;

	status = sfu_check_read(c);
	if (status != SFU_OK)
		return status;
	//@ assert read: SFU_CHECK_FITS(c);
	/* the buffer is not in use yet */
	if (sfu_manifest_extent(c->manifest) != SFU_MANIFEST_SIZE)
		status = sfu_port_flash_read(sfu_layout.area[SFU_AREA_SLOT + c->slot].address + SFU_MANIFEST_SIZE, c->buffer,
		                             SFU_CERTIFICATE_SIZE);
	if (status != SFU_OK)
		return status;
	//@ assert unchanged: SFU_CHECK_FITS(c);
	status = sfu_manifest_authentic(c->manifest, c->buffer, hash);
	//@ assert fits: SFU_CHECK_FITS(c);
	if (status != SFU_OK)
		return status;
	/* signed is not enough: it must have been signed for this device */
	status = sfu_manifest_meant(c->manifest);
	if (status != SFU_OK)
		return status;
	//@ assert meant: SFU_CHECK_MEANT(c);
	status = sfu_check_pass(c, hash, sealing, 1);
	//@ assert still: SFU_CHECK_FITS(c);
	if (status != SFU_OK)
		return status;
	sfu_hash_final(&c->pass.hash, hash);
	//@ assert end: SFU_CHECK_FITS(c);
	return sfu_equal(hash, c->manifest + SFU_MANIFEST_IMAGE_HASH_OFFSET, sizeof hash);
}

uint32_t sfu_check_pass(struct sfu_check *c, const uint8_t hash[32], uint32_t sealing, uint32_t hashing)
{
	const uint32_t plain = sfu_manifest_word(c->manifest, SFU_MANIFEST_PLAIN_SIZE_OFFSET);
	uint32_t status;

	c->pass.sealing = sealing;
	c->pass.hashing = hashing;
	sfu_pass_begin(&c->pass, c->manifest, hash, c->install, c->device, c->oem, c->buffer);
	status = sfu_pass_image(&c->pass, sfu_slot_image(c->slot), plain, c->buffer);
	/*@ assert hashed: status == SFU_OK && hashing != 0 ==>
	      sfu_sha_size(c->pass.hash.sha) == 32 + plain; */
	//@ assert plain: plain == SFU_WORD(c->manifest, SFU_MANIFEST_PLAIN_SIZE_OFFSET);
	sfu_wipe(c->pass.key, sizeof c->pass.key);
	/*@ assert hashed: status == SFU_OK && hashing != 0 ==>
	      sfu_sha_size(c->pass.hash.sha) == 32 + plain; */
	//@ assert plain: plain == SFU_WORD(c->manifest, SFU_MANIFEST_PLAIN_SIZE_OFFSET);
	//@ assert wiped: \forall integer i; 0 <= i < 32 ==> c->pass.key[i] == 0;
	return status;
}
