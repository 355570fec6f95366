/* Rows of a ledger or an export, one after the other. */
#include <string.h>

#include "bytes.h"
#include "ledger_check.h"
#include "say.h"

void sfu_ledger_source_ledger(struct sfu_ledger_source *s, struct sfu_ledger *ledger)
{
	memset(s, 0, sizeof(*s));
	s->path = ledger->path;
	s->ledger = ledger;
	s->next = 1;
}

int sfu_ledger_source_file(struct sfu_ledger_source *s, const char *path)
{
	uint8_t magic[4];

	memset(s, 0, sizeof(*s));
	s->path = path;
	s->file = fopen(path, "re");
	if (s->file == NULL)
		return sfu_fail_errno(EX_NOINPUT, path, "cannot be opened");
	if (fread(magic, sizeof(magic), 1, s->file) != 1 ||
		sfu_get32(magic) != SFU_LEDGER_EXPORT_MAGIC)
		return sfu_fail(EX_DATAERR, path, "is no export of a ledger");
	return 0;
}

static int read_row(struct sfu_ledger_source *s, struct sfu_ledger_row *row, int *found)
{
	uint8_t bytes[SFU_LEDGER_ROW_SIZE];
	const size_t size = fread(bytes, 1, sizeof(bytes), s->file);

	*found = 0;
	if (size == 0 && feof(s->file))
		return 0;
	if (size != sizeof(bytes) || !sfu_ledger_decode(bytes, row) ||
		fread(row->body, 1, row->size, s->file) != row->size ||
		fread(row->seal, sizeof(row->seal), 1, s->file) != 1)
		return sfu_fail(EX_DATAERR, s->path,
			"ends, or is no export any more, behind row %u", s->next - 1);
	*found = 1;
	return sfu_ledger_hash(row, row->hash);
}

int sfu_ledger_source_next(struct sfu_ledger_source *s, struct sfu_ledger_row *row, int *found)
{
	int status;

	memset(row, 0, sizeof(*row));
	if (s->ledger != NULL)
		status = sfu_ledger_row_next(s->ledger, s->next, row, found);
	else
		status = read_row(s, row, found);
	if (status == 0 && *found)
		s->next = row->number + 1;
	return status;
}

int sfu_ledger_source_rewind(struct sfu_ledger_source *s)
{
	s->next = 1;
	if (s->file != NULL && fseek(s->file, 4, SEEK_SET) != 0)
		return sfu_fail_errno(EX_IOERR, s->path, "cannot be read again");
	return 0;
}

void sfu_ledger_source_close(struct sfu_ledger_source *s)
{
	if (s->file != NULL)
		fclose(s->file);
	s->file = NULL;
}
