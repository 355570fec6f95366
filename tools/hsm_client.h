/* The station's side of the line to the service. */
#ifndef SFU_TOOL_HSM_CLIENT_H
#define SFU_TOOL_HSM_CLIENT_H

#include "channel.h"
#include "message.h"

struct sfu_hsm_client {
	struct sfu_address address;
	SSL_CTX *context;
	struct sfu_channel channel;
	struct sfu_message answer; /* the last one */
	uint32_t refused;          /* its code where it is a refusal, else 0 */
};

/* Reads option --hsm and those of TLS; connects when it is asked. sfu_hsm_client_close ends it. */
int sfu_hsm_client_open(struct sfu_hsm_client *client, const struct sfu_args *args);
void sfu_hsm_client_close(struct sfu_hsm_client *client);

/* Asks, and once more over a new connection if the line was lost: it is always safe. 0 if the answer is of
 * type `wanted` and has `size` bytes. A refusal is told in the service's words and becomes an exit status:
 * EX_NOPERM (the device, an order or a receipt), EX_UNAVAILABLE (stock), EX_TEMPFAIL (token or ledger).
 * EX_UNAVAILABLE, EX_TEMPFAIL: there is no service, or it fell silent. */
int sfu_hsm_ask(struct sfu_hsm_client *client, uint8_t type, const void *body, size_t body_size,
	uint8_t wanted, size_t size);

/* The answer's body. */
const uint8_t *sfu_hsm_answer(const struct sfu_hsm_client *client);

/* GREET; what the service told is the answer, struct SERVICE_READY. */
int sfu_hsm_greet(struct sfu_hsm_client *client);

#endif
