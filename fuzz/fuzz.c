#include "fuzz.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void fuzz_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	abort();
}

void fuzz_trace(const char *format, ...)
{
	static int wanted = -1;
	va_list list;

	if (wanted < 0)
		wanted = getenv("SFU_FUZZ_TRACE") != NULL;
	if (!wanted)
		return;
	va_start(list, format);
	(void)vfprintf(stderr, format, list);
	va_end(list);
}

/* Power cuts leave functions by longjmp, of which a stack that is kept for use after return knows nothing. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_stack_use_after_return=0";
}

uint8_t fuzz_byte(struct fuzz_input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->at++;
}

uint32_t fuzz_half(struct fuzz_input *in)
{
	const uint32_t low = fuzz_byte(in);

	return low | (uint32_t)fuzz_byte(in) << 8;
}

uint32_t fuzz_word(struct fuzz_input *in)
{
	const uint32_t low = fuzz_half(in);

	return low | fuzz_half(in) << 16;
}

uint32_t fuzz_bytes(struct fuzz_input *in, uint8_t *out, uint32_t max)
{
	const uint32_t n = in->left < max ? (uint32_t)in->left : max;

	if (n > 0)
		memcpy(out, in->at, n);
	if (n < max)
		memset(out + n, 0, max - n);
	in->at += n;
	in->left -= n;
	return n;
}
