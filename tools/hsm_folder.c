#include "hsm_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "number.h"
#include "out.h"
#include "say.h"
#include "textfile.h"

static const char head[] = "sfu-hsm 1";

static int join(const char *folder, const char *file, char out[PATH_MAX])
{
	if (snprintf(out, PATH_MAX, "%s/%s", folder, file) < PATH_MAX)
		return 0;
	return sfu_fail(EX_USAGE, folder, "is too long for a folder's name");
}

int sfu_hsm_folder_name(struct sfu_hsm_folder *f, const char *name)
{
	int status;

	memset(f, 0, sizeof(*f));
	f->name = name;
	f->locked = -1;
	status = join(name, "hsm", f->config);
	if (status == 0)
		status = join(name, "ledger.db", f->ledger);
	if (status == 0)
		status = join(name, "lock", f->lock);
	if (status == 0)
		status = join(name, "pin", f->pin);
	if (status == 0)
		status = join(name, "softhsm", f->soft);
	return status;
}

int sfu_hsm_folder_read(struct sfu_hsm_folder *f)
{
	char id[2 * sizeof(f->id) + 1];
	struct sfu_text_field fields[] = {
		{ "token", f->uri, sizeof(f->uri), 1, 0 },
		{ "ledger", id, sizeof(id), 1, 0 },
	};
	int status;

	if (access(f->config, F_OK) != 0)
		return sfu_fail(EX_NOINPUT, f->name,
			"holds no HSM; `sfu hsm init --folder %s` makes one", f->name);
	status = sfu_text_read(
		f->config, SFU_FILE_PUBLIC, "an HSM's configuration", head, fields, 2);
	if (status == 0)
		status = sfu_text_hex(f->config, &fields[1], f->id, sizeof(f->id));
	return status;
}

int sfu_hsm_folder_stage(const struct sfu_hsm_folder *f)
{
	char id[2 * sizeof(f->id) + 1], text[SFU_HSM_URI_MAX + 128];
	const int size = snprintf(text, sizeof(text), "%s\ntoken %s\nledger %s\n", head, f->uri,
		sfu_number_print_hex(id, f->id, sizeof(f->id)));

	return sfu_out_stage(f->config, SFU_OUT_PUBLIC, 0, text, (size_t)size);
}

int sfu_hsm_folder_lock(struct sfu_hsm_folder *f)
{
	f->locked = open(f->lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (f->locked < 0)
		return sfu_fail_errno(EX_CANTCREAT, f->lock, "cannot be opened");
	if (flock(f->locked, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return sfu_fail_errno(EX_IOERR, f->lock, "cannot be locked");
	return sfu_fail(EX_TEMPFAIL, f->name,
		"another sfu works on this ledger; while a service runs, ask it (--hsm)");
}
