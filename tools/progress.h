/* How far a download is, on stderr: a bar on a terminal, else a line at each tenth. */
#ifndef SFU_TOOL_PROGRESS_H
#define SFU_TOOL_PROGRESS_H

#include <stdint.h>

struct sfu_progress {
	uint64_t total, first; /* bytes: of all, and already there at the start */
	uint64_t began, shown; /* ms */
	uint64_t tenth;        /* of the total, last printed */
	int terminal;
};

void sfu_progress_start(struct sfu_progress *p, uint64_t total, uint64_t done);
void sfu_progress_show(struct sfu_progress *p, uint64_t done);
void sfu_progress_end(struct sfu_progress *p, uint64_t done);

#endif
