/* Inputs of the session target, for the target and for its mutator. */
#ifndef FUZZ_TALK_H
#define FUZZ_TALK_H

#include <stddef.h>
#include <stdint.h>

#define TALK_HEAD 2u       /* geometry, stage */
#define TALK_MESSAGES 32u
#define TALK_MAX 2085u     /* of a message: type and body */
#define TALK_CLOCK 0xF1u   /* not a message: the clock goes on by 2^body[0] milliseconds */

/* An input is TALK_HEAD bytes, then messages: size (2), type and body. */
struct talk {
	uint8_t head[TALK_HEAD];
	uint32_t count;
	struct { uint32_t size; uint8_t bytes[TALK_MAX]; } at[TALK_MESSAGES];
};

void talk_read(struct talk *t, const uint8_t *data, size_t size);

/* Answers its size, or 0 if it does not fit. */
size_t talk_write(const struct talk *t, uint8_t *data, size_t max);

/* What follows from the OEM key (0x4B, 32 times) and a manifest: which is 'i'mage, 'd'igest or 'c'heck. */
void talk_key(uint8_t key[32], const uint8_t *manifest, int which);

/* Hash of a record, as spec/formats.md has it. */
void talk_hash(uint8_t hash[32], uint32_t index, const uint8_t *record, uint32_t size);

/* Device of an input's head. */
void talk_begin(const uint8_t head[TALK_HEAD]);

#endif
