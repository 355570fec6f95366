#ifndef BOARD_CPU_H
#define BOARD_CPU_H

/*
 * The Cortex-M4 core: libunicorn, and what it lacks. Every executed
 * instruction is counted, those skipped inside an IT block too. A reset makes
 * a new libunicorn engine, so that no register and no translated code can
 * survive it; memory belongs to the board and survives as the reset says.
 */
#include <stdint.h>
#include <unicorn/unicorn.h>

extern uint8_t *board_sram, *board_ccm;
extern uint64_t board_ram_written; /* distinct bytes of SRAM and CCM the CPU ever wrote */
extern uint32_t board_lowest_sp;

void board_cpu_init(void);
void board_cpu_lose_ram(uint64_t seed); /* what RAM holds after power was off */
void board_cpu_ram_file(const char *path); /* SRAM, then CCM, as --ram-dump writes them: it holds that instead */
void board_cpu_reset(void);             /* a new core: vector table read from address 0 */
void board_cpu_run(void);               /* until a stop or a reset is asked for */

uint32_t board_cpu_pc(void); /* the instruction being executed */
uint32_t board_reg(int unicorn_register);
void board_set_reg(int unicorn_register, uint32_t value);

/* Before the next instruction: look for stops, resets, interrupts, a busy flash. */
void board_cpu_attend(void);

/* Code in [from, from + size) changed: forget what was decoded and translated. */
void board_cpu_code_changed(uint32_t from, uint32_t size);

/* A pointer to `size` bytes of SRAM, CCM or flash, or NULL. */
uint8_t *board_cpu_memory(uint32_t address, uint32_t size);

/* Calls the watcher (one for the whole board) each time pc reaches the address. */
void board_cpu_watch(uint32_t address);
void board_cpu_watch_range(uint32_t from, uint32_t size); /* one of flash; size 0: none */
void board_cpu_watcher(void (*reached)(uint32_t address));

/* Instructions executed at this code address; needs board_cpu_count_addresses() before the run. */
void board_cpu_count_addresses(void);
uint64_t board_cpu_count_at(uint32_t address);

/* Fault injection: called when board_insns reaches `at`, before that instruction; nonzero skips it. */
void board_cpu_limit(uint64_t insns); /* stops the run when that many were executed */
void board_cpu_inject(uint64_t at, int (*inject)(void));
void board_cpu_go_on_at(uint32_t address); /* behind the instruction that is skipped, instead of the next */

/* A stop or reset is due, yet libunicorn finishes the IT block's instruction: it stores nothing. */
int board_cpu_is_off(void);

/* Called by the models of memory and bus. */
void board_cpu_stall(void);                 /* flash is read while busy */
void board_cpu_bus_fault(uint32_t address); /* the access under way got an error response */

/* Writes memory for another master than the CPU; translated code there is dropped. */
void board_cpu_dma_write(uint32_t address, const void *from, uint32_t size);

#endif
