#include "station.h"
#include <string.h>
#include "bytes.h"
#include "crc.h"
#include "host.h"
#include "link.h"
#include "manifest.h"
#include "sfu_codes.h"
#include "sfu_format.h"

#define PATIENCE 40u

struct station station;
static struct sfu_link from_device;

void station_begin(const uint8_t *slot0, uint32_t size0, const uint8_t *slot1, uint32_t size1)
{
	memset(&station, 0, sizeof station);
	station.offers[0] = slot0;
	station.sizes[0] = size0;
	station.offers[1] = slot1;
	station.sizes[1] = size1;
	station.step = slot0 == NULL && slot1 == NULL ? STATION_QUIET : STATION_HELLO;
	sfu_link_init(&from_device);
}

void station_frame(uint8_t type, const uint8_t *body, uint32_t size)
{
	static uint8_t payload[4096], line[8300];
	uint32_t i, n = 0;

	payload[0] = type;
	if (size > 0)
		memcpy(payload + 1, body, size);
	sfu_put32(payload + 1 + size, sfu_crc32(payload, 1 + size));
	line[n++] = SFU_LINK_FLAG;
	for (i = 0; i < size + 5; i++) {
		if (payload[i] == SFU_LINK_FLAG || payload[i] == SFU_LINK_ESCAPE) {
			line[n++] = SFU_LINK_ESCAPE;
			line[n++] = payload[i] ^ SFU_LINK_XOR;
		} else {
			line[n++] = payload[i];
		}
	}
	line[n++] = SFU_LINK_FLAG;
	host_send(line, n);
}

uint32_t station_receive(uint8_t *payload, uint32_t max)
{
	uint8_t chunk[256];
	uint32_t n;

	while ((n = host_hear(chunk, sizeof chunk)) != 0) {
		host_heard(sfu_link_receive(&from_device, chunk, n));
		if (from_device.ready != 0 && from_device.ready <= max) {
			memcpy(payload, from_device.buffer + SFU_LINK_PAD, from_device.ready);
			return from_device.ready;
		}
	}
	return 0;
}

static uint32_t record_count(void)
{
	return sfu_get16(station.package + SFU_MANIFEST_RECORD_COUNT_OFFSET);
}

static void send_record(uint32_t index)
{
	static uint8_t body[4 + SFU_FORMAT_RECORD_MAX];
	const uint32_t step = sfu_get16(station.package + SFU_MANIFEST_RECORD_SIZE_OFFSET) + 32;
	const uint32_t at = sfu_manifest_extent(station.package) + index * step;
	const uint32_t n = station.size - at < step ? station.size - at : step;

	sfu_put32(body, index);
	memcpy(body + 4, station.package + at, n);
	station_frame(SFU_MESSAGE_RECORD, body, 4 + n);
}

/* the package for the free slot; while an image is on trial there is none, and any is refused */
static void choose(void)
{
	uint32_t slot = sfu_get32(station.info + SFU_INFO_FREE_SLOT_OFFSET);

	if (slot > 1 || station.offers[slot] == NULL)
		slot = station.offers[0] == NULL ? 1 : 0;
	station.package = station.offers[slot];
	station.size = station.sizes[slot];
	station.step = STATION_OFFER;
}

static void heard(const uint8_t *payload, uint32_t size)
{
	station.waited = 0;
	switch (payload[0]) {
	case SFU_MESSAGE_INFO:
		memcpy(station.info, payload + 1, sizeof station.info);
		if (station.step == STATION_HELLO)
			choose();
		break;
	case SFU_MESSAGE_ACCEPT:
		station.accepted_next = sfu_get32(payload + 1);
		station.sent = station.accepted_next;
		/* fall through */
	case SFU_MESSAGE_ACK:
		/* the answer to what somebody else has offered */
		if (station.package == NULL)
			break;
		station.step = STATION_RECORDS;
		station.next = sfu_get32(payload + 1);
		station.limit = sfu_get32(payload + 5);
		break;
	case SFU_MESSAGE_DONE:
		station.done = station.step == STATION_FINISH;
		station.step = station.done ? STATION_REBOOT : STATION_QUIET;
		break;
	default:
		station.refusal = size >= 5 ? sfu_get32(payload + 1) : 1;
		station.step = STATION_QUIET;
	}
}

static void speak(void)
{
	switch (station.step) {
	case STATION_HELLO:
		station_frame(SFU_MESSAGE_HELLO, NULL, 0);
		break;
	case STATION_OFFER:
		station_frame(SFU_MESSAGE_OFFER, station.package, sfu_manifest_extent(station.package));
		break;
	case STATION_RECORDS:
		while (station.sent < station.limit && (station.stop_after == 0 || station.sent < station.stop_after))
			send_record(station.sent++);
		if (station.next == record_count()) {
			station.step = STATION_FINISH;
			station_frame(SFU_MESSAGE_FINISH, NULL, 0);
		}
		break;
	case STATION_REBOOT:
		station_frame(SFU_MESSAGE_REBOOT, NULL, 0);
		break;
	default:
		break;
	}
}

int station_idle(void)
{
	uint8_t payload[200];
	uint32_t n;

	while ((n = station_receive(payload, sizeof payload)) != 0)
		heard(payload, n);
	if (station.step == STATION_QUIET)
		return 1;
	if (station.waited++ > PATIENCE)
		return 1;
	/* it repeats what is not answered only after a while */
	if (station.waited == 1 || station.waited % 20 == 0)
		speak();
	return 0;
}
