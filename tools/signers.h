/* The public keys given by --signer, as PUB.pem, PUB.pem:RANK or PUB.pem:RANK:SERIAL. */
#ifndef SFU_TOOL_SIGNERS_H
#define SFU_TOOL_SIGNERS_H

#include "args.h"
#include "keyfile.h"
#include "standing.h"

struct sfu_signers {
	struct sfu_sign_key key[SFU_FLASH_CONFIG_KEYS];
	const char *name[SFU_FLASH_CONFIG_KEYS]; /* as given */
	struct sfu_standing standing[SFU_FLASH_CONFIG_KEYS]; /* 0 where none was given */
	int count;
};

/* Reads them all; EX_USAGE: a rank or serial that no key has; EX_DATAERR: two are the same key. */
int sfu_signers_read(const struct sfu_args *args, struct sfu_signers *signers);
void sfu_signers_free(struct sfu_signers *signers);

#endif
