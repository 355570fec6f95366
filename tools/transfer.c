#include "transfer.h"

#include <string.h>

#include "bytes.h"
#include "codes.h"
#include "say.h"
#include "sfu_codes.h"

#define ANSWER 6000u         /* ms: longer than the slowest erase, 4 s */
#define FINISH_ANSWER 10000u /* ms: the device reads the whole slot back */
#define RECORD_TIMEOUTS 2    /* in a row; then the device is called anew */

/* outcome of a step */
enum step {
	STEP_DONE,
	STEP_AGAIN, /* the line or the device was lost: call it again and resume */
	STEP_FAILED /* *status says how, a sentence was said */
};

const struct sfu_slot_info *sfu_transfer_slot(const struct sfu_info *info, uint32_t load_address)
{
	uint32_t i;

	for (i = 0; i < info->slot_count && i < 2; i++)
		if (info->slot[i].load_address == load_address)
			return &info->slot[i];
	return NULL;
}

static uint64_t bytes_of(const struct sfu_transfer *t, uint32_t records)
{
	const struct sfu_manifest *m = &t->package->manifest;
	const uint64_t bytes = (uint64_t)records * m->record_size;

	return bytes < m->plain_size ? bytes : m->plain_size;
}

/* Notes how far the device is. */
static void note_progress(struct sfu_transfer *t)
{
	const uint32_t next = t->window.next;

	if (!t->showing)
		sfu_progress_start(
			&t->progress, t->package->manifest.plain_size, bytes_of(t, next));
	t->showing = 1;
	if (next > t->reached) {
		t->reached = next;
		t->moved = sfu_host_time();
	}
	sfu_progress_show(&t->progress, bytes_of(t, next < t->reached ? t->reached : next));
}

static int is(const struct sfu_station *s, size_t size, uint8_t type, size_t body)
{
	return s->wire.data[0] == type && size == 1 + body;
}

/* The code if the frame is REFUSE, else 0. */
static uint32_t refusal_in(const struct sfu_station *s, size_t size)
{
	if (!is(s, size, SFU_MESSAGE_REFUSE, SFU_REFUSAL_SIZE))
		return 0;
	return sfu_get32(s->wire.data + 1 + SFU_REFUSAL_CODE_OFFSET);
}

static enum step refused(const struct sfu_transfer *t, int *status)
{
	*status = sfu_station_refused(t->station, t->station->wire.data + 1);
	return STEP_FAILED;
}

static enum step nonsense(const struct sfu_transfer *t, int *status)
{
	*status =
		sfu_fail(EX_SOFTWARE, t->station->host.name, "the device's window makes no sense");
	return STEP_FAILED;
}

/* Waits for the one answer `type` with `body` bytes. A refusal `stale` belongs to an earlier message. */
static enum step wait_answer(struct sfu_transfer *t, uint64_t deadline, uint8_t type, size_t body,
	uint32_t stale, int *status)
{
	struct sfu_station *s = t->station;
	size_t size;

	for (;;) {
		const enum sfu_event event = sfu_station_next(s, deadline, &size);
		uint32_t code;

		if (event == SFU_EVENT_TIMEOUT || event == SFU_EVENT_LOST)
			return STEP_AGAIN;
		if (event != SFU_EVENT_FRAME)
			continue;
		if (is(s, size, type, body))
			return STEP_DONE;
		code = refusal_in(s, size);
		if (code == 0 || code == stale)
			continue;
		/* it was reset and knows of no offer any more */
		return code == SFU_R_ORDER ? STEP_AGAIN : refused(t, status);
	}
}

/* One try: a device that does not answer may have left its loader, so it is called before the next. */
static enum step offer(struct sfu_transfer *t, int *status)
{
	struct sfu_station *s = t->station;
	const uint8_t *answer = s->wire.data + 1;
	enum step step;

	sfu_station_send(s, SFU_MESSAGE_OFFER, t->package->bytes.data,
		sfu_package_head(&t->package->manifest));
	step = wait_answer(t, sfu_host_time() + ANSWER, SFU_MESSAGE_ACCEPT, SFU_WINDOW_SIZE,
		SFU_R_ORDER, status);
	if (step != STEP_DONE)
		return step;
	if (!sfu_window_start(&t->window, t->package->manifest.record_count,
		    sfu_get32(answer + SFU_WINDOW_NEXT_OFFSET),
		    sfu_get32(answer + SFU_WINDOW_LIMIT_OFFSET)))
		return nonsense(t, status);
	if (t->window.next > 0)
		sfu_note("%s: goes on at record %u of %u", t->package->path, t->window.next,
			t->window.count);
	note_progress(t);
	return STEP_DONE;
}

static void send_record(struct sfu_transfer *t, uint32_t index)
{
	uint8_t body[4 + SFU_FORMAT_RECORD_MAX];
	uint32_t size;
	const uint8_t *record = sfu_package_record(t->package, index, &size);

	sfu_put32(body, index);
	memcpy(body + 4, record, size);
	sfu_station_send(t->station, SFU_MESSAGE_RECORD, body, 4 + size);
}

/* A frame while records are under way. STEP_DONE: go on. */
static enum step take_frame(struct sfu_transfer *t, size_t size, int *status)
{
	const struct sfu_station *s = t->station;
	const uint8_t *answer = s->wire.data + 1;

	if (is(s, size, SFU_MESSAGE_ACK, SFU_WINDOW_SIZE)) {
		if (!sfu_window_ack(&t->window, sfu_get32(answer + SFU_WINDOW_NEXT_OFFSET),
			    sfu_get32(answer + SFU_WINDOW_LIMIT_OFFSET)))
			return nonsense(t, status);
		note_progress(t);
		return STEP_DONE;
	}
	switch (refusal_in(s, size)) {
	case 0:
		return STEP_DONE; /* late answers to HELLO or OFFER */
	case SFU_R_ORDER:
	case SFU_E_TIMEOUT:
		return STEP_AGAIN; /* it was reset, or gave up waiting, and knows of no offer any more */
	default:
		return refused(t, status);
	}
}

/* What the window's frames need on the wire at most, beside the device's own time. */
static uint64_t answer_time(const struct sfu_transfer *t)
{
	const uint64_t frames = t->window.limit - t->window.next + 1;

	return ANSWER +
		(frames < 8 ? frames : 8) * SFU_WIRE_FRAME_MAX * 10000u / t->station->host.baud / 2;
}

static enum step send_records(struct sfu_transfer *t, int *status)
{
	uint64_t deadline = sfu_host_time() + answer_time(t);
	int timeouts = 0;

	while (!sfu_window_done(&t->window)) {
		const uint32_t before = t->window.next;
		enum step step;
		uint32_t index;
		size_t size;

		if (!sfu_station_sending(t->station) && sfu_window_take(&t->window, &index))
			send_record(t, index);
		switch (sfu_station_next(t->station, deadline, &size)) {
		case SFU_EVENT_FRAME:
			step = take_frame(t, size, status);
			if (step != STEP_DONE)
				return step;
			if (t->window.next > before)
				timeouts = 0;
			deadline = sfu_host_time() + answer_time(t);
			break;
		case SFU_EVENT_SENT:
			deadline = sfu_host_time() + answer_time(t);
			break;
		case SFU_EVENT_TIMEOUT:
			if (++timeouts == RECORD_TIMEOUTS)
				return STEP_AGAIN;
			sfu_detail("no answer to record %u, it goes again", t->window.next);
			sfu_window_timeout(&t->window);
			deadline = sfu_host_time() + answer_time(t);
			break;
		default:
			return STEP_AGAIN;
		}
	}
	return STEP_DONE;
}

/* After the first try an answer may be to an earlier FINISH: only INFO can tell then. */
static enum step finish(struct sfu_transfer *t, int *status)
{
	struct sfu_station *s = t->station;
	enum step step;

	sfu_station_send(s, SFU_MESSAGE_FINISH, NULL, 0);
	step = wait_answer(
		t, sfu_host_time() + FINISH_ANSWER, SFU_MESSAGE_DONE, 4, SFU_R_INCOMPLETE, status);
	if (step == STEP_DONE)
		t->install = sfu_get32(s->wire.data + 1);
	return step;
}

static int has_image(const struct sfu_slot_info *slot)
{
	return slot->state == SFU_SLOT_TRIAL || slot->state == SFU_SLOT_CONFIRMED;
}

/* After an interruption: 1 if the device has finished meanwhile and only its answer was lost. */
static int installed(struct sfu_transfer *t, const struct sfu_info *info)
{
	const struct sfu_manifest *m = &t->package->manifest;
	const struct sfu_slot_info *slot = sfu_transfer_slot(info, m->load_address);

	if (slot == NULL || !has_image(slot))
		return 0;
	if (slot->install == t->before || slot->version.major != m->version.major ||
		slot->version.minor != m->version.minor ||
		slot->version.revision != m->version.revision ||
		slot->version.build != m->version.build)
		return 0;
	t->install = slot->install;
	return 1;
}

static enum step attempt(struct sfu_transfer *t, int *status)
{
	enum step step = offer(t, status);

	if (step == STEP_DONE)
		step = send_records(t, status);
	if (step == STEP_DONE)
		step = finish(t, status);
	return step;
}

int sfu_transfer_run(struct sfu_transfer *t, const struct sfu_info *first)
{
	const struct sfu_slot_info *slot =
		sfu_transfer_slot(first, t->package->manifest.load_address);
	struct sfu_info info;
	enum step step = STEP_AGAIN;
	int status = 0;

	/* an installation that was interrupted goes on under its number: there is no image yet that has it */
	t->before = slot != NULL && has_image(slot) ? slot->install : 0;
	t->moved = sfu_host_time();
	while ((step = attempt(t, &status)) == STEP_AGAIN) {
		t->resumes++;
		sfu_note("%s: the device was lost; calling it", t->station->host.name);
		if (sfu_station_hello(t->station, t->moved + t->retry, &info) != 0) {
			status = sfu_fail(EX_TEMPFAIL, t->station->host.name,
				"the device fell silent at record "
				"%u of %u; the same command goes on there",
				t->reached, t->package->manifest.record_count);
			step = STEP_FAILED;
			break;
		}
		if (installed(t, &info)) {
			step = STEP_DONE;
			break;
		}
	}
	if (t->showing && step == STEP_DONE)
		sfu_progress_end(&t->progress, t->package->manifest.plain_size);
	return step == STEP_DONE ? 0 : status;
}
