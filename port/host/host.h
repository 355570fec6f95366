/* The host port beyond its flash: a line, a clock and a chip that tests set as they like. */
#ifndef HOST_H
#define HOST_H

#include <setjmp.h>
#include <stdint.h>

#define HOST_LINE 65536u

struct host {
	uint32_t time;               /* what sfu_port_time answers */
	uint32_t idle;               /* milliseconds that pass in one sfu_port_idle */
	uint32_t lock, part;
	uint32_t lock_glitch;        /* bit n: the n-th read of the protection from now answers FINAL */
	uint32_t lock_reads;
	uint8_t uid[12];
	uint32_t entry;              /* 1: the loader is asked for; cleared when read */
	uint32_t entropy_fails;      /* 1: SFU_E_ENTROPY */
	uint64_t entropy;            /* seed of what comes out; 0: /dev/urandom */
	uint32_t ram, ram_size;      /* where a stack pointer may lie */
	uint32_t opened, kicks;

	/* how the core left, when host_left is jumped to */
	uint32_t reset;              /* 1: it asked for a reset */
	uint32_t vectors;            /* or it handed over to this */
	uint32_t trial;
	uint8_t report[32];
};

extern struct host host;
extern jmp_buf host_left;

/* Everything as after power-on of a chip with number `n`; the line is empty. */
void host_begin(uint32_t n);

/* What the station sends; bytes beyond the line's room are lost. */
void host_send(const uint8_t *data, uint32_t size);

/* What the core has sent: copies up to `max` bytes, takes them, and answers how many. */
uint32_t host_receive(uint8_t *out, uint32_t max);

/* The same in two steps: copies, and takes bytes that were copied. */
uint32_t host_hear(uint8_t *out, uint32_t max);
void host_heard(uint32_t count);

/* What is on the line, both ways, is lost. */
void host_hush(void);

/* If not null: called in each sfu_port_idle, before the time passes. */
extern void (*host_idle)(void);

#endif
