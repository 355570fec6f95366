/* sfu info: who is at the other end of the line. */
#include <stdio.h>

#include "codes.h"
#include "json.h"
#include "lock_profile.h"
#include "station.h"
#include "commands.h"

static const char *state_name(uint32_t state)
{
	switch (state) {
	case SFU_SLOT_EMPTY:
		return "empty";
	case SFU_SLOT_INSTALLING:
		return "installing";
	case SFU_SLOT_TRIAL:
		return "trial";
	case SFU_SLOT_CONFIRMED:
		return "confirmed";
	default:
		return "unknown";
	}
}

static const char *code_name(uint32_t value)
{
	const struct sfu_code *code = sfu_code_find(value);

	if (value == 0)
		return "none";
	return code == NULL ? "unknown" : code->name;
}

static const char *code_sentence(uint32_t value)
{
	const struct sfu_code *code = sfu_code_find(value);

	return code == NULL ? "" : code->sentence;
}

/* how far the device is on its way to its keys */
static const char *personal_name(uint32_t flags)
{
	if (flags & SFU_INFO_PERSONALIZED)
		return "personalized by an HSM";
	if (flags & SFU_INFO_UNPERSONALIZED)
		return "OEM master key: run `sfu personalize`";
	return flags & SFU_INFO_KEYS_READY ? "made with its keys" : "unknown";
}

static void print_human(const struct sfu_info *info)
{
	char text[SFU_VERSION_TEXT]; /* longer than a product or a uid */
	uint32_t i;

	printf("product           %s\n", sfu_number_print_product(text, info->product));
	printf("hardware          0x%08x\n", info->hardware);
	printf("device            %s\n", sfu_number_print_hex(text, info->uid, sizeof(info->uid)));
	printf("part              0x%08x\n", info->part);
	printf("loader            %s\n", sfu_number_print_version(text, &info->loader_version));
	printf("key epoch         %u\n", info->epoch);
	printf("keys              %s%s\n",
		info->flags & SFU_INFO_KEYS_READY ? "ready" : "not usable",
		info->flags & SFU_INFO_TEST_KEYS ? ", test keys" : "");
	printf("personalization   %s\n", personal_name(info->flags));
	printf("lock              %s\n", sfu_lock_name(info->lock_profile));
	printf("security counter  %u\n", info->security_counter);
	for (i = 0; i < info->slot_count && i < 2; i++) {
		const struct sfu_slot_info *slot = &info->slot[i];

		printf("slot %c            0x%08x, %u bytes, %s", 'a' + (int)i, slot->load_address,
			slot->capacity, state_name(slot->state));
		if (slot->state >= SFU_SLOT_TRIAL)
			printf(" %s, install %u", sfu_number_print_version(text, &slot->version),
				slot->install);
		printf("%s\n", i == info->free_slot ? "  <- next install" : "");
	}
	printf("image             %s\n",
		info->flags & SFU_INFO_NEEDS_IMAGE ? "none that boots" : "bootable");
	printf("to resume         %s\n",
		info->flags & SFU_INFO_RESUMABLE ? "an installation" : "nothing");
	printf("last failure      %s %s\n", code_name(info->failure), code_sentence(info->failure));
	printf("last refusal      %s %s\n", code_name(info->refusal), code_sentence(info->refusal));
}

static void print_slots(const struct sfu_info *info)
{
	char text[SFU_VERSION_TEXT];
	uint32_t i;

	sfu_json_open("slots", '[');
	for (i = 0; i < info->slot_count && i < 2; i++) {
		const struct sfu_slot_info *slot = &info->slot[i];

		sfu_json_open(NULL, '{');
		sfu_json_number("load_address", slot->load_address);
		sfu_json_number("capacity", slot->capacity);
		sfu_json_text("state", state_name(slot->state));
		sfu_json_number("install", slot->install);
		sfu_json_text("version", sfu_number_print_version(text, &slot->version));
		sfu_json_close('}');
	}
	sfu_json_close(']');
}

static void print_json(const struct sfu_info *info)
{
	char text[SFU_VERSION_TEXT];

	sfu_json_open(NULL, '{');
	sfu_json_number("protocol", info->protocol);
	sfu_json_text("product", sfu_number_print_product(text, info->product));
	sfu_json_number("hardware", info->hardware);
	sfu_json_hex("uid", info->uid, sizeof(info->uid));
	sfu_json_number("part", info->part);
	sfu_json_text("loader_version", sfu_number_print_version(text, &info->loader_version));
	sfu_json_number("record_max", info->record_max);
	sfu_json_number("epoch", info->epoch);
	sfu_json_bool("keys_ready", (info->flags & SFU_INFO_KEYS_READY) != 0);
	sfu_json_bool("test_keys", (info->flags & SFU_INFO_TEST_KEYS) != 0);
	sfu_json_bool("unpersonalized", (info->flags & SFU_INFO_UNPERSONALIZED) != 0);
	sfu_json_bool("personalized", (info->flags & SFU_INFO_PERSONALIZED) != 0);
	sfu_json_bool("needs_image", (info->flags & SFU_INFO_NEEDS_IMAGE) != 0);
	sfu_json_bool("resumable", (info->flags & SFU_INFO_RESUMABLE) != 0);
	sfu_json_text("lock", sfu_lock_name(info->lock_profile));
	sfu_json_number("security_counter", info->security_counter);
	sfu_json_text("failure", code_name(info->failure));
	sfu_json_text("refusal", code_name(info->refusal));
	sfu_json_number("free_slot", info->free_slot);
	print_slots(info);
	sfu_json_close('}');
}

static int info(const struct sfu_args *args)
{
	struct sfu_station station;
	struct sfu_info its;
	int status = sfu_station_open(&station, args);

	if (status != 0)
		return status;
	status = sfu_station_begin(&station, &its);
	if (status == 0 && args->json)
		print_json(&its);
	else if (status == 0)
		print_human(&its);
	sfu_station_close(&station);
	return status;
}

static const struct sfu_option options[] = {
	SFU_STATION_OPTIONS,
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_info = {
	"info",
	"",
	"asks a device who it is and what it holds",
	0,
	0,
	options,
	info,
};
