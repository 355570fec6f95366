#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "gpio.h"
#include "stop.h"
#include "usart.h"

enum { QUIET_MS = 50, LAG_MS = 10, MANY_POLLS = 200 };

static int g_pty = -1, g_warp, g_idle, g_stuck, g_opened;
static const char *g_link;
static unsigned g_polls;
static uint8_t g_in[65536];
static uint8_t g_early[4096];
static size_t g_in_first, g_in_end, g_early_end;
static uint64_t g_real_reference, g_virtual_reference, g_last_traffic;
static uint64_t g_real_mark, g_virtual_mark; /* since then the core computes, or idles at pace */
static volatile sig_atomic_t g_interrupted, g_button;

static uint64_t real_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * BOARD_S + (uint64_t)t.tv_nsec * 1000;
}

static void on_signal(int number)
{
	if (number == SIGUSR1)
		g_button = 1;
	else
		g_interrupted = 1;
}

int board_host_interrupted(void)
{
	return g_interrupted;
}

/* Until that much real time has passed, or a byte comes. */
static void wait_for(uint64_t ahead)
{
	/* bytes behind some that still wait for their turn are in no hurry */
	struct pollfd p = { g_pty, g_in_first == g_in_end ? POLLIN : 0, 0 };
	const uint64_t before = real_now();

	if (poll(&p, 1, (int)(ahead / BOARD_MS)) != 0 && (p.revents & POLLHUP)) {
		/* nobody has the line open: poll does not wait then */
		const uint64_t left =
			ahead - (real_now() - before < ahead ? real_now() - before : ahead);
		const struct timespec t = { (time_t)(left / BOARD_S),
			(long)(left % BOARD_S / 1000) };

		nanosleep(&t, NULL);
	}
}

/* Waits until real time is where virtual time is, or a byte comes. */
static void wait_for_real_time(void)
{
	const uint64_t virtual_time = board_now() - g_virtual_reference,
		       real = real_now() - g_real_reference;
	uint64_t ahead;

	if (real > virtual_time) {
		if (real - virtual_time > LAG_MS * BOARD_MS)
			g_real_reference += real - virtual_time - LAG_MS * BOARD_MS;
		return;
	}
	ahead = virtual_time - real;
	if (g_warp && real_now() - g_last_traffic > QUIET_MS * BOARD_MS)
		g_virtual_reference += ahead;
	else if (ahead >= BOARD_MS)
		wait_for(ahead);
}

/* Computing is not slowed down: what it gained on real time is not waited for, now or later. */
static void forgive_computing(void)
{
	const uint64_t virtual_time = board_now() - g_virtual_mark, real = real_now() - g_real_mark;

	if (virtual_time > real)
		g_virtual_reference += virtual_time - real;
}

static void mark(void)
{
	g_virtual_mark = board_now();
	g_real_mark = real_now();
}

static void read_line(void)
{
	ssize_t n;

	if (g_in_first == g_in_end)
		g_in_first = g_in_end = 0;
	if (g_in_end == sizeof g_in)
		return;
	n = read(g_pty, g_in + g_in_end, sizeof g_in - g_in_end);
	if (n <= 0)
		return;
	g_in_end += (size_t)n;
	g_last_traffic = real_now();
	g_polls = 0;
	board_usart_host_ready();
}

static int somebody_listens(void)
{
	struct pollfd p = { g_pty, 0, 0 };

	if (poll(&p, 1, 0) >= 0 && !(p.revents & POLLHUP))
		g_opened = 1;
	return !(p.revents & POLLHUP);
}

static void write_line(uint8_t byte)
{
	struct pollfd p = { g_pty, POLLOUT, 0 };

	if (poll(&p, 1, g_stuck ? 0 : 500) <= 0 || !(p.revents & POLLOUT)) {
		g_stuck = 1;
		return;
	}
	g_stuck = 0;
	if (write(g_pty, &byte, 1) != 1)
		g_stuck = 1;
}

/* What was sent before anybody could open the line waits for the first who does. */
static void send_early(void)
{
	size_t i;

	if (g_early_end == 0 || !somebody_listens())
		return;
	for (i = 0; i < g_early_end; i++)
		write_line(g_early[i]);
	g_early_end = 0;
}

static void tick(void)
{
	if (g_interrupted)
		board_stop(BOARD_STOP_PC);
	if (g_button) {
		g_button = 0;
		board_gpio_press(!board_gpio_pressed());
	}
	if (g_pty >= 0) {
		if (g_idle || g_polls > MANY_POLLS)
			wait_for_real_time();
		else
			forgive_computing();
		mark();
		g_polls = 0;
		read_line();
		send_early();
	}
	board_timer_set(BOARD_TIMER_HOST, board_now() + BOARD_MS);
}

void board_host_idle(int idle)
{
	g_idle = idle;
	if (g_pty < 0) { /* nothing of the host could end the sleep */
		board_timer_set(BOARD_TIMER_HOST, idle ? BOARD_NEVER : board_now() + BOARD_MS);
		return;
	}
	if (idle)
		forgive_computing();
	mark();
}

void board_host_polled(void)
{
	g_polls++;
}

int board_host_has_bytes(void)
{
	return g_in_first != g_in_end;
}

int board_host_receive(uint8_t *byte)
{
	if (g_in_first == g_in_end)
		return 0;
	*byte = g_in[g_in_first++];
	return 1;
}

/* A line that was opened and closed again loses bytes, as a real one does. */
void board_host_send(uint8_t byte)
{
	if (g_pty < 0)
		return;
	g_last_traffic = real_now();
	g_polls = 0;
	send_early();
	if (somebody_listens())
		write_line(byte);
	else if (!g_opened && g_early_end < sizeof g_early)
		g_early[g_early_end++] = byte;
}

static void make_link(const char *link, const char *slave)
{
	struct stat st;

	if (lstat(link, &st) == 0) {
		if (!S_ISLNK(st.st_mode))
			board_fail(BOARD_EX_CANTCREATE,
				"--serial %s: exists and is not a symbolic link", link);
		unlink(link);
	}
	if (symlink(slave, link) != 0)
		board_fail(BOARD_EX_CANTCREATE, "--serial %s: cannot link to %s: %s", link, slave,
			strerror(errno));
	g_link = link;
}

/* Opened and closed once, so that the master sees a hang-up until somebody opens it. */
static void make_raw(const char *slave)
{
	const int fd = open(slave, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios t;

	if (fd < 0 || tcgetattr(fd, &t) != 0)
		board_fail(BOARD_EX_IO, "%s: cannot open the pseudo terminal: %s", slave,
			strerror(errno));
	t.c_iflag = t.c_oflag = t.c_lflag = 0;
	t.c_cflag = CS8 | CREAD | CLOCAL;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	cfsetispeed(&t, B115200);
	cfsetospeed(&t, B115200);
	tcsetattr(fd, TCSANOW, &t);
	close(fd);
}

static void open_line(const char *link)
{
	const char *slave;

	g_pty = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (g_pty < 0 || grantpt(g_pty) != 0 || unlockpt(g_pty) != 0 ||
		(slave = ptsname(g_pty)) == NULL)
		board_fail(BOARD_EX_IO, "no pseudo terminal: %s", strerror(errno));
	fcntl(g_pty, F_SETFL, O_NONBLOCK);
	make_raw(slave);
	make_link(link, slave);
}

void board_host_init(const char *link, int warp)
{
	struct sigaction action = { .sa_handler = on_signal };

	g_warp = warp;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	if (link != NULL)
		open_line(link);
	g_real_reference = g_last_traffic = real_now();
	g_virtual_reference = board_now();
	mark();
	board_timer_handle(BOARD_TIMER_HOST, tick);
	board_timer_set(BOARD_TIMER_HOST, board_now() + BOARD_MS);
}

/* When the master closes, bytes the reader has not fetched are gone: give it a moment, the kernel too. */
static void drain(void)
{
	const struct timespec moment = { 0, 1000000 };
	int slave, left = 0, tries;

	send_early();
	if (!somebody_listens() ||
		(slave = open(ptsname(g_pty), O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0)
		return;
	for (tries = 0; tries < 20 || (tries < 500 && left > 0); tries++) {
		nanosleep(&moment, NULL);
		if (ioctl(slave, FIONREAD, &left) != 0)
			break;
	}
	close(slave);
}

void board_host_close(void)
{
	if (g_pty >= 0)
		drain();
	if (g_link != NULL)
		unlink(g_link);
	g_link = NULL;
}
