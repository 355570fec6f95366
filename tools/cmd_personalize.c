/* sfu personalize: devices get their keys from an HSM. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "json.h"
#include "ledger_row.h"
#include "personalize.h"
#include "say.h"

#define LOOK_EVERY 500u /* ms between two looks at an idle port */
#define GONE 1000u      /* ms of silence after which the next answer is another visit */

static void print_row(const struct sfu_args *args, const struct sfu_station *s,
	const struct sfu_info *info, const struct sfu_personalized *r, int status)
{
	char uid[2 * sizeof(info->uid) + 1], time[SFU_TIME_TEXT];

	sfu_number_print_hex(uid, info->uid, sizeof(info->uid));
	if (args->json) {
		sfu_json_open(NULL, '{');
		sfu_json_text("port", s->host.name);
		sfu_json_text("uid", uid);
		sfu_json_bool("personalized", status == 0);
		sfu_json_number("status", (uint64_t)status);
		if (status == 0) {
			sfu_json_number("licence", r->licence);
			sfu_json_number("stock", r->stock);
			sfu_json_bool("before", r->before);
			sfu_json_number("time", r->time);
		}
		sfu_json_close('}');
	} else if (status != 0) {
		return; /* the sentence on stderr says it all */
	} else if (r->before) {
		sfu_time_print(time, r->time);
		if (r->known)
			printf("%s: device already personalized on %s, licence %u: receipt sent "
			       "again; %u in stock\n",
				uid, time, r->licence, r->stock);
		else
			printf("%s: device already personalized, licence %u: the ledger has its "
			       "receipt now; %u in stock\n",
				uid, r->licence, r->stock);
	} else {
		printf("%s: personalized, licence %u%s; %u in stock\n", uid, r->licence,
			r->licence_before ? " (taken in an earlier attempt)" : "", r->stock);
	}
	(void)fflush(stdout);
}

static int one(const struct sfu_args *args, struct sfu_station *s, struct sfu_hsm_client *client,
	const struct sfu_info *info)
{
	struct sfu_personalized result = { 0 };
	int status;

	if (info->protocol == SFU_LINK_PROTOCOL)
		status = sfu_personalize(s, client, &result);
	else
		status = sfu_fail(EX_UNAVAILABLE, s->host.name,
			"the device speaks protocol %u and not %u", info->protocol,
			SFU_LINK_PROTOCOL);
	print_row(args, s, info, &result, status);
	return status;
}

/* Device after device, until the program is ended: each once, until it was gone. */
static _Noreturn void watch(
	const struct sfu_args *args, struct sfu_station *s, struct sfu_hsm_client *client)
{
	struct sfu_info info;
	uint8_t last[sizeof(info.uid)];
	uint64_t heard = 0;
	int known = 0;

	sfu_note("%s: waiting for devices; end with ^C", s->host.name);
	for (;;) {
		const uint64_t now = sfu_host_time();

		if (sfu_station_hello(s, now + LOOK_EVERY, &info) != 0) {
			known = known && sfu_host_time() < heard + GONE;
			continue;
		}
		heard = sfu_host_time();
		if (!known || memcmp(last, info.uid, sizeof(last)) != 0) {
			if (one(args, s, client, &info) != 0)
				sfu_note("%s: disconnect this device and connect it again for "
					 "another attempt",
					s->host.name);
			heard = sfu_host_time();
		} else {
			(void)poll(NULL, 0, LOOK_EVERY);
		}
		memcpy(last, info.uid, sizeof(last));
		known = 1;
	}
}

static int personalize(const struct sfu_args *args)
{
	const int watching = sfu_args_count(args, "watch") > 0;
	struct sfu_hsm_client client;
	struct sfu_station station;
	struct sfu_info info;
	int status;

	if (watching)
		sfu_json_rows();
	status = sfu_hsm_client_open(&client, args);
	/* before a device is touched: is there an HSM, and is it ours? */
	if (status == 0)
		status = sfu_hsm_greet(&client);
	if (status == 0) {
		status = sfu_station_open(&station, args);
		if (status == 0 && watching)
			watch(args, &station, &client);
		else if (status == 0)
			status = sfu_station_begin(&station, &info);
		if (status == 0 && !watching)
			status = one(args, &station, &client, &info);
		if (station.host.fd >= 0)
			sfu_station_close(&station);
	}
	sfu_hsm_client_close(&client);
	return status;
}

static const struct sfu_option options[] = {
	SFU_STATION_OPTIONS,
	{ 'm', "hsm", "SOCKET|HOST:PORT", SFU_REQUIRED, "where `sfu hsm serve` is" },
	{ 'W', "watch", NULL, SFU_OPTIONAL, "device after device; with --json a line each" },
	SFU_TLS_OPTIONS,
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_personalize = {
	"personalize",
	"",
	"gives a device its keys from an HSM, at a licence",
	0,
	0,
	options,
	personalize,
};
