/* Everything that must be in order before the boot machine may decide: data, keys, journal. */
#include "boot.h"
#include "bytes.h"
#include "check.h"
#include "config.h"
#include "device.h"
#include "manifest.h"
#include "port.h"
#include "sfu_codes.h"

/* The keys are not touched on a chip that is less protected than the loader was built for. Read twice:
 * one glitched read must not be enough. */
static uint32_t locked(void)
{
	const uint32_t wanted = sfu_config_word(SFU_CONFIG_LOCK_PROFILE_OFFSET);

	if (sfu_config_lock_rank(sfu_port_lock()) < sfu_config_lock_rank(wanted))
		return SFU_E_LOCKED;
	if (sfu_config_lock_rank(sfu_port_lock()) < sfu_config_lock_rank(wanted))
		return SFU_E_LOCKED;
	return SFU_OK;
}

static uint32_t open_keys(struct sfu_device *d)
{
	uint32_t status;

	status = sfu_keys_load(&d->keys);
	if (status != SFU_OK)
		return status;
	if (d->keys.epoch != sfu_config_word(SFU_CONFIG_EPOCH_OFFSET))
		return SFU_E_KEYS;
	/* a marked test key works only in a loader that says it is a test loader */
	if ((d->keys.flags & SFU_FLASH_KEYS_TEST) != 0
	    && (sfu_config_word(SFU_CONFIG_FLAGS_OFFSET) & SFU_FLASH_CONFIG_TEST) == 0)
		return SFU_E_KEYS;
	return sfu_keys_make(&d->keys);
}

/* One slot without a journal: is it an image the OEM signed? Then it may be sealed anew. */
static uint32_t salvage(struct sfu_state *s, struct sfu_check *c, uint32_t install)
{
	uint32_t counter;

	c->install = install;
	if (sfu_check_oem(c, 1) != SFU_OK)
		return 0;
	s->slot[c->slot] = SFU_SLOT_CONFIRMED;
	s->install[c->slot] = install;
	sfu_copy(s->seal[c->slot], c->pass.tag, SFU_FORMAT_TAG);
	counter = sfu_manifest_word(c->manifest, SFU_MANIFEST_SECURITY_COUNTER_OFFSET);
	if (counter > s->security_counter)
		s->security_counter = counter;
	return 1;
}

/* The second slot is preferred, unless the first one's version (in d->boot.version) is higher. */
static void salvage_both(struct sfu_device *d, struct sfu_state *s, struct sfu_check *c)
{
	const uint32_t version = SFU_MANIFEST_VERSION_OFFSET;
	uint32_t first;

	c->slot = 0;
	first = salvage(s, c, 2);
	sfu_copy(d->boot.version, c->manifest + version, SFU_VERSION_SIZE);
	if (sfu_layout.slot_count < 2)
		return;
	c->slot = 1;
	if (salvage(s, c, 3) == 1 && first == 1
	    && sfu_version_compare(d->boot.version, c->manifest + version) == 2)
		(void)salvage(s, c, 1);
}

/* Both journal pages are unreadable, or this is the first start: the floor is the highest counter among
 * the slots that the OEM's signature and the image hash vouch for. The floor then keeps the others out. */
static uint32_t recover(struct sfu_device *d)
{
	struct sfu_state s;
	struct sfu_check c;

	sfu_fill((uint8_t *)&s, 0, sizeof s);
	s.security_counter = sfu_config_word(SFU_CONFIG_MIN_COUNTER_OFFSET);
	c.device = d->keys.device;
	c.oem = d->keys.oem;
	c.buffer = sfu_device_buffer(d);
	salvage_both(d, &s, &c);
	return sfu_journal_format(&d->journal, &s);
}

uint32_t sfu_boot_prepare(struct sfu_device *d)
{
	uint32_t status;

	status = sfu_layout_check();
	if (status != SFU_OK)
		return status;
	status = sfu_config_check();
	if (status != SFU_OK)
		return status;
	status = locked();
	if (status != SFU_OK)
		return status;
	status = open_keys(d);
	if (status != SFU_OK)
		return status;
	status = sfu_journal_load(&d->journal, d->keys.device);
	return status == SFU_OK ? SFU_OK : recover(d);
}
