#include "listener.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "link_host.h"
#include "say.h"

#define BACKLOG 64
#define HALF_WAY 10000u /* ms that a handshake or a message may take */

/* A socket that nobody listens at is what a service that was killed left. */
static int in_use(const struct sockaddr_un *at)
{
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int used = fd >= 0 &&
		(connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 || errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return used;
}

static int bind_local(const struct sfu_address *a, unsigned int mode)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct stat st;
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask;
	int result;

	memcpy(at.sun_path, a->text, strlen(a->text) + 1);
	if (lstat(a->text, &st) == 0 && S_ISSOCK(st.st_mode) && !in_use(&at))
		unlink(a->text);
	mask = umask(0777);
	result = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&at, sizeof(at));
	umask(mask);
	if (result == 0 && chmod(a->text, (mode_t)mode) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int bind_far(const struct sfu_address *a)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
	struct addrinfo *list = NULL;
	const int one = 1;
	int fd = -1;

	if (getaddrinfo(a->host, a->port, &hints, &list) != 0) {
		errno = EADDRNOTAVAIL;
		return -1;
	}
	fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd >= 0 && bind(fd, list->ai_addr, list->ai_addrlen) != 0) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	return fd;
}

int sfu_listener_open(
	struct sfu_listener *l, const struct sfu_address *a, SSL_CTX *context, unsigned int mode)
{
	int i;

	memset(l, 0, sizeof(*l));
	for (i = 0; i < SFU_LISTENER_STATIONS; i++)
		l->visitors[i].channel.fd = -1;
	l->address = a;
	l->context = context;
	l->fd = a->local ? bind_local(a, mode) : bind_far(a);
	if (l->fd >= 0 && listen(l->fd, BACKLOG) == 0)
		return 0;
	return sfu_fail_errno(errno == EADDRINUSE ? EX_TEMPFAIL : EX_UNAVAILABLE, a->text,
		"cannot be listened at");
}

void sfu_listener_close(struct sfu_listener *l)
{
	int i;

	for (i = 0; i < SFU_LISTENER_STATIONS; i++)
		if (l->visitors[i].channel.fd >= 0)
			sfu_channel_close(&l->visitors[i].channel);
	if (l->fd >= 0) {
		close(l->fd);
		if (l->address->local)
			unlink(l->address->text);
	}
	l->fd = -1;
}

/* A free place; else that of the one who has been quiet for longest. */
static struct sfu_visitor *find_place(struct sfu_listener *l)
{
	struct sfu_visitor *best = &l->visitors[0];
	int i;

	for (i = 0; i < SFU_LISTENER_STATIONS; i++) {
		struct sfu_visitor *v = &l->visitors[i];

		if (v->channel.fd < 0)
			return v;
		if (v->since < best->since)
			best = v;
	}
	sfu_channel_close(&best->channel);
	return best;
}

/* 1 if there was somebody. */
static int welcome(struct sfu_listener *l)
{
	const int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	const int one = 1;
	struct sfu_visitor *v;

	if (fd < 0)
		return 0;
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	v = find_place(l);
	memset(v, 0, sizeof(*v));
	v->since = sfu_host_time();
	if (sfu_channel_accept(&v->channel, fd, l->context) != 0)
		v->channel.fd = -1;
	return 1;
}

/* Reads what is there. 1 if a question is whole. */
static int hear(struct sfu_visitor *v)
{
	int count = 0, whole = 0;

	if (!v->shaken) {
		const int done = sfu_channel_shake(&v->channel);

		v->shaken = done == 1;
		if (done < 0)
			sfu_channel_close(&v->channel);
		if (done != 1)
			return 0;
	}
	while (whole == 0) {
		count = sfu_channel_read(
			&v->channel, v->in.bytes + v->in.fill, sfu_message_wants(&v->in));
		if (count <= 0)
			break;
		v->since = sfu_host_time();
		v->in.fill += (size_t)count;
		whole = sfu_message_whole(&v->in);
	}
	/* a length that is none: where the next message begins, nobody knows */
	if (count < 0 || whole < 0)
		sfu_channel_close(&v->channel);
	return whole == 1;
}

static void speak(struct sfu_visitor *v)
{
	while (v->out.at < v->out.fill) {
		const int count = sfu_channel_write(
			&v->channel, v->out.bytes + v->out.at, v->out.fill - v->out.at);

		if (count < 0)
			sfu_channel_close(&v->channel);
		if (count <= 0)
			return;
		v->out.at += (size_t)count;
	}
	v->answering = 0;
}

static void finish_round(struct sfu_listener *l, struct sfu_service *service)
{
	struct sfu_message refused;
	const int status = sfu_service_commit(service, &refused);
	int i;

	for (i = 0; i < SFU_LISTENER_STATIONS; i++) {
		struct sfu_visitor *v = &l->visitors[i];

		if (v->channel.fd < 0 || !v->answering)
			continue;
		if (v->waits && status != 0)
			v->out = refused;
		v->waits = 0;
		speak(v);
	}
}

/* Who stays half-way is sent away; who is quiet between two questions may stay. */
static int overdue(const struct sfu_visitor *v)
{
	return (!v->shaken || v->answering || v->in.fill > 0) &&
		sfu_host_time() > v->since + HALF_WAY;
}

static void serve(struct sfu_visitor *v, struct sfu_service *service, int something)
{
	if (v->answering) {
		speak(v);
	} else if (something && hear(v)) {
		sfu_service_answer(service, &v->in, &v->out, &v->waits);
		v->in.fill = 0;
		v->answering = 1;
	} else if (v->channel.fd >= 0 && overdue(v)) {
		sfu_channel_close(&v->channel);
	}
}

void sfu_listener_round(struct sfu_listener *l, struct sfu_service *service)
{
	struct pollfd what[SFU_LISTENER_STATIONS + 1];
	int i, wait = 1000, guests = 0;

	for (i = 0; i < SFU_LISTENER_STATIONS; i++) {
		const struct sfu_visitor *v = &l->visitors[i];

		if (sfu_channel_pending(&v->channel))
			wait = 0;
		what[i].fd = v->channel.fd;
		what[i].events = sfu_channel_events(&v->channel, v->answering);
		what[i].revents = 0;
	}
	what[i] = (struct pollfd){ l->fd, POLLIN, 0 };
	if (poll(what, SFU_LISTENER_STATIONS + 1, wait) < 0)
		return;
	for (i = 0; i < SFU_LISTENER_STATIONS; i++)
		if (l->visitors[i].channel.fd >= 0)
			serve(&l->visitors[i], service,
				what[i].revents != 0 ||
					sfu_channel_pending(&l->visitors[i].channel));
	finish_round(l, service);
	sfu_hsm_rest(&service->desk.hsm);
	if (what[SFU_LISTENER_STATIONS].revents != 0)
		while (guests < BACKLOG && welcome(l))
			guests++;
}
