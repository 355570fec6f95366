/* The contract of a platform: everything the core asks of the chip it runs on.
 *
 * port/stm32/ fulfils it on silicon, port/host/ on a PC. No function keeps a pointer it was given.
 * Every wait inside the port has a limit and kicks the watchdog. Functions that can fail answer
 * SFU_OK or a code of spec/codes.md; anything that is not SFU_OK is a failure. */
#ifndef SFU_PORT_H
#define SFU_PORT_H

#include <stdint.h>
#include "claims.h"
#include "layout.h"

/*@ axiomatic Line {
      // bytes given to sfu_port_tx so far, and the last of them
      logic integer sfu_line_sent{L} reads sfu_line;
      logic integer sfu_line_last{L} reads sfu_line;
      // bytes that have arrived and are not yet taken, as far as peeks have shown
      logic integer sfu_line_shown{L} reads sfu_line;
      // byte i of those
      logic integer sfu_line_byte{L}(integer i) reads sfu_line;
    }
*/

/* Copies `size` bytes of flash at `address` to `out`.
 * SFU_E_ECC: a unit in the range cannot be read (torn, double error); `out` is then unspecified.
 * SFU_E_IO: the range is not inside the part's flash. The core never dies of either. */
/*@ requires write: \valid(out + (0 .. size - 1));
    assigns out[0 .. size - 1] \from sfu_flash, address, size;
    assigns \result \from sfu_flash, address, size;
    ensures answer: \result == SFU_OK || \result == SFU_E_ECC || \result == SFU_E_IO;
    ensures read: \result == flash_read(sfu_flash, address, size);
    ensures bytes: \result == SFU_OK ==> \forall integer i; 0 <= i < size ==> out[i] == flash_byte(sfu_flash, address + i); */
uint32_t sfu_port_flash_read(uint32_t address, uint8_t *out, uint32_t size);

/* Programs `size` bytes at `address`; both are multiples of sfu_layout.unit, size is not 0, and the
 * range has not been programmed since its last erase. Reads everything back before it answers.
 * SFU_E_IO: refused by the controller, timed out, or read back differently; any unit of the range
 * may then be blank, torn or programmed. */
/*@ requires read: \valid_read(data + (0 .. size - 1)) && size > 0;
    requires place: flash_owned(address, size, sfu_layout);
    requires vouched: flash_in_slot(address, size, sfu_layout) ==> data == sfu_vouch.bytes && size <= sfu_vouch.size;
    assigns sfu_flash \from sfu_flash, address, size, data[0 .. size - 1];
    assigns \result \from sfu_flash, address, size, data[0 .. size - 1];
    ensures elsewhere: flash_elsewhere(\old(sfu_flash), sfu_flash, address, size); */
uint32_t sfu_port_flash_program(uint32_t address, const uint8_t *data, uint32_t size);

/* Erases the one sector that begins at `address`, and reads it back as erased before it answers.
 * SFU_E_IO: refused, timed out (twice the data sheet's maximum), or not erased afterwards. `sector` is its size, for
 * the contract alone. */
/*@ requires place: flash_owned(address, sector, sfu_layout);
    requires accepted: flash_in_slot(address, sector, sfu_layout) ==> sfu_vouch.accepted == 1;
    assigns sfu_flash \from sfu_flash, address;
    assigns \result \from sfu_flash, address;
    ensures elsewhere: flash_elsewhere(\old(sfu_flash), sfu_flash, address, sector); */
uint32_t sfu_port_flash_erase(uint32_t address) /*@ ghost (uint32_t sector) */;

/* Opens the line and starts the watchdog: called once, when the loader stays, and before any of the
 * functions that receive, send or idle. After it the way to an image leads through sfu_port_reset,
 * as a watchdog, once started, may not be stopped again. */
/*@ assigns sfu_line \from sfu_line;
    ensures shown: sfu_line_shown == \old(sfu_line_shown); */
void sfu_port_open(void);

/* Bytes that have arrived on the line: copies up to `max` of them to `out`, beginning `skip` bytes
 * after the oldest one not yet taken, and answers how many (0: none so far). Takes none of them.
 * The port buffers at least 2048 bytes; what arrives beyond that is lost. */
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

/* Takes the oldest `count` bytes; count is not more than a peek has just shown. */
/*@ requires shown: count <= sfu_line_shown;
    assigns sfu_line \from sfu_line, count;
    ensures sent: sfu_line_sent == \old(sfu_line_sent);
    ensures last: sfu_line_last == \old(sfu_line_last);
    ensures taken: sfu_line_shown == \old(sfu_line_shown) - count; */
void sfu_port_rx_skip(uint32_t count);

/* Sends `size` bytes and returns when `data` may be reused. A line that does not take them within
 * the port's limit loses them: the protocol repeats. */
/*@ requires read: \valid_read(data + (0 .. size - 1));
    requires fleeting: \separated(data + (0 .. size - 1), sfu_lasting);
    assigns sfu_line \from sfu_line, size, data[0 .. size - 1];
    ensures sent: sfu_line_sent == \old(sfu_line_sent) + size;
    ensures last: size > 0 ==> sfu_line_last == data[size - 1];
    ensures shown: sfu_line_shown == \old(sfu_line_shown);
    ensures bytes: \forall integer i; 0 <= i < sfu_line_shown ==>
              sfu_line_byte(i) == sfu_line_byte{Pre}(i); */
void sfu_port_tx(const uint8_t *data, uint32_t size);

/* Milliseconds since some moment of this boot; wraps at 2^32. */
/*@ assigns \result \from sfu_chip; */
uint32_t sfu_port_time(void);

/* Sleeps until a byte arrives or some milliseconds have passed, and kicks the watchdog. */
/*@ assigns sfu_chip \from sfu_chip;
    assigns sfu_line \from sfu_line;
    ensures shown: sfu_line_shown == \old(sfu_line_shown); */
void sfu_port_idle(void);

/* Kicks the watchdog: called from every long computation at least once in 100 ms. */
/*@ assigns sfu_chip \from sfu_chip; */
void sfu_port_kick(void);

/* 32 bytes of entropy. SFU_E_ENTROPY: the source reports an error or repeats itself; `out` is zero. */
/*@ requires write: \valid(out + (0 .. 31));
    assigns out[0 .. 31] \from sfu_chip;
    assigns sfu_chip \from sfu_chip;
    assigns \result \from sfu_chip;
    ensures random: \result == SFU_OK ==> sfu_bytes(out, 32) == \old(sfu_random(sfu_chip)); */
uint32_t sfu_port_entropy(uint8_t out[32]);

/* The chip's 96-bit unique id, in the order of its addresses. */
/*@ requires write: \valid(out + (0 .. 11));
    assigns out[0 .. 11] \from sfu_chip;
    ensures uid: \forall integer i; 0 <= i < 12 ==> out[i] == sfu_uid_byte(i); */
void sfu_port_uid(uint8_t out[12]);

/* The part's identification word (DBGMCU_IDCODE's device id on STM32). */
/*@ assigns \result \from sfu_chip;
    ensures part: \result == sfu_part_id; */
uint32_t sfu_port_part(void);

/* What the chip's protection amounts to, read from the hardware at each call: SFU_FLASH_LOCK_OPEN,
 * _FIELD or _FINAL. Anything else counts as open. */
/*@ assigns \result \from sfu_chip;
    ensures lock: \result == sfu_lock(sfu_chip); */
uint32_t sfu_port_lock(void);

/* 1 if a person (button) or the application (struct EXCHANGE) asks for the loader in this boot, else
 * 0. Clears the application's request, so that it holds for one reset. */
/*@ assigns sfu_chip \from sfu_chip;
    assigns \result \from sfu_chip;
    ensures answer: \result <= 1; */
uint32_t sfu_port_entry(void);

/* Hands the processor over to the image whose vector table is at `vectors`, and never returns.
 * Leaves interrupts off and none pending, peripherals and clock as after reset, caches invalidated,
 * VTOR at `vectors`, and of RAM only the `report` (struct EXCHANGE) at its place: all other RAM that
 * the loader ever uses is wiped. If `trial` is 1 the watchdog runs. */
/*@ requires read: \valid_read(report + (0 .. 31));
    requires judged: image_judged(sfu_flash, vectors, sfu_judged);
    assigns sfu_chip \from sfu_chip, vectors, report[0 .. 31], trial;
    ensures never: \false; */
void sfu_port_hand_over(uint32_t vectors, const uint8_t report[32], uint32_t trial);

/*@ axiomatic Stack { predicate sfu_stack_fits(integer stack_pointer); } */

/* 1 if an image whose vector table begins with these two words could run here: the stack pointer
 * lies in RAM and is a multiple of 8. The entry point is the core's to check. */
/*@ assigns \result \from stack_pointer;
    ensures fits: \result == 1 <==> sfu_stack_fits(stack_pointer); */
uint32_t sfu_port_stack_ok(uint32_t stack_pointer);

/* Resets the chip and never returns. */
/*@ assigns sfu_chip \from sfu_chip;
    ensures never: \false; */
void sfu_port_reset(void);

#endif
