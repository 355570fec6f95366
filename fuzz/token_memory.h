/* A token in memory, behind the functions of tools/token.h that a service calls: its keys are a keyring's, its data
 * objects two arrays, and it can be lost at any call. */
#ifndef TOKEN_MEMORY_H
#define TOKEN_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include "sfu_format.h"

#define TOKEN_NEVER UINT32_MAX

extern const uint8_t token_memory_master[32]; /* M, which no token has */
extern const uint8_t token_memory_seed[32];   /* E */
extern uint8_t token_memory_attest[32];       /* A, once token_memory_begin has made it */

struct token_memory {
	uint8_t head[2][SFU_LEDGER_SEAL_SIZE + 1];
	size_t head_size[2];
	uint32_t fails_at; /* the call, from 0, that fails, and from which on it is gone; TOKEN_NEVER */
	uint32_t calls;
	int gone;
};
extern struct token_memory token_memory;

/* Its keys are there, its data objects are not. */
void token_memory_begin(void);

#endif
