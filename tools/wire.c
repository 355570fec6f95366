#include "wire.h"

#include <string.h>

#include "bytes.h"
#include "crc.h"

static size_t stuff(const uint8_t *data, size_t size, uint8_t *out)
{
	size_t i, n = 0;

	for (i = 0; i < size; i++) {
		if (data[i] == SFU_LINK_FLAG || data[i] == SFU_LINK_ESCAPE) {
			out[n++] = SFU_LINK_ESCAPE;
			out[n++] = data[i] ^ SFU_LINK_XOR;
		} else {
			out[n++] = data[i];
		}
	}
	return n;
}

size_t sfu_wire_encode(
	uint8_t type, const uint8_t *body, size_t size, uint8_t out[SFU_WIRE_FRAME_MAX])
{
	uint8_t frame[SFU_LINK_PAYLOAD_MAX + SFU_LINK_FCS];
	size_t n = 0;

	frame[0] = type;
	if (size > 0)
		memcpy(frame + 1, body, size);
	sfu_put32(frame + 1 + size, sfu_crc32(frame, (uint32_t)(1 + size)));
	out[n++] = SFU_LINK_FLAG;
	n += stuff(frame, 1 + size + SFU_LINK_FCS, out + n);
	out[n++] = SFU_LINK_FLAG;
	return n;
}

void sfu_wire_init(struct sfu_wire *wire)
{
	memset(wire, 0, sizeof(*wire));
}

/* A flag ends what was collected. */
static size_t end_frame(struct sfu_wire *wire)
{
	const size_t fill = wire->fill;
	const int whole = wire->inside && !wire->bad && !wire->escaped && fill > SFU_LINK_FCS;

	wire->inside = 1;
	wire->fill = 0;
	wire->escaped = 0;
	wire->bad = 0;
	if (!whole)
		return 0;
	if (sfu_get32(wire->data + fill - SFU_LINK_FCS) !=
		sfu_crc32(wire->data, (uint32_t)(fill - SFU_LINK_FCS)))
		return 0;
	return fill - SFU_LINK_FCS;
}

size_t sfu_wire_take(struct sfu_wire *wire, uint8_t byte)
{
	if (byte == SFU_LINK_FLAG)
		return end_frame(wire);
	if (!wire->inside || wire->bad)
		return 0;
	if (byte == SFU_LINK_ESCAPE && !wire->escaped) {
		wire->escaped = 1;
		return 0;
	}
	if (wire->fill == sizeof(wire->data)) {
		wire->bad = 1;
		return 0;
	}
	wire->data[wire->fill++] = wire->escaped ? byte ^ SFU_LINK_XOR : byte;
	wire->escaped = 0;
	return 0;
}
