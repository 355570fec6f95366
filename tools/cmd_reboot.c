/* sfu reboot: the loader leaves and the device starts anew. */
#include "say.h"
#include "session.h"
#include "sfu.h"

static int reboot(const struct sfu_args *args)
{
	struct sfu_session session;
	struct sfu_info info;
	int status = sfu_session_open(&session, args);

	if (status != 0)
		return status;
	status = sfu_session_begin(&session, &info);
	if (status == 0 && sfu_session_reboot(&session) != 0)
		status = sfu_fail(EX_TEMPFAIL, session.host.name, "the device did not answer the reboot");
	sfu_session_close(&session);
	return status;
}

static const struct sfu_option options[] = {
	SFU_SESSION_OPTIONS,
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_reboot = {
	"reboot", "", "resets a device that is in its loader", 0, 0, options, reboot,
};
