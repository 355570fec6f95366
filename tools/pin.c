#include "pin.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "crypt.h"
#include "file.h"
#include "locked.h"
#include "number.h"
#include "say.h"

static int keep(struct sfu_pin *pin, const char *where, const void *text, size_t size)
{
	void *memory;
	int status;

	if (size == 0 || size > SFU_PIN_MAX)
		return sfu_fail(
			EX_DATAERR, where, "holds no PIN of 1 to %d characters", SFU_PIN_MAX);
	status = sfu_locked_new(SFU_PIN_MAX + 1, &memory);
	if (status != 0)
		return status;
	memcpy(memory, text, size);
	pin->text = memory;
	return 0;
}

static int from_file(struct sfu_pin *pin, const char *path)
{
	struct sfu_bytes bytes;
	int status;

	if (strncmp(path, "file://", 7) == 0)
		path += 7;
	else if (strncmp(path, "file:", 5) == 0)
		path += 5;
	status = sfu_file_read(path, SFU_FILE_SECRET, &bytes);
	if (status == 0) {
		const uint8_t *end = memchr(bytes.data, '\n', bytes.size);

		status = keep(pin, path, bytes.data,
			end == NULL ? bytes.size : (size_t)(end - bytes.data));
	}
	sfu_bytes_free(&bytes);
	return status;
}

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	interrupted = number;
}

/* A line that the terminal does not show. Who interrupts it gets his terminal back first. */
static ssize_t ask(int fd, const struct termios *before, const char *name, char *line, size_t room)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	const struct sigaction action = { .sa_handler = interrupt };
	struct sigaction was[sizeof(signals) / sizeof(signals[0])];
	struct termios silent = *before;
	ssize_t size;
	size_t i;

	interrupted = 0;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)sigaction(signals[i], &action, &was[i]);
	silent.c_lflag &= ~(tcflag_t)ECHO;
	(void)tcsetattr(fd, TCSAFLUSH, &silent);
	dprintf(fd, "PIN of %s: ", name);
	size = interrupted ? -1 : read(fd, line, room);
	(void)tcsetattr(fd, TCSAFLUSH, before);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		(void)sigaction(signals[i], &was[i], NULL);
	if (interrupted != 0)
		(void)raise(interrupted);
	return size;
}

static int from_person(struct sfu_pin *pin, const char *name)
{
	char line[SFU_PIN_MAX + 2] = "";
	struct termios before;
	ssize_t size;
	int status;
	const int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0 || tcgetattr(fd, &before) != 0) {
		if (fd >= 0)
			close(fd);
		return sfu_fail(EX_CONFIG, name,
			"needs a PIN: give --pin-file, or " SFU_PIN_ENVIRONMENT
			" in the environment");
	}
	size = ask(fd, &before, name, line, sizeof(line) - 1);
	dprintf(fd, "\n");
	close(fd);
	status = keep(pin, "terminal", line, size > 0 ? strcspn(line, "\n") : 0);
	sfu_crypt_wipe(line, sizeof(line));
	return status;
}

int sfu_pin_get(struct sfu_pin *pin, const char *path, const char *source, const char *kept,
	const char *name)
{
	const char *environment = getenv(SFU_PIN_ENVIRONMENT);

	pin->text = NULL;
	if (path != NULL)
		return from_file(pin, path);
	if (environment != NULL)
		return keep(pin, SFU_PIN_ENVIRONMENT, environment, strlen(environment));
	if (source != NULL)
		return from_file(pin, source);
	if (kept != NULL && access(kept, F_OK) == 0)
		return from_file(pin, kept);
	return from_person(pin, name);
}

int sfu_pin_make(struct sfu_pin *pin)
{
	uint8_t bytes[16];
	char digits[2 * sizeof(bytes) + 1];
	int status = sfu_crypt_random(bytes, sizeof(bytes));

	pin->text = NULL;
	sfu_number_print_hex(digits, bytes, sizeof(bytes));
	if (status == 0)
		status = keep(pin, "new PIN", digits, sizeof(digits) - 1);
	sfu_crypt_wipe(bytes, sizeof(bytes));
	sfu_crypt_wipe(digits, sizeof(digits));
	return status;
}

void sfu_pin_free(struct sfu_pin *pin)
{
	sfu_locked_free(pin->text, SFU_PIN_MAX + 1);
	pin->text = NULL;
}
