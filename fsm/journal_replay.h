/* The search for the last valid cell of the journal's current page. */
#ifndef SFU_JOURNAL_REPLAY_H
#define SFU_JOURNAL_REPLAY_H

#include <stdint.h>
#include "journal.h"
#include "journal_machine.h"

struct sfu_replay {
	int cs;
	uint8_t phase;               /* SFU_JOURNAL_STATE_… */
	uint32_t at;                 /* the cell looked at */
	uint32_t next;               /* the first cell behind all that do not read blank, from 1 */
	uint32_t tried;              /* cells that were not blank */
};

/*@ predicate replay_inv(struct sfu_replay *r) =
       0 <= r->phase < SFU_JOURNAL_STATES && r->cs == r->phase;
*/

/* Afterwards r->phase is SFU_JOURNAL_STATE_FOUND, and j->state is what that cell holds, or
 * SFU_JOURNAL_STATE_LOST, and j->state is as it was. */
/*@ requires j: \valid(j) && \valid(r) && \separated(j, r);
    requires page: SFU_STORE_VALID(&j->store) && SFU_STORE_HAS_PAGE(&j->store)
             && j->store.area == SFU_AREA_JOURNAL;
    assigns *r, j->state;
    ensures done: r->phase == SFU_JOURNAL_STATE_FOUND || r->phase == SFU_JOURNAL_STATE_LOST;
    ensures next: 1 <= r->next <= sfu_layout.area[j->store.area + j->store.current].size / SFU_FLASH_CELL;
    ensures at: r->at <= sfu_layout.area[j->store.area + j->store.current].size / SFU_FLASH_CELL;
    ensures tried: r->tried <= SFU_LIMIT_MAC_CHECKS; */
void sfu_journal_replay(struct sfu_journal *j, struct sfu_replay *r);

#endif
