#include "link_host.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* A second program gets EWOULDBLOCK. TIOCEXCL keeps out programs that know nothing of flock, but not
 * those of root; flock keeps out a second sfu of root too. */
static enum sfu_host_open lock(int fd)
{
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? SFU_HOST_LOCKED : SFU_HOST_NO_PORT;
	(void)ioctl(fd, TIOCEXCL);
	return SFU_HOST_OPEN;
}

/* libserialport knows the devices of /sys/class/tty only, where Linux does not list pseudo-terminals:
 * sp_get_port_by_name fails on them (libserialport pull request 4). They take plain termios. */
static int is_pseudo_terminal(const char *path)
{
	return strncmp(path, "/dev/pts/", 9) == 0;
}

static enum sfu_host_open open_pseudo_terminal(struct sfu_host *host, const char *path)
{
	struct termios raw;
	enum sfu_host_open result;

	host->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (host->fd < 0)
		return errno == EBUSY ? SFU_HOST_LOCKED : SFU_HOST_ABSENT;
	result = lock(host->fd);
	if (result != SFU_HOST_OPEN)
		return result;
	if (tcgetattr(host->fd, &raw) != 0)
		return SFU_HOST_NO_PORT;
	cfmakeraw(&raw);
	raw.c_cflag |= CLOCAL | CREAD;
	return tcsetattr(host->fd, TCSANOW, &raw) == 0 ? SFU_HOST_OPEN : SFU_HOST_ABSENT;
}

static int configure(struct sp_port *port, uint32_t baud)
{
	return sp_set_baudrate(port, (int)baud) == SP_OK && sp_set_bits(port, 8) == SP_OK &&
		sp_set_parity(port, SP_PARITY_NONE) == SP_OK && sp_set_stopbits(port, 1) == SP_OK &&
		sp_set_flowcontrol(port, SP_FLOWCONTROL_NONE) == SP_OK;
}

static enum sfu_host_open open_device(struct sfu_host *host, const char *path)
{
	if (sp_get_port_by_name(path, &host->port) != SP_OK)
		return SFU_HOST_NO_PORT;
	if (sp_open(host->port, SP_MODE_READ_WRITE) != SP_OK)
		return errno == EBUSY || errno == EWOULDBLOCK ? SFU_HOST_LOCKED : SFU_HOST_ABSENT;
	if (sp_get_port_handle(host->port, &host->fd) != SP_OK)
		return SFU_HOST_NO_PORT;
	if (!configure(host->port, host->baud))
		return SFU_HOST_NO_PORT;
	return lock(host->fd);
}

enum sfu_host_open sfu_host_open(struct sfu_host *host)
{
	char path[PATH_MAX];
	enum sfu_host_open result;
	int error;

	host->fd = -1;
	host->port = NULL;
	if (realpath(host->name, path) == NULL)
		return SFU_HOST_ABSENT;
	result = is_pseudo_terminal(path) ? open_pseudo_terminal(host, path)
					  : open_device(host, path);
	error = errno;
	if (result == SFU_HOST_OPEN)
		tcflush(host->fd, TCIOFLUSH); /* what was said before is no answer to us */
	else
		sfu_host_close(host);
	errno = error;
	return result;
}

void sfu_host_close(struct sfu_host *host)
{
	if (host->fd >= 0)
		(void)ioctl(host->fd, TIOCNXCL);
	if (host->port != NULL) {
		sp_close(host->port);
		sp_free_port(host->port);
	} else if (host->fd >= 0) {
		close(host->fd);
	}
	host->port = NULL;
	host->fd = -1;
}

void sfu_host_wait(const struct sfu_host *host, int writing, int milliseconds)
{
	struct pollfd what = { host->fd, (short)(writing ? POLLIN | POLLOUT : POLLIN), 0 };

	(void)poll(&what, 1, milliseconds);
}

/* Everything but "later" means that the device was unplugged, or the far end of a pty closed. */
static int moved(ssize_t count)
{
	if (count >= 0)
		return (int)count;
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
}

int sfu_host_read(struct sfu_host *host, uint8_t *data, size_t size)
{
	struct pollfd what = { host->fd, POLLIN, 0 };
	const int count = moved(read(host->fd, data, size));

	/* a tty at its end reads 0 bytes, as an idle one in raw mode does; poll tells them apart */
	if (count == 0 && poll(&what, 1, 0) == 1 &&
		(what.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
		return -1;
	return count;
}

int sfu_host_write(struct sfu_host *host, const uint8_t *data, size_t size)
{
	return moved(write(host->fd, data, size));
}

uint64_t sfu_host_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}
