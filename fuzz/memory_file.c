/* tools/file.h and tools/say.h for targets of the host program: the one file is the input, whatever its name, and what
 * the program says is formatted and thrown away. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "file.h"
#include "fuzz.h"
#include "memory_file.h"
#include "say.h"

struct sfu_bytes memory_file;

int sfu_say_level = 2, sfu_say_bar;

int sfu_file_read(const char *path, enum sfu_file_kind kind, struct sfu_bytes *bytes)
{
	(void)kind;
	bytes->data = NULL;
	bytes->size = memory_file.size;
	if (memory_file.size == 0)
		return sfu_fail(EX_DATAERR, path, "is empty");
	bytes->data = malloc(bytes->size);
	FUZZ_MUST(bytes->data != NULL, "there is no memory");
	memcpy(bytes->data, memory_file.data, bytes->size);
	return 0;
}

void sfu_bytes_free(struct sfu_bytes *bytes)
{
	free(bytes->data);
	bytes->data = NULL;
	bytes->size = 0;
}

static void say(const char *format, va_list list)
{
	char line[512];

	FUZZ_MUST(vsnprintf(line, sizeof line, format, list) >= 0, "a sentence that cannot be said");
}

int sfu_fail(int status, const char *where, const char *format, ...)
{
	va_list list;

	(void)where;
	va_start(list, format);
	say(format, list);
	va_end(list);
	FUZZ_MUST(status > 0, "a failure without a status");
	return status;
}

int sfu_fail_errno(int status, const char *where, const char *format, ...)
{
	va_list list;

	(void)where;
	va_start(list, format);
	say(format, list);
	va_end(list);
	return status;
}

void sfu_warn(const char *where, const char *format, ...)
{
	va_list list;

	(void)where;
	va_start(list, format);
	say(format, list);
	va_end(list);
}

void sfu_note(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say(format, list);
	va_end(list);
}

void sfu_detail(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say(format, list);
	va_end(list);
}
