#include "signers.h"

#include <stdlib.h>
#include <string.h>

#include "say.h"

static int read_one(const char *name, struct sfu_sign_key *key, struct sfu_standing *standing)
{
	size_t size;
	char *path;
	int status;

	if (!sfu_standing_split(name, &size, standing))
		return sfu_fail(EX_USAGE, name, "ranks go from 0 to 3, serials from 0 to %u",
			SFU_FORMAT_SERIAL_MAX);
	path = strndup(name, size);
	if (path == NULL)
		return sfu_fail(EX_OSERR, name, "there is no memory for its name");
	status = sfu_key_read_public(path, key);
	free(path);
	return status;
}

int sfu_signers_read(const struct sfu_args *args, struct sfu_signers *signers)
{
	const int count = sfu_args_count(args, "signer");
	int i, j, status = 0;

	memset(signers, 0, sizeof(*signers));
	for (i = 0; i < count && status == 0; i++) {
		signers->name[i] = sfu_args_text(args, "signer", i);
		status = read_one(signers->name[i], &signers->key[i], &signers->standing[i]);
		if (status == 0)
			signers->count++;
		for (j = 0; j < i && status == 0; j++)
			if (memcmp(signers->key[j].id, signers->key[i].id,
				    sizeof(signers->key[i].id)) == 0)
				status = sfu_fail(EX_DATAERR, signers->name[i],
					"is the same key as %s", signers->name[j]);
	}
	if (status != 0)
		sfu_signers_free(signers);
	return status;
}

void sfu_signers_free(struct sfu_signers *signers)
{
	while (signers->count > 0)
		sfu_key_free(&signers->key[--signers->count]);
}
