/* A device on a desk: the test says one thing at a time on the line, and looks at flash in between. */
#ifndef DESK_H
#define DESK_H

#include <stdint.h>
#include "maker.h"
#include "rig.h"

#define DESK_LEFT 0x100u /* instead of an answer: the session is over */

struct desk {
	uint32_t type;           /* of the last answer; 0: none came */
	uint32_t code, detail;   /* if it was a REFUSE; else 0 */
	uint32_t next, limit;    /* if it was ACCEPT or ACK */
	uint32_t install;        /* if it was DONE */
	uint8_t info[124];       /* the last INFO */
	uint8_t body[184];       /* the last CHALLENGE or RECEIPT */
	uint32_t left;           /* 1: the session is over */
};
extern struct desk desk;

extern struct rig_firmware desk_old; /* version 1.1.0, counter 5: what desk_running leaves running in slot 0 */
extern struct rig_firmware desk_new; /* version 1.2.0, counter 6 */

/* the slot that an installation takes while slot 0 runs */
uint32_t desk_free(void);

/* Of a package that a device after desk_running accepts; one like it with another image, as a whole. */
struct maker desk_maker(void);
void desk_other(uint8_t package[MAKER_PACKAGE]);

/* A chip from the factory; one on which desk_old is confirmed. Neither has power. */
void desk_factory(void);
void desk_running(void);

/* Installs and confirms a package on a device that has power, from its offer on; leaves it without power. */
void desk_install(const struct maker *m);

/* Installs it and does not confirm it. */
void desk_try(const struct maker *m);

/* Power on with the loader asked for (1) or not. Answers 1 if the loader hands over to an image. */
int desk_power(uint32_t asked);

/* Sends a message and answers the type of the reply; 0: none, or DESK_LEFT. */
uint32_t desk_ask(uint32_t type, const void *body, uint32_t size);

/* The type of the next thing the device says; 0: nothing, or DESK_LEFT. */
uint32_t desk_hear(void);

/* The same for a manifest, and for a record of a package. */
uint32_t desk_offer(const uint8_t *manifest);
uint32_t desk_record(const uint8_t *package, uint32_t size, uint32_t index);

/* Copies the body of a RECORD message to `body`, and answers its size. */
uint32_t desk_record_body(const uint8_t *package, uint32_t size, uint32_t index, uint8_t body[2084]);
uint32_t desk_records(const uint8_t *package);

/* The whole of a package after its offer; answers what FINISH was answered. */
uint32_t desk_send(const uint8_t *package, uint32_t size, uint32_t from);

/* Polls until the session is over or `limit` milliseconds have passed; `babble`, if not null, is called before
 * each poll. Answers the time that has passed. */
uint32_t desk_wait(uint32_t limit, void (*babble)(void));

/* The bytes of flash outside the journal, all of them or only outside the slot too, as a hash. */
void desk_flash(uint8_t hash[32], uint32_t without_slot);

/* Both: the flash is as it was at the last desk_mark, but for the journal; no operation took place at all. */
void desk_mark(void);
void desk_same(void);
void desk_untouched(void);

/* Boots without being asked to stay: 1 if `f` runs. */
int desk_runs(const struct rig_firmware *f);

/* Boots with nobody on the line: the slot that runs, or SFU_SLOT_NONE. */
uint32_t desk_boots(void);

/* Sends a message that must be refused with `code`, and must leave the installation and all of flash as they are. */
void desk_refused(uint32_t type, const void *what, uint32_t n, uint32_t code);

/* A word of the last INFO. */
uint32_t desk_word(uint32_t offset);

#endif
