/* A station inside the test's process: it acts whenever the device sleeps (host_idle). */
#ifndef STATION_H
#define STATION_H

#include <stdint.h>

enum station_step { STATION_HELLO, STATION_OFFER, STATION_RECORDS, STATION_FINISH, STATION_REBOOT, STATION_QUIET };

struct station {
	const uint8_t *offers[2];    /* for slot 0 and 1; null: it says nothing */
	uint32_t sizes[2];
	const uint8_t *package;      /* the one that fits the device's free slot */
	uint32_t size;
	enum station_step step;
	uint32_t next, limit, sent;  /* as the device told; records below `sent` are on the line */
	uint32_t refusal;            /* code of a REFUSE, or 0 */
	uint32_t accepted_next;      /* where the device wanted to begin */
	uint32_t done;               /* 1: DONE came after FINISH */
	uint32_t waited;             /* idle calls without an answer */
	uint32_t stop_after;         /* records to send before it falls silent; 0: all */
	uint8_t info[124];           /* the last INFO */
};

extern struct station station;

/* Begins to offer the package for the device's free slot at its next start; null: silence. */
void station_begin(const uint8_t *slot0, uint32_t size0, const uint8_t *slot1, uint32_t size1);

/* To be called from host_idle. Answers 1 when it has nothing more to do or gets no answer. */
int station_idle(void);

/* One frame from the station; for tests that say what no station would. */
void station_frame(uint8_t type, const uint8_t *body, uint32_t size);

/* The next frame from the device: its payload's size, or 0. */
uint32_t station_receive(uint8_t *payload, uint32_t max);

#endif
