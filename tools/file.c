#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

static int check(const char *path, int fd, enum sfu_file_kind kind, size_t *size)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return sfu_fail_errno(EX_IOERR, path, "cannot be examined");
	if (S_ISDIR(st.st_mode))
		return sfu_fail(EX_NOINPUT, path, "is a directory");
	if (!S_ISREG(st.st_mode))
		return sfu_fail(EX_NOINPUT, path, "is not a regular file");
	if (kind == SFU_FILE_SECRET && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return sfu_fail(EX_NOPERM, path,
			"is a secret that others may open (mode %03o): chmod 600 it, or say "
			"--insecure-permissions",
			(unsigned int)st.st_mode & 0777u);
	if (st.st_size == 0)
		return sfu_fail(EX_DATAERR, path, "is empty");
	if (st.st_size > (off_t)SFU_FILE_MAX)
		return sfu_fail(EX_DATAERR, path, "is larger than %u MiB", SFU_FILE_MAX >> 20);
	*size = (size_t)st.st_size;
	return 0;
}

static int read_all(const char *path, int fd, struct sfu_bytes *bytes)
{
	size_t at = 0;

	while (at < bytes->size) {
		const ssize_t n = read(fd, bytes->data + at, bytes->size - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sfu_fail_errno(EX_IOERR, path, "cannot be read");
		if (n == 0)
			return sfu_fail(
				EX_IOERR, path, "ended after %zu of %zu bytes", at, bytes->size);
		at += (size_t)n;
	}
	return 0;
}

int sfu_file_read(const char *path, enum sfu_file_kind kind, struct sfu_bytes *bytes)
{
	/* non-blocking, so that a fifo in place of a file is refused and not waited for */
	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int status;

	bytes->data = NULL;
	bytes->size = 0;
	if (fd < 0 && strncmp(path, "pkcs11:", 7) == 0)
		return sfu_fail(EX_USAGE, path, "is a PKCS#11 URI, and here a file is needed");
	if (fd < 0)
		return sfu_fail_errno(EX_NOINPUT, path, "cannot be opened");
	status = check(path, fd, kind, &bytes->size);
	if (status == 0) {
		bytes->data = malloc(bytes->size);
		status = bytes->data == NULL ? sfu_fail(EX_OSERR, path, "does not fit in memory")
					     : read_all(path, fd, bytes);
	}
	close(fd);
	if (status != 0)
		sfu_bytes_free(bytes);
	return status;
}

void sfu_bytes_free(struct sfu_bytes *bytes)
{
	if (bytes->data != NULL)
		OPENSSL_cleanse(bytes->data, bytes->size);
	free(bytes->data);
	bytes->data = NULL;
	bytes->size = 0;
}
