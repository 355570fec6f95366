/* The conversation with the station: which message is legal now, and when it is over.
 *
 * It is always over some day, whatever the line does: then the device resets, and boots what is good. */
#ifndef SFU_SESSION_H
#define SFU_SESSION_H

#include <stdint.h>
#include "device.h"

// the body of the message being handled lies in the frame's buffer
#define SFU_SESSION_BODY(d, body) \
	((d)->session.size <= SFU_LINK_PAYLOAD_MAX - 1 && (body) == &(d)->link.buffer[0] + (SFU_LINK_PAD + 1))
// the machine has heard what became of the installation
#define SFU_SESSION_SETTLED(d) \
	(((d)->session.state == SFU_SESSION_STATE_LOADING ==> \
	  (d)->upgrade.state == SFU_UPGRADE_STATE_RECEIVING || (d)->upgrade.state == SFU_UPGRADE_STATE_COMPLETE) \
	 && ((d)->session.state == SFU_SESSION_STATE_OPEN ==> (d)->upgrade.state == SFU_UPGRADE_STATE_IDLE))
// of the manifest or the record being assembled there is less than the whole
#define SFU_SESSION_PARTIAL(d) SFU_SESSION_PART(d, (d)->session.fill)
#define SFU_SESSION_PART(d, there) \
	sfu_session_partial((d)->session.state, (d)->upgrade.state, (d)->session.at, there, (d)->session.head, (d)->upgrade.next, \
	                    SFU_UPGRADE_PLAIN(d), SFU_UPGRADE_RECORD(d), SFU_UPGRADE_COUNT(d))
#define SFU_SESSION_WHOLE(d) \
	((d)->session.ymodem != 0 && (d)->session.state != SFU_SESSION_STATE_LEAVING ==> SFU_SESSION_PARTIAL(d))
// and of YMODEM, while it is not the line's, there is nothing
#define SFU_SESSION_UNBEGUN(d) ((d)->session.ymodem == 0 ==> (d)->ymodem.state == SFU_YMODEM_STATE_IDLE)
#define SFU_SESSION_SOUND(d) \
	(SFU_DEVICE_SOUND(d) && SFU_SESSION_SETTLED(d) && SFU_SESSION_WHOLE(d) && SFU_SESSION_UNBEGUN(d))

/*@ predicate sfu_session_partial(integer state, integer upgrade, integer at, integer fill, integer head, integer next,
                                  integer plain, integer record, integer count) =
         (state == SFU_SESSION_STATE_LOADING && upgrade == SFU_UPGRADE_STATE_RECEIVING ==>
          at <= next && fill < sfu_part(plain, record, count, at) + SFU_FORMAT_HASH)
      && (state == SFU_SESSION_STATE_LOADING && upgrade == SFU_UPGRADE_STATE_COMPLETE ==> fill == 0)
      && (state != SFU_SESSION_STATE_LOADING ==> fill < head)
      && (head == SFU_MANIFEST_SIZE || head == SFU_FORMAT_HEAD);
*/

/* Begins the session: link, YMODEM and installation are idle. */
/*@ requires place: \valid(d) && sfu_line_shown >= 0;
    requires layout: d->boot.trouble != SFU_E_LAYOUT ==> layout_sound;
    requires journal: d->boot.trouble == SFU_OK ==> SFU_JOURNAL_VALID(&d->journal);
    requires good: d->boot.good < sfu_layout.slot_count || d->boot.good == SFU_SLOT_NONE;
    assigns d->session, d->link, d->ymodem, d->upgrade, d->personal;
    SFU_DEVICE_STAYS_SOUND(d)
    ensures settled: SFU_SESSION_SETTLED(d);
    ensures partial: SFU_SESSION_WHOLE(d);
    ensures unbegun: SFU_SESSION_UNBEGUN(d);
    ensures open: d->session.state == SFU_SESSION_STATE_OPEN; */
void sfu_session_init(struct sfu_device *d);

/* Takes what has arrived, at most one message, and answers it. SFU_OK: the session is over, reset.
 * SFU_E_BLANK: call again; d->session.busy tells whether to sleep first. */
/*@ requires sound: SFU_SESSION_SOUND(d);
    assigns d->session, d->boot.good, d->boot.failure_stored, d->upgrade, d->journal, d->keys, d->personal, d->link, d->ymodem,
            sfu_flash, sfu_chip, sfu_line, sfu_vouch;
    SFU_DEVICE_STAYS_SOUND(d)
    ensures settled: SFU_SESSION_SETTLED(d);
    ensures partial: \result != SFU_OK ==> SFU_SESSION_WHOLE(d);
    ensures unbegun: SFU_SESSION_UNBEGUN(d);
    ensures over: \result == SFU_OK <==> d->session.state == SFU_SESSION_STATE_LEAVING; */
uint32_t sfu_session_poll(struct sfu_device *d);

/* One event of the machine; `body` is the message's. */
/*@ requires valid: \valid(d) && \valid_read(p) && \separated(d, p);
    requires sound: SFU_DEVICE_SOUND(d);
    requires body: *p <= SFU_SESSION_EVENT_JUNK ==> SFU_SESSION_BODY(d, body);
    assigns d->session.cs, d->session.state, d->session.refusal, d->boot.good, d->boot.failure_stored, d->upgrade, d->journal, d->keys, d->personal,
            d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip, sfu_line, sfu_vouch;
    SFU_DEVICE_STAYS_SOUND(d)
    ensures loading: d->session.state == SFU_SESSION_STATE_LOADING ==>
             \old(d->session.state) == SFU_SESSION_STATE_LOADING
             || (\old(d->session.state) == SFU_SESSION_STATE_OPEN && \old(*p) == SFU_SESSION_EVENT_ACCEPTED);
    ensures loaded: d->session.state == SFU_SESSION_STATE_LOADED ==>
             \old(d->session.state) == SFU_SESSION_STATE_LOADED
             || (\old(d->session.state) != SFU_SESSION_STATE_LEAVING && \old(*p) == SFU_SESSION_EVENT_INSTALLED);
    ensures accepted: \old(*p) == SFU_SESSION_EVENT_ACCEPTED ==>
             d->session.state == (\old(d->session.state) == SFU_SESSION_STATE_OPEN ? SFU_SESSION_STATE_LOADING
                                  : \old(d->session.state));
    ensures outcome: \old(*p) == SFU_SESSION_EVENT_LOST || \old(*p) == SFU_SESSION_EVENT_INSTALLED ==>
             d->session.state != SFU_SESSION_STATE_LOADING;
    ensures open: d->session.state == SFU_SESSION_STATE_OPEN ==>
             \old(d->session.state) == SFU_SESSION_STATE_OPEN || \old(*p) == SFU_SESSION_EVENT_LOST;
    ensures silent: \old(*p) > SFU_SESSION_EVENT_JUNK ==> d->upgrade.state == \old(d->upgrade.state)
             && d->upgrade.next == \old(d->upgrade.next) && sfu_line_sent == \old(sfu_line_sent);
    ensures sizes: \old(*p) > SFU_SESSION_EVENT_JUNK ==> SFU_SIZES_STAY(d);
    ensures line: sfu_line_shown == \old(sfu_line_shown);
    ensures way_out: \old(*p) == SFU_SESSION_EVENT_EXPIRED || \old(*p) == SFU_SESSION_EVENT_QUIT ==>
             d->session.state == SFU_SESSION_STATE_LEAVING;
    ensures over: \old(d->session.state) == SFU_SESSION_STATE_LEAVING ==>
             d->session.state == SFU_SESSION_STATE_LEAVING; */
void sfu_session_step(struct sfu_device *d, const unsigned char *p, uint8_t *body);
#include "session_contract.h"

#endif
