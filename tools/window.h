/* The sender's side of the sliding window: which record goes next. No input or output here.
 *
 * Every record that arrives is answered by one ACK, in order. The window remembers what it sent and
 * has no answer for, so that it can tell an ACK that repeats itself because a record was lost (go
 * back) from one that answers a record sent twice (do nothing). Without that difference one late ACK
 * would make every later record go twice. */
#ifndef SFU_TOOL_WINDOW_H
#define SFU_TOOL_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#define SFU_WINDOW_UNANSWERED 64u

struct sfu_window {
	uint32_t count; /* of records */
	uint32_t next;  /* the record the device waits for */
	uint32_t limit; /* records below it may be sent */
	uint32_t send;  /* the next one to send */
	int probing;    /* after a timeout, until an ACK: one record at a time */
	uint32_t unanswered[SFU_WINDOW_UNANSWERED]; /* oldest first */
	size_t unanswered_count;
};

/* After ACCEPT. 0 if its numbers make no sense for `count` records, else 1; so sfu_window_ack. */
int sfu_window_start(struct sfu_window *w, uint32_t count, uint32_t next, uint32_t limit);

/* 1 and the record to send now in *index, or 0: wait. The caller sends it. */
int sfu_window_take(struct sfu_window *w, uint32_t *index);

int sfu_window_ack(struct sfu_window *w, uint32_t next, uint32_t limit);

/* No answer came in time: the record the device waits for goes again, alone. */
void sfu_window_timeout(struct sfu_window *w);

/* 1: every record is in flash. */
int sfu_window_done(const struct sfu_window *w);

#endif
