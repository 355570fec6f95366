#include "say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int sfu_say_level = 1;
int sfu_say_bar = 0;

static void say(const char *where, const char *kind, const char *format, va_list list)
{
	if (sfu_say_bar)
		fputc('\n', stderr);
	sfu_say_bar = 0;
	fputs("sfu: ", stderr);
	if (where != NULL)
		fprintf(stderr, "%s: ", where);
	fputs(kind, stderr);
	vfprintf(stderr, format, list);
}

int sfu_fail(int status, const char *where, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say(where, "", format, list);
	va_end(list);
	fputc('\n', stderr);
	return status;
}

int sfu_fail_errno(int status, const char *where, const char *format, ...)
{
	const int error = errno;
	va_list list;

	va_start(list, format);
	say(where, "", format, list);
	va_end(list);
	fprintf(stderr, ": %s\n", strerror(error));
	return status;
}

void sfu_warn(const char *where, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say(where, "warning: ", format, list);
	va_end(list);
	fputc('\n', stderr);
}

void sfu_note(const char *format, ...)
{
	va_list list;

	if (sfu_say_level < 1)
		return;
	va_start(list, format);
	say(NULL, "", format, list);
	va_end(list);
	fputc('\n', stderr);
}

void sfu_detail(const char *format, ...)
{
	va_list list;

	if (sfu_say_level < 2)
		return;
	va_start(list, format);
	say(NULL, "", format, list);
	va_end(list);
	fputc('\n', stderr);
}
