/* What both sides know: messages, codes, packages. */

#define OK 0
#define E_IO 1
#define E_TIMEOUT 2
#define R_TYPE 3
#define R_BUSY 4
#define R_SIGNATURE 5
#define R_COUNTER 6
#define R_VERSION 7
#define R_SLOT 8
#define R_OFFERS 9
#define R_ORDER 10
#define R_RECORD 11
#define R_INCOMPLETE 12
#define R_IMAGE 13

/* message types; the numbers are those on the wire */
#define JUNK 0
#define HELLO 1         /* -> INFO */
#define OFFER 2         /* package -> ACCEPT next limit, REFUSE */
#define RECORD 3        /* number, package and place it was packed at -> ACK next limit, REFUSE */
#define FINISH 4        /* -> DONE install, REFUSE */
#define QUIT 5          /* REBOOT, ABORT -> DONE 0 */
#define ENTER 7         /* an application resets; a loader answers as to HELLO */
#define EXPIRED 8       /* no message: the device's clock */
#define LOST_ON_THE_WAY 9 /* no message any more */
#define INFO 129        /* free slot, slot 0, slot 1 */
#define ACCEPT 130
#define ACK 131
#define DONE 132
#define REFUSE 143

#define NO_SLOT 2       /* SFU_SLOT_NONE */

/* states of a slot */
#define EMPTY 0
#define INSTALLING 1
#define TRIAL 2
#define CONFIRMED 3

/* A package, linked for a slot. As the content of flash: where its manifest or a record of it lies. */
#define PACKAGE(kind, slot) (2 * (kind) + (slot))
#define KIND(m) ((m) / 2)
#define LINKED(m) ((m) % 2)
#define OLD 1           /* what runs at first: version 1, counter 1 */
#define NEW 2           /* version 2, counter 2, confirms itself */
#define SHY 3           /* the same, never confirms itself */
#define FORGED 4        /* not signed by the OEM */
#define STALE 5         /* a version 2 with counter 0 */
#define DAMAGED 6       /* its records are not what its manifest promises */
#define MISMADE 7       /* its image does not have the hash of its manifest */
#define KINDS 7

#define SIGNED(m) (KIND(m) != FORGED)
#define VERSION(m) (KIND(m) == OLD -> 1 : 2)
#define COUNTER(m) (KIND(m) == STALE -> 0 : (KIND(m) == OLD -> 1 : 2))
#define CONFIRMS(m) (KIND(m) == OLD || KIND(m) == NEW)
#define WELL_MADE(m) (KIND(m) != MISMADE)

/* a slot in INFO */
#define SLOT_INFO(state, version, install) ((state) + 4 * (version) + 16 * (install))
#define INFO_STATE(x) ((x) % 4)
#define INFO_VERSION(x) ((x) / 4 % 4)
#define INFO_INSTALL(x) ((x) / 16)

/* The properties have names, which stand in what the verifier says of a violation. README.md explains them. */
hidden byte authentic = 1, announced = 1, runnable = 1, once = 1, fallback = 1, floor = 1, trial = 1, good_boots = 1,
	window = 1, no_empty_promise = 1, agreement = 1, success = 1, comes_back = 1, stuck = 1;
#define demand(name, what) assert(name && (what))
