#include "slot.h"
#include "bytes.h"
#include "layout.h"
#include "manifest.h"
#include "port.h"
#include "sfu_codes.h"

static const uint8_t LABEL_SEAL[8] = { 's', 'f', 'u', ' ', 's', 'e', 'a', 'l' };
static const uint8_t LABEL_DIGEST[10] = { 's', 'f', 'u', ' ', 'd', 'i', 'g', 'e', 's', 't' };

uint32_t sfu_slot_image(uint32_t slot)
{
	return sfu_layout.area[SFU_AREA_SLOT + slot].address + sfu_layout.image_offset;
}

uint32_t sfu_slot_mailbox(uint32_t slot)
{
	return sfu_layout.area[SFU_AREA_SLOT + slot].address + (sfu_layout.area[SFU_AREA_SLOT + slot].size - SFU_FLASH_MAILBOX);
}

/* the chunk lies in the buffer behind the place of the tag before it */
/*@ requires pass: \valid(p) && \valid(buffer + (0 .. SFU_PASS_BUFFER - 1));
    requires apart: \separated(p, buffer + (0 .. SFU_PASS_BUFFER - 1));
    requires size: size <= SFU_FORMAT_SEAL_CHUNK && p->chunk < UINT32_MAX;
    assigns p->tag[0 .. SFU_FORMAT_TAG - 1], p->chunk, buffer[0 .. SFU_PASS_BUFFER - 1];
    ensures chunk: p->chunk == \old(p->chunk) + 1;
    ensures linked: \forall integer i; 0 <= i < SFU_FORMAT_TAG ==> buffer[i] == \old(p->tag[i]); */
static void add_chunk(struct sfu_pass *p, uint8_t buffer[SFU_PASS_BUFFER], uint32_t size)
{
	sfu_copy(buffer, p->tag, SFU_FORMAT_TAG);
	sfu_onetime_mac(p->tag, p->key, p->chunk, buffer, SFU_FORMAT_TAG + size);
	p->chunk++;
}

/*@ requires pass: \valid(p) && \valid_read(manifest_hash + (0 .. 31)) && \valid_read(device + (0 .. 31));
    requires apart: \separated(p, manifest_hash + (0 .. 31)) && \separated(p, device + (0 .. 31));
    assigns p->key[0 .. 31], p->tag[0 .. SFU_FORMAT_TAG - 1], p->chunk;
    ensures chunk: p->chunk == 0; */
static void begin_seal(struct sfu_pass *p, const uint8_t manifest_hash[32], uint32_t install,
                       const uint8_t device[32])
{
	uint8_t info[sizeof LABEL_SEAL + 4 + 32];

	sfu_copy(info, LABEL_SEAL, sizeof LABEL_SEAL);
	sfu_put32(info + sizeof LABEL_SEAL, install);
	sfu_copy(info + sizeof LABEL_SEAL + 4, manifest_hash, 32);
	sfu_hkdf(p->key, device, 0, 0, info, sizeof info);
	sfu_fill(p->tag, 0, SFU_FORMAT_TAG);
	p->chunk = 0;
}

void sfu_pass_begin(struct sfu_pass *p, const uint8_t manifest[SFU_MANIFEST_SIZE],
                    const uint8_t manifest_hash[32], uint32_t install, const uint8_t device[32],
                    const uint8_t oem[32], uint8_t buffer[SFU_PASS_BUFFER])
{
	if (p->sealing != 0) {
		begin_seal(p, manifest_hash, install, device);
		sfu_copy(buffer + SFU_FORMAT_TAG, manifest, SFU_FORMAT_MANIFEST_SIGNED);
		add_chunk(p, buffer, SFU_FORMAT_MANIFEST_SIGNED);
	}
	if (p->hashing != 0) {
		sfu_manifest_derive(buffer, oem, manifest, LABEL_DIGEST, sizeof LABEL_DIGEST, 0);
		sfu_hash_init(&p->hash);
		sfu_hash_update(&p->hash, buffer, 32);
		sfu_wipe(buffer, 32);
	}
}

uint32_t sfu_pass_image(struct sfu_pass *p, uint32_t address, uint32_t size,
                        uint8_t buffer[SFU_PASS_BUFFER])
{
	uint32_t status = SFU_OK, at, n;

	/*@ loop invariant range: 0 <= at <= size;
	    loop invariant chunk: p->sealing != 0 ==>
	      p->chunk == 1 + (at + SFU_FORMAT_SEAL_CHUNK - 1) / SFU_FORMAT_SEAL_CHUNK;
	    loop invariant whole: at % SFU_FORMAT_SEAL_CHUNK == 0 || at == size;
	    loop invariant answer: status == SFU_OK || status == SFU_E_ECC || status == SFU_E_IO;
	    loop invariant read: status == SFU_OK ==>
	      \forall integer a; 0 <= a < at && a % SFU_FORMAT_SEAL_CHUNK == 0 ==>
	      flash_read(sfu_flash, address + a, slot_chunk(size, a)) == SFU_OK;
	    loop invariant failed: status != SFU_OK ==>
	      \exists integer a; 0 <= a < at && a % SFU_FORMAT_SEAL_CHUNK == 0
	      && flash_read(sfu_flash, address + a, slot_chunk(size, a)) == status;
	    loop invariant hashed: sfu_sha_size(p->hash.sha)
	      == \at(sfu_sha_size(p->hash.sha), Pre) + (p->hashing != 0 ? at : 0);
	    loop assigns at, n, status, p->tag[0 .. SFU_FORMAT_TAG - 1], p->chunk, p->hash,
	                 buffer[0 .. SFU_PASS_BUFFER - 1], sfu_chip;
	    loop variant size - at; */
	for (at = 0; at < size && status == SFU_OK; at += n) {
		n = size - at < SFU_FORMAT_SEAL_CHUNK ? size - at : SFU_FORMAT_SEAL_CHUNK;
		//@ assert length: n == slot_chunk(size, at);
		status = sfu_port_flash_read(address + at, buffer + SFU_FORMAT_TAG, n);
		if (p->hashing != 0)
			sfu_hash_update(&p->hash, buffer + SFU_FORMAT_TAG, n);
		if (p->sealing != 0)
			add_chunk(p, buffer, n);
		sfu_port_kick();
	}
	return status;
}

uint32_t sfu_slot_vector(uint32_t slot, uint32_t plain)
{
	const uint32_t image = sfu_slot_image(slot);
	uint32_t status, entry;
	uint8_t words[8];

	status = sfu_port_flash_read(image, words, sizeof words);
	if (status != SFU_OK)
		return status;
	entry = sfu_get32(words + 4);
	//@ assert entry: entry == flash_word(sfu_flash, image + 4);
	//@ assert pointer: SFU_WORD(words, 0) == flash_word(sfu_flash, image);
	/* a Thumb address inside the image, and not inside the two words just read */
	if (entry % 2 != 1 || entry < image + sizeof words || entry - image >= plain)
		return SFU_R_VECTOR;
	return sfu_port_stack_ok(sfu_get32(words)) == 1 ? SFU_OK : SFU_R_VECTOR;
}

uint32_t sfu_slot_confirmed(uint32_t slot, uint32_t install)
{
	const uint32_t mailbox = sfu_slot_mailbox(slot);
	//@ assert mailbox: mailbox == SFU_SLOT_MAILBOX(slot);
	uint8_t cell[SFU_MAILBOX_SIZE];
	uint32_t i, found = 0;

	/*@ loop invariant range: 0 <= i <= SFU_FLASH_MAILBOX_CELLS && 0 <= found <= 1;
	    loop invariant confirmed: found == 1 <==> \exists integer j; 0 <= j < i
	      && slot_confirms(sfu_flash, mailbox, j, install);
	    loop assigns i, found, cell[0 .. SFU_MAILBOX_SIZE - 1];
	    loop variant SFU_FLASH_MAILBOX_CELLS - i; */
	for (i = 0; i < SFU_FLASH_MAILBOX_CELLS; i++) {
		if (sfu_port_flash_read(mailbox + i * SFU_MAILBOX_SIZE, cell, sizeof cell) == SFU_OK
		    && sfu_get32(cell + SFU_MAILBOX_MAGIC_OFFSET) == SFU_FLASH_CONFIRM_MAGIC
		    && sfu_get32(cell + SFU_MAILBOX_INSTALL_OFFSET) == install)
			found = 1;
		/*@ assert step: found == 1 <==> \at(found, LoopCurrent) == 1
		      || slot_confirms(sfu_flash, mailbox, i, install); */
	}
	return found;
}
