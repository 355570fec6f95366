/* Small text files: a first line that says what the file is, then one word and its value a line. */
#ifndef SFU_TOOL_TEXTFILE_H
#define SFU_TOOL_TEXTFILE_H

#include "file.h"

struct sfu_text_field {
	const char *word;
	char *value; /* room for it with its zero; NULL: the word stands alone */
	size_t room;
	int required;
	int seen; /* set by sfu_text_read */
};

/* Reads `path`, whose first line must be `head`. `what` names such a file in a sentence. EX_DATAERR names
 * the first line that is none of the fields', comes twice or is too long, or the field that is missing. */
int sfu_text_read(const char *path, enum sfu_file_kind kind, const char *what, const char *head,
	struct sfu_text_field *fields, int count);

/* The field's value as `size` bytes of hexadecimal digits. EX_DATAERR. */
int sfu_text_hex(const char *path, const struct sfu_text_field *field, uint8_t *out, size_t size);

#endif
