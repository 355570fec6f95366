/* The conversation with the station: which message is legal now, and when it is over.
 *
 * It is always over some day, whatever the line does: then the device resets, and boots what is good. */
#ifndef SFU_SESSION_H
#define SFU_SESSION_H

#include <stdint.h>
#include "device.h"

void sfu_session_init(struct sfu_device *d);

/* Takes what has arrived, at most one message, and answers it. SFU_OK: the session is over, reset.
 * SFU_E_BLANK: call again; d->session.busy tells whether to sleep first. */
uint32_t sfu_session_poll(struct sfu_device *d);

/*@ predicate sfu_session_total(struct sfu_session *s) =
         0 <= s->state <= SFU_SESSION_STATE_LEAVING && s->cs == s->state;
    predicate sfu_session_same(struct sfu_session *s, integer cs, integer state) =
         s->cs == cs && s->state == state;
    // the body of the message being handled lies in the frame's buffer
    predicate sfu_session_body(struct sfu_device *d, uint8_t *body) =
         d->session.size <= SFU_LINK_PAYLOAD_MAX - 1
         && body == &d->link.buffer[0] + (SFU_LINK_PAD + 1);
*/

/* One event of the machine; `body` is the message's. */
/*@ requires valid: \valid(d) && \valid_read(p) && \separated(d, p);
    requires total: sfu_session_total(&d->session);
    requires body: *p <= SFU_SESSION_EVENT_JUNK ==> sfu_session_body(d, body);
    assigns *d;
    ensures total: sfu_session_total(&d->session);
    ensures loading: d->session.state == SFU_SESSION_STATE_LOADING ==>
             \old(d->session.state) == SFU_SESSION_STATE_LOADING
             || (\old(d->session.state) == SFU_SESSION_STATE_OPEN && *p == SFU_SESSION_EVENT_ACCEPTED);
    ensures way_out: *p == SFU_SESSION_EVENT_EXPIRED || *p == SFU_SESSION_EVENT_QUIT ==>
             d->session.state == SFU_SESSION_STATE_LEAVING;
    ensures over: \old(d->session.state) == SFU_SESSION_STATE_LEAVING ==>
             d->session.state == SFU_SESSION_STATE_LEAVING; */
void sfu_session_step(struct sfu_device *d, const unsigned char *p, uint8_t *body);

#endif
