/* What the service answers. It works in rounds: all questions that are there are answered, then
 * sfu_service_commit makes the answers true, then they may leave. */
#ifndef SFU_TOOL_SERVICE_H
#define SFU_TOOL_SERVICE_H

#include "desk.h"
#include "message.h"

struct sfu_service {
	struct sfu_desk desk;
	uint64_t tried;  /* when a token that is gone was last looked for, ms */
	uint32_t undone; /* of the ledger, at the last commit */
};

/* Answers one whole message. *waits is 1 if the answer is true only after sfu_service_commit. */
void sfu_service_answer(struct sfu_service *service, const struct sfu_message *question,
	struct sfu_message *answer, int *waits);

/* 0: the answers of the round are true. Else every one that waits must be replaced by `refused`. */
int sfu_service_commit(struct sfu_service *service, struct sfu_message *refused);

#endif
