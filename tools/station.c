#include "station.h"

#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "codes.h"
#include "say.h"

#define BAUD 115200u
#define WAIT 15u
#define HELLO_EVERY 200u  /* ms */
#define REBOOT_WAIT 1000u /* ms */
#define REBOOT_TRIES 3

static void forget(struct sfu_station *s)
{
	sfu_wire_init(&s->wire);
	s->in_at = s->in_size = 0;
	s->out_at = s->out_size = 0;
}

int sfu_station_open(struct sfu_station *s, const struct sfu_args *args)
{
	uint32_t wait = WAIT;
	int status;

	memset(s, 0, sizeof(*s));
	s->host.fd = -1;
	s->host.name = sfu_args_text(args, "port", 0);
	s->host.baud = BAUD;
	status = sfu_args_u32(args, "baud", &s->host.baud);
	if (status == 0)
		status = sfu_args_u32(args, "wait", &wait);
	if (status == 0 && (s->host.baud < 300 || s->host.baud > 12000000))
		status = sfu_args_wrong(args, "--baud: no port has this speed");
	if (status != 0)
		return status;
	s->wait = wait > UINT32_MAX / 1000 ? UINT32_MAX : wait * 1000;
	switch (sfu_host_open(&s->host)) {
	case SFU_HOST_OPEN:
		return 0;
	case SFU_HOST_LOCKED:
		return sfu_fail(EX_TEMPFAIL, s->host.name, "another program is using the port");
	case SFU_HOST_ABSENT:
		return sfu_fail_errno(EX_UNAVAILABLE, s->host.name, "cannot be opened");
	default:
		return sfu_fail(EX_UNAVAILABLE, s->host.name, "is no serial port of this speed");
	}
}

void sfu_station_close(struct sfu_station *s)
{
	sfu_host_close(&s->host);
}

int sfu_station_reopen(struct sfu_station *s)
{
	forget(s);
	return s->host.fd >= 0 || sfu_host_open(&s->host) == SFU_HOST_OPEN ? 0 : -1;
}

void sfu_station_send(struct sfu_station *s, uint8_t type, const uint8_t *body, size_t size)
{
	s->out_size = sfu_wire_encode(type, body, size, s->out);
	s->out_at = 0;
}

int sfu_station_sending(const struct sfu_station *s)
{
	return s->out_at < s->out_size;
}

/* The payload's size if the bytes at hand complete a frame, else 0. */
static size_t take(struct sfu_station *s)
{
	size_t size = 0;

	while (s->in_at < s->in_size && size == 0)
		size = sfu_wire_take(&s->wire, s->in[s->in_at++]);
	return size;
}

static int receive(struct sfu_station *s)
{
	const int count = sfu_host_read(&s->host, s->in, sizeof(s->in));

	s->in_at = 0;
	s->in_size = count > 0 ? (size_t)count : 0;
	return count;
}

enum sfu_event sfu_station_next(struct sfu_station *s, uint64_t deadline, size_t *size)
{
	for (;;) {
		uint64_t now;
		int count = 0;

		*size = take(s);
		if (*size > 0)
			return SFU_EVENT_FRAME;
		if (receive(s) < 0)
			break;
		if (s->in_size > 0)
			continue;
		if (sfu_station_sending(s)) {
			count = sfu_host_write(
				&s->host, s->out + s->out_at, s->out_size - s->out_at);
			if (count < 0)
				break;
			s->out_at += (size_t)count;
			if (!sfu_station_sending(s))
				return SFU_EVENT_SENT;
		}
		now = sfu_host_time();
		if (now >= deadline)
			return SFU_EVENT_TIMEOUT;
		if (count == 0)
			sfu_host_wait(&s->host, sfu_station_sending(s),
				deadline - now < 1000 ? (int)(deadline - now) : 1000);
	}
	sfu_host_close(&s->host);
	return SFU_EVENT_LOST;
}

static void decode_slot(const uint8_t *p, struct sfu_slot_info *slot)
{
	slot->load_address = sfu_get32(p + SFU_SLOT_INFO_LOAD_ADDRESS_OFFSET);
	slot->capacity = sfu_get32(p + SFU_SLOT_INFO_CAPACITY_OFFSET);
	slot->state = sfu_get32(p + SFU_SLOT_INFO_STATE_OFFSET);
	slot->install = sfu_get32(p + SFU_SLOT_INFO_INSTALL_OFFSET);
	sfu_version_get(p + SFU_SLOT_INFO_VERSION_OFFSET, &slot->version);
}

static void decode_info(const uint8_t *p, struct sfu_info *info)
{
	info->protocol = p[SFU_INFO_PROTOCOL_OFFSET];
	info->slot_count = p[SFU_INFO_SLOT_COUNT_OFFSET];
	info->record_max = sfu_get16(p + SFU_INFO_RECORD_MAX_OFFSET);
	info->flags = sfu_get32(p + SFU_INFO_FLAGS_OFFSET);
	sfu_version_get(p + SFU_INFO_LOADER_VERSION_OFFSET, &info->loader_version);
	memcpy(info->product, p + SFU_INFO_PRODUCT_OFFSET, sizeof(info->product));
	info->hardware = sfu_get32(p + SFU_INFO_HARDWARE_OFFSET);
	info->epoch = sfu_get32(p + SFU_INFO_EPOCH_OFFSET);
	memcpy(info->uid, p + SFU_INFO_UID_OFFSET, sizeof(info->uid));
	info->part = sfu_get32(p + SFU_INFO_PART_OFFSET);
	info->security_counter = sfu_get32(p + SFU_INFO_SECURITY_COUNTER_OFFSET);
	info->lock_profile = sfu_get32(p + SFU_INFO_LOCK_PROFILE_OFFSET);
	info->failure = sfu_get32(p + SFU_INFO_FAILURE_OFFSET);
	info->refusal = sfu_get32(p + SFU_INFO_REFUSAL_OFFSET);
	info->free_slot = sfu_get32(p + SFU_INFO_FREE_SLOT_OFFSET);
	decode_slot(p + SFU_INFO_SLOT0_OFFSET, &info->slot[0]);
	decode_slot(p + SFU_INFO_SLOT1_OFFSET, &info->slot[1]);
}

/* Listens until `deadline`; 1 if INFO came. */
static int listen_for_info(struct sfu_station *s, uint64_t deadline, struct sfu_info *info)
{
	size_t size;

	for (;;) {
		switch (sfu_station_next(s, deadline, &size)) {
		case SFU_EVENT_FRAME:
			if (s->wire.data[0] == SFU_MESSAGE_INFO && size == 1 + SFU_INFO_SIZE) {
				decode_info(s->wire.data + 1, info);
				return 1;
			}
			break;
		case SFU_EVENT_SENT:
			break;
		default:
			return 0;
		}
	}
}

int sfu_station_hello(struct sfu_station *s, uint64_t deadline, struct sfu_info *info)
{
	uint64_t now;
	uint32_t turn;

	for (turn = 0; (now = sfu_host_time()) < deadline; turn++) {
		const uint64_t next = now + HELLO_EVERY < deadline ? now + HELLO_EVERY : deadline;

		if (s->host.fd >= 0 || sfu_station_reopen(s) == 0) {
			/* a frame that could not leave for so long is given up: nobody reads */
			sfu_station_send(
				s, turn % 2 == 0 ? SFU_MESSAGE_ENTER : SFU_MESSAGE_HELLO, NULL, 0);
			if (listen_for_info(s, next, info))
				return 0;
		}
		if (s->host.fd < 0)
			sfu_host_wait(&s->host, 0, (int)(next - now));
	}
	return -1;
}

int sfu_station_begin(struct sfu_station *s, struct sfu_info *info)
{
	if (sfu_station_hello(s, sfu_host_time() + s->wait, info) != 0)
		return sfu_fail(EX_UNAVAILABLE, s->host.name, "no device answered in %u seconds",
			s->wait / 1000);
	if (info->protocol != SFU_LINK_PROTOCOL)
		return sfu_fail(EX_UNAVAILABLE, s->host.name,
			"the device speaks protocol %u and not %u", info->protocol,
			SFU_LINK_PROTOCOL);
	return 0;
}

int sfu_station_refused(const struct sfu_station *s, const uint8_t *refusal)
{
	const uint32_t value = sfu_get32(refusal + SFU_REFUSAL_CODE_OFFSET);
	const uint32_t detail = sfu_get32(refusal + SFU_REFUSAL_DETAIL_OFFSET);
	const struct sfu_code *code = sfu_code_find(value);

	if (code == NULL)
		return sfu_fail(EX_DATAERR, s->host.name,
			"the device refuses with code 0x%08x, which this "
			"program does not know (detail %u)",
			value, detail);
	return sfu_fail(sfu_code_status(value), s->host.name,
		"the device refuses: %s (%s, detail %u); %s", code->sentence, code->name, detail,
		code->advice);
}

int sfu_station_reboot(struct sfu_station *s)
{
	size_t size;
	int i;

	for (i = 0; i < REBOOT_TRIES; i++) {
		const uint64_t deadline = sfu_host_time() + REBOOT_WAIT;
		enum sfu_event event;

		sfu_station_send(s, SFU_MESSAGE_REBOOT, NULL, 0);
		do {
			event = sfu_station_next(s, deadline, &size);
			if (event == SFU_EVENT_FRAME && s->wire.data[0] == SFU_MESSAGE_DONE)
				return 0;
		} while (event != SFU_EVENT_TIMEOUT && event != SFU_EVENT_LOST);
		if (event == SFU_EVENT_LOST)
			return 0; /* a port that goes with its device: it resets */
	}
	return -1;
}
