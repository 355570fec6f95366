/* One package into one device: offer, records, finish; again from where the device stands whenever
 * the line or the device was lost. */
#ifndef SFU_TOOL_TRANSFER_H
#define SFU_TOOL_TRANSFER_H

#include "package.h"
#include "progress.h"
#include "station.h"
#include "window.h"

struct sfu_transfer {
	struct sfu_station *station;
	const struct sfu_package *package;
	uint32_t retry; /* ms without progress after which it is given up */
	struct sfu_window window;
	struct sfu_progress progress;
	uint32_t before;  /* install number of the slot's image when it began, 0 if there was none */
	uint32_t reached; /* most records ever acknowledged */
	uint64_t moved;   /* when that was */
	int showing;      /* the progress bar was begun */
	uint32_t install; /* result: install number, 0 if it was not learnt */
	uint32_t resumes; /* result: how often it was interrupted */
};

/* `info` is what the device said first. 0: installed. Otherwise the exit status: the device's refusal
 * (codes.h), or EX_TEMPFAIL: it fell silent, and the same command resumes. */
int sfu_transfer_run(struct sfu_transfer *t, const struct sfu_info *info);

/* The slot whose image lies at `load_address`, or NULL. */
const struct sfu_slot_info *sfu_transfer_slot(const struct sfu_info *info, uint32_t load_address);

#endif
