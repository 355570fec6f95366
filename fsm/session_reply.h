/* The effects of the session machine: what a message makes the device do and say. Used by session.rl alone. */
#ifndef SFU_SESSION_REPLY_H
#define SFU_SESSION_REPLY_H

#include <stdint.h>
#include "session.h"

/* Each answers the message whose body it is given by one frame. */
/*@ requires valid: \valid(d);
    assigns *d;
    ensures kept: sfu_session_same(&d->session, \old(d->session.cs), \old(d->session.state)); */
void sfu_session_tell(struct sfu_device *d);
/*@ requires valid: \valid(d);
    requires body: sfu_session_body(d, body);
    assigns *d;
    ensures kept: sfu_session_same(&d->session, \old(d->session.cs), \old(d->session.state)); */
void sfu_session_offer(struct sfu_device *d, const uint8_t *body);
/*@ requires valid: \valid(d);
    requires body: sfu_session_body(d, body);
    assigns *d;
    ensures kept: sfu_session_same(&d->session, \old(d->session.cs), \old(d->session.state)); */
void sfu_session_record(struct sfu_device *d, uint8_t *body);
/*@ requires valid: \valid(d);
    assigns *d;
    ensures kept: sfu_session_same(&d->session, \old(d->session.cs), \old(d->session.state)); */
void sfu_session_finish(struct sfu_device *d);
/*@ requires valid: \valid(d);
    assigns *d;
    ensures kept: sfu_session_same(&d->session, \old(d->session.cs), \old(d->session.state)); */
void sfu_session_quit(struct sfu_device *d);
/*@ requires valid: \valid(d);
    assigns *d;
    ensures kept: sfu_session_same(&d->session, \old(d->session.cs), \old(d->session.state)); */
void sfu_session_refuse_type(struct sfu_device *d);

/* The same for YMODEM, whose answers the session itself gives. */
uint32_t sfu_session_note(struct sfu_device *d, uint32_t status);

#endif
