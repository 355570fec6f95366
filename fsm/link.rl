#include "bytes.h"
#include "crc.h"
#include "link.h"
#include "port.h"

/* In the C that ragel writes, what follows an fbreak is never reached. */
#pragma GCC diagnostic ignored "-Wimplicit-fallthrough"

/* Sending a piece costs a call into the port, so a few bytes go together. */
#define SFU_LINK_PIECE 64u

struct sfu_link_out {
	uint32_t fill;
	uint8_t piece[SFU_LINK_PIECE];
};

/* What a step has found on the line. */
struct sfu_link_found {
	uint8_t event;
	uint32_t count; /* bytes it is made of, at least 1 */
};

/* The remainder changes nothing; it lets the proof see that the result is a byte. */
/*@ assigns \nothing;
    ensures flipped: \result == (byte ^ SFU_LINK_XOR) % 256; */
static inline uint8_t sfu_link_flip(uint8_t byte)
{
	return (uint8_t)((byte ^ SFU_LINK_XOR) % 256u);
}

/*@ requires valid: \valid(l);
    assigns l->fill;
    ensures dropped: l->fill == 0; */
static inline void sfu_link_drop(struct sfu_link *l)
{
	l->fill = 0;
}

/*@ requires valid: \valid(l);
    requires fits: SFU_LINK_FCS < l->fill <= SFU_LINK_FRAME_MAX;
    assigns l->ready, l->fill;
    ensures ready: l->ready == \old(l->fill) - SFU_LINK_FCS && l->fill == 0; */
static inline void sfu_link_deliver(struct sfu_link *l)
{
	l->ready = l->fill - SFU_LINK_FCS;
	l->fill = 0;
}

/*@ requires valid: \valid(l);
    requires fits: l->fill + count <= SFU_LINK_FRAME_MAX;
    assigns l->fill;
    ensures kept: l->fill == \old(l->fill) + count; */
static inline void sfu_link_keep(struct sfu_link *l, uint32_t count)
{
	l->fill += count;
}

/*@ requires valid: \valid(l);
    requires fits: 0 < count && l->fill + count <= SFU_LINK_FRAME_MAX;
    assigns l->fill, l->buffer[SFU_LINK_PAD + l->fill];
    ensures first: l->buffer[SFU_LINK_PAD + \old(l->fill)] == (byte ^ SFU_LINK_XOR) % 256;
    ensures kept: l->fill == \old(l->fill) + count; */
static inline void sfu_link_unescape(struct sfu_link *l, uint8_t byte, uint32_t count)
{
	l->buffer[SFU_LINK_PAD + l->fill] = sfu_link_flip(byte);
	l->fill += count;
}

/* The one loop that sees every byte: copies ordinary bytes behind the frame's until something else
 * comes, whether or not the machine will keep them (only `fill` says what counts). */
/*@ requires valid: \valid(to + (0 .. size - 1)) && \valid_read(data + (0 .. size - 1));
    requires apart: \separated(to + (0 .. size - 1), data + (0 .. size - 1));
    assigns to[0 .. size - 1];
    ensures size: \result <= size;
    ensures run: \forall integer i; 0 <= i < \result ==>
                   data[i] != SFU_LINK_FLAG && data[i] != SFU_LINK_ESCAPE && to[i] == data[i];
    ensures end: \result < size ==>
                   data[\result] == SFU_LINK_FLAG || data[\result] == SFU_LINK_ESCAPE; */
static uint32_t sfu_link_collect(uint8_t *to, const uint8_t *data, uint32_t size)
{
	uint32_t i;

	/*@ loop invariant range: 0 <= i <= size;
	    loop invariant run: \forall integer j; 0 <= j < i ==>
	      data[j] != SFU_LINK_FLAG && data[j] != SFU_LINK_ESCAPE && to[j] == data[j];
	    loop invariant same: \forall integer j; 0 <= j < size ==> data[j] == \at(data[j], Pre);
	    loop assigns i, to[0 .. size - 1];
	    loop variant size - i; */
	for (i = 0; i < size; i++) {
		uint8_t byte = data[i];

		if (byte == SFU_LINK_FLAG || byte == SFU_LINK_ESCAPE)
			break;
		to[i] = byte;
	}
	return i;
}

/*@ requires valid: \valid_read(l);
    requires sound: sfu_link_sound(l);
    assigns \nothing;
    ensures bit: \result <= 1;
    ensures good: \result == 1 <==> l->fill > SFU_LINK_FCS
                  && sfu_link_fcs(&l->buffer[SFU_LINK_PAD], l->fill - SFU_LINK_FCS); */
static uint32_t sfu_link_good(const struct sfu_link *l)
{
	const uint8_t *payload = l->buffer + SFU_LINK_PAD;
	uint32_t size;

	if (l->fill <= SFU_LINK_FCS || l->fill > SFU_LINK_FRAME_MAX)
		return 0;
	size = l->fill - SFU_LINK_FCS;
	return sfu_crc32(payload, size) == sfu_get32(payload + size);
}

/* Room left decides what a byte is, not the machine: a frame that is full can only end. */
/*@ requires valid: \valid(l) && \valid_read(data + (0 .. size - 1)) && size > 0;
    requires apart: \separated(l, data + (0 .. size - 1));
    requires sound: sfu_link_sound(l);
    assigns l->buffer[SFU_LINK_PAD + l->fill .. SFU_LINK_BUFFER - 1];
    ensures sound: sfu_link_sound(l);
    ensures event: \result.event < SFU_LINK_EVENTS;
    ensures flag: data[0] == SFU_LINK_FLAG <==>
              \result.event == SFU_LINK_EVENT_FLAG || \result.event == SFU_LINK_EVENT_GOOD;
    ensures good: \result.event == SFU_LINK_EVENT_GOOD ==> l->fill > SFU_LINK_FCS
              && sfu_link_fcs(&l->buffer[SFU_LINK_PAD], l->fill - SFU_LINK_FCS);
    ensures bad: \result.event == SFU_LINK_EVENT_FLAG ==> !(l->fill > SFU_LINK_FCS
              && sfu_link_fcs(&l->buffer[SFU_LINK_PAD], l->fill - SFU_LINK_FCS));
    ensures long: \result.event == SFU_LINK_EVENT_LONG <==>
              data[0] != SFU_LINK_FLAG && l->fill == SFU_LINK_FRAME_MAX;
    ensures escape: \result.event == SFU_LINK_EVENT_ESCAPE <==>
              data[0] == SFU_LINK_ESCAPE && l->fill < SFU_LINK_FRAME_MAX;
    ensures plain: \result.event == SFU_LINK_EVENT_RUN <==>
              data[0] != SFU_LINK_FLAG && data[0] != SFU_LINK_ESCAPE && l->fill < SFU_LINK_FRAME_MAX;
    ensures single: \result.event != SFU_LINK_EVENT_RUN ==> \result.count == 1;
    ensures fits: \result.event != SFU_LINK_EVENT_RUN || l->fill + \result.count <= SFU_LINK_FRAME_MAX;
    ensures run: \result.event == SFU_LINK_EVENT_RUN ==> \forall integer i; 0 <= i < \result.count ==>
              data[i] != SFU_LINK_FLAG && data[i] != SFU_LINK_ESCAPE;
    ensures end: \result.event == SFU_LINK_EVENT_RUN && \result.count < size ==>
              l->fill + \result.count == SFU_LINK_FRAME_MAX
              || data[\result.count] == SFU_LINK_FLAG || data[\result.count] == SFU_LINK_ESCAPE;
    ensures copied: \result.event == SFU_LINK_EVENT_RUN ==>
              \forall integer i; 0 <= i < \result.count ==>
              l->buffer[SFU_LINK_PAD + l->fill + i] == data[i];
    ensures count: 0 < \result.count <= size; */
static struct sfu_link_found sfu_link_classify(struct sfu_link *l, const uint8_t *data, uint32_t size)
{
	struct sfu_link_found found = { SFU_LINK_EVENT_RUN, 1 };
	/* a length that a fault has changed leaves no room */
	uint32_t room = l->fill < SFU_LINK_FRAME_MAX ? SFU_LINK_FRAME_MAX - l->fill : 0;

	if (data[0] == SFU_LINK_FLAG)
		found.event = sfu_link_good(l) ? SFU_LINK_EVENT_GOOD : SFU_LINK_EVENT_FLAG;
	else if (room == 0)
		found.event = SFU_LINK_EVENT_LONG;
	else if (data[0] == SFU_LINK_ESCAPE)
		found.event = SFU_LINK_EVENT_ESCAPE;
	else
		found.count = sfu_link_collect(l->buffer + SFU_LINK_PAD + l->fill, data,
			size < room ? size : room);
	return found;
}

%%{
	machine sfu_link;
	alphtype unsigned char;
	access l->;

	FLAG = 0;   # a flag behind anything but a correct frame
	GOOD = 1;   # a flag behind a correct frame
	ESCAPE = 2; # an escape
	RUN = 3;    # ordinary bytes
	LONG = 4;   # a byte for which there is no room

	action drop { sfu_link_drop(l); }
	action deliver { sfu_link_deliver(l); }
	action keep { sfu_link_keep(l, count); }
	action unescape { sfu_link_unescape(l, byte, count); }

	action in_hunt { l->state = SFU_LINK_STATE_HUNT; fbreak; }
	action in_frame { l->state = SFU_LINK_STATE_FRAME; fbreak; }
	action in_escape { l->state = SFU_LINK_STATE_ESCAPE; fbreak; }

	main := (
		start: (
			( FLAG | GOOD ) -> frame |
			^( FLAG | GOOD ) -> start
		) >~in_hunt,
		frame: (
			FLAG @drop -> frame |
			GOOD @deliver -> frame |
			ESCAPE -> escape |
			RUN @keep -> frame |
			^( FLAG | GOOD | ESCAPE | RUN ) @drop -> start
		) >~in_frame,
		# a flag here aborts the frame, whatever its FCS
		escape: (
			( FLAG | GOOD ) @drop -> frame |
			( ESCAPE | RUN ) @unescape -> frame |
			^( FLAG | GOOD | ESCAPE | RUN ) @drop -> start
		) >~in_escape
	);
}%%
%% write data noerror nofinal noentry;

#include "link_contract.h"

/*@ requires valid: \valid(l);
    requires sound: sfu_link_sound(l) && l->ready == 0;
    requires event: event < SFU_LINK_EVENTS && count > 0;
    requires good: event == SFU_LINK_EVENT_GOOD ==> l->fill > SFU_LINK_FCS
                     && sfu_link_fcs(&l->buffer[SFU_LINK_PAD], l->fill - SFU_LINK_FCS);
    requires fits: event == SFU_LINK_EVENT_ESCAPE || event == SFU_LINK_EVENT_RUN ==>
                     l->fill + count <= SFU_LINK_FRAME_MAX;
    assigns l->cs, l->state, l->fill, l->ready, l->buffer[SFU_LINK_PAD + l->fill .. SFU_LINK_BUFFER - 1];
    ensures sound: sfu_link_sound(l);
    ensures behind: \forall integer i; SFU_LINK_PAD + \old(l->fill) < i < SFU_LINK_BUFFER ==>
              l->buffer[i] == \old(l->buffer[i]);
    ensures kept: (\old(l->state) != SFU_LINK_STATE_ESCAPE || event <= SFU_LINK_EVENT_GOOD)
              && \old(l->fill) < SFU_LINK_FRAME_MAX ==>
              l->buffer[SFU_LINK_PAD + \old(l->fill)] == \old(l->buffer[SFU_LINK_PAD + l->fill]);
    ensures ready: l->ready == (\old(l->state) == SFU_LINK_STATE_FRAME && event == SFU_LINK_EVENT_GOOD
                     ? \old(l->fill) - SFU_LINK_FCS : 0);
    ensures flag: event == SFU_LINK_EVENT_FLAG || event == SFU_LINK_EVENT_GOOD ==>
              l->state == SFU_LINK_STATE_FRAME && l->fill == 0;
    ensures hunt: \old(l->state) == SFU_LINK_STATE_HUNT && event > SFU_LINK_EVENT_GOOD ==>
              l->state == SFU_LINK_STATE_HUNT;
    ensures long: event == SFU_LINK_EVENT_LONG ==> l->state == SFU_LINK_STATE_HUNT;
    ensures escape: \old(l->state) == SFU_LINK_STATE_FRAME && event == SFU_LINK_EVENT_ESCAPE ==>
              l->state == SFU_LINK_STATE_ESCAPE && l->fill == \old(l->fill);
    ensures run: \old(l->state) == SFU_LINK_STATE_FRAME && event == SFU_LINK_EVENT_RUN ==>
              l->state == SFU_LINK_STATE_FRAME && l->fill == \old(l->fill) + count;
    ensures escaped: \old(l->state) == SFU_LINK_STATE_ESCAPE
              && (event == SFU_LINK_EVENT_ESCAPE || event == SFU_LINK_EVENT_RUN) ==>
              l->state == SFU_LINK_STATE_FRAME && l->fill == \old(l->fill) + count
              && l->buffer[SFU_LINK_PAD + \old(l->fill)] == (byte ^ SFU_LINK_XOR) % 256;
    ensures correct: sfu_link_correct(l); */
static void sfu_link_step(struct sfu_link *l, uint8_t event, uint8_t byte, uint32_t count)
{
	const unsigned char *p = &event;

	%% write exec noend;
}

void sfu_link_init(struct sfu_link *l)
{
	%% write init;
	l->state = SFU_LINK_STATE_HUNT;
	l->fill = 0;
	l->ready = 0;
}

uint32_t sfu_link_receive(struct sfu_link *l, const uint8_t *data, uint32_t size)
{
	struct sfu_link_found found;
	uint32_t used = 0;

	l->ready = 0;
	/*@ loop invariant used: 0 <= used <= size;
	    loop invariant moves: l->ready > 0 ==> used > 0 && data[used - 1] == SFU_LINK_FLAG;
	    loop invariant sound: sfu_link_sound(l);
	    loop invariant correct: sfu_link_correct(l);
	    loop assigns used, found, *l;
	    loop variant size - used; */
	while (used < size && l->ready == 0) {
		found = sfu_link_classify(l, data + used, size - used);
		sfu_link_step(l, found.event, data[used], found.count);
		used += found.count;
	}
	return used;
}

/*@ requires valid: \valid(out) && out->fill <= SFU_LINK_PIECE;
    requires fleeting: \separated(out, sfu_lasting);
    assigns *out, sfu_line;
    ensures fill: out->fill <= SFU_LINK_PIECE;
    ensures last: out->piece[out->fill - 1] == byte && out->fill > 0;
    ensures grows: sfu_line_sent + out->fill == \old(sfu_line_sent + out->fill) + 1;
    ensures shown: sfu_line_shown == \old(sfu_line_shown); */
static void sfu_link_put(struct sfu_link_out *out, uint8_t byte)
{
	if (out->fill == SFU_LINK_PIECE) {
		sfu_port_tx(out->piece, out->fill);
		out->fill = 0;
	}
	out->piece[out->fill++] = byte;
}

/*@ requires valid: \valid(out) && out->fill <= SFU_LINK_PIECE;
    requires fleeting: \separated(out, sfu_lasting);
    assigns *out, sfu_line;
    ensures fill: 0 < out->fill <= SFU_LINK_PIECE;
    ensures plain: byte != SFU_LINK_FLAG && byte != SFU_LINK_ESCAPE ==>
              out->piece[out->fill - 1] == byte
              && sfu_line_sent + out->fill == \old(sfu_line_sent + out->fill) + 1;
    ensures flag: byte == SFU_LINK_FLAG ==>
              out->piece[out->fill - 1] == (byte ^ SFU_LINK_XOR) % 256
              && sfu_line_sent + out->fill == \old(sfu_line_sent + out->fill) + 2;
    ensures escape: byte == SFU_LINK_ESCAPE ==>
              out->piece[out->fill - 1] == (byte ^ SFU_LINK_XOR) % 256
              && sfu_line_sent + out->fill == \old(sfu_line_sent + out->fill) + 2;
    ensures shown: sfu_line_shown == \old(sfu_line_shown); */
static void sfu_link_stuff(struct sfu_link_out *out, uint8_t byte)
{
	if (byte == SFU_LINK_FLAG || byte == SFU_LINK_ESCAPE) {
		sfu_link_put(out, SFU_LINK_ESCAPE);
		byte = sfu_link_flip(byte);
	}
	sfu_link_put(out, byte);
}

void sfu_link_send(uint8_t type, const uint8_t *body, uint32_t size)
{
	uint8_t frame[1 + SFU_LINK_BODY_MAX + SFU_LINK_FCS];
	struct sfu_link_out out;
	uint32_t i;

	frame[0] = type;
	sfu_copy(frame + 1, body, size);
	sfu_put32(frame + 1 + size, sfu_crc32(frame, 1 + size));

	out.fill = 0;
	sfu_link_put(&out, SFU_LINK_FLAG);
	/*@ loop invariant range: 0 <= i <= size + 5;
	    loop invariant fill: 0 < out.fill <= SFU_LINK_PIECE;
	    loop invariant sent: \at(sfu_line_sent, Pre) + 1 + i <= sfu_line_sent + out.fill
	                         <= \at(sfu_line_sent, Pre) + 1 + 2 * i;
	    loop invariant shown: sfu_line_shown == \at(sfu_line_shown, Pre);
	    loop assigns i, out, sfu_line;
	    loop variant size + 5 - i; */
	for (i = 0; i < 1 + size + SFU_LINK_FCS; i++)
		sfu_link_stuff(&out, frame[i]);
	sfu_link_put(&out, SFU_LINK_FLAG);
	sfu_port_tx(out.piece, out.fill);
}

uint32_t sfu_link_quiet(const struct sfu_link *l)
{
	return l->state == SFU_LINK_STATE_HUNT || (l->state == SFU_LINK_STATE_FRAME && l->fill == 0);
}
