/* The folder of an HSM: which token it uses (`hsm`), its ledger (`ledger.db`), a lock (`lock`), and, where
 * SoftHSM2 is the token, `softhsm/` (soft_token.h) and `pin`. */
#ifndef SFU_TOOL_HSM_FOLDER_H
#define SFU_TOOL_HSM_FOLDER_H

#include <limits.h>
#include <stdint.h>

#include "sfu_format.h"

#define SFU_HSM_URI_MAX 400

struct sfu_hsm_folder {
	const char *name;
	char config[PATH_MAX], ledger[PATH_MAX], lock[PATH_MAX], pin[PATH_MAX], soft[PATH_MAX];
	char uri[SFU_HSM_URI_MAX]; /* of the token, or SFU_HSM_SOFT */
	uint8_t id[SFU_LEDGER_BEGIN_LEDGER_SIZE];
	int locked; /* file descriptor, or -1 */
};

/* in place of a URI: the SoftHSM2 token in the folder */
#define SFU_HSM_SOFT "softhsm"

/* Names the files of a folder. EX_USAGE if its name is too long. */
int sfu_hsm_folder_name(struct sfu_hsm_folder *folder, const char *name);

/* Reads `hsm`. EX_NOINPUT: there is no HSM; EX_DATAERR. */
int sfu_hsm_folder_read(struct sfu_hsm_folder *folder);

/* Stages `hsm` (out.h). */
int sfu_hsm_folder_stage(const struct sfu_hsm_folder *folder);

/* Keeps every other writer out until the program ends. EX_TEMPFAIL: there is one. */
int sfu_hsm_folder_lock(struct sfu_hsm_folder *folder);

#endif
