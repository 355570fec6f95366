/* The conversation with the station: which message is legal now, and when it is over.
 *
 * It is always over some day, whatever the line does: then the device resets, and boots what is good. */
#ifndef SFU_SESSION_H
#define SFU_SESSION_H

#include <stdint.h>
#include "device.h"

/*@ predicate sfu_session_same(struct sfu_session *s, integer cs, integer state) =
         s->cs == cs && s->state == state;
    // the body of the message being handled lies in the frame's buffer
    predicate sfu_session_body(struct sfu_device *d, uint8_t *body) =
         d->session.size <= SFU_LINK_PAYLOAD_MAX - 1
         && body == &d->link.buffer[0] + (SFU_LINK_PAD + 1);
    // the machine has heard what became of the installation
    predicate sfu_session_settled(struct sfu_device *d) =
         d->session.state == SFU_SESSION_STATE_LOADING ==>
         d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING || d->upgrade.state == SFU_UPGRADE_STATE_COMPLETE;
    // of the manifest or the record being assembled there is less than the whole
    predicate sfu_session_partial(struct sfu_device *d) =
         (d->session.state == SFU_SESSION_STATE_LOADING && d->upgrade.state == SFU_UPGRADE_STATE_RECEIVING ==>
          d->session.at <= d->upgrade.next
          && d->session.fill < sfu_manifest_part(&d->upgrade.manifest[0], d->session.at) + SFU_FORMAT_HASH)
      && (d->session.state != SFU_SESSION_STATE_LOADING ==> d->session.fill < SFU_MANIFEST_SIZE);
    predicate sfu_session_sound(struct sfu_device *d) =
         sfu_device_sound(d) && sfu_session_settled(d)
      && (d->session.ymodem != 0 && d->session.state != SFU_SESSION_STATE_LEAVING ==> sfu_session_partial(d));
*/

/* Begins the session: link, YMODEM and installation are idle. */
/*@ requires place: sfu_device_place(d) && sfu_line_shown >= 0;
    requires layout: d->boot.trouble != SFU_E_LAYOUT ==> layout_sound;
    requires journal: d->boot.trouble == SFU_OK ==> journal_valid(&d->journal);
    requires good: d->boot.good < sfu_layout.slot_count || d->boot.good == SFU_SLOT_NONE;
    assigns d->session, d->link, d->ymodem, d->upgrade;
    ensures sound: sfu_session_sound(d);
    ensures open: d->session.state == SFU_SESSION_STATE_OPEN; */
void sfu_session_init(struct sfu_device *d);

/* Takes what has arrived, at most one message, and answers it. SFU_OK: the session is over, reset.
 * SFU_E_BLANK: call again; d->session.busy tells whether to sleep first. */
/*@ requires sound: sfu_session_sound(d);
    assigns d->session, d->boot.good, d->boot.failure_stored, d->upgrade, d->journal, d->link, d->ymodem,
            sfu_flash, sfu_chip, sfu_line;
    ensures sound: \result != SFU_OK ==> sfu_session_sound(d);
    ensures over: \result == SFU_OK <==> d->session.state == SFU_SESSION_STATE_LEAVING; */
uint32_t sfu_session_poll(struct sfu_device *d);

/* One event of the machine; `body` is the message's. */
/*@ requires valid: \valid_read(p) && \separated(d, p);
    requires sound: sfu_device_sound(d);
    requires body: *p <= SFU_SESSION_EVENT_JUNK ==> sfu_session_body(d, body);
    assigns d->session.cs, d->session.state, d->session.refusal, d->boot.good, d->boot.failure_stored, d->upgrade, d->journal,
            d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip, sfu_line;
    ensures sound: sfu_device_sound(d);
    ensures loading: d->session.state == SFU_SESSION_STATE_LOADING ==>
             \old(d->session.state) == SFU_SESSION_STATE_LOADING
             || (\old(d->session.state) == SFU_SESSION_STATE_OPEN && *p == SFU_SESSION_EVENT_ACCEPTED);
    ensures outcome: *p == SFU_SESSION_EVENT_LOST || *p == SFU_SESSION_EVENT_INSTALLED ==>
             d->session.state != SFU_SESSION_STATE_LOADING;
    ensures open: d->session.state == SFU_SESSION_STATE_OPEN ==>
             \old(d->session.state) == SFU_SESSION_STATE_OPEN || *p == SFU_SESSION_EVENT_LOST;
    ensures silent: *p > SFU_SESSION_EVENT_JUNK ==> d->upgrade.state == \old(d->upgrade.state)
             && d->upgrade.next == \old(d->upgrade.next) && sfu_line_sent == \old(sfu_line_sent)
             && \forall integer i; 0 <= i < SFU_MANIFEST_SIZE ==>
                d->upgrade.manifest[i] == \old(d->upgrade.manifest[i]);
    ensures line: sfu_line_shown == \old(sfu_line_shown);
    ensures way_out: *p == SFU_SESSION_EVENT_EXPIRED || *p == SFU_SESSION_EVENT_QUIT ==>
             d->session.state == SFU_SESSION_STATE_LEAVING;
    ensures over: \old(d->session.state) == SFU_SESSION_STATE_LEAVING ==>
             d->session.state == SFU_SESSION_STATE_LEAVING; */
void sfu_session_step(struct sfu_device *d, const unsigned char *p, uint8_t *body);
#include "session_contract.h"

#endif
