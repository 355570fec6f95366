/* A connection between station and service that never blocks: a Unix socket, or TCP with TLS 1.3. */
#ifndef SFU_TOOL_CHANNEL_H
#define SFU_TOOL_CHANNEL_H

#include <netdb.h>
#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include "args.h"

/* the options of both sides, for a command's table */
#define SFU_TLS_OPTIONS \
	{ 0, "ca", "CA.pem", SFU_OPTIONAL, "TLS: who signed the other side's certificate" }, \
		{ 0, "cert", "CERT.pem", SFU_OPTIONAL, "TLS: our certificate" }, \
	{ \
		0, "tls-key", "KEY.pem", SFU_OPTIONAL, "TLS: its private key" \
	}

struct sfu_address {
	const char *text; /* as given */
	int local;        /* a Unix socket */
	char host[256];   /* without brackets */
	char port[32];
};

/* PATH (with a slash, or without a colon) or HOST:PORT. EX_USAGE. */
int sfu_address_parse(const struct sfu_args *args, const char *text, struct sfu_address *address);

/* *context is what connections are made of, NULL for a Unix socket. EX_USAGE: options are missing or too
 * many; EX_NOINPUT, EX_NOPERM, EX_DATAERR: the files. */
int sfu_tls_open(const struct sfu_args *args, const struct sfu_address *address, int server,
	SSL_CTX **context);

struct sfu_channel {
	int fd;    /* -1: closed */
	SSL *ssl;  /* NULL: none */
	int waits; /* poll events that TLS waits for, or 0 */
};

/* Connects, with the name of the other side checked. EX_UNAVAILABLE or EX_TEMPFAIL and a sentence. */
int sfu_channel_connect(struct sfu_channel *channel, const struct sfu_address *address,
	SSL_CTX *context, int milliseconds);

/* Takes an accepted socket. 0, or EX_OSERR. */
int sfu_channel_accept(struct sfu_channel *channel, int fd, SSL_CTX *context);

/* TLS's handshake: 1 done, 0 not yet, -1 it failed. */
int sfu_channel_shake(struct sfu_channel *channel);

/* Bytes moved, 0 none for now, -1 the connection is over. */
int sfu_channel_read(struct sfu_channel *channel, uint8_t *data, size_t size);
int sfu_channel_write(struct sfu_channel *channel, const uint8_t *data, size_t size);

/* 1 if bytes are there that poll does not know of. */
int sfu_channel_pending(const struct sfu_channel *channel);

/* What poll shall wait for. */
short sfu_channel_events(const struct sfu_channel *channel, int writing);

void sfu_channel_close(struct sfu_channel *channel);

#endif
