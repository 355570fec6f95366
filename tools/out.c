#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

struct staged {
	char *path;
	char *temporary;
	int replace;
};

static struct staged files[SFU_OUT_FILES];
static volatile sig_atomic_t file_count;

static void remove_and_die(int number)
{
	int i;

	for (i = 0; i < file_count; i++)
		unlink(files[i].temporary);
	signal(number, SIG_DFL);
	raise(number);
}

void sfu_out_init(void)
{
	signal(SIGINT, remove_and_die);
	signal(SIGTERM, remove_and_die);
	signal(SIGHUP, remove_and_die);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

/* A device, a fifo or a directory in the file's place is never replaced. */
static int check_place(const char *path, int replace)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return sfu_fail(EX_CANTCREAT, path, "is a directory");
	if (!S_ISREG(st.st_mode))
		return sfu_fail(EX_CANTCREAT, path, "is not a regular file");
	if (!replace)
		return sfu_fail(EX_CANTCREAT, path, "exists; --force replaces it");
	return 0;
}

static mode_t mode_of(enum sfu_out_kind kind)
{
	const mode_t mask = umask(0);

	umask(mask);
	switch (kind) {
	case SFU_OUT_SECRET:
		return 0600;
	case SFU_OUT_SCRIPT:
		return 0755 & ~mask;
	default:
		return 0644 & ~mask;
	}
}

static int write_all(const char *path, int fd, const uint8_t *data, size_t size)
{
	size_t at = 0;

	while (at < size) {
		const ssize_t n = write(fd, data + at, size - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return sfu_fail_errno(EX_IOERR, path, "cannot be written");
		at += (size_t)n;
	}
	if (fsync(fd) != 0)
		return sfu_fail_errno(EX_IOERR, path, "cannot be written to the disk");
	return 0;
}

static int fill(const char *path, int fd, enum sfu_out_kind kind, const void *data, size_t size)
{
	int status = write_all(path, fd, data, size);

	if (status == 0 && fchmod(fd, mode_of(kind)) != 0)
		status = sfu_fail_errno(EX_IOERR, path, "cannot get its mode");
	if (close(fd) != 0 && status == 0)
		status = sfu_fail_errno(EX_IOERR, path, "cannot be written");
	return status;
}

static void forget(struct staged *file)
{
	free(file->path);
	free(file->temporary);
}

int sfu_out_stage(
	const char *path, enum sfu_out_kind kind, int replace, const void *data, size_t size)
{
	struct staged *file = &files[file_count];
	const size_t length = strlen(path) + sizeof(".XXXXXX");
	int fd, status = check_place(path, replace);

	if (status != 0)
		return status;
	if (file_count == SFU_OUT_FILES)
		return sfu_fail(EX_SOFTWARE, path, "is one output file too many");
	file->path = strdup(path);
	file->temporary = malloc(length);
	file->replace = replace;
	if (file->path == NULL || file->temporary == NULL) {
		forget(file);
		return sfu_fail(EX_OSERR, path, "there is no memory for its name");
	}
	snprintf(file->temporary, length, "%s.XXXXXX", path);
	fd = mkstemp(file->temporary);
	if (fd < 0) {
		status = sfu_fail_errno(EX_CANTCREAT, path, "cannot be created");
		forget(file);
		return status;
	}
	file_count++;
	return fill(path, fd, kind, data, size);
}

/* The name itself must survive a power cut; file systems that cannot sync a folder are let pass. */
static void sync_folder(const char *path)
{
	char *copy = strdup(path);
	const int fd = copy == NULL ? -1 : open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(copy);
}

static int give_name(const struct staged *file)
{
	if (file->replace) {
		if (rename(file->temporary, file->path) != 0)
			return sfu_fail_errno(EX_CANTCREAT, file->path, "cannot be created");
	} else {
		/* link, unlike rename, refuses a name that was taken meanwhile */
		if (link(file->temporary, file->path) != 0)
			return sfu_fail_errno(EX_CANTCREAT, file->path, "cannot be created");
		unlink(file->temporary);
	}
	sync_folder(file->path);
	return 0;
}

int sfu_out_commit(void)
{
	int i, status = 0;

	for (i = 0; i < file_count && status == 0; i++)
		status = give_name(&files[i]);
	sfu_out_abort();
	return status;
}

void sfu_out_abort(void)
{
	int i;

	for (i = 0; i < file_count; i++)
		unlink(files[i].temporary); /* gone already where it was renamed */
	while (file_count > 0) {
		file_count--;
		forget(&files[file_count]);
	}
}
