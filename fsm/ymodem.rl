#include "bytes.h"
#include "crc.h"
#include "port.h"
#include "ymodem.h"

/* In the C that ragel writes, what follows an fbreak is never reached. */
#pragma GCC diagnostic ignored "-Wimplicit-fallthrough"

#define SFU_YMODEM_PIECE 64u
#define SFU_YMODEM_NO_BYTE 0x100u
#define SFU_YMODEM_SEEN_MAX 4096u /* a line that goes on longer without sense counts as quiet */

/* What a look has found on the line. */
struct sfu_ymodem_found {
	uint8_t event;
	uint32_t length; /* bytes it is made of */
	uint32_t size;   /* FIRST: of the file; NEXT: bytes of the block that belong to the file */
};

/* Byte `index` of what waits on the line, or SFU_YMODEM_NO_BYTE. */
/*@ assigns sfu_line;
    ensures byte: \result <= 0xFF || \result == SFU_YMODEM_NO_BYTE;
    ensures value: \result <= 0xFF ==> \result == sfu_line_byte(index);
    ensures kept: \forall integer i; 0 <= i < \old(sfu_line_shown) ==>
              sfu_line_byte(i) == sfu_line_byte{Pre}(i);
    ensures there: \result <= 0xFF ==> index < sfu_line_shown;
    ensures grows: sfu_line_shown >= \old(sfu_line_shown); */
static uint32_t sfu_ymodem_byte(uint32_t index)
{
	uint8_t byte;

	if (sfu_port_rx_peek(index, &byte, 1) != 1)
		return SFU_YMODEM_NO_BYTE;
	return byte;
}

/* 1 if the CRC of a block whose frame and data are `length` bytes holds. A CRC sent high byte first
 * behind its data leaves 0. */
/*@ requires length: SFU_YMODEM_HEAD <= length <= SFU_YMODEM_LARGE + SFU_YMODEM_FRAME;
    assigns sfu_line;
    ensures kept: \forall integer i; 0 <= i < \old(sfu_line_shown) ==>
              sfu_line_byte(i) == sfu_line_byte{Pre}(i);
    ensures bit: \result == 0 || \result == 1;
    ensures grows: sfu_line_shown >= \old(sfu_line_shown); */
static uint32_t sfu_ymodem_checked(uint32_t length)
{
	uint8_t piece[SFU_YMODEM_PIECE];
	uint32_t at = SFU_YMODEM_HEAD, crc = 0, count;

	/*@ loop invariant range: SFU_YMODEM_HEAD <= at <= length;
	    loop invariant crc: 0 <= crc <= 0xFFFF;
	    loop invariant grows: sfu_line_shown >= \at(sfu_line_shown, Pre);
	    loop invariant kept: \forall integer i; 0 <= i < \at(sfu_line_shown, Pre) ==>
	      sfu_line_byte(i) == sfu_line_byte{Pre}(i);
	    loop assigns at, crc, count, piece[0 .. SFU_YMODEM_PIECE - 1], sfu_line;
	    loop variant length - at; */
	while (at < length) {
		count = length - at < SFU_YMODEM_PIECE ? length - at : SFU_YMODEM_PIECE;
		if (sfu_port_rx_peek(at, piece, count) != count)
			return 0;
		crc = sfu_crc16(crc, piece, count);
		at += count;
	}
	return crc == 0;
}

/* The file's size as block 0 gives it, in decimal behind the name's NUL; 0 if there is none that a
 * package can have. `end` is where the block's data end. */
/*@ requires end: SFU_YMODEM_HEAD < end <= SFU_YMODEM_LARGE + SFU_YMODEM_FRAME;
    assigns sfu_line;
    ensures kept: \forall integer i; 0 <= i < \old(sfu_line_shown) ==>
              sfu_line_byte(i) == sfu_line_byte{Pre}(i);
    ensures limit: \result <= SFU_YMODEM_FILE_MAX;
    ensures grows: sfu_line_shown >= \old(sfu_line_shown); */
static uint32_t sfu_ymodem_file_size(uint32_t end)
{
	uint32_t at = SFU_YMODEM_HEAD, size = 0, byte;

	/*@ loop invariant range: SFU_YMODEM_HEAD <= at < end;
	    loop invariant grows: sfu_line_shown >= \at(sfu_line_shown, Pre);
	    loop invariant kept: \forall integer i; 0 <= i < \at(sfu_line_shown, Pre) ==>
	      sfu_line_byte(i) == sfu_line_byte{Pre}(i);
	    loop assigns at, byte, sfu_line;
	    loop variant end - at; */
	do
		byte = sfu_ymodem_byte(at++);
	while (byte != 0 && at < end);

	/*@ loop invariant range: SFU_YMODEM_HEAD <= at <= end;
	    loop invariant size: 0 <= size <= SFU_YMODEM_FILE_MAX;
	    loop invariant grows: sfu_line_shown >= \at(sfu_line_shown, Pre);
	    loop invariant kept: \forall integer i; 0 <= i < \at(sfu_line_shown, Pre) ==>
	      sfu_line_byte(i) == sfu_line_byte{Pre}(i);
	    loop assigns at, byte, size, sfu_line;
	    loop variant end - at; */
	while (at < end) {
		byte = sfu_ymodem_byte(at++);
		if (byte == 0 || byte == ' ')
			return size;
		if (byte < '0' || byte > '9' || size > SFU_YMODEM_FILE_MAX / 10)
			return 0;
		size = 10 * size + (byte - '0');
	}
	return 0;
}

/* The event of a whole and correct block with `data` bytes of data, by its number. */
/*@ requires valid: \valid_read(y);
    requires sound: sfu_ymodem_sound(y);
    requires data: data == SFU_YMODEM_SMALL || data == SFU_YMODEM_LARGE;
    requires there: data + SFU_YMODEM_FRAME <= sfu_line_shown;
    requires number: number <= 0xFF;
    assigns sfu_line;
    ensures kept: \forall integer i; 0 <= i < \old(sfu_line_shown) ==>
              sfu_line_byte(i) == sfu_line_byte{Pre}(i);
    ensures grows: sfu_line_shown >= \old(sfu_line_shown);
    ensures length: \result.length == (\result.event == SFU_YMODEM_EVENT_NOTHING ? 0 : data + SFU_YMODEM_FRAME);
    ensures event: \result.event \in { SFU_YMODEM_EVENT_NOTHING, SFU_YMODEM_EVENT_FIRST,
              SFU_YMODEM_EVENT_UNFIT, SFU_YMODEM_EVENT_EMPTY, SFU_YMODEM_EVENT_NEXT,
              SFU_YMODEM_EVENT_AGAIN };
    ensures zero: \result.event \in { SFU_YMODEM_EVENT_FIRST, SFU_YMODEM_EVENT_EMPTY } ==> number == 0;
    ensures first: \result.event == SFU_YMODEM_EVENT_FIRST ==>
              0 < \result.size <= SFU_YMODEM_FILE_MAX;
    ensures next: \result.event == SFU_YMODEM_EVENT_NEXT ==> number == y->block
              && 0 < \result.size <= data && \result.size <= y->left
              && (\result.size == data || \result.size == y->left);
    ensures again: \result.event == SFU_YMODEM_EVENT_AGAIN ==> (number + 1) % 256 == y->block; */
static struct sfu_ymodem_found sfu_ymodem_numbered(const struct sfu_ymodem *y, uint32_t number,
	uint32_t data)
{
	struct sfu_ymodem_found found = { SFU_YMODEM_EVENT_NOTHING, 0, 0 };

	if (y->state == SFU_YMODEM_STATE_IDLE || y->state == SFU_YMODEM_STATE_CLOSING) {
		if (number != 0)
			return found;
		found.event = SFU_YMODEM_EVENT_EMPTY;
		if (sfu_ymodem_byte(SFU_YMODEM_HEAD) != 0) {
			found.size = sfu_ymodem_file_size(SFU_YMODEM_HEAD + data);
			found.event = found.size ? SFU_YMODEM_EVENT_FIRST : SFU_YMODEM_EVENT_UNFIT;
		}
	} else if (number == y->block) {
		found.size = data < y->left ? data : y->left;
		found.event = found.size ? SFU_YMODEM_EVENT_NEXT : SFU_YMODEM_EVENT_UNFIT;
	} else if (number + 1 == y->block || number == y->block + 255u) {
		found.event = SFU_YMODEM_EVENT_AGAIN;
	} else {
		return found;
	}
	found.length = data + SFU_YMODEM_FRAME;
	return found;
}

/*@ requires valid: \valid_read(y);
    requires sound: sfu_ymodem_sound(y);
    requires data: data == SFU_YMODEM_SMALL || data == SFU_YMODEM_LARGE;
    assigns sfu_line;
    ensures kept: \forall integer i; 0 <= i < \old(sfu_line_shown) ==>
              sfu_line_byte(i) == sfu_line_byte{Pre}(i);
    ensures grows: sfu_line_shown >= \old(sfu_line_shown);
    ensures length: \result.length <= sfu_line_shown;
    ensures whole: \result.event != SFU_YMODEM_EVENT_NOTHING ==>
              \result.length == data + SFU_YMODEM_FRAME && data + SFU_YMODEM_FRAME <= sfu_line_shown;
    ensures header: \result.event != SFU_YMODEM_EVENT_NOTHING ==>
              sfu_line_byte(1) + sfu_line_byte(2) == 255;
    ensures number: \result.event == SFU_YMODEM_EVENT_NEXT ==> sfu_line_byte(1) == y->block;
    ensures again: \result.event == SFU_YMODEM_EVENT_AGAIN ==> (sfu_line_byte(1) + 1) % 256 == y->block;
    ensures zero: \result.event \in { SFU_YMODEM_EVENT_FIRST, SFU_YMODEM_EVENT_EMPTY } ==> sfu_line_byte(1) == 0;
    ensures event: \result.event \in { SFU_YMODEM_EVENT_NOTHING, SFU_YMODEM_EVENT_FIRST,
              SFU_YMODEM_EVENT_UNFIT, SFU_YMODEM_EVENT_EMPTY, SFU_YMODEM_EVENT_NEXT,
              SFU_YMODEM_EVENT_AGAIN };
    ensures first: \result.event == SFU_YMODEM_EVENT_FIRST ==>
              0 < \result.size <= SFU_YMODEM_FILE_MAX;
    ensures next: \result.event == SFU_YMODEM_EVENT_NEXT ==>
              0 < \result.size <= SFU_YMODEM_LARGE && \result.size <= y->left; */
static struct sfu_ymodem_found sfu_ymodem_framed(const struct sfu_ymodem *y, uint32_t data)
{
	struct sfu_ymodem_found found = { SFU_YMODEM_EVENT_NOTHING, 0, 0 };
	uint32_t length = data + SFU_YMODEM_FRAME;
	uint32_t number;

	if (sfu_ymodem_byte(length - 1) == SFU_YMODEM_NO_BYTE)
		return found;
	number = sfu_ymodem_byte(1);
	if (number + sfu_ymodem_byte(2) != 0xFF || !sfu_ymodem_checked(length))
		return found;
	return sfu_ymodem_numbered(y, number, data);
}

/* Counts up to SFU_YMODEM_PIECE bytes that cannot begin anything. */
/*@ requires there: sfu_line_shown >= 1;
    assigns sfu_line;
    ensures count: 1 <= \result <= SFU_YMODEM_PIECE && \result <= sfu_line_shown;
    ensures grows: sfu_line_shown >= \old(sfu_line_shown); */
static uint32_t sfu_ymodem_noise(void)
{
	uint32_t count, byte;

	/*@ loop invariant range: 1 <= count <= SFU_YMODEM_PIECE && count <= sfu_line_shown;
	    loop invariant grows: sfu_line_shown >= \at(sfu_line_shown, Pre);
	    loop assigns count, byte, sfu_line;
	    loop variant SFU_YMODEM_PIECE - count; */
	for (count = 1; count < SFU_YMODEM_PIECE; count++) {
		byte = sfu_ymodem_byte(count);
		if (byte == SFU_YMODEM_SOH || byte == SFU_YMODEM_STX || byte == SFU_YMODEM_EOT
			|| byte == SFU_YMODEM_CAN || byte == SFU_YMODEM_NO_BYTE)
			break;
	}
	return count;
}

/* The event of a line on which nothing of use waits, by how long it has been so. Something wrong
 * is answered only when the line is quiet: an answer in the middle of a block would make
 * the sender send it once too often, and it would never be in step again. */
/*@ requires valid: \valid(y);
    requires sound: sfu_ymodem_sound(y);
    assigns sfu_line, y->seen, y->since;
    ensures grows: sfu_line_shown >= \old(sfu_line_shown);
    ensures seen: y->seen <= sfu_line_shown;
    ensures length: \result.length <= sfu_line_shown;
    ensures event: \result.event \in { SFU_YMODEM_EVENT_NOTHING, SFU_YMODEM_EVENT_WRONG,
              SFU_YMODEM_EVENT_SILENT, SFU_YMODEM_EVENT_LOST };
    ensures errors: \result.event \in { SFU_YMODEM_EVENT_WRONG, SFU_YMODEM_EVENT_SILENT } ==>
              y->errors < SFU_YMODEM_ERRORS; */
static struct sfu_ymodem_found sfu_ymodem_waited(struct sfu_ymodem *y)
{
	struct sfu_ymodem_found found = { SFU_YMODEM_EVENT_NOTHING, 0, 0 };
	uint8_t piece[SFU_YMODEM_PIECE];
	uint32_t count = 0;

	if (y->seen < SFU_YMODEM_SEEN_MAX)
		count = sfu_port_rx_peek(y->seen, piece, SFU_YMODEM_PIECE);
	if (count > 0) {
		y->seen += count;
		y->since = sfu_port_time();
		return found;
	}
	if (sfu_elapsed(y->since, sfu_port_time()) < (y->seen ? SFU_YMODEM_QUIET : SFU_YMODEM_SILENT))
		return found;
	found.event = y->seen ? SFU_YMODEM_EVENT_WRONG : SFU_YMODEM_EVENT_SILENT;
	if (y->errors == SFU_YMODEM_ERRORS)
		found.event = SFU_YMODEM_EVENT_LOST;
	found.length = y->seen;
	return found;
}

/*@ requires valid: \valid(y);
    requires sound: sfu_ymodem_sound(y);
    assigns sfu_line, y->seen, y->since;
    ensures sound: sfu_ymodem_sound(y);
    ensures length: \result.length <= sfu_line_shown;
    ensures event: \result.event <= SFU_YMODEM_EVENT_LOST;
    ensures block: \result.event \in { SFU_YMODEM_EVENT_FIRST, SFU_YMODEM_EVENT_UNFIT,
              SFU_YMODEM_EVENT_EMPTY, SFU_YMODEM_EVENT_NEXT, SFU_YMODEM_EVENT_AGAIN } ==>
              sfu_line_byte(1) + sfu_line_byte(2) == 255
              && ((sfu_line_byte(0) == SFU_YMODEM_SOH && \result.length == SFU_YMODEM_SMALL + SFU_YMODEM_FRAME)
                  || (sfu_line_byte(0) == SFU_YMODEM_STX && \result.length == SFU_YMODEM_LARGE + SFU_YMODEM_FRAME));
    ensures due: \result.event == SFU_YMODEM_EVENT_NEXT ==> sfu_line_byte(1) == y->block;
    ensures eot: \result.event == SFU_YMODEM_EVENT_END ==>
              sfu_line_byte(0) == SFU_YMODEM_EOT && \result.length == 1;
    ensures cancel: \result.event == SFU_YMODEM_EVENT_CANCEL ==> sfu_line_byte(0) == SFU_YMODEM_CAN
              && sfu_line_byte(1) == SFU_YMODEM_CAN && \result.length == 2;
    ensures first: \result.event == SFU_YMODEM_EVENT_FIRST ==>
              0 < \result.size <= SFU_YMODEM_FILE_MAX;
    ensures next: \result.event == SFU_YMODEM_EVENT_NEXT ==>
              0 < \result.size <= SFU_YMODEM_LARGE && \result.size <= y->left;
    ensures end: \result.event == SFU_YMODEM_EVENT_END ==> y->left == 0;
    ensures errors: \result.event \in { SFU_YMODEM_EVENT_WRONG, SFU_YMODEM_EVENT_SILENT } ==>
              y->errors < SFU_YMODEM_ERRORS; */
static struct sfu_ymodem_found sfu_ymodem_classify(struct sfu_ymodem *y)
{
	struct sfu_ymodem_found found = { SFU_YMODEM_EVENT_NOTHING, 0, 0 };
	uint32_t first = sfu_ymodem_byte(0), second;

	if (first == SFU_YMODEM_SOH || first == SFU_YMODEM_STX) {
		found = sfu_ymodem_framed(y,
			first == SFU_YMODEM_SOH ? SFU_YMODEM_SMALL : SFU_YMODEM_LARGE);
	} else if (first == SFU_YMODEM_EOT) {
		/* one flipped bit makes an EOT: it is only believed when it is due */
		if (y->left == 0) {
			found.event = SFU_YMODEM_EVENT_END;
			found.length = 1;
		}
	} else if (first == SFU_YMODEM_CAN) {
		second = sfu_ymodem_byte(1);
		if (second != SFU_YMODEM_NO_BYTE) {
			found.length = second == SFU_YMODEM_CAN ? 2 : 1;
			found.event = second == SFU_YMODEM_CAN ? SFU_YMODEM_EVENT_CANCEL
							       : SFU_YMODEM_EVENT_NOISE;
		}
	} else if (first != SFU_YMODEM_NO_BYTE) {
		found.event = SFU_YMODEM_EVENT_NOISE;
		found.length = sfu_ymodem_noise();
	}
	if (found.event == SFU_YMODEM_EVENT_NOTHING)
		found = sfu_ymodem_waited(y);
	return found;
}

/* Takes what the event is made of off the line and answers it. */
/*@ requires valid: \valid(y);
    requires there: y->length <= sfu_line_shown;
    assigns sfu_line, y->length, y->seen, y->since;
    ensures taken: sfu_line_shown == \old(sfu_line_shown) - \old(y->length);
    ensures sent: sfu_line_sent == \old(sfu_line_sent);
    ensures nothing: y->length == 0 && y->seen == 0; */
static void sfu_ymodem_drop(struct sfu_ymodem *y)
{
	sfu_port_rx_skip(y->length);
	y->length = 0;
	y->seen = 0;
	y->since = sfu_port_time();
}

/*@ requires valid: \valid(y);
    requires there: y->length <= sfu_line_shown;
    assigns sfu_line, y->length, y->seen, y->since;
    ensures one: more == 0 ==>
              sfu_line_last == byte && sfu_line_sent == \old(sfu_line_sent) + 1;
    ensures two: more != 0 ==>
              sfu_line_last == more && sfu_line_sent == \old(sfu_line_sent) + 2;
    ensures taken: sfu_line_shown == \old(sfu_line_shown) - \old(y->length);
    ensures nothing: y->length == 0 && y->seen == 0; */
static void sfu_ymodem_say(struct sfu_ymodem *y, uint8_t byte, uint8_t more)
{
	uint8_t answer[2];

	sfu_ymodem_drop(y);
	answer[0] = byte;
	answer[1] = more;
	sfu_port_tx(answer, more ? 2u : 1u);
}

%%{
	machine sfu_ymodem;
	alphtype unsigned char;
	access y->;

	NOTHING = 0; # not yet
	FIRST = 1;   # block 0 with a file's size
	UNFIT = 2;   # a correct block that cannot be used
	EMPTY = 3;   # block 0 without a name: the batch ends
	NEXT = 4;    # the block that is due
	AGAIN = 5;   # the one before it
	WRONG = 6;   # something else, and then nothing for SFU_YMODEM_QUIET
	END = 7;     # EOT when the file is whole
	CANCEL = 8;  # CAN CAN
	NOISE = 9;   # bytes that begin nothing
	SILENT = 10; # nothing for SFU_YMODEM_SILENT
	LOST = 11;   # WRONG or SILENT once too often
	ACCEPT = 12; # the session takes the block or the file
	REFUSE = 13; # it does not

	action begin {
		y->left = size;
		y->block = 1;
		y->errors = 0;
		sfu_ymodem_say(y, SFU_YMODEM_ACK, SFU_YMODEM_CRC);
	}
	action hold {
		y->at = 0;
		y->size = size;
	}
	action take {
		y->left -= y->size - y->at;
		y->at = y->size;
		y->block = (uint8_t)((y->block + 1u) % 256u);
		y->errors = 0;
		sfu_ymodem_say(y, SFU_YMODEM_ACK, 0);
	}
	action drop { sfu_ymodem_drop(y); }
	action acknowledge { sfu_ymodem_say(y, SFU_YMODEM_ACK, 0); }
	action proceed { sfu_ymodem_say(y, SFU_YMODEM_ACK, SFU_YMODEM_CRC); }
	action retry {
		y->errors++;
		sfu_ymodem_say(y, SFU_YMODEM_NAK, 0);
	}
	action invite {
		y->errors++;
		sfu_ymodem_say(y, SFU_YMODEM_CRC, 0);
	}
	action refuse {
		y->at = y->size;
		sfu_ymodem_say(y, SFU_YMODEM_CAN, SFU_YMODEM_CAN);
	}

	action in_idle { y->state = SFU_YMODEM_STATE_IDLE; fbreak; }
	action in_named { y->state = SFU_YMODEM_STATE_NAMED; fbreak; }
	action in_data { y->state = SFU_YMODEM_STATE_DATA; fbreak; }
	action in_block { y->state = SFU_YMODEM_STATE_BLOCK; fbreak; }
	action in_finish { y->state = SFU_YMODEM_STATE_FINISH; fbreak; }
	action in_closing { y->state = SFU_YMODEM_STATE_CLOSING; fbreak; }
	action in_over { y->state = SFU_YMODEM_STATE_OVER; fbreak; }

	main := (
		start: (
			FIRST @begin -> named |
			EMPTY @acknowledge -> over |
			CANCEL @drop -> over |
			( UNFIT | LOST | REFUSE ) @refuse -> over |
			WRONG @retry -> start |
			( NOISE | END ) @drop -> start |
			^( FIRST | EMPTY | CANCEL | UNFIT | LOST | REFUSE | WRONG | NOISE | END ) -> start
		) >~in_idle,
		# block 0 repeated, or silence: our answer to it was lost
		named: (
			NEXT @hold -> block |
			AGAIN @proceed -> named |
			SILENT @invite -> named |
			WRONG @retry -> named |
			NOISE @drop -> named |
			CANCEL @drop -> over |
			( UNFIT | LOST | REFUSE ) @refuse -> over |
			^( NEXT | AGAIN | SILENT | WRONG | NOISE | CANCEL | UNFIT | LOST | REFUSE ) -> named
		) >~in_named,
		data: (
			NEXT @hold -> block |
			AGAIN @acknowledge -> data |
			( WRONG | SILENT ) @retry -> data |
			END -> finish |
			NOISE @drop -> data |
			CANCEL @drop -> over |
			( UNFIT | LOST | REFUSE ) @refuse -> over |
			^( NEXT | AGAIN | WRONG | SILENT | END | NOISE | CANCEL | UNFIT | LOST | REFUSE ) -> data
		) >~in_data,
		# a block waits on the line for the session
		block: (
			ACCEPT @take -> data |
			REFUSE @refuse -> over |
			^( ACCEPT | REFUSE ) -> block
		) >~in_block,
		# an EOT does
		finish: (
			ACCEPT @proceed -> closing |
			REFUSE @refuse -> over |
			^( ACCEPT | REFUSE ) -> finish
		) >~in_finish,
		# a second file is not taken; the one that came stays, whatever happens here
		closing: (
			EMPTY @acknowledge -> over |
			END @proceed -> closing |
			SILENT @invite -> closing |
			WRONG @retry -> closing |
			NOISE @drop -> closing |
			( CANCEL | LOST ) @drop -> over |
			( FIRST | UNFIT | REFUSE ) @refuse -> over |
			^( EMPTY | END | SILENT | WRONG | NOISE | CANCEL | LOST | FIRST | UNFIT | REFUSE ) -> closing
		) >~in_closing,
		over: ( any -> over ) >~in_over
	);
}%%
%% write data noerror nofinal noentry;

#include "ymodem_contract.h"

/*@ requires valid: \valid(y);
    requires sound: sfu_ymodem_sound(y);
    requires event: event < SFU_YMODEM_EVENTS;
    requires first: event == SFU_YMODEM_EVENT_FIRST ==> 0 < size <= SFU_YMODEM_FILE_MAX;
    requires next: event == SFU_YMODEM_EVENT_NEXT ==> 0 < size <= SFU_YMODEM_LARGE && size <= y->left;
    requires end: event == SFU_YMODEM_EVENT_END ==> y->left == 0;
    requires errors: event \in { SFU_YMODEM_EVENT_WRONG, SFU_YMODEM_EVENT_SILENT } ==>
              y->errors < SFU_YMODEM_ERRORS;
    assigns *y, sfu_line;
    ensures sound: sfu_ymodem_sound(y);
    ensures begin: y->state == SFU_YMODEM_STATE_NAMED && \old(y->state) != SFU_YMODEM_STATE_NAMED <==>
              \old(y->state) == SFU_YMODEM_STATE_IDLE && event == SFU_YMODEM_EVENT_FIRST;
    ensures file: \old(y->state) == SFU_YMODEM_STATE_IDLE && event == SFU_YMODEM_EVENT_FIRST ==>
              y->left == size && y->block == 1 && sfu_line_last == SFU_YMODEM_CRC;
    ensures hold: y->state == SFU_YMODEM_STATE_BLOCK && \old(y->state) != SFU_YMODEM_STATE_BLOCK ==>
              event == SFU_YMODEM_EVENT_NEXT && y->at == 0 && y->size == size
              && sfu_line_sent == \old(sfu_line_sent)
              && (\old(y->state) == SFU_YMODEM_STATE_NAMED || \old(y->state) == SFU_YMODEM_STATE_DATA);
    ensures held: \old(y->state) == SFU_YMODEM_STATE_BLOCK && event != SFU_YMODEM_EVENT_ACCEPT
              && event != SFU_YMODEM_EVENT_REFUSE ==> *y == \old(*y);
    ensures take: \old(y->state) == SFU_YMODEM_STATE_BLOCK && event == SFU_YMODEM_EVENT_ACCEPT ==>
              y->state == SFU_YMODEM_STATE_DATA && y->block == (\old(y->block) + 1) % 256
              && y->left == \old(y->left - (y->size - y->at)) && sfu_line_last == SFU_YMODEM_ACK
              && sfu_line_shown == \old(sfu_line_shown - y->length);
    ensures end: y->state == SFU_YMODEM_STATE_FINISH && \old(y->state) != SFU_YMODEM_STATE_FINISH ==>
              \old(y->state) == SFU_YMODEM_STATE_DATA && event == SFU_YMODEM_EVENT_END;
    ensures closing: y->state == SFU_YMODEM_STATE_CLOSING && \old(y->state) != SFU_YMODEM_STATE_CLOSING ==>
              \old(y->state) == SFU_YMODEM_STATE_FINISH && event == SFU_YMODEM_EVENT_ACCEPT;
    ensures finish: \old(y->state) == SFU_YMODEM_STATE_FINISH && event == SFU_YMODEM_EVENT_ACCEPT ==>
              y->state == SFU_YMODEM_STATE_CLOSING;
    ensures refuse: event == SFU_YMODEM_EVENT_REFUSE ==> y->state == SFU_YMODEM_STATE_OVER;
    ensures refused: event == SFU_YMODEM_EVENT_REFUSE && \old(y->state) != SFU_YMODEM_STATE_OVER ==>
              sfu_line_last == SFU_YMODEM_CAN && sfu_line_sent == \old(sfu_line_sent) + 2;
    ensures errors: \old(y->state) != SFU_YMODEM_STATE_IDLE && \old(y->state) != SFU_YMODEM_STATE_BLOCK
              && \old(y->state) != SFU_YMODEM_STATE_FINISH && \old(y->state) != SFU_YMODEM_STATE_OVER
              && (event == SFU_YMODEM_EVENT_WRONG || event == SFU_YMODEM_EVENT_SILENT) ==>
              y->errors == \old(y->errors) + 1;
    ensures left: y->left == \old(y->left)
              || (\old(y->state) == SFU_YMODEM_STATE_IDLE && event == SFU_YMODEM_EVENT_FIRST)
              || (\old(y->state) == SFU_YMODEM_STATE_BLOCK && event == SFU_YMODEM_EVENT_ACCEPT);
    ensures number: y->block == \old(y->block)
              || (\old(y->state) == SFU_YMODEM_STATE_IDLE && event == SFU_YMODEM_EVENT_FIRST)
              || (\old(y->state) == SFU_YMODEM_STATE_BLOCK && event == SFU_YMODEM_EVENT_ACCEPT);
    ensures over: \old(y->state) == SFU_YMODEM_STATE_OVER ==> *y == \old(*y)
              && sfu_line_sent == \old(sfu_line_sent); */
static void sfu_ymodem_step(struct sfu_ymodem *y, uint8_t event, uint32_t size)
{
	const unsigned char *p = &event;

	%% write exec noend;
}

void sfu_ymodem_init(struct sfu_ymodem *y)
{
	%% write init;
	y->state = SFU_YMODEM_STATE_IDLE;
	y->block = 0;
	y->left = 0;
	y->at = 0;
	y->size = 0;
	y->length = 0;
	y->seen = 0;
	y->errors = 0;
	y->since = sfu_port_time();
}

enum sfu_ymodem_order sfu_ymodem_look(struct sfu_ymodem *y)
{
	struct sfu_ymodem_found found = { SFU_YMODEM_EVENT_NOTHING, 0, 0 };
	uint32_t idle = y->state == SFU_YMODEM_STATE_IDLE;

	if (idle || y->state == SFU_YMODEM_STATE_NAMED || y->state == SFU_YMODEM_STATE_DATA
		|| y->state == SFU_YMODEM_STATE_CLOSING) {
		found = sfu_ymodem_classify(y);
		y->length = found.length;
		sfu_ymodem_step(y, found.event, found.size);
	}
	switch (y->state) {
	case SFU_YMODEM_STATE_NAMED:
		return idle ? SFU_YMODEM_BEGIN : SFU_YMODEM_WAIT;
	case SFU_YMODEM_STATE_BLOCK:
		return SFU_YMODEM_DATA;
	case SFU_YMODEM_STATE_FINISH:
		return SFU_YMODEM_END;
	case SFU_YMODEM_STATE_OVER:
		return SFU_YMODEM_STOP;
	default:
		return SFU_YMODEM_WAIT;
	}
}

uint32_t sfu_ymodem_take(struct sfu_ymodem *y, uint8_t *out, uint32_t max)
{
	uint32_t count = y->size - y->at;

	count = sfu_port_rx_peek(SFU_YMODEM_HEAD + y->at, out, count < max ? count : max);
	y->at += count;
	y->left -= count;
	return count;
}

void sfu_ymodem_answer(struct sfu_ymodem *y, uint32_t accept)
{
	sfu_ymodem_step(y, accept == 1 ? SFU_YMODEM_EVENT_ACCEPT : SFU_YMODEM_EVENT_REFUSE, 0);
}
