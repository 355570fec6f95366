#include "soft_token.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "link_host.h"
#include "out.h"
#include "say.h"

#define TURN_WAIT 5000u /* ms; a login takes some ten */
#define TURN_LOOK 10

static const char *soft_module(void)
{
	static const char *const places[] = {
		"/usr/lib/softhsm/libsofthsm2.so",
		"/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
		"/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
		"/usr/lib64/softhsm/libsofthsm2.so",
		"/usr/lib64/pkcs11/libsofthsm2.so",
		"/usr/local/lib/softhsm/libsofthsm2.so",
	};
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], R_OK) == 0)
			return places[i];
	return NULL;
}

int sfu_soft_enter(const struct sfu_hsm_folder *f)
{
	const uint64_t end = sfu_host_time() + TURN_WAIT;
	char path[PATH_MAX + 16];
	int fd;

	snprintf(path, sizeof(path), "%s/turn", f->soft);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && sfu_host_time() < end)
		(void)poll(NULL, 0, TURN_LOOK);
	return fd;
}

void sfu_soft_leave(int turn)
{
	if (turn >= 0)
		close(turn);
}

/* Written where it is missing or names another folder: a folder may have been moved. */
static int soft_config(const struct sfu_hsm_folder *f)
{
	char path[PATH_MAX], config[PATH_MAX + 16], text[PATH_MAX + 128];
	struct sfu_bytes old = { NULL, 0 };
	int size, same, status = 0;

	if (realpath(f->soft, path) == NULL)
		return sfu_fail_errno(EX_UNAVAILABLE, f->soft, "the token is gone");
	snprintf(config, sizeof(config), "%s/softhsm2.conf", path);
	size = snprintf(text, sizeof(text),
		"directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", path);
	if (access(config, F_OK) == 0)
		status = sfu_file_read(config, SFU_FILE_PUBLIC, &old);
	same = old.size == (size_t)size && memcmp(old.data, text, old.size) == 0;
	sfu_bytes_free(&old);
	if (status == 0 && !same)
		status = sfu_out_stage(config, SFU_OUT_PUBLIC, 1, text, (size_t)size);
	if (status == 0 && !same)
		status = sfu_out_commit();
	if (status == 0 && setenv("SOFTHSM2_CONF", config, 1) != 0)
		status = sfu_fail_errno(EX_OSERR, NULL, "the environment cannot be set");
	return status;
}

int sfu_soft_ready(const struct sfu_hsm_folder *f, int make, char uri[SFU_HSM_URI_MAX])
{
	const char *module = soft_module();

	if (module == NULL)
		return sfu_fail(EX_UNAVAILABLE, f->name,
			"SoftHSM2 is not installed (Debian: apt install softhsm2); --token names "
			"another token");
	snprintf(uri, SFU_HSM_URI_MAX, "pkcs11:token=sfu?module-path=%s", module);
	if (make && mkdir(f->soft, 0700) != 0 && errno != EEXIST)
		return sfu_fail_errno(EX_CANTCREAT, f->soft, "cannot be made");
	return soft_config(f);
}

/* The folder's one token: its file, and the name of the copy. */
static int token_files(const struct sfu_hsm_folder *f, char file[PATH_MAX], char copy[PATH_MAX])
{
	DIR *folder = opendir(f->soft);
	struct dirent *entry;
	int found = 0;

	while (folder != NULL && (entry = readdir(folder)) != NULL)
		if (entry->d_name[0] != '.' && entry->d_type == DT_DIR &&
			snprintf(file, PATH_MAX, "%s/%s/token.object", f->soft, entry->d_name) <
				PATH_MAX)
			found++;
	if (folder != NULL)
		closedir(folder);
	return found == 1 && snprintf(copy, PATH_MAX, "%s/token.copy", f->soft) < PATH_MAX;
}

static int same(const struct sfu_bytes *a, const char *path)
{
	struct sfu_bytes b = { NULL, 0 };
	int equal = access(path, F_OK) == 0 && sfu_file_read(path, SFU_FILE_PUBLIC, &b) == 0;

	equal = equal && a->size == b.size && memcmp(a->data, b.data, a->size) == 0;
	sfu_bytes_free(&b);
	return equal;
}

static int copy_file(const char *from, const char *to)
{
	struct sfu_bytes bytes;
	int status = sfu_file_read(from, SFU_FILE_PUBLIC, &bytes);

	if (status == 0 && !same(&bytes, to)) {
		status = sfu_out_stage(to, SFU_OUT_SECRET, 1, bytes.data, bytes.size);
		if (status == 0)
			status = sfu_out_commit();
	}
	sfu_bytes_free(&bytes);
	return status;
}

/* Who does not have the ledger to himself, as `ledger verify` beside a service, sees what SoftHSM2 is in the middle
 * of writing for the other one, and leaves file and copy alone. */
static int alone(const struct sfu_hsm_folder *f)
{
	return f->locked >= 0;
}

int sfu_soft_keep(const struct sfu_hsm_folder *f)
{
	char file[PATH_MAX], copy[PATH_MAX];

	return alone(f) && token_files(f, file, copy) ? copy_file(file, copy) : 0;
}

int sfu_soft_restore(const struct sfu_hsm_folder *f, int *done)
{
	char file[PATH_MAX], copy[PATH_MAX];
	int status;

	*done = 0;
	if (!token_files(f, file, copy) || access(copy, R_OK) != 0)
		return 0;
	if (!alone(f))
		return sfu_fail(EX_UNAVAILABLE, f->name,
			"SoftHSM2 has lost its token: `sfu hsm status` puts the copy back, or a "
			"service when it logs in");
	unlink(file);
	status = copy_file(copy, file);
	*done = status == 0;
	if (status == 0)
		sfu_warn(f->name, "SoftHSM2 had lost its token; the copy is back");
	return status;
}
