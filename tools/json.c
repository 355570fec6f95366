#include "json.h"

#include <inttypes.h>
#include <stdio.h>

static int depth;
static int first = 1;
static int rows;

void sfu_json_rows(void)
{
	rows = 1;
}

static void put_string(const char *text)
{
	putchar('"');
	for (; *text != '\0'; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < ' ')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void new_line(void)
{
	if (rows && depth > 0 && !first)
		putchar(' ');
	else if (!rows && depth > 0)
		printf("\n%*s", 2 * depth, "");
}

static void begin(const char *name)
{
	if (!first)
		putchar(',');
	new_line();
	first = 0;
	if (name != NULL) {
		put_string(name);
		fputs(": ", stdout);
	}
}

void sfu_json_open(const char *name, char bracket)
{
	begin(name);
	putchar(bracket);
	depth++;
	first = 1;
}

void sfu_json_close(char bracket)
{
	depth--;
	if (!rows && !first && depth == 0)
		putchar('\n');
	else if (!rows && !first)
		new_line();
	putchar(bracket);
	first = depth == 0;
	if (depth == 0)
		putchar('\n');
}

void sfu_json_text(const char *name, const char *value)
{
	begin(name);
	put_string(value);
}

void sfu_json_number(const char *name, uint64_t value)
{
	begin(name);
	printf("%" PRIu64, value);
}

void sfu_json_hex(const char *name, const uint8_t *data, size_t size)
{
	size_t i;

	begin(name);
	putchar('"');
	for (i = 0; i < size; i++)
		printf("%02x", data[i]);
	putchar('"');
}

void sfu_json_bool(const char *name, int value)
{
	begin(name);
	fputs(value ? "true" : "false", stdout);
}
