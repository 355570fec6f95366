/* The PIN of a token: from a file, the environment or a person, never from the command line. */
#ifndef SFU_TOOL_PIN_H
#define SFU_TOOL_PIN_H

#include <stddef.h>

#define SFU_PIN_MAX 128
#define SFU_PIN_ENVIRONMENT "SFU_PIN"

struct sfu_pin {
	char *text; /* locked memory of SFU_PIN_MAX + 1 bytes, or NULL */
};

/* Takes the PIN from the first of these that is there: the file `path` (--pin-file); the environment;
 * the URI's pin-source (`source`, a file or file: URI); the file `kept`, beside a token of our own; a
 * person at the terminal, who is asked for the PIN of `name`. Any but the last may be NULL.
 * A file is a secret one of one line. EX_NOPERM if others may open it, EX_NOINPUT, EX_DATAERR;
 * EX_CONFIG if there is none of them. */
int sfu_pin_get(struct sfu_pin *pin, const char *path, const char *source, const char *kept,
	const char *name);

/* A new random PIN. */
int sfu_pin_make(struct sfu_pin *pin);

/* Wipes; a second call does nothing. */
void sfu_pin_free(struct sfu_pin *pin);

#endif
