#include "channel.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link_host.h"
#include "say.h"

#define FULL_WAIT 20 /* ms */

void sfu_channel_close(struct sfu_channel *c)
{
	if (c->ssl != NULL) {
		(void)SSL_shutdown(c->ssl);
		SSL_free(c->ssl);
	}
	if (c->fd >= 0)
		close(c->fd);
	ERR_clear_error();
	c->ssl = NULL;
	c->fd = -1;
	c->waits = 0;
}

/* What a call of OpenSSL that moved nothing means. */
static int later(struct sfu_channel *c, int result)
{
	const int error = SSL_get_error(c->ssl, result);

	ERR_clear_error();
	c->waits = error == SSL_ERROR_WANT_READ ? POLLIN
		: error == SSL_ERROR_WANT_WRITE ? POLLOUT
						: 0;
	return c->waits != 0 ? 0 : -1;
}

static int moved(ssize_t count)
{
	if (count > 0)
		return (int)count;
	return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) ? 0 : -1;
}

int sfu_channel_shake(struct sfu_channel *c)
{
	int result;

	if (c->ssl == NULL)
		return 1;
	c->waits = 0;
	result = SSL_do_handshake(c->ssl);
	return result == 1 ? 1 : later(c, result);
}

int sfu_channel_read(struct sfu_channel *c, uint8_t *data, size_t size)
{
	int result;

	if (c->ssl == NULL)
		return moved(recv(c->fd, data, size, 0));
	c->waits = 0;
	result = SSL_read(c->ssl, data, (int)size);
	return result > 0 ? result : later(c, result);
}

int sfu_channel_write(struct sfu_channel *c, const uint8_t *data, size_t size)
{
	int result;

	if (c->ssl == NULL)
		return moved(send(c->fd, data, size, MSG_NOSIGNAL));
	c->waits = 0;
	result = SSL_write(c->ssl, data, (int)size);
	return result > 0 ? result : later(c, result);
}

int sfu_channel_pending(const struct sfu_channel *c)
{
	return c->fd >= 0 && c->ssl != NULL && SSL_pending(c->ssl) > 0;
}

short sfu_channel_events(const struct sfu_channel *c, int writing)
{
	return (short)(c->waits != 0 ? c->waits : writing ? POLLOUT : POLLIN);
}

int sfu_channel_accept(struct sfu_channel *c, int fd, SSL_CTX *context)
{
	c->fd = fd;
	c->ssl = NULL;
	c->waits = 0;
	if (context == NULL)
		return 0;
	c->ssl = SSL_new(context);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, fd) != 1) {
		sfu_channel_close(c);
		return sfu_fail(EX_OSERR, NULL, "OpenSSL cannot take a connection");
	}
	SSL_set_accept_state(c->ssl);
	return 0;
}

static int reach(const struct sockaddr *to, socklen_t size, int milliseconds)
{
	const int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd what = { fd, POLLOUT, 0 };
	int result, error = 0;
	socklen_t length = sizeof(error);

	if (fd < 0)
		return -1;
	/* a Unix socket whose queue is full says EAGAIN, and poll knows nothing of it */
	while ((result = connect(fd, to, size)) != 0 && errno == EAGAIN && milliseconds > 0) {
		(void)poll(NULL, 0, FULL_WAIT);
		milliseconds -= FULL_WAIT;
	}
	if (result == 0)
		return fd;
	if (errno == EINPROGRESS && poll(&what, 1, milliseconds) == 1 &&
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0)
		return fd;
	if (error != 0)
		errno = error;
	close(fd);
	return -1;
}

static int reach_local(const struct sfu_address *a, int milliseconds)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	memcpy(to.sun_path, a->text, strlen(a->text) + 1);
	return reach((struct sockaddr *)&to, sizeof(to), milliseconds);
}

static int reach_far(const struct sfu_address *a, int milliseconds)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL, *one;
	int fd = -1;

	if (getaddrinfo(a->host, a->port, &hints, &list) != 0) {
		errno = EHOSTUNREACH;
		return -1;
	}
	for (one = list; one != NULL && fd < 0; one = one->ai_next)
		fd = reach(one->ai_addr, one->ai_addrlen, milliseconds);
	freeaddrinfo(list);
	return fd;
}

/* Waits for the handshake. */
static int greet(struct sfu_channel *c, const struct sfu_address *a, int milliseconds)
{
	const uint64_t deadline = sfu_host_time() + (uint64_t)milliseconds;
	long verified;
	int done;

	while ((done = sfu_channel_shake(c)) == 0 && sfu_host_time() < deadline) {
		struct pollfd what = { c->fd, sfu_channel_events(c, 0), 0 };

		(void)poll(&what, 1, 100);
	}
	if (done == 1)
		return 0;
	verified = SSL_get_verify_result(c->ssl);
	if (verified != X509_V_OK)
		return sfu_fail(EX_NOPERM, a->text, "the service's certificate is refused: %s",
			X509_verify_cert_error_string(verified));
	return sfu_fail(EX_UNAVAILABLE, a->text, "does not agree on TLS 1.3 with this certificate");
}

int sfu_channel_connect(
	struct sfu_channel *c, const struct sfu_address *a, SSL_CTX *context, int milliseconds)
{
	int status;

	c->ssl = NULL;
	c->waits = 0;
	c->fd = a->local ? reach_local(a, milliseconds) : reach_far(a, milliseconds);
	if (c->fd < 0)
		return sfu_fail_errno(
			EX_UNAVAILABLE, a->text, "the HSM service is not there (`sfu hsm serve`)");
	if (context == NULL)
		return 0;
	c->ssl = SSL_new(context);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1 ||
		SSL_set1_host(c->ssl, a->host) != 1 ||
		SSL_set_tlsext_host_name(c->ssl, a->host) != 1) {
		sfu_channel_close(c);
		return sfu_fail(EX_OSERR, a->text, "OpenSSL cannot make a connection");
	}
	SSL_set_connect_state(c->ssl);
	status = greet(c, a, milliseconds);
	if (status != 0)
		sfu_channel_close(c);
	return status;
}
