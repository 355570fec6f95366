#include "file.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "stop.h"

#define MAX_FILE (64u << 20)

struct board_file board_file_read(const char *path)
{
	struct board_file file = { NULL, 0 };
	FILE *f = fopen(path, "rb");
	struct stat st;

	if (f == NULL)
		board_fail(BOARD_EX_NOINPUT, "%s: %s", path, strerror(errno));
	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
		board_fail(BOARD_EX_NOINPUT, "%s: not a regular file", path);
	if (st.st_size > (off_t)MAX_FILE)
		board_fail(BOARD_EX_DATA, "%s: too big for an image (%lld bytes)", path,
			(long long)st.st_size);
	file.size = (size_t)st.st_size;
	file.bytes = malloc(file.size + 1);
	if (file.bytes == NULL)
		board_fail(BOARD_EX_SOFTWARE, "no memory for %s", path);
	if (fread(file.bytes, 1, file.size, f) != file.size)
		board_fail(BOARD_EX_IO, "%s: cannot read: %s", path, strerror(errno));
	file.bytes[file.size] = '\0';
	fclose(f);
	return file;
}

FILE *board_file_create(const char *path)
{
	FILE *f = fopen(path, "wb");

	if (f == NULL)
		board_fail(BOARD_EX_CANTCREATE, "%s: cannot create: %s", path, strerror(errno));
	return f;
}

void board_file_finish(const char *path, FILE *file)
{
	const int failed = ferror(file);

	if (fclose(file) != 0 || failed)
		board_fail(BOARD_EX_IO, "%s: cannot write: %s", path, strerror(errno));
}

void board_file_check_elf(const char *path, const struct board_file *file)
{
	const Elf32_Ehdr *head = (const void *)file->bytes;

	if (file->size < sizeof *head || memcmp(file->bytes, ELFMAG, SELFMAG) != 0)
		board_fail(BOARD_EX_DATA, "%s: not an ELF file", path);
	if (head->e_ident[EI_CLASS] != ELFCLASS32 || head->e_ident[EI_DATA] != ELFDATA2LSB ||
		head->e_machine != EM_ARM)
		board_fail(BOARD_EX_DATA, "%s: not a 32-bit little-endian ARM ELF file", path);
}

int board_number(const char *text, uint64_t *value)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return 0;
	errno = 0;
	*value = strtoull(
		text, &end, text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10);
	return *end == '\0' && errno == 0;
}

uint64_t board_number_of(const char *option, const char *text, uint64_t max)
{
	uint64_t value = 0;

	if (!board_number(text, &value))
		board_fail(BOARD_EX_USAGE, "%s %s: not a number", option, text);
	if (value > max)
		board_fail(BOARD_EX_USAGE, "%s %s: more than %llu", option, text,
			(unsigned long long)max);
	return value;
}
