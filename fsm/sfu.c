#include "sfu.h"
#include "boot.h"
#include "check.h"
#include "manifest.h"
#include "port.h"
#include "session.h"
#include "sfu_codes.h"
#include "slot.h"

/* the frame's buffer is long enough for a pass */
_Static_assert(SFU_LINK_BUFFER - SFU_LINK_PAD - 1u >= SFU_PASS_BUFFER, "one buffer serves both");
/* a record's ciphertext, behind pad, type and index, begins at a multiple of 4 */
_Static_assert((SFU_LINK_PAD + 1u + 4u) % 4u == 0, "records are aligned");

struct sfu_device sfu_device;

uint8_t *sfu_device_buffer(struct sfu_device *d)
{
	return d->link.buffer + SFU_LINK_PAD + 1u;
}

/* here, and not beside sfu_boot_check: an optimizer that sees both asks once */
uint32_t sfu_boot_examine(struct sfu_device *d)
{
	struct sfu_check c;
	uint32_t status;

	status = sfu_boot_check(d, &c);
	if (status != SFU_OK)
		return status;
	if (sfu_manifest_word(c.manifest, SFU_MANIFEST_SECURITY_COUNTER_OFFSET) < sfu_boot_floor(d))
		return SFU_R_COUNTER;
	status = sfu_boot_revoked(d, c.manifest + SFU_MANIFEST_KEY_FLOOR_OFFSET);
	return status == SFU_OK ? sfu_check_again(&c) : status;
}

/*@ requires place: \valid(d) && layout_sound && d->boot.good < sfu_layout.slot_count;
    requires judged: SFU_BOOT_JUDGED(d->boot.good);
    requires counter: d->boot.counter >= d->journal.state.security_counter;
    assigns sfu_chip; */
static void run(struct sfu_device *d)
{
	uint8_t report[SFU_EXCHANGE_SIZE];

	/* asked again: one skipped comparison must not be enough */
	if (d->boot.state != SFU_BOOT_STATE_RUNNING || d->boot.held != SFU_OK || d->boot.trouble != SFU_OK)
		return;
	sfu_boot_report(d, report);
	sfu_port_hand_over(sfu_slot_image(d->boot.good), report,
	                   d->journal.state.slot[d->boot.good] == SFU_SLOT_TRIAL ? 1 : 0);
}

/*@ requires place: \valid(d) && sfu_line_shown >= 0;
    requires layout: d->boot.trouble != SFU_E_LAYOUT ==> layout_sound;
    requires journal: d->boot.trouble == SFU_OK ==> SFU_JOURNAL_VALID(&d->journal);
    requires good: d->boot.good < sfu_layout.slot_count || d->boot.good == SFU_SLOT_NONE;
    assigns *d, sfu_flash, sfu_chip, sfu_line, sfu_vouch;
    ensures flash: session_kept(\old(sfu_flash), sfu_flash, d->boot.trouble, sfu_layout); */
static void serve(struct sfu_device *d)
{
	sfu_port_open();
	sfu_session_init(d);
	/*@ loop invariant ready: SFU_UPGRADE_READY(d);
	    loop invariant upgrade: SFU_UPGRADE_VALUE(d);
	    loop invariant total: SFU_SESSION_TOTAL(d->session);
	    loop invariant link: SFU_LINK_SOUND(d->link);
	    loop invariant ymodem: SFU_YMODEM_SOUND(d->ymodem);
	    loop invariant personal: SFU_PERSONAL_TOTAL(d->personal);
	    loop invariant good: SFU_DEVICE_GOOD(d);
	    loop invariant flash: session_kept(\at(sfu_flash, Pre), sfu_flash, d->boot.trouble, sfu_layout);
	    loop invariant settled: SFU_SESSION_SETTLED(d);
	    loop invariant partial: SFU_SESSION_WHOLE(d);
	    loop invariant unbegun: SFU_SESSION_UNBEGUN(d);
	    loop assigns d->session, d->boot.good, d->boot.failure_stored, d->upgrade, d->journal, d->keys, d->personal, d->link,
	                 d->ymodem, sfu_flash, sfu_chip, sfu_line, sfu_vouch; */
	while (sfu_session_poll(d) != SFU_OK) {
		if (d->session.busy == 0)
			sfu_port_idle();
		else
			sfu_port_kick();
	}
}

void sfu_main(void)
{
	if (sfu_boot(&sfu_device) == SFU_OK)
		run(&sfu_device);
	else
		serve(&sfu_device);
	sfu_port_reset();
}
