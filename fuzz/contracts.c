/* A target whose contracts are checked as it runs (fuzz/eacsl.py). Like main.c, in C that Frama-C reads with the headers of
 * its own library.
 *
 *     TARGET FILE...    runs each file
 */
#include "contracts.h"
#include <stdio.h>
#include <stdlib.h>
#include "fuzz.h"

#define INPUT_MAX (1u << 20)

static int run(FILE *file)
{
	uint8_t *bytes = malloc(INPUT_MAX);
	size_t size;

	if (bytes == NULL)
		return 0;
	size = fread(bytes, 1, INPUT_MAX, file);
	/* of its own size, so that a contract sees where it ends */
	bytes = realloc(bytes, size > 0 ? size : 1);
	if (bytes == NULL || ferror(file))
		return 0;
	(void)LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
	return 1;
}

int main(int argc, char **argv)
{
	FILE *file;
	int i, done;

	contracts_world();
	for (i = 1; i < argc; i++) {
		file = fopen(argv[i], "rb");
		done = file != NULL && run(file);
		if (!done) {
			fprintf(stderr, "%s: cannot be read\n", argv[i]);
			return 66;
		}
		(void)fclose(file);
	}
	contracts_count(argc - 1);
	return 0;
}
