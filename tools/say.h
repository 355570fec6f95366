/* What the program tells people, on stderr: one sentence a line, `sfu: WHERE: WHAT`.
 *
 * Functions that can fail answer 0 or an exit status of <sysexits.h>; who notices the failure says
 * so with sfu_fail, everybody above passes the status on. */
#ifndef SFU_TOOL_SAY_H
#define SFU_TOOL_SAY_H

#include <sysexits.h>

/* 0: errors and warnings only (-q); 1: notes too; 2: details too (-v) */
extern int sfu_say_level;

/* 1 while stderr's cursor stands behind a progress bar; the next sentence ends that line first */
extern int sfu_say_bar;

/* Says what is wrong with `where` (a file, a port, an option; NULL: nothing) and returns `status`. */
int sfu_fail(int status, const char *where, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As sfu_fail, with the words of `errno` behind a colon. */
int sfu_fail_errno(int status, const char *where, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void sfu_warn(const char *where, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sfu_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void sfu_detail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
