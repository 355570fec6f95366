#include "service.h"

#include <string.h>

#include "bytes.h"
#include "link_host.h"
#include "say.h"

#define TOKEN_EVERY 1000u /* ms between two looks for a token that is gone */

static void refuse(struct sfu_message *answer, const struct sfu_refusal *refusal)
{
	uint8_t body[4 + sizeof(refusal->text)];
	const size_t size = strlen(refusal->text);

	sfu_put32(body, refusal->code);
	memcpy(body + 4, refusal->text, size);
	sfu_message_make(answer, SFU_SERVICE_REFUSED, body, 4 + size);
}

/* What a station is told when token or ledger failed; the log has the details. */
static void failed(const struct sfu_service *s, int status, struct sfu_refusal *refusal)
{
	if (s->desk.hsm.refusals >= SFU_HSM_REFUSALS)
		sfu_refuse(refusal, SFU_REFUSED_TOKEN,
			"the HSM's token refuses the PIN, and is not asked again: connect the "
			"right one and start `sfu hsm serve` anew");
	else if (status == EX_IOERR || status == EX_DATAERR)
		sfu_refuse(refusal, SFU_REFUSED_LEDGER,
			"the HSM's ledger cannot be written: is its disk full? Nothing was "
			"counted");
	else
		sfu_refuse(refusal, SFU_REFUSED_TOKEN,
			"the HSM's token does not answer: connect it and try again");
}

/* A token that failed is let go, and looked for again from time to time; but not while rows wait for the end of
 * the round, which the token must not see before the disk has them. */
static int token_is_there(struct sfu_service *s)
{
	const uint64_t now = sfu_host_time();

	if (s->desk.hsm.ready)
		return 1;
	if (s->desk.ledger.open || now < s->tried + TOKEN_EVERY)
		return 0;
	s->tried = now;
	if (sfu_hsm_again(&s->desk.hsm) != 0)
		return 0;
	if (sfu_ledger_meet(&s->desk.ledger, &s->desk.hsm) != 0) {
		sfu_hsm_drop(&s->desk.hsm);
		return 0;
	}
	sfu_note("the token is back");
	return 1;
}

static void note_failure(struct sfu_service *s, int status)
{
	if (status == EX_UNAVAILABLE || status == EX_NOPERM)
		sfu_hsm_drop(&s->desk.hsm);
}

static void ready(struct sfu_service *s, struct sfu_message *answer)
{
	const struct sfu_ledger *l = &s->desk.ledger;
	uint8_t body[SFU_SERVICE_READY_SIZE];

	sfu_put32(body + SFU_SERVICE_READY_PROTOCOL_OFFSET, SFU_SERVICE_PROTOCOL);
	memcpy(body + SFU_SERVICE_READY_SIGNER_OFFSET, s->desk.hsm.sign_id,
		SFU_SERVICE_READY_SIGNER_SIZE);
	memcpy(body + SFU_SERVICE_READY_PRODUCT_OFFSET, l->begin.product,
		SFU_SERVICE_READY_PRODUCT_SIZE);
	sfu_put32(body + SFU_SERVICE_READY_EPOCH_OFFSET, l->begin.epoch);
	memcpy(body + SFU_SERVICE_READY_LEDGER_OFFSET, l->begin.id, SFU_SERVICE_READY_LEDGER_SIZE);
	sfu_put32(body + SFU_SERVICE_READY_TOTAL_OFFSET, l->total);
	sfu_put32(body + SFU_SERVICE_READY_STOCK_OFFSET, sfu_desk_stock(&s->desk));
	sfu_put32(body + SFU_SERVICE_READY_NUMBER_OFFSET, l->number);
	memcpy(body + SFU_SERVICE_READY_HASH_OFFSET, l->hash, SFU_HASH);
	sfu_message_make(answer, SFU_SERVICE_READY, body, sizeof(body));
}

/* The kinds of question and the size of each. 0: it is well formed. */
static int malformed(const struct sfu_message *q, struct sfu_refusal *refusal)
{
	static const struct {
		uint8_t type;
		size_t size;
	} known[] = {
		{ SFU_SERVICE_GREET, SFU_SERVICE_GREET_SIZE },
		{ SFU_SERVICE_CHALLENGE, SFU_CHALLENGE_SIZE },
		{ SFU_SERVICE_RECEIPT, SFU_RECEIPT_SIZE },
		{ SFU_SERVICE_ORDER, SFU_ORDER_SIZE },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].type == sfu_message_type(q))
			break;
	if (i == sizeof(known) / sizeof(known[0]))
		return sfu_refuse(refusal, SFU_REFUSED_MESSAGE, "there is no message 0x%02x",
			sfu_message_type(q));
	if (known[i].size != sfu_message_size(q))
		return sfu_refuse(refusal, SFU_REFUSED_MESSAGE,
			"message 0x%02x has %zu bytes and must have %zu", known[i].type,
			sfu_message_size(q), known[i].size);
	if (known[i].type == SFU_SERVICE_GREET &&
		sfu_get32(sfu_message_body(q)) != SFU_SERVICE_PROTOCOL)
		return sfu_refuse(refusal, SFU_REFUSED_PROTOCOL,
			"the station speaks protocol %u and the service %u",
			sfu_get32(sfu_message_body(q)), SFU_SERVICE_PROTOCOL);
	return 0;
}

static int work(struct sfu_service *s, const struct sfu_message *q, struct sfu_message *answer,
	struct sfu_refusal *refusal)
{
	uint8_t grant[SFU_SERVICE_GRANT_SIZE], stored[SFU_SERVICE_STORED_SIZE];
	const uint8_t *body = sfu_message_body(q);
	int status = 0;

	switch (sfu_message_type(q)) {
	case SFU_SERVICE_CHALLENGE:
		status = sfu_desk_challenge(&s->desk, body, grant, refusal);
		sfu_message_make(answer, SFU_SERVICE_GRANT, grant, sizeof(grant));
		break;
	case SFU_SERVICE_RECEIPT:
		status = sfu_desk_receipt(&s->desk, body, stored, refusal);
		sfu_message_make(answer, SFU_SERVICE_STORED, stored, sizeof(stored));
		break;
	case SFU_SERVICE_ORDER:
		status = sfu_desk_order(&s->desk, body, refusal);
		if (status == 0 && refusal->code == 0)
			ready(s, answer);
		break;
	default:
		ready(s, answer);
	}
	return status;
}

void sfu_service_answer(
	struct sfu_service *s, const struct sfu_message *q, struct sfu_message *answer, int *waits)
{
	struct sfu_refusal refusal = { 0 };
	int status = 0;

	if (!malformed(q, &refusal)) {
		if (token_is_there(s))
			status = work(s, q, answer, &refusal);
		else
			status = EX_UNAVAILABLE;
	}
	if (status != 0) {
		note_failure(s, status);
		failed(s, status, &refusal);
	}
	if (refusal.code != 0)
		refuse(answer, &refusal);
	/* anything said of rows that are not on the disk yet */
	*waits = refusal.code == 0 && s->desk.ledger.open;
}

/* Rows that an earlier question of the round wrote go with the failure of a later one: with its row, or with the
 * token, which could not be told of them. */
static int round_is_whole(struct sfu_service *s)
{
	const int whole = s->undone == s->desk.ledger.undone &&
		(s->desk.hsm.ready || !s->desk.ledger.open);

	if (!whole && s->desk.ledger.open)
		sfu_ledger_undo(&s->desk.ledger);
	s->undone = s->desk.ledger.undone;
	return whole;
}

int sfu_service_commit(struct sfu_service *s, struct sfu_message *refused)
{
	struct sfu_refusal refusal = { 0 };
	int kept, status = s->desk.hsm.ready ? EX_IOERR : EX_UNAVAILABLE;

	if (round_is_whole(s))
		status = sfu_ledger_commit(&s->desk.ledger, &s->desk.hsm, &kept);
	s->undone = s->desk.ledger.undone;
	if (status == 0)
		return 0;
	note_failure(s, status);
	s->undone = s->desk.ledger.undone;
	failed(s, status, &refusal);
	refuse(refused, &refusal);
	return status;
}
