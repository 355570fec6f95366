/* Claim C5, boot: from the reset to the hand-over, as it ships. README.md here tells how to read it. */
#include "boot.h"
#include "port.h"
#include "sfu.h"
#include "sfu_codes.h"

/* Where the automaton is. prove.py puts Aoraï's variable and states in the place of these. */
enum c5_states { c5_Looking, c5_Broken, c5_Held, c5_Storing, c5_Stored, c5_Over, c5_Bad };
//@ ghost int c5_now;

/* what of the device the order rests on; values, as predicates of memory are slow to follow */
#define C5_OF(d) d->boot.state, d->boot.status, d->boot.good, d->boot.candidate, \
		d->journal.state.slot[d->boot.candidate], c5_now

/*@ predicate c5_confirmed(integer candidate, integer slot) = candidate <= 1 && slot == SFU_SLOT_CONFIRMED;
    // held, and if it is on trial that is stored
    predicate c5_ready(integer candidate, integer slot, integer now) =
         (now == c5_Held && c5_confirmed(candidate, slot)) || now == c5_Stored;
    predicate c5_with(integer state, integer status, integer good, integer candidate, integer slot, integer now) =
         now != c5_Bad
      && (state == SFU_BOOT_STATE_DECIDING || state == SFU_BOOT_STATE_TRIAL || state == SFU_BOOT_STATE_GOOD
          ==> now == c5_Looking)
      && (state == SFU_BOOT_STATE_GOOD ==> c5_confirmed(candidate, slot))
      && (state == SFU_BOOT_STATE_HELD ==>
          c5_ready(candidate, slot, now) || (now == c5_Storing && status != SFU_OK))
      && (state == SFU_BOOT_STATE_RUNNING ==> c5_ready(candidate, slot, now) && good == candidate);
    // when an event is known, but not told
    predicate c5_judged(integer state, integer status, integer good, integer candidate, integer slot, integer now,
                        integer event) =
         now != c5_Bad
      && (state == SFU_BOOT_STATE_DECIDING ==> now == c5_Looking
          && (event == SFU_BOOT_EVENT_GOOD ==> c5_confirmed(candidate, slot)))
      && (state == SFU_BOOT_STATE_TRIAL ==> (now == c5_Broken || now == c5_Held)
          && (event == SFU_BOOT_EVENT_CONFIRM || event == SFU_BOOT_EVENT_TRY ==> now == c5_Held))
      && (state == SFU_BOOT_STATE_GOOD ==> (now == c5_Broken || now == c5_Held) && c5_confirmed(candidate, slot)
          && (event == SFU_BOOT_EVENT_HOLDS ==> now == c5_Held))
      && (state == SFU_BOOT_STATE_HELD ==> (c5_ready(candidate, slot, now) || now == c5_Storing)
          && (event == SFU_BOOT_EVENT_RUN ==> c5_ready(candidate, slot, now) && good == candidate))
      && state != SFU_BOOT_STATE_RUNNING;
*/

/*@ assigns \result \from sfu_flash; */
uint32_t c5_any(void);
/* The effects in flash and on the chip. */
/*@ requires c5: c5_now != c5_Bad && c5_now != c5_Over;
    ensures c5: c5_now == (\old(c5_now) == c5_Storing && \result == SFU_OK ? c5_Stored : \old(c5_now)); */
uint32_t sfu_journal_append(struct sfu_journal *j, const struct sfu_state *next)
{
	return c5_any();
}

/*@ requires c5: (c5_now == c5_Held && trial == 0) || c5_now == c5_Stored;
    ensures c5: c5_now == c5_Over; */
void sfu_port_hand_over(uint32_t vectors, const uint8_t report[32], uint32_t trial)
{
}

/*@ requires c5: c5_now != c5_Bad && c5_now != c5_Over;
    ensures c5: c5_now == (\old(c5_now) == c5_Storing && d->boot.status == SFU_OK ? c5_Stored : \old(c5_now)); */
static void set_slot(struct sfu_device *d, uint8_t slot_state, uint8_t attempts, uint32_t failure);
/*@ requires c5: c5_now == c5_Held;
    ensures c5: c5_now == (d->boot.status == SFU_OK ? c5_Stored : c5_Storing); */
static void confirm(struct sfu_device *d);
/*@ requires c5: c5_now == c5_Held;
    ensures c5: c5_now == (d->boot.status == SFU_OK ? c5_Stored : c5_Storing); */
static void attempt(struct sfu_device *d);
/*@ requires c5: c5_now != c5_Bad && c5_now != c5_Over;
    ensures c5: c5_now == c5_Looking; */
static void exclude(struct sfu_device *d);
/*@ requires c5: c5_now == c5_Broken || c5_now == c5_Held;
    ensures c5: c5_now == c5_Looking; */
static void revert(struct sfu_device *d);
/*@ requires c5: c5_now == c5_Broken || c5_now == c5_Held;
    ensures c5: c5_now == c5_Looking; */
static void drop(struct sfu_device *d);
/*@ requires c5: c5_judged(C5_OF(d), *p);
    ensures c5: c5_with(C5_OF(d)); */
void sfu_boot_step(struct sfu_device *d, const unsigned char *p);

/*@ requires c5: c5_now == c5_Looking;
    ensures c5: c5_now == c5_Looking;
    ensures c5: \result != 0 ==> d->journal.state.slot[slot] == wanted; */
static uint32_t open_for(const struct sfu_device *d, uint32_t slot, uint32_t wanted);
/*@ requires c5: c5_now == c5_Looking;
    ensures c5: c5_now == c5_Looking;
    ensures c5: \result != SFU_SLOT_NONE ==> \result <= 1 && d->journal.state.slot[\result] == wanted; */
static uint8_t preferred(const struct sfu_device *d, uint32_t wanted);
/*@ requires c5: c5_now == c5_Looking;
    ensures c5: c5_now == c5_Looking;
    ensures c5: \result == SFU_BOOT_EVENT_GOOD ==> c5_confirmed(d->boot.candidate, d->journal.state.slot[d->boot.candidate]); */
static unsigned char choose(struct sfu_device *d);
/*@ requires c5: c5_now == c5_Looking;
    ensures c5: c5_now == (\result == SFU_OK ? c5_Held : c5_Broken); */
uint32_t sfu_boot_examine(struct sfu_device *d);
/*@ requires c5: c5_now == c5_Broken || c5_now == c5_Held;
    ensures c5: c5_now == \old(c5_now); */
static unsigned char judge_trial(const struct sfu_device *d);
/*@ requires c5: c5_now == c5_Held || c5_now == c5_Storing || c5_now == c5_Stored;
    ensures c5: c5_now == \old(c5_now);
    ensures c5: \result == SFU_BOOT_EVENT_RUN ==> d->boot.status == SFU_OK && d->boot.good == d->boot.candidate; */
static unsigned char settle(struct sfu_device *d);
/*@ requires c5: c5_now == c5_Looking;
    ensures c5: c5_now == c5_Looking; */
uint32_t sfu_boot_floor(const struct sfu_device *d);
/*@ requires c5: c5_now == c5_Broken || c5_now == c5_Held;
    ensures c5: c5_now == \old(c5_now); */
void sfu_boot_failure(struct sfu_device *d, uint32_t code);
/*@ requires c5: c5_now == c5_Held || c5_now == c5_Stored;
    ensures c5: c5_now == \old(c5_now); */
void sfu_boot_report(const struct sfu_device *d, uint8_t report[SFU_EXCHANGE_SIZE]);
/*@ requires c5: c5_with(C5_OF(d));
    ensures c5: c5_judged(C5_OF(d), \result); */
static unsigned char classify(struct sfu_device *d);
/*@ requires c5: c5_now == c5_Looking;
    ensures c5: \result == SFU_OK ==> c5_with(C5_OF(d));
    ensures c5: c5_now != c5_Bad; */
uint32_t sfu_boot(struct sfu_device *d);
/*@ requires c5: c5_with(C5_OF(d));
    ensures c5: c5_now != c5_Bad; */
static void run(struct sfu_device *d);

/* Not looked at. Before the first image is examined, and where none is handed over any more, an append moves nothing. */
/* beyond sfu_boot_prepare: sfu_journal_append; */
/* beyond sfu_session_poll: sfu_journal_append; */

/* loop of sfu_boot: c5_with(d->boot.state, d->boot.status, d->boot.good, d->boot.candidate, d->journal.state.slot[d->boot.candidate], c5_now) */

#include "boot.c"
#include "boot_run.c"
#include "sfu.c"

/* loop of sfu_boot_report: c5_now == \at(c5_now, Pre) */
/*@ requires line: sfu_line_shown >= 0;
    requires c5: c5_now == c5_Looking; */
void c5_main(void)
{
	sfu_main();
}
