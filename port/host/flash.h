/* Flash as physics has it, for the core on a PC: program units, erase sectors, torn and marginal units, and
 * power cuts and failures where a test wants them. Stricter than silicon: what the core must
 * never do ends the program with a message.
 *
 * A unit is blank, programmed or torn. A torn unit has two extremes between which each of its bits
 * may read, drawn anew at each reset; often all torn units of the chip read as the one extreme or as the
 * other, so that a torn unit may read exactly as blank, or exactly as what it was to become or had
 * been. Where the flash has ECC, a torn unit cannot be read or programmed. */
#ifndef HOST_FLASH_H
#define HOST_FLASH_H

#include <setjmp.h>
#include <stdint.h>

enum host_cut { HOST_CUT_BEFORE, HOST_CUT_INSIDE, HOST_CUT_AFTER, HOST_CUTS };

#define HOST_NEVER UINT32_MAX
#define HOST_CHIPS 32u

/* where a power cut goes: set it with setjmp before calling the core */
extern jmp_buf host_power_lost;

/* what has been done since host_flash_begin; a test may set them to 0 */
struct host_flash_counts {
	uint32_t operations;         /* units programmed and sectors erased, the torn ones included */
	uint32_t calls;              /* of the port's read, program and erase */
	uint32_t erases;             /* sectors */
	uint32_t programmed;         /* bytes */
};
extern struct host_flash_counts host_flash_counts;

/* If not null: called before each program, and with null data before each erase; it says if the range may be written. */
extern int (*host_flash_watch)(uint32_t address, uint32_t size, const uint8_t *data);

/* If not null: called after each read, with what was read, which it may change: memory that answers otherwise the
 * second time. */
extern void (*host_flash_seen)(uint32_t address, uint8_t *out, uint32_t size);

/* All of the flash of sfu_layout, blank. Everything random comes from `seed`. */
void host_flash_begin(uint32_t seed, int ecc);
void host_flash_end(void);

/* Chip `n` takes the place of the present one, which keeps what it holds; 0 is the first. 1: it was begun. */
int host_flash_take(uint32_t n);

/* The power returns: torn units are drawn anew; no cut or failure is planned any more. */
void host_flash_reset(void);

/* Cuts the power at the n-th operation from now, from 0. */
void host_flash_cut_at(uint32_t n, enum host_cut when);

/* The n-th call of the port's flash functions from now, from 0, fails with SFU_E_IO. */
void host_flash_fail_at(uint32_t n);

/* From the n-th program or erase from now, from 0, none does anything but fail with SFU_E_IO until the next reset: the
 * supply is too low to program with, and high enough to read. */
void host_flash_weak_from(uint32_t n);

/* Puts bytes into flash, as a programmer does; the range must be blank. */
void host_flash_put(uint32_t address, const uint8_t *data, uint32_t size);

/* Makes the unit at the address unreadable (with ECC) or marginal. */
void host_flash_tear(uint32_t address);

/* Flips bits of one byte, as radiation or wear does: it stays readable. */
void host_flash_flip(uint32_t address, uint8_t bits);

/* Erases of the sector at the address so far. */
uint32_t host_flash_wear(uint32_t address);

/* The whole flash at one moment. To restore it costs what has changed since. */
void *host_flash_snapshot(void);
void host_flash_restore(const void *snapshot);
void host_flash_reseed(uint32_t seed);

/* The flash in a file, of use only to the same layout. 1: done. */
int host_flash_save(const char *path);
int host_flash_load(const char *path);

#endif
