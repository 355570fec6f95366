#include "personalize.h"

#include <string.h>

#include "bytes.h"
#include "ledger_row.h"
#include "say.h"

#define TRIES 4
#define CHALLENGE_WAIT 2000u /* ms: a key pair, a MAC */
#define RECEIPT_WAIT 5000u   /* and the erase of two key pages; after it the device is called */
#define HELLO_WAIT 15000u

enum next { NEXT_CHALLENGE, NEXT_RECEIPT, NEXT_AGAIN, NEXT_FAILED };

/* What the device answers to a message: a frame of one of the two kinds, at station->wire.data, or nothing in
 * time, or a refusal, which was told. */
static enum next answer(struct sfu_station *s, uint8_t type, const uint8_t *body, size_t size,
	uint64_t wait, int *status)
{
	const uint64_t deadline = sfu_host_time() + wait;
	size_t got;

	sfu_station_send(s, type, body, size);
	for (;;) {
		switch (sfu_station_next(s, deadline, &got)) {
		case SFU_EVENT_SENT:
			break;
		case SFU_EVENT_FRAME:
			if (s->wire.data[0] == SFU_MESSAGE_CHALLENGE &&
				got == 1 + SFU_CHALLENGE_SIZE)
				return NEXT_CHALLENGE;
			if (s->wire.data[0] == SFU_MESSAGE_RECEIPT && got == 1 + SFU_RECEIPT_SIZE)
				return NEXT_RECEIPT;
			if (s->wire.data[0] != SFU_MESSAGE_REFUSE || got != 1 + SFU_REFUSAL_SIZE)
				break;
			*status = sfu_station_refused(s, s->wire.data + 1);
			return NEXT_FAILED;
		default:
			return NEXT_AGAIN;
		}
	}
}

/* A challenge to the HSM, its permit to the device. */
static enum next carry(struct sfu_station *s, struct sfu_hsm_client *client, int *status,
	struct sfu_personalized *result)
{
	const uint8_t *grant;

	*status = sfu_hsm_ask(client, SFU_SERVICE_CHALLENGE, s->wire.data + 1, SFU_CHALLENGE_SIZE,
		SFU_SERVICE_GRANT, SFU_SERVICE_GRANT_SIZE);
	if (*status != 0)
		return NEXT_FAILED;
	grant = sfu_hsm_answer(client);
	result->licence_before =
		(sfu_get32(grant + SFU_SERVICE_GRANT_FLAGS_OFFSET) & SFU_SERVICE_AGAIN) != 0;
	sfu_detail("%s: licence %u%s", s->host.name,
		sfu_get32(grant + SFU_SERVICE_GRANT_PERMIT_OFFSET + SFU_PERMIT_LICENCE_OFFSET),
		result->licence_before ? ", taken before" : "");
	return answer(s, SFU_MESSAGE_PERMIT, grant + SFU_SERVICE_GRANT_PERMIT_OFFSET,
		SFU_PERMIT_SIZE, RECEIPT_WAIT, status);
}

static int store(
	struct sfu_station *s, struct sfu_hsm_client *client, struct sfu_personalized *result)
{
	const uint8_t *stored;
	const int status = sfu_hsm_ask(client, SFU_SERVICE_RECEIPT, s->wire.data + 1,
		SFU_RECEIPT_SIZE, SFU_SERVICE_STORED, SFU_SERVICE_STORED_SIZE);

	/* a receipt that is not of this ledger does not become so by another attempt */
	if (status != 0 && client->refused != SFU_REFUSED_RECEIPT)
		sfu_warn(s->host.name,
			"the device is personalized, and the ledger lacks its receipt: run this "
			"again with this device");
	if (status != 0)
		return status;
	stored = sfu_hsm_answer(client);
	result->known =
		(sfu_get32(stored + SFU_SERVICE_STORED_FLAGS_OFFSET) & SFU_SERVICE_AGAIN) != 0;
	result->licence = sfu_get32(stored + SFU_SERVICE_STORED_LICENCE_OFFSET);
	result->stock = sfu_get32(stored + SFU_SERVICE_STORED_STOCK_OFFSET);
	result->time = sfu_get64(stored + SFU_SERVICE_STORED_TIME_OFFSET);
	return 0;
}

int sfu_personalize(
	struct sfu_station *s, struct sfu_hsm_client *client, struct sfu_personalized *result)
{
	struct sfu_info info;
	enum next next = NEXT_AGAIN;
	int i, status = 0;

	memset(result, 0, sizeof(*result));
	for (i = 0; i < TRIES && next != NEXT_RECEIPT; i++) {
		/* an earlier attempt may have gone through though nothing was heard of it */
		if (i > 0 && sfu_station_hello(s, sfu_host_time() + HELLO_WAIT, &info) != 0)
			break;
		next = answer(s, SFU_MESSAGE_PERSONALIZE, NULL, 0, CHALLENGE_WAIT, &status);
		result->before = next == NEXT_RECEIPT && i == 0;
		if (next == NEXT_CHALLENGE)
			next = carry(s, client, &status, result);
		if (next == NEXT_FAILED)
			return status;
	}
	if (next == NEXT_RECEIPT) {
		status = store(s, client, result);
		/* the device takes firmware from its next start on, which comes by itself if this is lost */
		if (status == 0 && !result->before)
			(void)sfu_station_reboot(s);
		return status;
	}
	return sfu_fail(EX_TEMPFAIL, s->host.name,
		"the device fell silent; the same command goes on where it stopped, at no further "
		"licence");
}
