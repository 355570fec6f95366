/* Claim C5, session: from its beginning to the reset, as it ships. README.md here tells how to read it. */
#include "boot.h"
#include "port.h"
#include "session.h"
#include "session_reply.h"
#include "sfu.h"
#include "sfu_codes.h"
#include "upgrade.h"

/* Where the automaton is. prove.py puts Aoraï's variable and states in the place of these. */
enum c5_states { c5_Fresh, c5_Open, c5_Left };
//@ ghost int c5_now;

/*@ predicate c5_with(integer state, integer now) =
         state == SFU_SESSION_STATE_LEAVING ? now == c5_Left : now == c5_Open;
*/

/* The effects: that they are called is all that counts. */
void sfu_session_tell(struct sfu_device *d)
{
}

void sfu_session_offer(struct sfu_device *d, const uint8_t *body)
{
}

void sfu_session_record(struct sfu_device *d, uint8_t *body)
{
}

void sfu_session_finish(struct sfu_device *d)
{
}

//@ ensures c5: c5_now == c5_Left;
void sfu_session_quit(struct sfu_device *d)
{
}

void sfu_session_refuse_type(struct sfu_device *d)
{
}

void sfu_session_personalize(struct sfu_device *d)
{
}

void sfu_session_permit(struct sfu_device *d, uint8_t *body)
{
}

/*@ assigns \result \from \nothing; */
uint32_t c5_any(void);

//@ ensures c5: c5_now == c5_Open;
uint32_t sfu_upgrade_offer(struct sfu_device *d, const uint8_t manifest[SFU_FORMAT_HEAD])
{
	return c5_any();
}

//@ ensures c5: c5_now == c5_Open;
uint32_t sfu_upgrade_record(struct sfu_device *d, uint32_t index, uint8_t *record, uint32_t size)
{
	return c5_any();
}

//@ ensures c5: c5_now == c5_Open;
uint32_t sfu_upgrade_finish(struct sfu_device *d)
{
	return c5_any();
}

//@ ensures c5: c5_now == c5_Open;
void sfu_upgrade_leave(struct sfu_device *d)
{
}

void sfu_port_reset(void)
{
}

void sfu_port_hand_over(uint32_t vectors, const uint8_t report[32], uint32_t trial)
{
}

/*@ requires c5: c5_with(d->session.state, c5_now);
    ensures c5: c5_with(d->session.state, c5_now); */
void sfu_session_step(struct sfu_device *d, const unsigned char *p, uint8_t *body);
/*@ requires c5: c5_with(d->session.state, c5_now);
    ensures c5: c5_with(d->session.state, c5_now);
    ensures c5: d->session.state == SFU_SESSION_STATE_LEAVING ==>
             \old(d->session.state) == SFU_SESSION_STATE_LEAVING; */
static void settle(struct sfu_device *d);
/*@ requires c5: c5_with(d->session.state, c5_now);
    ensures c5: c5_with(d->session.state, c5_now); */
static void step(struct sfu_device *d, unsigned char event, uint8_t *body);
/*@ requires c5: c5_with(d->session.state, c5_now);
    ensures c5: c5_with(d->session.state, c5_now); */
static void watch_clock(struct sfu_device *d);
/*@ requires c5: c5_with(d->session.state, c5_now) && c5_now == c5_Open;
    ensures c5: c5_with(d->session.state, c5_now); */
static void poll_frame(struct sfu_device *d);
/*@ requires c5: c5_with(d->session.state, c5_now) && c5_now == c5_Open;
    ensures c5: c5_with(d->session.state, c5_now); */
static uint32_t assembled(struct sfu_device *d, uint8_t *bytes);
/*@ requires c5: c5_with(d->session.state, c5_now) && c5_now == c5_Open;
    ensures c5: c5_with(d->session.state, c5_now) && c5_now == c5_Open; */
static uint32_t take_block(struct sfu_device *d);
/*@ requires c5: c5_with(d->session.state, c5_now) && c5_now == c5_Open;
    ensures c5: c5_with(d->session.state, c5_now); */
static void end_ymodem(struct sfu_device *d);
/*@ requires c5: c5_with(d->session.state, c5_now) && c5_now == c5_Open;
    ensures c5: c5_with(d->session.state, c5_now); */
static void poll_ymodem(struct sfu_device *d);
/*@ requires c5: c5_with(d->session.state, c5_now) && c5_now == c5_Open;
    ensures c5: c5_with(d->session.state, c5_now); */
uint32_t sfu_session_poll(struct sfu_device *d);
/*@ ensures c5: c5_with(d->session.state, c5_now) && c5_now == c5_Open; */
void sfu_session_init(struct sfu_device *d);
/*@ ensures c5: c5_now == c5_Left; */
static void serve(struct sfu_device *d);

//@ ensures c5: c5_now == \old(c5_now);
static uint32_t may_boot(const struct sfu_device *d);
//@ ensures c5: c5_now == \old(c5_now);
static uint32_t missing(const struct sfu_device *d);
//@ ensures c5: c5_now == \old(c5_now);
static uint32_t ymodem_start(const struct sfu_device *d);
/*@ ensures c5: c5_now == \old(c5_now);
    ensures c5: d->session.state == \old(d->session.state); */
static void invite(struct sfu_device *d);

/* Not looked at, but heard as one effect of the session's: what they call in turn. */
/* beyond sfu_session_offer: sfu_upgrade_offer; */
/* beyond sfu_session_record: sfu_upgrade_record; */
/* beyond sfu_session_finish: sfu_upgrade_finish; */
/* beyond sfu_session_quit: sfu_upgrade_leave; */

/* loop of take_block: c5_with(d->session.state, c5_now) && c5_now == c5_Open */
/* loop of serve: c5_with(d->session.state, c5_now) && c5_now == c5_Open */

#include "session.c"
#include "session_poll.c"
#include "sfu.c"

//@ requires line: sfu_line_shown >= 0;
void c5_main(void)
{
	sfu_main();
}
