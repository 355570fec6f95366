/* The service's socket and its connections: questions in, answers out, nobody waits for anybody. */
#ifndef SFU_TOOL_LISTENER_H
#define SFU_TOOL_LISTENER_H

#include "channel.h"
#include "service.h"

#define SFU_LISTENER_STATIONS 128

struct sfu_listener {
	const struct sfu_address *address;
	SSL_CTX *context;
	int fd;
	struct sfu_visitor {
		struct sfu_channel channel;
		int shaken;     /* the handshake is done */
		uint64_t since; /* when it last moved, ms */
		struct sfu_message in, out;
		int answering; /* `out` is on its way */
		int waits;     /* `out` waits for the commit of this round */
	} visitors[SFU_LISTENER_STATIONS];
};

/* A Unix socket replaces one that is left of a service before: the caller has the folder's lock. EX_OSERR,
 * EX_NOPERM, EX_TEMPFAIL: in use. `mode`: of a Unix socket. */
int sfu_listener_open(struct sfu_listener *listener, const struct sfu_address *address,
	SSL_CTX *context, unsigned int mode);

/* One round: waits until something can be done, for at most a second, and does it. */
void sfu_listener_round(struct sfu_listener *listener, struct sfu_service *service);

void sfu_listener_close(struct sfu_listener *listener);

#endif
