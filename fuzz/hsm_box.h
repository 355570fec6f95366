/* The box of the contract manufacturer: the real service, desk and ledger (tools/), whose token is in memory
 * (token_memory.h) and whose ledger is SQLite's in memory; and a watcher, which knows what the ledger must hold.
 *
 * The watcher reads spec/formats.md a second time. It tells what an answer must be before it comes, and at the end
 * compares the ledger with what was promised: a licence for each device, none twice, none that was not ordered. */
#ifndef HSM_BOX_H
#define HSM_BOX_H

#include "ledger_check.h"
#include "service.h"

#define HSM_BOX_GRANTS 64u
#define HSM_BOX_ORDER 3u /* licences that are ordered when an input begins */

extern struct sfu_service hsm_box;

/* The box as it is with its first order. */
void hsm_box_begin(void);

/* Steps of time, which sfu_host_time tells. */
extern uint64_t hsm_box_time;

/* One question, for the round that is under way; the watcher compares the answer with what it expects. */
void hsm_box_ask(uint8_t type, const void *body, size_t size, struct sfu_message *answer);

/* The end of the round: 1 if its answers are true. */
int hsm_box_commit(void);

/* To be called before anybody but the service changes the ledger's file. */
void hsm_box_spoil(void);

/* Reads the whole ledger, and compares. */
void hsm_box_check(void);

/* The n-th call of the token from now fails (TOKEN_NEVER: none), and it is gone until hsm_box_plug. */
void hsm_box_fail(uint32_t n);
void hsm_box_plug(void);

/* What the ledger's disk does. */
enum hsm_box_full { HSM_BOX_WRITES, HSM_BOX_NO_ROW, HSM_BOX_NO_COMMIT };
void hsm_box_full(enum hsm_box_full how);

/* 0: the watcher counts no more devices, exchanges or receipts than it has; ask nothing. */
int hsm_box_has_room(void);

/* The n-th exchange that the box has answered: CHALLENGE ‖ PERMIT, or NULL. */
const uint8_t *hsm_box_grant(uint32_t n);
uint32_t hsm_box_grants(void);

/* 1: the box gave exactly this permit for exactly this challenge, and its ledger has it. */
int hsm_box_gave(const uint8_t *challenge, const uint8_t *permit);

/* An order of the OEM's that names row `number` and its hash. */
void hsm_box_order(uint32_t number, uint32_t total, uint8_t order[SFU_ORDER_SIZE]);

#endif
