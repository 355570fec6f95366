/* sfu reboot: the loader leaves and the device starts anew. */
#include "say.h"
#include "station.h"
#include "commands.h"

static int reboot(const struct sfu_args *args)
{
	struct sfu_station station;
	struct sfu_info info;
	int status = sfu_station_open(&station, args);

	if (status != 0)
		return status;
	status = sfu_station_begin(&station, &info);
	if (status == 0 && sfu_station_reboot(&station) != 0)
		status = sfu_fail(
			EX_TEMPFAIL, station.host.name, "the device did not answer the reboot");
	sfu_station_close(&station);
	return status;
}

static const struct sfu_option options[] = {
	SFU_STATION_OPTIONS,
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_reboot = {
	"reboot",
	"",
	"resets a device that is in its loader",
	0,
	0,
	options,
	reboot,
};
