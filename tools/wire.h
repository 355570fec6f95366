/* Frames of spec/formats.md ("Wire"): RFC 1662 byte stuffing and FCS-32. */
#ifndef SFU_TOOL_WIRE_H
#define SFU_TOOL_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "sfu_format.h"

/* the longest frame: every byte escaped, and both flags */
#define SFU_WIRE_FRAME_MAX (2u * (SFU_LINK_PAYLOAD_MAX + SFU_LINK_FCS) + 2u)

/* Writes type ‖ body as one frame, flags included; size < SFU_LINK_PAYLOAD_MAX. Answers its length. */
size_t sfu_wire_encode(
	uint8_t type, const uint8_t *body, size_t size, uint8_t out[SFU_WIRE_FRAME_MAX]);

struct sfu_wire {
	uint8_t data[SFU_LINK_PAYLOAD_MAX + SFU_LINK_FCS];
	size_t fill;
	int inside;  /* behind a flag */
	int escaped; /* behind 0x7D */
	int bad;     /* what comes until the next flag is dropped */
};

void sfu_wire_init(struct sfu_wire *wire);

/* Takes one byte. Answers the size of the payload, at wire->data, if it completes a correct frame;
 * the payload stays until the next call. Otherwise 0. */
size_t sfu_wire_take(struct sfu_wire *wire, uint8_t byte);

#endif
