#include "message.h"

#include <string.h>

#include "bytes.h"

void sfu_message_make(struct sfu_message *m, uint8_t type, const void *body, size_t size)
{
	sfu_put32(m->bytes, (uint32_t)(size + 1));
	m->bytes[4] = type;
	if (size > 0)
		memcpy(m->bytes + SFU_MESSAGE_HEAD, body, size);
	m->fill = SFU_MESSAGE_HEAD + size;
	m->at = 0;
}

int sfu_message_whole(const struct sfu_message *m)
{
	uint32_t length;

	if (m->fill < 4)
		return 0;
	length = sfu_get32(m->bytes);
	if (length == 0 || length > SFU_SERVICE_MESSAGE_MAX)
		return -1;
	return m->fill == 4 + length;
}

size_t sfu_message_wants(const struct sfu_message *m)
{
	return m->fill < 4 ? 4 - m->fill : 4 + sfu_get32(m->bytes) - m->fill;
}

uint8_t sfu_message_type(const struct sfu_message *m)
{
	return m->bytes[4];
}

const uint8_t *sfu_message_body(const struct sfu_message *m)
{
	return m->bytes + SFU_MESSAGE_HEAD;
}

size_t sfu_message_size(const struct sfu_message *m)
{
	return sfu_get32(m->bytes) - 1;
}
