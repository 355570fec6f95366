/* The effects of the session machine: what a message makes the device do and say. Used by session.rl alone. */
#ifndef SFU_SESSION_REPLY_H
#define SFU_SESSION_REPLY_H

#include <stdint.h>
#include "session.h"

/* Each answers the message whose body it is given by one frame. */
/*@ requires sound: SFU_DEVICE_SOUND(d);
    assigns sfu_line;
    ensures ymodem: SFU_YMODEM_SOUND(d->ymodem);
    ensures line: sfu_line_shown == \old(sfu_line_shown); */
void sfu_session_tell(struct sfu_device *d);
/*@ requires sound: SFU_DEVICE_SOUND(d);
    requires body: SFU_SESSION_BODY(d, body);
    assigns d->session.refusal, d->boot.good, d->boot.failure_stored, d->upgrade, d->journal,
            d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip, sfu_line, sfu_vouch;
    SFU_DEVICE_STAYS_SOUND(d)
    ensures line: sfu_line_shown == \old(sfu_line_shown); */
void sfu_session_offer(struct sfu_device *d, const uint8_t *body);
/*@ requires sound: SFU_DEVICE_SOUND(d);
    requires body: SFU_SESSION_BODY(d, body);
    assigns d->session.refusal, d->boot.good, d->upgrade, d->journal,
            d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip, sfu_line, sfu_vouch;
    SFU_DEVICE_STAYS_SOUND(d)
    ensures line: sfu_line_shown == \old(sfu_line_shown); */
void sfu_session_record(struct sfu_device *d, uint8_t *body);
/*@ requires sound: SFU_DEVICE_SOUND(d);
    assigns d->session.refusal, d->boot.good, d->upgrade, d->journal,
            d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip, sfu_line, sfu_vouch;
    SFU_DEVICE_STAYS_SOUND(d)
    ensures line: sfu_line_shown == \old(sfu_line_shown); */
void sfu_session_finish(struct sfu_device *d);
/*@ requires sound: SFU_DEVICE_SOUND(d);
    assigns d->boot.good, d->upgrade, d->journal,
            d->link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip, sfu_line, sfu_vouch;
    SFU_DEVICE_STAYS_SOUND(d)
    ensures line: sfu_line_shown == \old(sfu_line_shown); */
void sfu_session_quit(struct sfu_device *d);
/*@ requires sound: SFU_DEVICE_SOUND(d);
    assigns d->session.refusal, sfu_line;
    SFU_DEVICE_STAYS_SOUND(d)
    ensures line: sfu_line_shown == \old(sfu_line_shown); */
void sfu_session_refuse_type(struct sfu_device *d);

/*@ requires sound: SFU_DEVICE_SOUND(d);
    assigns d->session.refusal, d->keys, d->personal, sfu_flash, sfu_chip, sfu_line;
    SFU_DEVICE_STAYS_SOUND(d)
    ensures line: sfu_line_shown == \old(sfu_line_shown); */
void sfu_session_personalize(struct sfu_device *d);
/*@ requires sound: SFU_DEVICE_SOUND(d);
    requires body: SFU_SESSION_BODY(d, body);
    assigns d->session.refusal, d->keys, d->personal, d->link.buffer[0 .. SFU_LINK_BUFFER - 1],
            sfu_flash, sfu_chip, sfu_line, sfu_vouch;
    SFU_DEVICE_STAYS_SOUND(d)
    ensures line: sfu_line_shown == \old(sfu_line_shown); */
void sfu_session_permit(struct sfu_device *d, uint8_t *body);

/* The same for YMODEM, whose answers the session itself gives. */
/*@ requires valid: \valid(d);
    assigns d->session.refusal;
    ensures status: \result == status;
    ensures noted: d->session.refusal == (status != SFU_OK ? status : \old(d->session.refusal)); */
uint32_t sfu_session_note(struct sfu_device *d, uint32_t status);

#endif
