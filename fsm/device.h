/* All of the core's memory: one object, no other static data. */
#ifndef SFU_DEVICE_H
#define SFU_DEVICE_H

#include <stdint.h>
#include "boot.h"
#include "journal.h"
#include "keys.h"
#include "link.h"
#include "session.h"
#include "upgrade.h"
#include "ymodem.h"

struct sfu_device {
	struct sfu_link link;        /* its buffer is also the pass's while no frame is in it */
	struct sfu_keys keys;
	struct sfu_journal journal;
	struct sfu_boot boot;
	struct sfu_upgrade upgrade;
	struct sfu_session session;
	struct sfu_ymodem ymodem;
};

/* the one buffer, from the place where it is aligned to 4 */
uint8_t *sfu_device_buffer(struct sfu_device *d);

#endif
