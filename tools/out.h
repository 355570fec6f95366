/* Output files that appear whole or not at all.
 *
 * A command stages every file it makes: each is written beside its place under a temporary name and
 * flushed to the disk. When all are there, sfu_out_commit gives them their names. Until then nothing
 * that anyone can see has changed; a failure, or a signal that ends the program, removes them. */
#ifndef SFU_TOOL_OUT_H
#define SFU_TOOL_OUT_H

#include <stddef.h>
#include <stdint.h>

#define SFU_OUT_FILES 4u

enum sfu_out_kind {
	SFU_OUT_PUBLIC, /* mode 0644 less the umask */
	SFU_OUT_SCRIPT, /* mode 0755 less the umask */
	SFU_OUT_SECRET  /* mode 0600 */
};

/* Removes the staged files when a signal ends the program; writes that would kill it fail instead. */
void sfu_out_init(void);

/* Stages one file. `replace` 0: EX_CANTCREAT if `path` exists. EX_CANTCREAT, EX_IOERR. */
int sfu_out_stage(
	const char *path, enum sfu_out_kind kind, int replace, const void *data, size_t size);

/* Gives all staged files their names. */
int sfu_out_commit(void);

/* Removes what is staged and not committed. */
void sfu_out_abort(void);

#endif
