/* sfu download: a package into a device. */
#include <stdlib.h>

#include "json.h"
#include "say.h"
#include "commands.h"
#include "transfer.h"

#define RETRY 30u /* seconds */

struct packages {
	struct sfu_package *at;
	int count;
};

static int read_packages(const struct sfu_args *args, struct packages *p)
{
	int status = 0;

	p->at = calloc((size_t)args->file_count, sizeof(*p->at));
	if (p->at == NULL)
		return sfu_fail(EX_OSERR, NULL, "there is no memory for the packages");
	while (p->count < args->file_count && status == 0) {
		status = sfu_package_read(args->files[p->count], &p->at[p->count]);
		if (status == 0)
			p->count++;
	}
	return status;
}

static void free_packages(struct packages *p)
{
	while (p->count > 0)
		sfu_package_free(&p->at[--p->count]);
	free(p->at);
}

/* The package that is linked for the free slot. Where no slot is free the device says why. */
static int choose(
	const struct packages *p, const struct sfu_info *info, const struct sfu_package **chosen)
{
	uint32_t address;
	int i;

	*chosen = &p->at[0];
	if (info->free_slot >= info->slot_count || info->free_slot >= 2)
		return 0;
	address = info->slot[info->free_slot].load_address;
	for (i = 0; i < p->count; i++)
		if (p->at[i].manifest.load_address == address) {
			*chosen = &p->at[i];
			return 0;
		}
	if (p->count == 1)
		return sfu_fail(EX_DATAERR, p->at[0].path,
			"is linked for 0x%08x, and the device's free slot "
			"begins at 0x%08x",
			p->at[0].manifest.load_address, address);
	return sfu_fail(EX_DATAERR, NULL,
		"none of the %d packages is linked for 0x%08x, where the device's "
		"free slot begins",
		p->count, address);
}

static void report(const struct sfu_args *args, const struct sfu_transfer *t, uint64_t began)
{
	const uint64_t ms = sfu_host_time() - began;
	const struct sfu_manifest *m = &t->package->manifest;
	char version[SFU_VERSION_TEXT];

	sfu_number_print_version(version, &m->version);
	if (args->json) {
		sfu_json_open(NULL, '{');
		sfu_json_text("package", t->package->path);
		sfu_json_text("version", version);
		sfu_json_number("install", t->install);
		sfu_json_number("bytes", m->plain_size);
		sfu_json_number("milliseconds", ms);
		sfu_json_number("resumes", t->resumes);
		sfu_json_close('}');
	}
	sfu_note("%s: version %s is installed, install %u, %.1f s", t->package->path, version,
		t->install, (double)ms / 1000);
}

static int run(const struct sfu_args *args, struct sfu_station *station,
	const struct packages *packages, uint32_t retry)
{
	struct sfu_transfer transfer = { .station = station, .retry = retry * 1000u };
	struct sfu_info info;
	uint64_t began;
	int status = sfu_station_begin(station, &info);

	if (status == 0)
		status = choose(packages, &info, &transfer.package);
	if (status != 0)
		return status;
	began = sfu_host_time();
	status = sfu_transfer_run(&transfer, &info);
	if (status != 0)
		return status;
	report(args, &transfer, began);
	if (station->host.fd >= 0 && sfu_station_reboot(station) != 0)
		sfu_warn(station->host.name, "the device did not answer the reboot; reset it");
	return 0;
}

static int download(const struct sfu_args *args)
{
	struct packages packages = { NULL, 0 };
	struct sfu_station station;
	uint32_t retry = RETRY;
	int status = sfu_args_u32(args, "retry", &retry);

	if (status == 0 && retry > UINT32_MAX / 1000)
		status = sfu_args_wrong(args, "--retry is too long");
	if (status == 0)
		status = read_packages(args, &packages);
	if (status == 0) {
		status = sfu_station_open(&station, args);
		if (status == 0) {
			status = run(args, &station, &packages, retry);
			sfu_station_close(&station);
		}
	}
	free_packages(&packages);
	return status;
}

static const struct sfu_option options[] = {
	SFU_STATION_OPTIONS,
	{ 'r', "retry", "SECONDS", SFU_OPTIONAL, "how long to call a device lost on the way; 30" },
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_download = {
	"download",
	"FILE.sfu...",
	"installs the package that fits the device's free slot",
	1,
	-1,
	options,
	download,
};
