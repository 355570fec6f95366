#include "tries.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"
#include "inject.h"
#include "stop.h"
#include "store.h"

enum { LINE = 64 };

static char (*g_lines)[LINE];
static size_t g_count;
static int g_is_fork;

static void (*kind(const char *line))(const char *)
{
	static const struct {
		const char *word;
		void (*inject)(const char *);
	} kinds[] = { { "skip ", board_inject_skip }, { "result ", board_inject_result },
		{ "turn ", board_inject_turn } };
	unsigned i;

	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strncmp(line, kinds[i].word, strlen(kinds[i].word)) == 0)
			return kinds[i].inject;
	return NULL;
}

static uint64_t instruction(const char *line)
{
	return strtoull(strchr(line, ' '), NULL, 10);
}

void board_tries_load(const char *path)
{
	const struct board_file file = board_file_read(path);
	const char *at = (const char *)file.bytes, *const end = at + file.size, *stop;
	uint64_t first = BOARD_NEVER;

	g_lines = calloc(file.size + 1, sizeof *g_lines);
	if (g_lines == NULL)
		board_fail(BOARD_EX_SOFTWARE, "no memory for the tries");
	for (; at < end; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		if (stop == NULL || stop - at >= LINE || kind(memcpy(g_lines[g_count], at, (size_t)(stop - at))) == NULL)
			board_fail(BOARD_EX_DATA, "--tries %s: line %zu is no fault", path, g_count + 1);
		if (instruction(g_lines[g_count]) < first)
			first = instruction(g_lines[g_count]);
		g_count++;
	}
	free(file.bytes);
	if (g_count == 0 || first == 0)
		board_fail(BOARD_EX_DATA, "--tries %s: no fault, or one before the first instruction", path);
	board_inject_tries(first);
}

static void become_one(const char *line)
{
	g_is_fork = 1;
	if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL)
		_exit(BOARD_EX_IO);
	board_store_make_private();
	kind(line)(strchr(line, ' ') + 1);
}

void board_tries_fork(void)
{
	size_t i;
	int status;
	pid_t pid;

	for (i = 0; i < g_count; i++) {
		fflush(NULL);
		pid = fork();
		if (pid == 0) {
			become_one(g_lines[i]);
			return;
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			board_fail(BOARD_EX_SOFTWARE, "--tries: %s", strerror(errno));
		printf("try %s %s %d\n", g_lines[i], WIFEXITED(status) ? "exit" : "signal",
			WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	}
}

void board_tries_end(int reason)
{
	if (g_is_fork)
		_exit(reason);
}
