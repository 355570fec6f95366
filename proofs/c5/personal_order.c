/* Claim C5, personalization: the machine, what makes its events and its effects, down to the key page, as they ship.
 * README.md here tells how to read it. */
#include "boot.h"
#include "bytes.h"
#include "config.h"
#include "crypto.h"
#include "keys.h"
#include "personalize.h"
#include "personalize_keys.h"
#include "sfu_codes.h"

/* Where the automaton is. prove.py puts Aoraï's variable and states in the place of these. */
enum c5_states { c5_Idle, c5_Judged, c5_Written, c5_Gone, c5_Own };
//@ ghost int c5_now;

/*@ // a permit that was judged good, and what has become of it
    predicate c5_used(integer now, integer status) =
         status == SFU_OK ? now == c5_Gone : now == c5_Judged || now == c5_Written || now == c5_Gone;
*/

/* the key page */
/*@ requires c5: c5_now == c5_Judged;
    ensures c5: c5_now == c5_Written; */
static uint32_t switch_page(struct sfu_keys *k, const uint8_t *cell);
/*@ requires c5: c5_now == c5_Idle || c5_now == c5_Written;
    ensures c5: c5_now == (\old(c5_now) == c5_Written && \result == SFU_OK ? c5_Gone : \old(c5_now)); */
static uint32_t retire(struct sfu_keys *k, const uint8_t *cell);
/*@ requires c5: c5_now == c5_Idle;
    ensures c5: c5_now == c5_Idle; */
static uint32_t finish(struct sfu_keys *k, uint8_t *cell);
/*@ requires c5: c5_now == c5_Idle;
    ensures c5: c5_now == c5_Idle; */
uint32_t sfu_keys_load(struct sfu_keys *k);
/*@ requires c5: c5_now == c5_Judged;
    ensures c5: c5_used(c5_now, \result); */
uint32_t sfu_keys_replace(struct sfu_keys *k, uint8_t cell[SFU_KEYS_SIZE]);

/* the effects */
/*@ requires c5: c5_now == c5_Judged;
    ensures c5: c5_used(c5_now, d->personal.status); */
void sfu_personal_settle(struct sfu_device *d, const uint8_t *permit);
/*@ requires c5: c5_now == c5_Idle;
    ensures c5: c5_now == c5_Idle; */
void sfu_personal_challenge(struct sfu_device *d);
/*@ requires c5: c5_now == c5_Gone || c5_now == c5_Own;
    ensures c5: c5_now == \old(c5_now); */
uint32_t sfu_personal_receipt(const struct sfu_keys *k, uint8_t out[SFU_RECEIPT_SIZE]);

/* the machine, and its events */
/*@ requires c5: *p == SFU_PERSONALIZE_EVENT_PERMIT ==>
             c5_now == c5_Judged && d->personal.state == SFU_PERSONALIZE_STATE_CHALLENGED;
    requires c5: *p == SFU_PERSONALIZE_EVENT_ASK ==> c5_now == c5_Idle;
    ensures c5: \old(*p) == SFU_PERSONALIZE_EVENT_PERMIT ? c5_used(c5_now, d->personal.status) : c5_now == \old(c5_now); */
void sfu_personalize_step(struct sfu_device *d, const unsigned char *p, const uint8_t *permit);
/*@ requires c5: event == SFU_PERSONALIZE_EVENT_PERMIT ==>
             c5_now == c5_Judged && d->personal.state == SFU_PERSONALIZE_STATE_CHALLENGED;
    requires c5: event != SFU_PERSONALIZE_EVENT_PERMIT ==> c5_now == c5_Idle;
    ensures c5: event == SFU_PERSONALIZE_EVENT_PERMIT ? c5_used(c5_now, \result) : c5_now == \old(c5_now); */
static uint32_t step(struct sfu_device *d, unsigned char event, const uint8_t *permit);
/*@ requires c5: c5_now == c5_Idle;
    ensures c5: c5_now == (\result == SFU_R_PERSONALIZED ? c5_Own : c5_Idle); */
static uint32_t open_master(struct sfu_device *d);
/*@ requires c5: c5_now == c5_Idle;
    ensures c5: c5_now == (\result == SFU_OK ? c5_Judged : c5_Idle); */
static uint32_t judge(struct sfu_device *d, uint8_t *permit);
/*@ requires c5: c5_now == c5_Idle;
    ensures c5: c5_now == c5_Idle; */
uint32_t sfu_personalize_ask(struct sfu_device *d, uint8_t body[SFU_CHALLENGE_SIZE], uint32_t *size);
/*@ requires c5: c5_now == c5_Idle;
    ensures c5: c5_now == c5_Idle; */
uint32_t sfu_personalize_permit(struct sfu_device *d, uint8_t *permit, uint8_t receipt[SFU_RECEIPT_SIZE]);

#include "keys.c"
#undef INFO
#include "personalize_keys.c"
#undef KEPT
#include "personalize.c"
#include "personalize_events.c"

/* loop of c5_main: c5_now == c5_Idle */

/*@ assigns \result \from \nothing; */
uint32_t c5_any(void);

/* What the session may ask of personalization, in any order; the message lies in the frame's buffer. */
static struct sfu_device device;

/*@ requires sound: SFU_PERSONAL_TOTAL(device.personal);
    requires layout: device.boot.trouble != SFU_E_LAYOUT ==> layout_sound; */
void c5_main(void)
{
	uint8_t body[SFU_CHALLENGE_SIZE], receipt[SFU_RECEIPT_SIZE];
	uint32_t size;

	/*@ loop invariant sound: SFU_PERSONAL_TOTAL(device.personal);
	    loop assigns size, body[0 .. SFU_CHALLENGE_SIZE - 1], receipt[0 .. SFU_RECEIPT_SIZE - 1], device.personal,
	                 device.keys, device.link.buffer[0 .. SFU_LINK_BUFFER - 1], sfu_flash, sfu_chip, sfu_vouch; */
	while (c5_any() != 0) {
		if (c5_any() != 0)
			(void)sfu_personalize_ask(&device, body, &size);
		else
			(void)sfu_personalize_permit(&device, &device.link.buffer[SFU_LINK_PAD + 1], receipt);
	}
}
