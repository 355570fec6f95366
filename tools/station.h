/* A conversation with a device: frames out, frames in, and the port that may vanish between. */
#ifndef SFU_TOOL_STATION_H
#define SFU_TOOL_STATION_H

#include "args.h"
#include "link_host.h"
#include "number.h"
#include "wire.h"

struct sfu_station {
	struct sfu_host host;
	uint32_t wait; /* ms for a device to appear */
	struct sfu_wire wire;
	uint8_t in[512]; /* bytes read and not yet taken by the wire */
	size_t in_at, in_size;
	uint8_t out[SFU_WIRE_FRAME_MAX];
	size_t out_at, out_size;
};

enum sfu_event {
	SFU_EVENT_FRAME, /* one came: station->wire.data, its size in *size */
	SFU_EVENT_SENT,  /* the frame under way has left */
	SFU_EVENT_TIMEOUT,
	SFU_EVENT_LOST /* the port is gone; it is closed */
};

struct sfu_slot_info {
	uint32_t load_address, capacity, state, install;
	struct sfu_version version;
};

struct sfu_info {
	uint32_t protocol, slot_count, record_max, flags;
	struct sfu_version loader_version;
	uint8_t product[SFU_INFO_PRODUCT_SIZE];
	uint32_t hardware, epoch;
	uint8_t uid[SFU_INFO_UID_SIZE];
	uint32_t part, security_counter, lock_profile, failure, refusal, free_slot;
	struct sfu_slot_info slot[2];
};

/* The options every command with a device has, for its table; and what they say. */
#define SFU_STATION_OPTIONS \
	{ 'p', "port", "PORT", SFU_REQUIRED, "serial port" }, \
		{ 'b', "baud", "N", SFU_OPTIONAL, "bits a second; 115200" }, \
	{ \
		'w', "wait", "SECONDS", SFU_OPTIONAL, "how long a device may take to answer; 15" \
	}

/* Opens the port. EX_UNAVAILABLE, EX_TEMPFAIL (in use). */
int sfu_station_open(struct sfu_station *s, const struct sfu_args *args);
void sfu_station_close(struct sfu_station *s);

/* 0 if the port, lost before, could be opened again. */
int sfu_station_reopen(struct sfu_station *s);

/* Puts a frame on its way: there must be none. sfu_station_next moves it. */
void sfu_station_send(struct sfu_station *s, uint8_t type, const uint8_t *body, size_t size);
int sfu_station_sending(const struct sfu_station *s);

/* What happens next, at the latest at `deadline` (sfu_host_time). */
enum sfu_event sfu_station_next(struct sfu_station *s, uint64_t deadline, size_t *size);

/* Calls until a loader answers INFO: ENTER for an application, HELLO for a loader, every 200 ms. A
 * port that vanishes is opened again. 0, or -1 at the deadline. */
int sfu_station_hello(struct sfu_station *s, uint64_t deadline, struct sfu_info *info);

/* The same for a command's begin: with station->wait and a sentence. EX_UNAVAILABLE. */
int sfu_station_begin(struct sfu_station *s, struct sfu_info *info);

/* Says what the device refuses and answers the exit status. `refusal` is struct REFUSAL. */
int sfu_station_refused(const struct sfu_station *s, const uint8_t *refusal);

/* REBOOT; 0 if the device answered. */
int sfu_station_reboot(struct sfu_station *s);

#endif
