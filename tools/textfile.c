#include "textfile.h"

#include <string.h>

#include "crypt.h"
#include "number.h"
#include "say.h"

#define LINE 512

static struct sfu_text_field *find(
	struct sfu_text_field *fields, int count, const char *line, const char **value)
{
	int i;

	for (i = 0; i < count; i++) {
		const size_t size = strlen(fields[i].word);

		if (strncmp(line, fields[i].word, size) != 0)
			continue;
		*value = line + size;
		if (fields[i].value == NULL ? **value == '\0' : *(*value)++ == ' ')
			return &fields[i];
	}
	return NULL;
}

static int take(struct sfu_text_field *fields, int count, const char *line)
{
	const char *value = NULL;
	struct sfu_text_field *field = find(fields, count, line, &value);

	if (field == NULL || field->seen)
		return 0;
	if (field->value != NULL) {
		if (*value == '\0' || strlen(value) >= field->room)
			return 0;
		memcpy(field->value, value, strlen(value) + 1);
	}
	field->seen = 1;
	return 1;
}

static int parse(const char *path, const struct sfu_bytes *bytes, const char *what,
	const char *head, struct sfu_text_field *fields, int count)
{
	char line[LINE];
	size_t at, fill = 0, number = 0;
	int status = 0;

	for (at = 0; at < bytes->size && status == 0; at++) {
		if (bytes->data[at] != '\n' && fill < sizeof(line) - 1) {
			line[fill++] = (char)bytes->data[at];
			continue;
		}
		line[fill] = '\0';
		number++;
		/* nobody sees what stands behind a zero */
		if (strlen(line) != fill)
			status = sfu_fail(EX_DATAERR, path, "line %zu of %s holds a zero byte", number, what);
		else if (number == 1 && strcmp(line, head) != 0)
			status = sfu_fail(EX_DATAERR, path, "is not %s of this program", what);
		else if (number > 1 && !take(fields, count, line))
			status = sfu_fail(
				EX_DATAERR, path, "line %zu is not one of %s", number, what);
		fill = 0;
	}
	sfu_crypt_wipe(line, sizeof(line));
	if (status == 0 && (number == 0 || fill != 0))
		status = sfu_fail(EX_DATAERR, path, "is not %s, or was cut short", what);
	return status;
}

int sfu_text_read(const char *path, enum sfu_file_kind kind, const char *what, const char *head,
	struct sfu_text_field *fields, int count)
{
	struct sfu_bytes bytes;
	int i, status = sfu_file_read(path, kind, &bytes);

	for (i = 0; i < count; i++)
		fields[i].seen = 0;
	if (status == 0)
		status = parse(path, &bytes, what, head, fields, count);
	for (i = 0; i < count && status == 0; i++)
		if (fields[i].required && !fields[i].seen)
			status = sfu_fail(EX_DATAERR, path, "has no line `%s`", fields[i].word);
	sfu_bytes_free(&bytes);
	return status;
}

int sfu_text_hex(const char *path, const struct sfu_text_field *field, uint8_t *out, size_t size)
{
	if (sfu_number_hex(field->value, out, size))
		return 0;
	return sfu_fail(EX_DATAERR, path, "`%s` is not followed by %zu hexadecimal digits",
		field->word, 2 * size);
}
