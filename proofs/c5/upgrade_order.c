/* Claim C5, upgrade: the machine and what makes its events, as they ship. README.md here tells how to read it. */
#include "bytes.h"
#include "upgrade.h"
/* each effect once more, by its own contract, under a name that the automaton does not hear */
#define sfu_upgrade_begin c5_begin
#define sfu_upgrade_resume c5_resume
#define sfu_upgrade_store c5_store
#define sfu_upgrade_seal c5_seal
#include "upgrade_flash.h"
#undef sfu_upgrade_begin
#undef sfu_upgrade_resume
#undef sfu_upgrade_store
#undef sfu_upgrade_seal
#undef SFU_UPGRADE_FLASH_H
#include "upgrade_flash.h"
#include "sfu_codes.h"

/* Where the automaton is. prove.py puts Aoraï's variable and states in the place of these. */
enum c5_states { c5_Idle, c5_Receiving, c5_Complete, c5_Done };
//@ ghost int c5_now;

/*@ predicate c5_with(integer state, integer now) =
         (now == c5_Idle || now == c5_Receiving || now == c5_Complete || now == c5_Done)
      && (state == SFU_UPGRADE_STATE_IDLE <==> now == c5_Idle)
      && (state == SFU_UPGRADE_STATE_RECEIVING <==> now == c5_Receiving)
      && (state == SFU_UPGRADE_STATE_COMPLETE <==> now == c5_Complete)
      && (state == SFU_UPGRADE_STATE_DONE <==> now == c5_Done);
    // behind an event: a failed effect left the automaton idle, of a leave it has not heard yet
    predicate c5_after(integer state, integer status, integer now, integer event) =
         event == SFU_UPGRADE_EVENT_FAILED ? now == c5_Idle
         : event == SFU_UPGRADE_EVENT_LEAVE ? (state == SFU_UPGRADE_STATE_DONE <==> now == c5_Done)
         : status == SFU_OK ? c5_with(state, now) : now == c5_Idle;
*/

/*@ assigns \result \from \nothing; */
uint32_t c5_any(void);
/* the effect failed */
/*@ assigns \nothing; */
void c5_failed(void)
{
}

/* it did not, and there is no record left */
/*@ assigns \nothing; */
void c5_whole(void)
{
}

/* The effects, and what has become of them. */
//@ ensures c5: c5_now == (d->upgrade.status == SFU_OK ? c5_Receiving : c5_Idle);
void sfu_upgrade_begin(struct sfu_device *d)
{
	c5_begin(d);
	if (d->upgrade.status != SFU_OK)
		c5_failed();
}

//@ ensures c5: c5_now == (d->upgrade.status == SFU_OK ? c5_Receiving : c5_Idle);
void sfu_upgrade_resume(struct sfu_device *d)
{
	c5_resume(d);
	if (d->upgrade.status != SFU_OK)
		c5_failed();
}

/*@ ensures c5: c5_now == (d->upgrade.status != SFU_OK ? c5_Idle
             : \old(d->upgrade.next + 1 == sfu_manifest_count(&d->upgrade.manifest[0])) ? c5_Complete : c5_Receiving); */
void sfu_upgrade_store(struct sfu_device *d, uint8_t *record, uint32_t size)
{
	c5_store(d, record, size);
	if (d->upgrade.status != SFU_OK)
		c5_failed();
	else if (d->upgrade.next == sfu_get16(d->upgrade.manifest + SFU_MANIFEST_RECORD_COUNT_OFFSET))
		c5_whole();
}

//@ ensures c5: c5_now == (d->upgrade.status == SFU_OK ? c5_Done : c5_Idle);
void sfu_upgrade_seal(struct sfu_device *d)
{
	c5_seal(d);
	if (d->upgrade.status != SFU_OK)
		c5_failed();
}

/*@ requires c5: *p == SFU_UPGRADE_EVENT_FAILED ? c5_now == c5_Idle : c5_with(d->upgrade.state, c5_now);
    requires fresh: *p != SFU_UPGRADE_EVENT_FAILED ==> d->upgrade.status == SFU_OK;
    ensures c5: c5_after(d->upgrade.state, d->upgrade.status, c5_now, \old(*p)); */
void sfu_upgrade_step(struct sfu_device *d, const unsigned char *p, uint8_t *record, uint32_t size);

/*@ requires c5: c5_with(d->upgrade.state, c5_now);
    ensures c5: event == SFU_UPGRADE_EVENT_LEAVE ? (d->upgrade.state == SFU_UPGRADE_STATE_DONE <==> c5_now == c5_Done)
             : c5_with(d->upgrade.state, c5_now); */
static void step(struct sfu_device *d, unsigned char event, uint8_t *record, uint32_t size);

/*@ requires c5: c5_with(d->upgrade.state, c5_now);
    ensures c5: c5_with(d->upgrade.state, c5_now); */
uint32_t sfu_upgrade_offer(struct sfu_device *d, const uint8_t manifest[SFU_FORMAT_HEAD]);
/*@ requires c5: c5_with(d->upgrade.state, c5_now);
    ensures c5: c5_with(d->upgrade.state, c5_now); */
uint32_t sfu_upgrade_record(struct sfu_device *d, uint32_t index, uint8_t *record, uint32_t size);
/*@ requires c5: c5_with(d->upgrade.state, c5_now);
    ensures c5: c5_with(d->upgrade.state, c5_now); */
uint32_t sfu_upgrade_finish(struct sfu_device *d);
/*@ requires c5: c5_with(d->upgrade.state, c5_now);
    ensures c5: c5_with(d->upgrade.state, c5_now); */
void sfu_upgrade_leave(struct sfu_device *d);

#include "upgrade.c"
#include "upgrade_events.c"

/* loop of c5_main: c5_with(device.upgrade.state, c5_now) */

#include "upgrade_main.h"
