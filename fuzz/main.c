/* A target without libFuzzer: for AFL++, for coverage, under valgrind, with any compiler.
 *
 *     TARGET FILE|DIRECTORY...   runs each file, and each file of each directory
 *     TARGET                     runs what standard input brings; under afl-fuzz, again and again
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>
#include "fuzz.h"

#define INPUT_MAX (1u << 20)

#ifdef __AFL_FUZZ_TESTCASE_LEN
__AFL_FUZZ_INIT();
/* in afl's own macros */
#pragma clang diagnostic ignored "-Wshorten-64-to-32"
#pragma clang diagnostic ignored "-Wsign-conversion"
#endif

static unsigned long inputs;

static int run_stream(FILE *file, const char *name)
{
	uint8_t *bytes = malloc(INPUT_MAX);
	size_t size;

	if (bytes == NULL)
		return EX_OSERR;
	size = fread(bytes, 1, INPUT_MAX, file);
	if (ferror(file)) {
		fprintf(stderr, "%s: %s\n", name, strerror(errno));
		free(bytes);
		return EX_NOINPUT;
	}
	/* of its own size, so that a sanitizer sees where it ends */
	bytes = realloc(bytes, size > 0 ? size : 1);
	(void)LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
	inputs++;
	return EX_OK;
}

static int run_directory(DIR *directory, const char *path);

static int run_path(const char *path)
{
	DIR *directory = opendir(path);
	FILE *file;
	int status;

	if (directory != NULL)
		return run_directory(directory, path);
	file = fopen(path, "rb");
	if (file == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return EX_NOINPUT;
	}
	status = run_stream(file, path);
	(void)fclose(file);
	return status;
}

static int run_directory(DIR *directory, const char *path)
{
	char inside[4096];
	const struct dirent *entry;
	int status = EX_OK;

	while (status == EX_OK && (entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name) >= (int)sizeof inside)
			status = EX_NOINPUT;
		else
			status = run_path(inside);
	}
	(void)closedir(directory);
	return status;
}

int main(int argc, char **argv)
{
	int i, status = EX_OK;

	if (argc > 1) {
		for (i = 1; i < argc && status == EX_OK; i++)
			status = run_path(argv[i]);
		printf("%lu inputs\n", inputs);
		return status;
	}
#ifdef __AFL_FUZZ_TESTCASE_LEN
	__AFL_INIT();
	while (__AFL_LOOP(10000))
		(void)LLVMFuzzerTestOneInput(__AFL_FUZZ_TESTCASE_BUF, (size_t)__AFL_FUZZ_TESTCASE_LEN);
	return EX_OK;
#else
	return run_stream(stdin, "standard input");
#endif
}
