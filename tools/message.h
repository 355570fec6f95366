/* Messages of spec/formats.md, "The line between station and service". */
#ifndef SFU_TOOL_MESSAGE_H
#define SFU_TOOL_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "sfu_format.h"

#define SFU_MESSAGE_HEAD 5u /* length and type */

struct sfu_message {
	uint8_t bytes[4 + SFU_SERVICE_MESSAGE_MAX];
	size_t fill; /* how many are there */
	size_t at;   /* how many of them were sent */
};

/* A whole message. */
void sfu_message_make(struct sfu_message *message, uint8_t type, const void *body, size_t size);

/* 1: a whole message is there; 0: not yet; -1: its length is none. */
int sfu_message_whole(const struct sfu_message *message);

/* How many bytes are still missing of it, as far as is known. */
size_t sfu_message_wants(const struct sfu_message *message);

uint8_t sfu_message_type(const struct sfu_message *message);
const uint8_t *sfu_message_body(const struct sfu_message *message);
size_t sfu_message_size(const struct sfu_message *message);

#endif
