#include "master.h"

#include <string.h>

#include "crypt.h"
#include "number.h"
#include "say.h"
#include "textfile.h"

int sfu_master_read(const char *path, int insecure, struct sfu_oem_key *master)
{
	char epoch[16], digits[2 * SFU_HASH + 1];
	struct sfu_text_field fields[] = {
		{ "test", NULL, 0, 0, 0 },
		{ "epoch", epoch, sizeof(epoch), 1, 0 },
		{ "key", digits, sizeof(digits), 1, 0 },
	};
	int status;

	memset(master, 0, sizeof(*master));
	status = sfu_text_read(path, insecure ? SFU_FILE_PUBLIC : SFU_FILE_SECRET,
		"an OEM master key file", "sfu-master-key 1", fields, 3);
	master->test = fields[0].seen;
	if (status == 0 && !sfu_number_u32(epoch, &master->epoch))
		status = sfu_fail(EX_DATAERR, path, "`%s` is no epoch", epoch);
	if (status == 0)
		status = sfu_text_hex(path, &fields[2], master->key, sizeof(master->key));
	sfu_crypt_wipe(digits, sizeof(digits));
	return status;
}
