#ifndef BLINKY_H
#define BLINKY_H

#include <stdint.h>

/* count.S */
void count_loop(void);
void count_it(void);
void count_straight(void);
uint32_t count_fp(uint32_t x);

/* flash.c */
void flash_unlock(void);
void flash_wait(void);
void flash_erase(uint32_t sector);
void flash_program(uint32_t address, uint32_t value);

/* main.c: where a run ends, and the result it leaves in RAM */
void pass(void) __attribute__((noreturn));
void fail(void) __attribute__((noreturn));
void expect(int holds);

void say(const char *text);
void clock_168(void);

/* cases.c */
void run_case(uint32_t which) __attribute__((noreturn));

extern volatile uint32_t g_ticks, g_pendsv, g_svc, g_received, g_flash_irqs, g_fault_pc, g_nmi;

#endif
