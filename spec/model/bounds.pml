/* What is in the model and how much of it: README.md has the reasons. Each may be set with -D; those from SLOTS on
 * also by the environment of the verifier, so that one verifier serves all. */

/* the device */
#ifndef RECORDS
#define RECORDS 3       /* in every package */
#endif
#ifndef SECTOR
#define SECTOR 2        /* records that an erase sector has room for */
#endif
#ifndef SECTORS
#define SECTORS 3       /* of a slot: manifest and record 0, records 1 and 2, mailbox */
#endif
#ifndef FAR
#define FAR 1           /* records between checkpoints, at least */
#endif
#ifndef OFFERS
#define OFFERS 8        /* SFU_LIMIT_OFFERS */
#endif
#ifndef WINDOW
#define WINDOW 2        /* SFU_LIMIT_WINDOW */
#endif
#ifndef TRIALS
#define TRIALS 3        /* SFU_LIMIT_TRIAL_BOOTS */
#endif

/* the line: messages under way in one direction */
#ifndef LINE
#define LINE 2
#endif

#ifndef PATIENCE
#define PATIENCE 32     /* silences without progress after which the station gives up */
#endif
#ifndef UNANSWERED
#define UNANSWERED 4    /* SFU_WINDOW_UNANSWERED, 64 in the station */
#endif

#ifndef SLOTS
#define SLOTS 2
#endif
/* what may go wrong, how often in one run */
#ifndef CUTS
#define CUTS 2          /* the device loses its power */
#endif
#ifndef RESTARTS
#define RESTARTS 1      /* the station dies, or has done, and is started again */
#endif
#ifndef LOSSES
#define LOSSES 2        /* a message is lost or damaged */
#endif
#ifndef TWICE
#define TWICE 1         /* a message arrives twice */
#endif
#ifndef EARLY
#define EARLY 1         /* a time limit runs out though something is under way */
#endif
#ifndef FAULTS
#define FAULTS 0        /* a flash operation fails */
#endif
#ifndef STRANGERS
#define STRANGERS 0     /* a message comes from somebody else on the line */
#endif

#ifndef BLANK_DEVICE
#define BLANK_DEVICE 0  /* 1: no image in it; 0: OLD is confirmed in slot 0 */
#endif
#ifndef SEAL
#define SEAL 1          /* 1: boot check by seal; 0: by signature */
#endif
#ifndef BREAK
#define BREAK 0         /* a deliberate error, see README.md */
#endif

byte slots = SLOTS, blank_device = BLANK_DEVICE, seal = SEAL, broken = BREAK;
byte cuts = CUTS, restarts = RESTARTS, losses = LOSSES, twice = TWICE, early = EARLY, faults = FAULTS,
	strangers = STRANGERS;
bit hostile = STRANGERS > 0, worn = FAULTS > 0; /* so some properties cannot hold */
bit restarted, late;    /* the station was started again; a late or double message was used up */

c_decl {
static unsigned char setting(const char *name, unsigned char usual)
{
	const char *text = getenv(name);

	return text == NULL ? usual : (unsigned char)atoi(text);
}
};

inline settings()
{
	c_code {
		now.slots = setting("SLOTS", now.slots);
		now.blank_device = setting("BLANK_DEVICE", now.blank_device);
		now.seal = setting("SEAL", now.seal);
		now.broken = setting("BREAK", now.broken);
		now.cuts = setting("CUTS", now.cuts);
		now.restarts = setting("RESTARTS", now.restarts);
		now.losses = setting("LOSSES", now.losses);
		now.twice = setting("TWICE", now.twice);
		now.early = setting("EARLY", now.early);
		now.faults = setting("FAULTS", now.faults);
		now.strangers = setting("STRANGERS", now.strangers);
		now.hostile = now.strangers > 0;
		now.worn = now.faults > 0;
	}
}
