/* CRC-32 of RFC 1662 (FCS-32; the same as IEEE 802.3's), reflected 0xEDB88320, 16-entry table. */
#ifndef SFU_CRC_H
#define SFU_CRC_H

#include <stdint.h>

/*@ // What these functions compute, as names only: that it is the CRC of the standards is tested, not proved.
    axiomatic Crc {
      logic integer sfu_crc32_of{L}(uint8_t *data, integer size) reads data[0 .. size - 1];
      logic integer sfu_crc16_of{L}(integer crc, uint8_t *data, integer size) reads data[0 .. size - 1];
    }
*/

/* CRC-32 of `size` bytes, complemented as it is sent and stored. */
/*@ requires read: \valid_read(data + (0 .. size - 1));
    assigns \result \from data[0 .. size - 1], size;
    ensures crc: \result == sfu_crc32_of(data, size); */
uint32_t sfu_crc32(const uint8_t *data, uint32_t size);

/* CRC-16 of YMODEM (CCITT, polynomial 0x1021, initial 0), continued from `crc`. */
/*@ requires read: \valid_read(data + (0 .. size - 1));
    requires crc: crc <= 0xFFFF;
    assigns \result \from crc, data[0 .. size - 1], size;
    ensures crc: \result == sfu_crc16_of(crc, data, size);
    ensures short: \result <= 0xFFFF; */
uint32_t sfu_crc16(uint32_t crc, const uint8_t *data, uint32_t size);

#endif
