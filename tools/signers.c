#include "signers.h"

#include <stdlib.h>
#include <string.h>

#include "say.h"

#define RANKS 4

/* Reads PUB.pem or PUB.pem:RANK. */
static int read_one(const char *name, struct sfu_sign_key *key, uint32_t *rank)
{
	const size_t size = strlen(name);
	const int ranked = size > 2 && name[size - 2] == ':' && name[size - 1] >= '0' &&
		name[size - 1] < '0' + RANKS;
	char *path = strndup(name, ranked ? size - 2 : size);
	int status;

	if (path == NULL)
		return sfu_fail(EX_OSERR, name, "there is no memory for its name");
	*rank = ranked ? (uint32_t)(name[size - 1] - '0') : 0;
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
		status = read_one(signers->name[i], &signers->key[i], &signers->rank[i]);
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
