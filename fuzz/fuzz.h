/* What the targets share. Each target is one file with libFuzzer's entry point; main.c runs it without libFuzzer. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An oracle: says what does not hold and where, then aborts, which every fuzzer takes for a crash. */
#define FUZZ_MUST(holds, what) ((holds) ? (void)0 : fuzz_fail(__FILE__, __LINE__, what))
_Noreturn void fuzz_fail(const char *file, int line, const char *what);

/* Tells what is going on, if SFU_FUZZ_TRACE is set: for replays. */
void fuzz_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An input that is read from its start; what is missing at its end reads as 0. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};
uint8_t fuzz_byte(struct fuzz_input *in);
uint32_t fuzz_half(struct fuzz_input *in); /* 16 bits, low byte first */
uint32_t fuzz_word(struct fuzz_input *in);

/* Up to `max` bytes of it, into `out`; the rest of `out` is 0. Answers how many there were. */
uint32_t fuzz_bytes(struct fuzz_input *in, uint8_t *out, uint32_t max);

#endif
