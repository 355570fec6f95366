/* What the proofs of link and ymodem take for granted of their neighbours: the contracts owed by
 * port.h's line functions and by crc.h. Frama-C reads this file before the proved one (-include). */
#ifndef SFU_PROOFS_LINK_ASSUMED_H
#define SFU_PROOFS_LINK_ASSUMED_H

#include <stdint.h>
#include "crc.h"
#include "port.h"

/*@ ghost int sfu_line; */ /* the line: what was sent, what has arrived */

/*@ axiomatic Line {
      // bytes given to sfu_port_tx so far, and the last of them
      logic integer sfu_line_sent{L} reads sfu_line;
      logic integer sfu_line_last{L} reads sfu_line;
      // bytes that have arrived and are not yet taken, as far as peeks have shown
      logic integer sfu_line_shown{L} reads sfu_line;
      // byte i of those, and the CRC-16 of a span of them
      logic integer sfu_line_byte{L}(integer i) reads sfu_line;
    }
    axiomatic Crc {
      logic integer sfu_crc32_of{L}(uint8_t *data, integer size) reads data[0 .. size - 1];
      logic integer sfu_crc16_of{L}(integer crc, uint8_t *data, integer size)
        reads data[0 .. size - 1];
    } */

/*@ requires read: \valid_read(data + (0 .. size - 1));
    assigns sfu_line \from sfu_line, size, data[0 .. size - 1];
    ensures sent: sfu_line_sent == \old(sfu_line_sent) + size;
    ensures last: size > 0 ==> sfu_line_last == data[size - 1];
    ensures shown: sfu_line_shown == \old(sfu_line_shown);
    ensures bytes: \forall integer i; 0 <= i < sfu_line_shown ==>
              sfu_line_byte(i) == sfu_line_byte{Pre}(i); */
void sfu_port_tx(const uint8_t *data, uint32_t size);

/*@ requires write: \valid(out + (0 .. max - 1));
    assigns out[0 .. max - 1] \from sfu_line, skip;
    assigns sfu_line \from sfu_line, skip, max;
    assigns \result \from sfu_line, skip, max;
    ensures count: \result <= max;
    ensures sent: sfu_line_sent == \old(sfu_line_sent);
    ensures last: sfu_line_last == \old(sfu_line_last);
    ensures grows: sfu_line_shown >= \old(sfu_line_shown);
    ensures shown: \result > 0 ==> skip + \result <= sfu_line_shown;
    ensures kept: \forall integer i; 0 <= i < \old(sfu_line_shown) ==>
              sfu_line_byte(i) == sfu_line_byte{Pre}(i);
    ensures copied: \forall integer i; 0 <= i < \result ==> out[i] == sfu_line_byte(skip + i); */
uint32_t sfu_port_rx_peek(uint32_t skip, uint8_t *out, uint32_t max);

/*@ requires shown: count <= sfu_line_shown;
    assigns sfu_line \from sfu_line, count;
    ensures sent: sfu_line_sent == \old(sfu_line_sent);
    ensures last: sfu_line_last == \old(sfu_line_last);
    ensures taken: sfu_line_shown == \old(sfu_line_shown) - count; */
void sfu_port_rx_skip(uint32_t count);

/*@ assigns \result \from \nothing; */
uint32_t sfu_port_time(void);

/*@ requires read: \valid_read(data + (0 .. size - 1));
    assigns \result \from size, data[0 .. size - 1];
    ensures crc: \result == sfu_crc32_of(data, size); */
uint32_t sfu_crc32(const uint8_t *data, uint32_t size);

/*@ requires read: \valid_read(data + (0 .. size - 1));
    assigns \result \from crc, size, data[0 .. size - 1];
    ensures crc: \result == sfu_crc16_of(crc, data, size);
    ensures short: \result <= 0xFFFF; */
uint32_t sfu_crc16(uint32_t crc, const uint8_t *data, uint32_t size);

#endif
