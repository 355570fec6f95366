/* What the session machine's events are: frames, YMODEM blocks, the clock. */
#include "session.h"
#include "bytes.h"
#include "device.h"
#include "manifest.h"
#include "personalize.h"
#include "port.h"
#include "sfu_codes.h"
#include "session_reply.h"
#include "upgrade.h"

#define CHUNK 64u /* bytes taken off the line at a time */
#define START 3u  /* bytes that tell YMODEM's block 0 from a frame */

void sfu_session_init(struct sfu_device *d)
{
	d->session.cs = SFU_SESSION_STATE_OPEN;
	d->session.state = SFU_SESSION_STATE_OPEN;
	d->session.ymodem = 0;
	d->session.busy = 0;
	d->session.began = sfu_port_time();
	d->session.progress = d->session.began;
	d->session.invited = d->session.began;
	d->session.refusal = 0;
	d->session.next = 0;
	d->session.head = SFU_MANIFEST_SIZE;
	d->session.upgrade = SFU_UPGRADE_STATE_IDLE;
	//@ assert layout: d->boot.trouble != SFU_E_LAYOUT ==> layout_sound;
	//@ assert journal: d->boot.trouble == SFU_OK ==> SFU_JOURNAL_VALID(&d->journal);
	//@ assert slots: d->boot.good < sfu_layout.slot_count || d->boot.good == SFU_SLOT_NONE;
	sfu_link_init(&d->link);
	sfu_ymodem_init(&d->ymodem);
	sfu_upgrade_init(&d->upgrade);
	sfu_personalize_init(&d->personal);
}

/* Tells the machine what has become of the installation. Only what moves it on counts as progress. */
/*@ requires sound: SFU_DEVICE_SOUND(d);
    assigns d->session.cs, d->session.state, d->session.progress, d->session.next, d->session.upgrade,
            d->session.refusal, d->boot.good, d->boot.failure_stored, d->upgrade, d->journal, d->keys, d->personal,
            d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip, sfu_line, sfu_vouch;
    SFU_DEVICE_STAYS_SOUND(d)
    ensures settled: SFU_SESSION_SETTLED(d);
    ensures line: sfu_line_shown == \old(sfu_line_shown);
    ensures same: d->upgrade.state == \old(d->upgrade.state) && d->upgrade.next == \old(d->upgrade.next);
    ensures sizes: SFU_SIZES_STAY(d);
    ensures moves: d->session.state ==
             (\old(d->session.state) == SFU_SESSION_STATE_LEAVING || \old(d->session.state) == SFU_SESSION_STATE_LOADED
              ? \old(d->session.state) : d->upgrade.state == SFU_UPGRADE_STATE_DONE ? SFU_SESSION_STATE_LOADED
              : d->upgrade.state == SFU_UPGRADE_STATE_IDLE ? SFU_SESSION_STATE_OPEN : SFU_SESSION_STATE_LOADING); */
static void settle(struct sfu_device *d)
{
	unsigned char outcome = SFU_SESSION_EVENT_LOST;

	if (d->upgrade.state == SFU_UPGRADE_STATE_DONE)
		outcome = SFU_SESSION_EVENT_INSTALLED;
	else if (d->upgrade.state != SFU_UPGRADE_STATE_IDLE)
		outcome = SFU_SESSION_EVENT_ACCEPTED;
	sfu_session_step(d, &outcome, 0);
	if (d->upgrade.next > d->session.next || d->upgrade.state != d->session.upgrade)
		d->session.progress = sfu_port_time();
	d->session.next = d->upgrade.next;
	d->session.upgrade = d->upgrade.state;
}

/*@ requires sound: SFU_DEVICE_SOUND(d);
    requires body: event <= SFU_SESSION_EVENT_JUNK ==> SFU_SESSION_BODY(d, body);
    assigns d->session.cs, d->session.state, d->session.progress, d->session.next, d->session.upgrade,
            d->session.refusal, d->boot.good, d->boot.failure_stored, d->upgrade, d->journal, d->keys, d->personal,
            d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip, sfu_line, sfu_vouch;
    SFU_DEVICE_STAYS_SOUND(d)
    ensures settled: SFU_SESSION_SETTLED(d);
    ensures line: sfu_line_shown == \old(sfu_line_shown);
    ensures way_out: event == SFU_SESSION_EVENT_EXPIRED || event == SFU_SESSION_EVENT_QUIT ==>
             d->session.state == SFU_SESSION_STATE_LEAVING; */
static void step(struct sfu_device *d, unsigned char event, uint8_t *body)
{
	sfu_session_step(d, &event, body);
	settle(d);
}

/*@ assigns \nothing;
    ensures event: \result <= SFU_SESSION_EVENT_JUNK;
    ensures quit: size == 0 && (type == SFU_MESSAGE_ABORT || type == SFU_MESSAGE_REBOOT) ==>
             \result == SFU_SESSION_EVENT_QUIT; */
static unsigned char message(uint8_t type, uint32_t size)
{
	static const unsigned char events[] = {
		[SFU_MESSAGE_HELLO] = SFU_SESSION_EVENT_HELLO,   [SFU_MESSAGE_ENTER] = SFU_SESSION_EVENT_HELLO,
		[SFU_MESSAGE_OFFER] = SFU_SESSION_EVENT_OFFER,   [SFU_MESSAGE_RECORD] = SFU_SESSION_EVENT_RECORD,
		[SFU_MESSAGE_FINISH] = SFU_SESSION_EVENT_FINISH, [SFU_MESSAGE_ABORT] = SFU_SESSION_EVENT_QUIT,
		[SFU_MESSAGE_REBOOT] = SFU_SESSION_EVENT_QUIT,   [SFU_MESSAGE_PERSONALIZE] = SFU_SESSION_EVENT_PERSONALIZE,
		[SFU_MESSAGE_PERMIT] = SFU_SESSION_EVENT_PERMIT
	};

	/* types begin at 1; only three have a body, and judge its length themselves */
	if (type == 0 || type >= sizeof events)
		return SFU_SESSION_EVENT_JUNK;
	if (size != 0 && type != SFU_MESSAGE_OFFER && type != SFU_MESSAGE_RECORD && type != SFU_MESSAGE_PERMIT)
		return SFU_SESSION_EVENT_JUNK;
	return events[type];
}

/* A reset would change something: there is an image to run, or trouble that may have been passing. */
/*@ requires read: \valid_read(d);
    assigns \nothing; */
static uint32_t may_boot(const struct sfu_device *d)
{
	return d->boot.good != SFU_SLOT_NONE || sfu_upgrade_on_trial(d) != 0
	       || d->upgrade.offers >= SFU_LIMIT_OFFERS || d->boot.trouble != SFU_OK;
}

/*@ requires sound: SFU_SESSION_SOUND(d);
    assigns d->session.cs, d->session.state, d->session.progress, d->session.next, d->session.upgrade,
            d->session.refusal, d->boot.good, d->boot.failure_stored, d->upgrade, d->journal, d->keys, d->personal,
            d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip, sfu_line, sfu_vouch;
    SFU_DEVICE_STAYS_SOUND(d)
    ensures settled: SFU_SESSION_SETTLED(d);
    ensures partial: SFU_SESSION_WHOLE(d);
    ensures line: sfu_line_shown == \old(sfu_line_shown); */
static void watch_clock(struct sfu_device *d)
{
	const uint32_t now = sfu_port_time();

	if (d->session.state == SFU_SESSION_STATE_OPEN) {
		if (sfu_elapsed(d->session.began, now) > SFU_TIME_SESSION && may_boot(d) != 0)
			step(d, SFU_SESSION_EVENT_EXPIRED, 0);
	} else if (sfu_elapsed(d->session.progress, now) > SFU_TIME_PROGRESS) {
		step(d, SFU_SESSION_EVENT_EXPIRED, 0);
	}
}

/*@ requires sound: SFU_SESSION_SOUND(d) && d->session.ymodem == 0;
    assigns d->session, d->boot.good, d->boot.failure_stored, d->upgrade, d->journal, d->keys, d->personal, d->link, d->ymodem,
            sfu_flash, sfu_chip, sfu_line, sfu_vouch;
    SFU_DEVICE_STAYS_SOUND(d)
    ensures settled: SFU_SESSION_SETTLED(d);
    ensures partial: SFU_SESSION_WHOLE(d);
    ensures unbegun: SFU_SESSION_UNBEGUN(d); */
static void poll_frame(struct sfu_device *d)
{
	uint8_t chunk[CHUNK], *payload = d->link.buffer + SFU_LINK_PAD;
	uint32_t n;

	n = sfu_port_rx_peek(0, chunk, sizeof chunk);
	if (n == 0)
		return;
	d->session.busy = 1;
	sfu_port_rx_skip(sfu_link_receive(&d->link, chunk, n));
	/* the bytes that YMODEM may have seen are gone */
	sfu_ymodem_init(&d->ymodem);
	if (d->link.ready == 0)
		return;
	d->session.size = d->link.ready - 1;
	step(d, message(payload[0], d->session.size), payload + 1);
}

/* Bytes of the package that are still missing to the manifest, or to the record being assembled. */
/*@ requires sound: SFU_UPGRADE_READY(d) && SFU_UPGRADE_VALUE(d) && SFU_SESSION_SETTLED(d) && SFU_SESSION_PART(d, d->session.fill - 1);
    requires going: d->upgrade.state != SFU_UPGRADE_STATE_COMPLETE;
    assigns \nothing;
    ensures fits: d->session.fill + \result <= SFU_FORMAT_RECORD_MAX;
    ensures whole: d->session.fill + \result == (d->session.state != SFU_SESSION_STATE_LOADING ? d->session.head
             : sfu_part(SFU_UPGRADE_PLAIN(d), SFU_UPGRADE_RECORD(d), SFU_UPGRADE_COUNT(d), d->session.at) + SFU_FORMAT_HASH); */
static uint32_t missing(const struct sfu_device *d)
{
	uint32_t whole = d->session.head;

	if (d->session.state == SFU_SESSION_STATE_LOADING)
		whole = sfu_manifest_chunk(d->upgrade.manifest, d->session.at) + SFU_FORMAT_HASH;
	return whole - d->session.fill;
}

/* A manifest, with its certificate, or a record is complete: the same judgement as for frames, without an answer of its own. */
/*@ requires sound: SFU_DEVICE_SOUND(d) && SFU_SESSION_SETTLED(d);
    requires bytes: bytes == &d->link.buffer[0] + (SFU_LINK_PAD + 1) && d->session.fill <= SFU_FORMAT_RECORD_MAX;
    requires manifest: d->session.state != SFU_SESSION_STATE_LOADING ==>
             d->session.fill == SFU_MANIFEST_SIZE || d->session.fill == SFU_FORMAT_HEAD;
    requires at: d->session.state == SFU_SESSION_STATE_LOADING ==>
             d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING && d->session.at <= d->upgrade.next;
    assigns d->session.fill, d->session.at, d->session.refusal, d->boot.good, d->boot.failure_stored, d->upgrade, d->journal, d->keys, d->personal,
            d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip, sfu_line, sfu_vouch;
    SFU_DEVICE_STAYS_SOUND(d)
    ensures line: sfu_line_shown == \old(sfu_line_shown);
    ensures empty: d->session.fill == 0;
    ensures at: d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING ==> d->session.at <= d->upgrade.next; */
static uint32_t assembled(struct sfu_device *d, uint8_t *bytes)
{
	const uint32_t size = d->session.fill;
	uint32_t status;

	d->session.fill = 0;
	if (d->session.state != SFU_SESSION_STATE_LOADING) {
		d->session.at = 0;
		return sfu_upgrade_offer(d, bytes);
	}
	status = sfu_upgrade_record(d, d->session.at, bytes, size);
	if (status == SFU_OK)
		d->session.at++;
	return status;
}

/*@ requires sound: SFU_SESSION_SOUND(d) && SFU_SESSION_PARTIAL(d);
    assigns d->session, d->boot.good, d->boot.failure_stored, d->upgrade, d->journal, d->keys, d->personal,
            d->link.buffer[0 .. SFU_LINK_BUFFER - 1], d->ymodem.at, d->ymodem.left, sfu_flash, sfu_chip, sfu_line, sfu_vouch;
    SFU_DEVICE_STAYS_SOUND(d)
    ensures settled: SFU_SESSION_SETTLED(d);
    ensures partial: SFU_SESSION_WHOLE(d);
    ensures under_way: d->session.ymodem == \old(d->session.ymodem); */
static uint32_t take_block(struct sfu_device *d)
{
	uint8_t *bytes = sfu_device_buffer(d);
	uint32_t status = SFU_OK, n;

	/*@ loop invariant ready: SFU_UPGRADE_READY(d);
	    loop invariant upgrade: SFU_UPGRADE_VALUE(d);
	    loop invariant total: SFU_SESSION_TOTAL(d->session);
	    loop invariant link: SFU_LINK_SOUND(d->link);
	    loop invariant ymodem: SFU_YMODEM_SOUND(d->ymodem);
	    loop invariant personal: SFU_PERSONAL_TOTAL(d->personal);
	    loop invariant good: SFU_DEVICE_GOOD(d);
	    loop invariant settled: SFU_SESSION_SETTLED(d);
	    loop invariant partial: SFU_SESSION_PARTIAL(d);
	    loop invariant under_way: d->session.ymodem == \at(d->session.ymodem, Pre);
	    loop invariant counter: d->journal.state.security_counter >= \at(d->journal.state.security_counter, Pre);
	    loop invariant flash: session_kept(\at(sfu_flash, Pre), sfu_flash, d->boot.trouble, sfu_layout);
	    loop assigns status, n, d->session, d->boot.good, d->boot.failure_stored, d->upgrade, d->journal, d->keys, d->personal,
	                 d->link.buffer[0 .. SFU_LINK_BUFFER - 1], d->ymodem.at, d->ymodem.left, sfu_flash, sfu_chip,
	                 sfu_line, sfu_vouch;
	    loop variant d->ymodem.size - d->ymodem.at; */
	while (status == SFU_OK) {
		/* behind the last record nothing may follow */
		if (d->upgrade.state == SFU_UPGRADE_STATE_COMPLETE)
			return d->ymodem.at < d->ymodem.size ? sfu_session_note(d, SFU_R_YMODEM) : SFU_OK;
		n = missing(d);
		/* a length that a fault has changed must not make the copy run on */
		if (d->session.fill > SFU_FORMAT_RECORD_MAX || n > SFU_FORMAT_RECORD_MAX - d->session.fill)
			return sfu_session_note(d, SFU_R_YMODEM);
		n = sfu_ymodem_take(&d->ymodem, bytes + d->session.fill, n);
		//@ assert states: d->upgrade.state == \at(d->upgrade.state, LoopCurrent) && d->session.state == \at(d->session.state, LoopCurrent);
		//@ assert plain: SFU_UPGRADE_PLAIN(d) == \at(SFU_UPGRADE_PLAIN(d), LoopCurrent);
		//@ assert record: SFU_UPGRADE_RECORD(d) == \at(SFU_UPGRADE_RECORD(d), LoopCurrent);
		//@ assert count: SFU_UPGRADE_COUNT(d) == \at(SFU_UPGRADE_COUNT(d), LoopCurrent);
		//@ assert slot: d->upgrade.slot == \at(d->upgrade.slot, LoopCurrent);
		if (n == 0)
			break;
		d->session.fill += n;
		/* its flags say whether the manifest is all, or a certificate follows */
		if (d->session.fill == SFU_MANIFEST_SIZE && d->session.state != SFU_SESSION_STATE_LOADING)
			d->session.head = sfu_manifest_extent(bytes);
		if (missing(d) == 0) {
			status = sfu_session_note(d, assembled(d, bytes));
			settle(d);
		}
	}
	return status;
}

/*@ requires sound: SFU_DEVICE_SOUND(d);
    assigns d->session, d->ymodem, d->link, d->boot.good, d->boot.failure_stored, d->upgrade, d->journal, d->keys, d->personal,
            sfu_flash, sfu_chip, sfu_line, sfu_vouch;
    SFU_DEVICE_STAYS_SOUND(d)
    ensures settled: SFU_SESSION_SETTLED(d);
    ensures partial: SFU_SESSION_WHOLE(d);
    ensures unbegun: SFU_SESSION_UNBEGUN(d); */
static void end_ymodem(struct sfu_device *d)
{
	d->session.ymodem = 0;
	sfu_ymodem_init(&d->ymodem);
	sfu_link_init(&d->link);
	if (d->session.state == SFU_SESSION_STATE_LOADED) {
		step(d, SFU_SESSION_EVENT_EXPIRED, 0);
		return;
	}
	sfu_upgrade_leave(d);
	settle(d);
}

/*@ requires sound: SFU_SESSION_SOUND(d) && d->session.state != SFU_SESSION_STATE_LEAVING;
    requires open: d->session.ymodem != 0 || d->session.state == SFU_SESSION_STATE_OPEN;
    assigns d->session, d->boot.good, d->boot.failure_stored, d->upgrade, d->journal, d->keys, d->personal, d->link, d->ymodem,
            sfu_flash, sfu_chip, sfu_line, sfu_vouch;
    SFU_DEVICE_STAYS_SOUND(d)
    ensures settled: SFU_SESSION_SETTLED(d);
    ensures partial: SFU_SESSION_WHOLE(d);
    ensures unbegun: SFU_SESSION_UNBEGUN(d); */
static void poll_ymodem(struct sfu_device *d)
{
	const enum sfu_ymodem_order order = sfu_ymodem_look(&d->ymodem);

	d->session.busy = order != SFU_YMODEM_WAIT;
	if (order == SFU_YMODEM_BEGIN) {
		d->session.ymodem = 1;
		d->session.fill = 0;
		d->session.head = SFU_MANIFEST_SIZE;
	} else if (order == SFU_YMODEM_DATA) {
		sfu_ymodem_answer(&d->ymodem, take_block(d) == SFU_OK);
	} else if (order == SFU_YMODEM_END) {
		const uint32_t status = sfu_session_note(d, sfu_upgrade_finish(d));

		settle(d);
		sfu_ymodem_answer(&d->ymodem, status == SFU_OK);
	} else if (order == SFU_YMODEM_STOP) {
		end_ymodem(d);
	}
}

/* Between frames YMODEM may begin: with block 0, whose first byte alone may be a frame's type. How many of its
 * first bytes are there; they may come one by one, and the frame receiver leaves them alone. */
/*@ requires read: \valid_read(d);
    assigns sfu_line;
    ensures grows: sfu_line_shown >= \old(sfu_line_shown) && sfu_line_sent == \old(sfu_line_sent);
    ensures open: \result == START ==> d->session.ymodem != 0 || d->session.state == SFU_SESSION_STATE_OPEN;
    ensures under_way: d->session.ymodem != 0 ==> \result == START; */
static uint32_t ymodem_start(const struct sfu_device *d)
{
	uint8_t start[START] = { SFU_YMODEM_SOH, 0, 0xFF };
	const uint32_t n = sfu_port_rx_peek(0, start, START);

	if (d->session.ymodem != 0)
		return START;
	if (d->session.state != SFU_SESSION_STATE_OPEN || sfu_link_quiet(&d->link) == 0)
		return 0;
	return (start[0] == SFU_YMODEM_SOH || start[0] == SFU_YMODEM_STX) && start[1] == 0 && start[2] == 0xFF ? n : 0;
}

/*@ requires sound: SFU_SESSION_SOUND(d);
    assigns d->session.invited, sfu_line;
    ensures line: sfu_line_shown == \old(sfu_line_shown); */
static void invite(struct sfu_device *d)
{
	const uint8_t call = SFU_YMODEM_CRC;

	if (d->session.state != SFU_SESSION_STATE_OPEN || d->session.ymodem != 0
	    || sfu_elapsed(d->session.invited, sfu_port_time()) < SFU_TIME_INVITE)
		return;
	d->session.invited = sfu_port_time();
	sfu_port_tx(&call, 1);
}

uint32_t sfu_session_poll(struct sfu_device *d)
{
	uint32_t start;

	d->session.busy = 0;
	watch_clock(d);
	/* nothing more is taken: what is half assembled belongs to a state that was left */
	if (d->session.state == SFU_SESSION_STATE_LEAVING)
		return SFU_OK;
	start = ymodem_start(d);
	if (start == START)
		poll_ymodem(d);
	else if (start == 0)
		poll_frame(d);
	invite(d);
	return d->session.state == SFU_SESSION_STATE_LEAVING ? SFU_OK : SFU_E_BLANK;
}
