/* The serial port on the host: opened, locked, read and written without waiting. */
#ifndef SFU_TOOL_LINK_HOST_H
#define SFU_TOOL_LINK_HOST_H

#include <libserialport.h>
#include <stddef.h>
#include <stdint.h>

struct sfu_host {
	const char *name; /* as given; may be a symbolic link */
	uint32_t baud;
	int fd;               /* -1: not open */
	struct sp_port *port; /* NULL: a pseudo-terminal */
};

enum sfu_host_open {
	SFU_HOST_OPEN,
	SFU_HOST_ABSENT, /* not there (now), or not ready */
	SFU_HOST_LOCKED, /* another program has it */
	SFU_HOST_NO_PORT /* it is there and is no serial port that can be used so */
};

/* Opens host->name at host->baud, 8N1, no flow control. On failure errno tells more. */
enum sfu_host_open sfu_host_open(struct sfu_host *host);
void sfu_host_close(struct sfu_host *host);

/* Waits until bytes can be read (or, if `writing`, written) or `milliseconds` have passed. */
void sfu_host_wait(const struct sfu_host *host, int writing, int milliseconds);

/* How many bytes were moved, 0: none for now, -1: the port is gone. */
int sfu_host_read(struct sfu_host *host, uint8_t *data, size_t size);
int sfu_host_write(struct sfu_host *host, const uint8_t *data, size_t size);

/* Milliseconds of a clock that nobody sets. */
uint64_t sfu_host_time(void);

#endif
