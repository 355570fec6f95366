/* Whole input files in memory. */
#ifndef SFU_TOOL_FILE_H
#define SFU_TOOL_FILE_H

#include <stddef.h>
#include <stdint.h>

/* no file the program reads is larger: STM32 flash is not, nor is a loader's ELF with debug data */
#define SFU_FILE_MAX (64u * 1024 * 1024)

struct sfu_bytes {
	uint8_t *data; /* from malloc */
	size_t size;
};

enum sfu_file_kind {
	SFU_FILE_PUBLIC,
	SFU_FILE_SECRET /* refused if anyone but its owner may open it */
};

/* Reads the regular file `path`. 0, and sfu_bytes_free ends it; EX_NOINPUT: it is not there, no
 * file, or not readable; EX_DATAERR: empty or larger than SFU_FILE_MAX; EX_NOPERM: a secret that is
 * open to others; EX_IOERR. */
int sfu_file_read(const char *path, enum sfu_file_kind kind, struct sfu_bytes *bytes);

/* Wipes and frees; a second call does nothing. */
void sfu_bytes_free(struct sfu_bytes *bytes);

#endif
