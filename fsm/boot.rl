#include "boot.h"
#include "bytes.h"
#include "device.h"
#include "sfu_codes.h"

/* as postconditions, what an effect leaves in the journal, if it could be stored: of the candidate, and of the rest */
#define BECOMES(d, kind, left, why) \
	ensures becomes: (d)->boot.status == SFU_OK ==> (d)->journal.state.slot[(d)->boot.candidate] == (kind) \
	         && (d)->journal.state.attempts == (left) && (d)->journal.state.failure == (why); \
	ensures other: (d)->boot.status == SFU_OK ==> \
	         (d)->journal.state.slot[1 - (d)->boot.candidate] == \old((d)->journal.state.slot[1 - (d)->boot.candidate]) \
	         && (d)->journal.state.install[0] == \old((d)->journal.state.install[0]) \
	         && (d)->journal.state.install[1] == \old((d)->journal.state.install[1]); \
	ensures not: (d)->boot.status != SFU_OK ==> SFU_STATE_SAME((d)->journal.state, \old((d)->journal.state));
#define RISES(d, kind) \
	ensures rises: (d)->boot.status == SFU_OK ==> (d)->journal.state.security_counter \
	         == ((kind) == SFU_SLOT_CONFIRMED && (d)->boot.counter > \old((d)->journal.state.security_counter) \
	             ? (d)->boot.counter : \old((d)->journal.state.security_counter)); \
	ensures revokes: (d)->boot.status == SFU_OK ==> \forall integer i; 0 <= i < SFU_FORMAT_RANKS ==> \
	         (d)->journal.state.key_floor[i] \
	         == ((kind) == SFU_SLOT_CONFIRMED && (d)->boot.keys[i] > \old((d)->journal.state.key_floor[i]) \
	             ? (d)->boot.keys[i] : \old((d)->journal.state.key_floor[i])); \
	ensures floors: SFU_FLOORS_RISE(&(d)->journal.state, \old((d)->journal.state));
/* what stood before stands afterwards, as no image revokes its own signer or issuer */
#define STANDS(d) \
	ensures stands: \old(SFU_BOOT_STANDS(d)) ==> SFU_BOOT_STANDS(d);

/* The candidate becomes what the journal is told it is; attempts belong to a slot on trial alone. */
/*@ requires sound: \valid(d) && SFU_JOURNAL_VALID(&d->journal);
    requires candidate: d->boot.candidate <= 1;
    assigns d->boot.status, d->journal, sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_JOURNAL, SFU_AREA_KEYS);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures floor: d->boot.counter >= \old(d->journal.state.security_counter) ==>
             d->boot.counter >= d->journal.state.security_counter;
    BECOMES(d, slot_state, attempts, failure != SFU_OK ? failure : \old(d->journal.state.failure))
    RISES(d, slot_state)
    STANDS(d)
    ensures journal: SFU_JOURNAL_VALID(&d->journal); */
static void set_slot(struct sfu_device *d, uint8_t slot_state, uint8_t attempts, uint32_t failure)
{
	struct sfu_state next = d->journal.state;
	uint32_t i;

	next.slot[d->boot.candidate] = slot_state;
	next.attempts = attempts;
	if (failure != SFU_OK)
		next.failure = failure;
	if (slot_state == SFU_SLOT_CONFIRMED && d->boot.counter > next.security_counter)
		next.security_counter = d->boot.counter;
	/*@ loop invariant range: 0 <= i <= SFU_FORMAT_RANKS;
	    loop invariant raised: \forall integer j; 0 <= j < i ==> next.key_floor[j]
	      == (slot_state == SFU_SLOT_CONFIRMED && d->boot.keys[j] > d->journal.state.key_floor[j]
	          ? d->boot.keys[j] : d->journal.state.key_floor[j]);
	    loop invariant rest: \forall integer j; i <= j < SFU_FORMAT_RANKS ==>
	      next.key_floor[j] == d->journal.state.key_floor[j];
	    loop assigns i, next.key_floor[0 .. SFU_FORMAT_RANKS - 1];
	    loop variant SFU_FORMAT_RANKS - i; */
	for (i = 0; i < SFU_FORMAT_RANKS; i++) {
		if (slot_state == SFU_SLOT_CONFIRMED && d->boot.keys[i] > next.key_floor[i])
			next.key_floor[i] = d->boot.keys[i];
	}
	d->boot.status = sfu_journal_append(&d->journal, &next);
}

/*@ requires sound: \valid(d) && SFU_JOURNAL_VALID(&d->journal);
    requires candidate: d->boot.candidate <= 1;
    assigns d->boot.status, d->journal, sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_JOURNAL, SFU_AREA_KEYS);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures floor: d->boot.counter >= \old(d->journal.state.security_counter) ==>
             d->boot.counter >= d->journal.state.security_counter;
    BECOMES(d, SFU_SLOT_CONFIRMED, 0, \old(d->journal.state.failure))
    RISES(d, SFU_SLOT_CONFIRMED)
    STANDS(d)
    ensures journal: SFU_JOURNAL_VALID(&d->journal); */
static void confirm(struct sfu_device *d)
{
	set_slot(d, SFU_SLOT_CONFIRMED, 0, SFU_OK);
}

/*@ requires sound: \valid(d) && SFU_JOURNAL_VALID(&d->journal);
    requires candidate: d->boot.candidate <= 1;
    requires attempts: d->journal.state.attempts > 0;
    assigns d->boot.status, d->journal, sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_JOURNAL, SFU_AREA_KEYS);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures floor: d->boot.counter >= \old(d->journal.state.security_counter) ==>
             d->boot.counter >= d->journal.state.security_counter;
    BECOMES(d, SFU_SLOT_TRIAL, \old(d->journal.state.attempts) - 1, \old(d->journal.state.failure))
    RISES(d, SFU_SLOT_TRIAL)
    STANDS(d)
    ensures journal: SFU_JOURNAL_VALID(&d->journal); */
static void attempt(struct sfu_device *d)
{
	set_slot(d, SFU_SLOT_TRIAL, (uint8_t)(d->journal.state.attempts - 1u), SFU_OK);
}

/*@ requires sound: \valid(d) && SFU_JOURNAL_VALID(&d->journal);
    requires candidate: d->boot.candidate <= 1;
    assigns d->boot.excluded[0 .. 1];
    ensures excluded: d->boot.excluded[d->boot.candidate] == 1;
    ensures other: d->boot.excluded[1 - d->boot.candidate] == \old(d->boot.excluded[1 - d->boot.candidate]);
    ensures journal: SFU_JOURNAL_VALID(&d->journal); */
static void exclude(struct sfu_device *d)
{
	d->boot.excluded[d->boot.candidate] = 1;
}

/* an image that does not hold was not given up for want of confirmation: the reasons differ */
/*@ requires sound: \valid(d) && SFU_JOURNAL_VALID(&d->journal);
    requires candidate: d->boot.candidate <= 1;
    assigns d->boot.status, d->boot.excluded[0 .. 1], d->journal, sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_JOURNAL, SFU_AREA_KEYS);
    ensures counter: SFU_COUNTER_STAYS(d);
    BECOMES(d, SFU_SLOT_EMPTY, 0, d->boot.held == SFU_OK ? SFU_R_TRIAL : d->boot.held)
    RISES(d, SFU_SLOT_EMPTY)
    ensures excluded: d->boot.excluded[d->boot.candidate] == 1;
    ensures journal: SFU_JOURNAL_VALID(&d->journal); */
static void revert(struct sfu_device *d)
{
	set_slot(d, SFU_SLOT_EMPTY, 0, d->boot.held == SFU_OK ? SFU_R_TRIAL : d->boot.held);
	exclude(d);
}

/*@ requires sound: \valid(d) && SFU_JOURNAL_VALID(&d->journal);
    requires trouble: d->boot.trouble == SFU_OK;
    requires candidate: d->boot.candidate <= 1;
    assigns d->boot.failure_stored, d->boot.excluded[0 .. 1], d->journal, sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_JOURNAL, SFU_AREA_KEYS);
    ensures counter: SFU_COUNTER_STAYS(d);
    ensures excluded: d->boot.excluded[d->boot.candidate] == 1;
    ensures told: d->boot.failure_stored != 0 || d->journal.state.failure == d->boot.held;
    ensures slots: SFU_SLOTS_STAY(d);
    ensures journal: SFU_JOURNAL_VALID(&d->journal); */
static void drop(struct sfu_device *d)
{
	sfu_boot_failure(d, d->boot.held);
	exclude(d);
}

%%{
  machine sfu_boot;
  alphtype unsigned char;
  access d->boot.;

  TRIAL = 0;    # a slot is on trial
  GOOD = 1;     # none is, and one is confirmed
  NONE = 2;     # neither
  BROKEN = 3;   # the candidate does not hold, or is below the floor
  HOLDS = 4;    # it does
  CONFIRM = 5;  # it does, and the application has confirmed it
  TRY = 6;      # it does, is not confirmed, and has attempts left
  SPENT = 7;    # it does, is not confirmed, and has none
  ASK = 8;      # the loader was asked for
  RUN = 9;      # it was not, and the last effect worked
  FAILED = 10;  # the last effect did not work

  action confirm { confirm(d); }
  action attempt { attempt(d); }
  action revert  { revert(d); }
  action exclude { exclude(d); }
  action drop    { drop(d); }

  action in_deciding { d->boot.state = SFU_BOOT_STATE_DECIDING; fbreak; }
  action in_trial    { d->boot.state = SFU_BOOT_STATE_TRIAL; fbreak; }
  action in_good     { d->boot.state = SFU_BOOT_STATE_GOOD; fbreak; }
  action in_held     { d->boot.state = SFU_BOOT_STATE_HELD; fbreak; }
  action in_running  { d->boot.state = SFU_BOOT_STATE_RUNNING; fbreak; }
  action in_staying  { d->boot.state = SFU_BOOT_STATE_STAYING; fbreak; }

  main := (
    start:   ( TRIAL            -> trial
             | GOOD             -> good
             | ^(TRIAL | GOOD)  -> staying )   >~in_deciding,
    trial:   ( BROKEN  @revert  -> start
             | SPENT   @revert  -> start
             | CONFIRM @confirm -> held
             | TRY     @attempt -> held
             | ^(BROKEN | SPENT | CONFIRM | TRY) -> staying ) >~in_trial,
    good:    ( BROKEN  @drop    -> start
             | HOLDS            -> held
             | ^(BROKEN | HOLDS) -> staying )  >~in_good,
    held:    ( RUN              -> running
             | FAILED  @exclude -> start
             | ^(RUN | FAILED)  -> staying )   >~in_held,
    running: ( any              -> running )   >~in_running,
    staying: ( any              -> staying )   >~in_staying
  );
}%%
%% write data noerror nofinal noentry;

void sfu_boot_step(struct sfu_device *d, const unsigned char *p)
{
	%% write exec noend;
}
