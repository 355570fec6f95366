#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stop.h"

#define HEAD_SIZE 4096u
#define STORE_SIZE (HEAD_SIZE + BOARD_FLASH_SIZE + BOARD_WORDS + BOARD_WORDS * 4)

_Static_assert(sizeof(struct board_store_head) <= HEAD_SIZE, "the head fits its page");

struct board_store_head *board_store;
uint8_t *board_flash_bytes, *board_word_state;
uint32_t *board_marginal;

static int g_fd = -1;

static void *map(const char *path, int fd, int writable)
{
	const int protection = PROT_READ | PROT_WRITE;
	void *memory =
		mmap(NULL, STORE_SIZE, protection, writable ? MAP_SHARED : MAP_PRIVATE, fd, 0);

	if (memory == MAP_FAILED)
		board_fail(BOARD_EX_IO, "%s: cannot map the flash file: %s", path, strerror(errno));
	return memory;
}

static void set_pointers(uint8_t *memory)
{
	board_store = (void *)memory;
	board_flash_bytes = memory + HEAD_SIZE;
	board_word_state = board_flash_bytes + BOARD_FLASH_SIZE;
	board_marginal = (void *)(board_word_state + BOARD_WORDS);
}

static void make_blank(const char *path, int fd)
{
	if (ftruncate(fd, STORE_SIZE) != 0)
		board_fail(BOARD_EX_IO, "%s: cannot set the flash file's size: %s", path,
			strerror(errno));
	set_pointers(map(path, fd, 1));
	memset(board_flash_bytes, 0xFF, BOARD_FLASH_SIZE);
	memset(board_store->otp, 0xFF, BOARD_OTP_SIZE);
	board_store->options = BOARD_OPTIONS_DEFAULT;
	board_store->version = BOARD_STORE_VERSION;
	strcpy(board_store->part, "stm32f407");
	memcpy(board_store->magic, BOARD_STORE_MAGIC, 8);
}

static void check(const char *path, int fd)
{
	struct board_store_head head;
	struct stat st;

	if (fstat(fd, &st) != 0 || pread(fd, &head, sizeof head, 0) != (ssize_t)sizeof head ||
		memcmp(head.magic, BOARD_STORE_MAGIC, 8) != 0)
		board_fail(BOARD_EX_DATA,
			"%s: not a flash file of this program (no " BOARD_STORE_MAGIC
			" at its start)",
			path);
	if (head.version != BOARD_STORE_VERSION)
		board_fail(BOARD_EX_DATA, "%s: flash file version %u, this program knows %d", path,
			head.version, BOARD_STORE_VERSION);
	if (st.st_size != (off_t)STORE_SIZE)
		board_fail(BOARD_EX_DATA, "%s: flash file has %lld bytes, not %u", path,
			(long long)st.st_size, STORE_SIZE);
}

void board_store_open(const char *path, int create, int writable)
{
	int fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC), made = 0;

	if (fd < 0 && errno == ENOENT && create) {
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		made = 1;
		if (fd < 0)
			board_fail(BOARD_EX_CANTCREATE, "%s: cannot create the flash file: %s",
				path, strerror(errno));
	}
	if (fd < 0)
		board_fail(BOARD_EX_NOINPUT, "%s: cannot open the flash file: %s", path,
			strerror(errno));
	/* The lock lives as long as the descriptor, which is left open: one chip, one board. */
	if (writable && flock(fd, LOCK_EX | LOCK_NB) != 0)
		board_fail(BOARD_EX_IO, "%s: another board is using this flash file", path);
	if (made) {
		make_blank(path, fd);
	} else {
		check(path, fd);
		set_pointers(map(path, fd, writable));
	}
	g_fd = fd;
	if (!writable)
		close(fd);
}

void board_store_make_private(void)
{
	if (mmap(board_store, STORE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, g_fd, 0) !=
		(void *)board_store)
		board_fail(BOARD_EX_IO, "cannot map the flash file again: %s", strerror(errno));
}

void board_store_close(void)
{
	if (board_store != NULL)
		munmap(board_store, STORE_SIZE);
	board_store = NULL;
}

void board_store_erase(unsigned sector)
{
	const uint32_t from = board_sector_base(sector) - BOARD_FLASH_BASE,
		       size = board_sector_size(sector);

	memset(board_flash_bytes + from, 0xFF, size);
	memset(board_word_state + from / 4, BOARD_WORD_BLANK, size / 4);
	memset(board_marginal + from / 4, 0, size);
	board_store->erases[sector]++;
}
