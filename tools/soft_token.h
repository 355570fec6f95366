/* The embedded default: a SoftHSM2 token in the HSM's folder.
 *
 * SoftHSM2 writes the file of a token, `token.object`, anew at every login, in place: who ends it between the
 * two halves of that loses the token, and all keys with it. So a copy is kept beside it, and put back when
 * the token is not there any more. */
#ifndef SFU_TOOL_SOFT_TOKEN_H
#define SFU_TOOL_SOFT_TOKEN_H

#include "hsm_folder.h"

/* The turn of this process to look for the token and to log in, which it has until sfu_soft_leave: in the middle of
 * another's login SoftHSM2 shows no token, or one without a PIN. Who does not get it within seconds goes on without. */
int sfu_soft_enter(const struct sfu_hsm_folder *folder);
void sfu_soft_leave(int turn);

/* Readies SoftHSM2 to look for its tokens in the folder, and answers the URI of the folder's token.
 * `make`: the folder may be made. EX_UNAVAILABLE: SoftHSM2 is not installed, or the folder is gone. */
int sfu_soft_ready(const struct sfu_hsm_folder *folder, int make, char uri[SFU_HSM_URI_MAX]);

/* Keeps a copy of the token's file as it is now, after a login. */
int sfu_soft_keep(const struct sfu_hsm_folder *folder);

/* Puts the copy back; *done is 1 if there was one. EX_UNAVAILABLE: somebody else has the ledger, or may have it. */
int sfu_soft_restore(const struct sfu_hsm_folder *folder, int *done);

#endif
