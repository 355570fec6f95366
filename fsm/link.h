/* Frames on the serial line: RFC 1662's byte stuffing and FCS-32.
 *
 * The receiver is a machine over *runs*: the line's bytes are cut into flags, escapes and runs of
 * ordinary bytes, then each piece is one event. Whatever came before, a flag brings it back to the
 * start of a frame. */
#ifndef SFU_LINK_H
#define SFU_LINK_H

#include <stdint.h>
#include "crc.h"
#include "port.h"
#include "sfu_format.h"
#include "link_machine.h"

/* the frame begins 3 bytes in, so that a record's ciphertext, behind type and index, is aligned */
#define SFU_LINK_PAD 3u
#define SFU_LINK_FRAME_MAX (SFU_LINK_PAYLOAD_MAX + SFU_LINK_FCS)
#define SFU_LINK_BUFFER (SFU_LINK_PAD + SFU_LINK_FRAME_MAX)
#define SFU_LINK_BODY_MAX 184u /* of a frame to send: struct CHALLENGE */

struct sfu_link {
	int cs;
	uint32_t state; /* SFU_LINK_STATE_…; a word, so that it does not share the buffer's memory in proofs */
	uint32_t fill;  /* bytes of the frame so far, behind the pad */
	uint32_t ready; /* size of the payload of a complete, correct frame, or 0 */
	uint8_t buffer[SFU_LINK_BUFFER]; /* aligned to 4 by its place in the device */
};

/* (on macros in contracts see device.h) */
#define SFU_LINK_SOUND(l) \
	((l).cs == (l).state && 0 <= (l).state < SFU_LINK_STATES \
	 && (l).fill <= SFU_LINK_FRAME_MAX && (l).ready <= SFU_LINK_PAYLOAD_MAX \
	 && ((l).state == SFU_LINK_STATE_HUNT ==> (l).fill == 0) \
	 && ((l).ready > 0 ==> (l).state == SFU_LINK_STATE_FRAME && (l).fill == 0))

/*@ predicate sfu_link_sound{L}(struct sfu_link *l) = SFU_LINK_SOUND(*l);

    // the four bytes behind `size` bytes are their FCS
    predicate sfu_link_fcs{L}(uint8_t *payload, integer size) =
         sfu_crc32_of(payload, size) == payload[size] + 256 * payload[size + 1]
                                        + 65536 * payload[size + 2] + 16777216 * payload[size + 3];

    predicate sfu_link_correct{L}(struct sfu_link *l) =
         l->ready > 0 ==> sfu_link_fcs{L}(&l->buffer[SFU_LINK_PAD], l->ready);
*/

/*@ requires valid: \valid(l);
    assigns l->cs, l->state, l->fill, l->ready;
    ensures sound: SFU_LINK_SOUND(*l);
    ensures hunting: l->state == SFU_LINK_STATE_HUNT && l->ready == 0; */
void sfu_link_init(struct sfu_link *l);

/* Takes bytes from `data` until a correct frame is complete or the `size` bytes are used up, and
 * answers how many it took. Afterwards l->ready is the payload's size, or 0; the payload, at
 * l->buffer + SFU_LINK_PAD, stays until the next call. */
/*@ requires valid: \valid(l) && \valid_read(data + (0 .. size - 1));
    requires apart: \separated(l, data + (0 .. size - 1));
    requires sound: sfu_link_sound(l);
    assigns *l;
    ensures sound: SFU_LINK_SOUND(*l);
    ensures took: \result <= size;
    ensures moves: size > 0 ==> \result > 0;
    ensures all: l->ready == 0 ==> \result == size;
    ensures closed: l->ready > 0 ==> data[\result - 1] == SFU_LINK_FLAG;
    ensures correct: sfu_link_correct(l); */
uint32_t sfu_link_receive(struct sfu_link *l, const uint8_t *data, uint32_t size);

/* Sends type ‖ body as one frame through sfu_port_tx, flags included; size <= SFU_LINK_BODY_MAX. */
/*@ requires valid: \valid_read(body + (0 .. size - 1));
    requires short: size <= SFU_LINK_BODY_MAX;
    requires fleeting: \separated(body + (0 .. size - 1), sfu_lasting);
    assigns sfu_line;
    ensures whole: \old(sfu_line_sent) + 2 + 5 + size <= sfu_line_sent
                   <= \old(sfu_line_sent) + 2 + 2 * (5 + size);
    ensures shown: sfu_line_shown == \old(sfu_line_shown); */
void sfu_link_send(uint8_t type, const uint8_t *body, uint32_t size);

/* 1 if the receiver is between frames: a byte now may begin something else (YMODEM). */
/*@ requires valid: \valid_read(l);
    assigns \nothing;
    ensures quiet: \result == 1 <==> l->state == SFU_LINK_STATE_HUNT
                                     || (l->state == SFU_LINK_STATE_FRAME && l->fill == 0);
    ensures bit: \result <= 1; */
uint32_t sfu_link_quiet(const struct sfu_link *l);

#endif
