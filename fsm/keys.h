/* The key page: the OEM key K and the device key D, and their life.
 *
 * Bypass personalization: the chip is programmed with a page that holds K (KEYS_OEM). At the first
 * start sfu_keys_make adds D, made from the chip's entropy, by one atomic switch to the other page,
 * and erases the first one. With an HSM (personalize.h) the first page holds the OEM master key M (KEYS_MASTER), and
 * the switch is sfu_keys_replace's.
 *
 * Power cuts. Until the new page is committed the old one counts, and D is made anew; then both count,
 * and a start that finds anything in the old one erases it. Before it does so it programs the keys once more, into
 * the next cell of the new page: what it read might have come from a page that was torn while it was
 * committed, and torn again while it was erased, and be gone at the reset after. */
#ifndef SFU_KEYS_H
#define SFU_KEYS_H

#include <stdint.h>
#include "store.h"

/* what a cell holds of the receipt, from KEYS.licence on */
#define SFU_KEYS_RECORD (SFU_KEYS_ZERO_OFFSET - SFU_KEYS_LICENCE_OFFSET)

struct sfu_keys {
	struct sfu_store store;
	uint32_t kind;           /* SFU_FLASH_KEYS_MASTER, _OEM or _DEVICE; 0: none */
	uint32_t epoch;
	uint32_t flags;
	uint8_t oem[32];         /* K, or M */
	uint8_t device[32];      /* D */
	uint8_t receipt[SFU_KEYS_RECORD]; /* licence, lock profile, transcript, MAC; zeros but after KEYS_RECEIPT */
};

/*@ ghost
    // Where a cell with keys was found, or none was looked for since, the flash is as the store says: nobody else
    // writes to the two pages (C6), and each cut left them recoverable.
    /@ assigns \nothing;
       ensures stands: SFU_STORE_STANDS(s); @/
    void sfu_keys_known(struct sfu_store *s);
*/

/* Reads the current key page. SFU_OK; SFU_E_KEYS if there is none whose CRC holds (everything is
 * then zero). If D is there, and anything is left in the page that was before, that is erased before it
 * answers; if that fails, the answer is the port's failure, and k->kind tells if the keys are there. */
/*@ requires k: \valid(k);
    requires layout: layout_sound;
    assigns *k, sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_KEYS, SFU_AREA_SLOT);
    ensures kept: SFU_STORE_VALID(&k->store) && k->store.area == SFU_AREA_KEYS;
    ensures page: k->kind != 0 ==> SFU_STORE_HAS_PAGE(&k->store);
    ensures keys: \result == SFU_OK ==> k->kind != 0; */
uint32_t sfu_keys_load(struct sfu_keys *k);

/* KEYS_OEM -> KEYS_DEVICE: makes D = HKDF(entropy, uid, "sfu device") and switches the page.
 * SFU_OK also if D was there already. SFU_E_ENTROPY, SFU_E_IO: nothing changed, or an interrupted
 * switch that the next start begins again or ends; k->kind tells. */
/*@ requires k: \valid(k) && SFU_STORE_VALID(&k->store) && k->store.area == SFU_AREA_KEYS;
    requires page: k->kind != 0 ==> SFU_STORE_HAS_PAGE(&k->store);
    assigns *k, sfu_flash, sfu_chip;
    ensures flash: SFU_WRITES(SFU_AREA_KEYS, SFU_AREA_SLOT);
    ensures kept: SFU_STORE_VALID(&k->store) && k->store.area == SFU_AREA_KEYS;
    ensures page: k->kind != 0 ==> SFU_STORE_HAS_PAGE(&k->store);
    ensures made: \result == SFU_OK ==> k->kind == SFU_FLASH_KEYS_DEVICE; */
uint32_t sfu_keys_make(struct sfu_keys *k);

/* To KEYS_DEVICE with the keys of `cell` (struct KEYS, of which the caller has filled in oem_key, device_key and, if he
 * wants them, the flags and fields of a receipt): kind, epoch, the flags of the page that was, and the CRC are added
 * here. Switches the page, and erases the one that was. SFU_OK: what is in RAM and flash is the new one alone. Else as
 * sfu_keys_make. */
/*@ requires k: \valid(k) && SFU_STORE_VALID(&k->store) && k->store.area == SFU_AREA_KEYS;
    requires page: SFU_STORE_HAS_PAGE(&k->store) && k->kind != 0;
    requires cell: \valid(cell + (0 .. SFU_KEYS_SIZE - 1)) && \separated(k, cell + (0 .. SFU_KEYS_SIZE - 1));
    requires stands: SFU_STORE_STANDS(&k->store);
    assigns *k, cell[0 .. SFU_KEYS_SIZE - 1], sfu_flash;
    ensures flash: SFU_WRITES(SFU_AREA_KEYS, SFU_AREA_SLOT);
    ensures kept: SFU_STORE_VALID(&k->store) && k->store.area == SFU_AREA_KEYS;
    ensures page: SFU_STORE_HAS_PAGE(&k->store) && k->kind != 0;
    ensures made: \result == SFU_OK ==> k->kind == SFU_FLASH_KEYS_DEVICE; */
uint32_t sfu_keys_replace(struct sfu_keys *k, uint8_t cell[SFU_KEYS_SIZE]);

/* Wipes K and D in RAM. */
/*@ requires k: \valid(k);
    assigns k->kind, k->oem[0 .. 31], k->device[0 .. 31];
    ensures kind: k->kind == 0;
    ensures wiped: \forall integer i; 0 <= i < 32 ==> k->oem[i] == 0 && k->device[i] == 0; */
void sfu_keys_wipe(struct sfu_keys *k);

#endif
