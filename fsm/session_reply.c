#include "session_reply.h"
#include "bytes.h"
#include "config.h"
#include "device.h"
#include "manifest.h"
#include "personalize.h"
#include "port.h"
#include "sfu_codes.h"
#include "slot.h"
#include "upgrade.h"

/* product, hardware and epoch lie side by side in struct CONFIG and in struct INFO */
#define IDENTITY (SFU_CONFIG_EPOCH_OFFSET + SFU_CONFIG_EPOCH_SIZE - SFU_CONFIG_PRODUCT_OFFSET)

_Static_assert(SFU_CONFIG_HARDWARE_OFFSET - SFU_CONFIG_PRODUCT_OFFSET == SFU_INFO_HARDWARE_OFFSET - SFU_INFO_PRODUCT_OFFSET
               && SFU_CONFIG_EPOCH_OFFSET - SFU_CONFIG_PRODUCT_OFFSET == SFU_INFO_EPOCH_OFFSET - SFU_INFO_PRODUCT_OFFSET,
               "one copy serves three fields");

_Static_assert(SFU_CHALLENGE_SIZE <= SFU_LINK_BODY_MAX && SFU_RECEIPT_SIZE <= SFU_LINK_BODY_MAX, "a frame holds them");
_Static_assert(SFU_WINDOW_NEXT_OFFSET == 0 && SFU_WINDOW_LIMIT_OFFSET == 4 && SFU_WINDOW_SIZE == 8, "as answer()");
_Static_assert(SFU_REFUSAL_CODE_OFFSET == 0 && SFU_REFUSAL_DETAIL_OFFSET == 4 && SFU_REFUSAL_SIZE == 8, "as answer()");

uint32_t sfu_session_note(struct sfu_device *d, uint32_t status)
{
	if (status != SFU_OK)
		d->session.refusal = status;
	return status;
}

/* struct WINDOW and struct REFUSAL are two words each */
/*@ assigns sfu_line;
    ensures line: sfu_line_shown == \old(sfu_line_shown); */
static void answer(uint8_t type, uint32_t first, uint32_t second)
{
	uint8_t body[8];

	sfu_put32(body, first);
	sfu_put32(body + 4, second);
	sfu_link_send(type, body, sizeof body);
}

/*@ requires valid: \valid(d);
    assigns d->session.refusal, sfu_line;
    ensures line: sfu_line_shown == \old(sfu_line_shown); */
static void refuse(struct sfu_device *d, uint32_t code, uint32_t detail)
{
	answer(SFU_MESSAGE_REFUSE, sfu_session_note(d, code), detail);
}

/*@ requires fits: \valid_read(d) && layout_sound && d->upgrade.next <= 65535 && SFU_UPGRADE_FITS(d);
    assigns sfu_line;
    ensures line: sfu_line_shown == \old(sfu_line_shown); */
static void grant(struct sfu_device *d, uint8_t type)
{
	answer(type, d->upgrade.next, sfu_upgrade_limit(d));
}

/*@ assigns sfu_line;
    ensures line: sfu_line_shown == \old(sfu_line_shown); */
static void done(uint32_t install)
{
	uint8_t body[4];

	sfu_put32(body, install);
	sfu_link_send(SFU_MESSAGE_DONE, body, sizeof body);
}

/*@ requires read: \valid_read(d);
    assigns \nothing; */
static uint32_t flags(const struct sfu_device *d)
{
	uint32_t f = 0;

	if ((sfu_config_word(SFU_CONFIG_FLAGS_OFFSET) & SFU_FLASH_CONFIG_TEST) != 0)
		f |= SFU_INFO_TEST_KEYS;
	if (d->boot.trouble == SFU_OK)
		f |= SFU_INFO_KEYS_READY;
	if (d->boot.good == SFU_SLOT_NONE && sfu_upgrade_on_trial(d) == 0)
		f |= SFU_INFO_NEEDS_IMAGE;
	if (d->journal.state.slot[0] == SFU_SLOT_INSTALLING || d->journal.state.slot[1] == SFU_SLOT_INSTALLING)
		f |= SFU_INFO_RESUMABLE;
	if (d->keys.kind == SFU_FLASH_KEYS_DEVICE && (d->keys.flags & SFU_FLASH_KEYS_RECEIPT) != 0)
		f |= SFU_INFO_PERSONALIZED;
	else if (d->boot.trouble == SFU_E_MASTER)
		f |= SFU_INFO_UNPERSONALIZED;
	return f;
}

/* The version is told of the slot that was checked in this boot, to be run or still on trial, and of the one just
 * installed: no other manifest is believed. */
/*@ requires read: \valid_read(d) && layout_sound && slot < sfu_layout.slot_count;
    requires out: \valid(out + (0 .. SFU_SLOT_INFO_SIZE - 1)) && \separated(d, out + (0 .. SFU_SLOT_INFO_SIZE - 1));
    assigns out[0 .. SFU_SLOT_INFO_SIZE - 1]; */
static void tell_slot(const struct sfu_device *d, uint8_t *out, uint32_t slot)
{
	sfu_put32(out + SFU_SLOT_INFO_LOAD_ADDRESS_OFFSET, sfu_slot_image(slot));
	sfu_put32(out + SFU_SLOT_INFO_CAPACITY_OFFSET,
	          sfu_layout.area[SFU_AREA_SLOT + slot].size - sfu_layout.image_offset - SFU_FLASH_MAILBOX);
	sfu_put32(out + SFU_SLOT_INFO_STATE_OFFSET, d->journal.state.slot[slot]);
	sfu_put32(out + SFU_SLOT_INFO_INSTALL_OFFSET, d->journal.state.install[slot]);
	/* what was installed comes first: with one slot it is where the image was that was checked */
	if (slot == d->upgrade.slot && d->upgrade.state == SFU_UPGRADE_STATE_DONE)
		sfu_copy(out + SFU_SLOT_INFO_VERSION_OFFSET,
		         d->upgrade.manifest + SFU_MANIFEST_VERSION_OFFSET, SFU_VERSION_SIZE);
	else if (slot == d->boot.good
	         || (slot == d->boot.candidate && d->boot.held == SFU_OK && sfu_upgrade_on_trial(d) != 0))
		sfu_copy(out + SFU_SLOT_INFO_VERSION_OFFSET, d->boot.version, SFU_VERSION_SIZE);
}

/* why the device refuses, 0 if it does not */
/*@ requires read: \valid_read(d);
    assigns \nothing; */
static uint32_t refusal(const struct sfu_device *d)
{
	if (d->boot.trouble != SFU_OK)
		return d->boot.trouble;
	return d->session.refusal;
}

void sfu_session_tell(struct sfu_device *d)
{
	uint8_t info[SFU_INFO_SIZE];

	sfu_fill(info, 0, sizeof info);
	info[SFU_INFO_PROTOCOL_OFFSET] = SFU_LINK_PROTOCOL;
	sfu_put32(info + SFU_INFO_FLAGS_OFFSET, flags(d));
	info[SFU_INFO_SLOT_COUNT_OFFSET] = (uint8_t)(sfu_layout.slot_count % 256u);
	info[SFU_INFO_RECORD_MAX_OFFSET] = (uint8_t)(sfu_layout.record_max % 256u);
	info[SFU_INFO_RECORD_MAX_OFFSET + 1u] = (uint8_t)(sfu_layout.record_max / 256u % 256u);
	sfu_copy(info + SFU_INFO_LOADER_VERSION_OFFSET, sfu_loader_version, SFU_VERSION_SIZE);
	sfu_copy(info + SFU_INFO_PRODUCT_OFFSET, sfu_config + SFU_CONFIG_PRODUCT_OFFSET, IDENTITY);
	sfu_port_uid(info + SFU_INFO_UID_OFFSET);
	sfu_put32(info + SFU_INFO_PART_OFFSET, sfu_port_part());
	sfu_put32(info + SFU_INFO_SECURITY_COUNTER_OFFSET, d->journal.state.security_counter);
	sfu_put32(info + SFU_INFO_LOCK_PROFILE_OFFSET, sfu_port_lock());
	sfu_put32(info + SFU_INFO_FAILURE_OFFSET, d->journal.state.failure);
	sfu_put32(info + SFU_INFO_REFUSAL_OFFSET, refusal(d));
	sfu_put32(info + SFU_INFO_FREE_SLOT_OFFSET, sfu_upgrade_free_slot(d));
	/* a layout that cannot work has no slots to tell of */
	if (d->boot.trouble != SFU_E_LAYOUT) {
		tell_slot(d, info + SFU_INFO_SLOT0_OFFSET, 0);
		if (sfu_layout.slot_count > 1)
			tell_slot(d, info + SFU_INFO_SLOT1_OFFSET, 1);
	}
	sfu_link_send(SFU_MESSAGE_INFO, info, sizeof info);
}

void sfu_session_offer(struct sfu_device *d, const uint8_t *body)
{
	uint32_t status = SFU_R_LENGTH;

	if (d->session.size == sfu_manifest_extent(body))
		status = sfu_upgrade_offer(d, body);
	if (status != SFU_OK)
		refuse(d, status, 0);
	else
		grant(d, SFU_MESSAGE_ACCEPT);
}

void sfu_session_record(struct sfu_device *d, uint8_t *body)
{
	uint32_t status = SFU_R_LENGTH, index = 0;

	if (d->session.size > 4) {
		index = sfu_get32(body);
		status = sfu_upgrade_record(d, index, body + 4, d->session.size - 4);
	}
	if (status == SFU_OK || status == SFU_E_TIMEOUT)
		grant(d, SFU_MESSAGE_ACK);
	else
		refuse(d, status, index);
}

void sfu_session_finish(struct sfu_device *d)
{
	const uint32_t status = sfu_upgrade_finish(d);

	if (status != SFU_OK)
		refuse(d, status, d->upgrade.next);
	else
		done(d->journal.state.install[d->upgrade.slot]);
}

void sfu_session_quit(struct sfu_device *d)
{
	sfu_upgrade_leave(d);
	done(0);
}

void sfu_session_personalize(struct sfu_device *d)
{
	uint8_t body[SFU_CHALLENGE_SIZE];
	uint32_t size = 0;
	const uint32_t status = sfu_personalize_ask(d, body, &size);

	if (status != SFU_OK)
		refuse(d, status, 0);
	else
		sfu_link_send(size == SFU_RECEIPT_SIZE ? SFU_MESSAGE_RECEIPT : SFU_MESSAGE_CHALLENGE, body, size);
}

void sfu_session_permit(struct sfu_device *d, uint8_t *body)
{
	uint8_t receipt[SFU_RECEIPT_SIZE];
	uint32_t status = SFU_R_LENGTH;

	if (d->session.size == SFU_PERMIT_SIZE)
		status = sfu_personalize_permit(d, body, receipt);
	if (status != SFU_OK)
		refuse(d, status, 0);
	else
		sfu_link_send(SFU_MESSAGE_RECEIPT, receipt, sizeof receipt);
}

void sfu_session_refuse_type(struct sfu_device *d)
{
	refuse(d, SFU_R_TYPE, 0);
}
