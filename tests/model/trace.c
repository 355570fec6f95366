/* Lives of a device, of which log.c writes a trace: trace NAME [OPERATION WHEN] */
#include "log.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "flash.h"
#include "host.h"
#include "layout.h"
#include "sfu_codes.h"
#include "sfu_format.h"
#include "station.h"

/* kinds of spec/model/wire.pml */
enum { OLD = 1, NEW, SHY, FORGED, STALE, DAMAGED, MISMADE };
#define RECORDS 11u
#define SIZE (RECORDS * SFU_FORMAT_RECORD_LARGE)

static struct rig_firmware packages[LOG_KINDS];

static void die(const char *what)
{
	(void)fprintf(stderr, "trace: %s\n", what);
	exit(1);
}

static void pack(int kind, const char *version, uint32_t counter)
{
	struct rig_firmware *f = &packages[kind];
	uint32_t slot;

	rig_firmware(f, version, counter, SIZE, SFU_FORMAT_RECORD_LARGE);
	f->maker.fill = (uint32_t)kind * 7;
	f->maker.signer = kind == FORGED;
	for (slot = 0; slot < sfu_layout.slot_count; slot++) {
		f->maker.slot = slot;
		maker_image(&f->maker, f->image[slot]);
		f->size[slot] = maker_package(&f->maker, f->package[slot]);
		if (kind == MISMADE) {
			f->package[slot][SFU_MANIFEST_IMAGE_HASH_OFFSET] ^= 1;
			maker_sign(f->package[slot], 0);
		}
	}
	log_packages[kind] = f;
}

static void live(int wanted, int old)
{
	const char *wrong = rig_live(&packages[wanted], old == 0 ? NULL : &packages[old]);

	if (wrong != NULL)
		die(wrong);
	rig.provisioned = 1;
}

/* A person at the line. */
struct say {
	int what, kind;              /* a message type and a package; or TIME, or OFF */
	uint32_t index, claimed;     /* of a record: which, and as which it is sent */
};
enum { TIME = 300, OFF, ALL };
static const struct say *script;
static uint32_t slot, sent;

static void send_record(int kind, uint32_t index, uint32_t claimed)
{
	uint8_t body[4 + SFU_FORMAT_RECORD_MAX];

	memset(body, 0, 4);
	body[0] = (uint8_t)claimed;
	memcpy(body + 4, packages[kind].package[slot] + SFU_MANIFEST_SIZE + index * SFU_FORMAT_RECORD_MAX,
	       SFU_FORMAT_RECORD_MAX);
	station_frame(SFU_MESSAGE_RECORD, body, sizeof body);
}

static void speak(void)
{
	uint8_t byte;

	while (host_receive(&byte, 1) == 1)
		;
	switch (script->what) {
	case OFF:
		script++;
		longjmp(host_left, 2);
	case TIME:
		/* until the session is over, which resets */
		host.time += 1000;
		return;
	case ALL:
		if (sent < RECORDS) {
			send_record(script->kind, sent, sent);
			sent++;
			return;
		}
		sent = 0;
		break;
	case SFU_MESSAGE_OFFER:
		station_frame(SFU_MESSAGE_OFFER, packages[script->kind].package[slot], SFU_MANIFEST_SIZE);
		break;
	case SFU_MESSAGE_RECORD:
		send_record(script->kind, script->index, script->claimed);
		break;
	default:
		station_frame((uint8_t)script->what, NULL, 0);
	}
	script++;
}

/* One start with the loader asked for, in which the script is spoken until the session ends or the power goes. */
static void session(const struct say *what)
{
	void (*before)(void) = host_idle;

	host_idle = speak;
	script = what;
	sent = 0;
	host.entry = 1;
	if (rig_boot() == RIG_RUN)
		die("the loader does not stay");
	host_idle = before;
}

static void refusals(void)
{
	static const struct say one[] = {
		{ SFU_MESSAGE_HELLO, 0, 0, 0 }, { SFU_MESSAGE_FINISH, 0, 0, 0 }, { SFU_MESSAGE_RECORD, NEW, 0, 0 },
		{ 99, 0, 0, 0 }, { SFU_MESSAGE_OFFER, FORGED, 0, 0 }, { SFU_MESSAGE_OFFER, STALE, 0, 0 },
		{ SFU_MESSAGE_OFFER, OLD, 0, 0 }, { SFU_MESSAGE_OFFER, NEW, 0, 0 }, { SFU_MESSAGE_OFFER, NEW, 0, 0 },
		{ SFU_MESSAGE_FINISH, 0, 0, 0 }, { SFU_MESSAGE_RECORD, SHY, 0, 0 }, { SFU_MESSAGE_RECORD, NEW, 1, 0 },
		{ SFU_MESSAGE_RECORD, NEW, 1, 1 }, { SFU_MESSAGE_RECORD, NEW, 0, 0 }, { SFU_MESSAGE_RECORD, NEW, 0, 0 },
		{ SFU_MESSAGE_RECORD, NEW, 1, 1 }, { SFU_MESSAGE_RECORD, NEW, 2, 2 }, { SFU_MESSAGE_RECORD, NEW, 3, 3 },
		{ SFU_MESSAGE_RECORD, NEW, 4, 4 }, { SFU_MESSAGE_HELLO, 0, 0, 0 }, { SFU_MESSAGE_REBOOT, 0, 0, 0 }
	};
	static const struct say two[] = { /* goes on behind the checkpoint, and is given up for want of progress */
		{ SFU_MESSAGE_OFFER, NEW, 0, 0 }, { SFU_MESSAGE_HELLO, 0, 0, 0 }, { SFU_MESSAGE_RECORD, NEW, 3, 3 }, { TIME, 0, 0, 0 }
	};
	static const struct say three[] = { /* another package in its place, whose image is not what it promises */
		{ SFU_MESSAGE_OFFER, MISMADE, 0, 0 }, { ALL, MISMADE, 0, 0 }, { SFU_MESSAGE_FINISH, 0, 0, 0 },
		{ SFU_MESSAGE_HELLO, 0, 0, 0 }, { OFF, 0, 0, 0 }
	};
	static const struct say four[] = { /* and one that can be installed; DONE is asked for twice */
		{ SFU_MESSAGE_OFFER, SHY, 0, 0 }, { ALL, SHY, 0, 0 }, { SFU_MESSAGE_OFFER, SHY, 0, 0 },
		{ SFU_MESSAGE_RECORD, SHY, 2, 2 }, { SFU_MESSAGE_FINISH, 0, 0, 0 }, { SFU_MESSAGE_FINISH, 0, 0, 0 },
		{ SFU_MESSAGE_HELLO, 0, 0, 0 }, { SFU_MESSAGE_OFFER, NEW, 0, 0 }, { TIME, 0, 0, 0 }
	};
	static const struct say five[] = { { SFU_MESSAGE_HELLO, 0, 0, 0 }, { SFU_MESSAGE_OFFER, NEW, 0, 0 }, { OFF, 0, 0, 0 } };
	int i;

	live(OLD, 0);
	slot = sfu_layout.slot_count - 1;
	session(one);
	session(two);
	session(three);
	session(four);
	/* it never confirms itself */
	session(five);
	station_begin(NULL, 0, NULL, 0);
	for (i = 0; i < 6; i++)
		(void)rig_boot();
	session(five);
}

int main(int count, char **words)
{
	const char *name = count > 1 ? words[1] : "";

	rig_begin(1, 0);
	pack(OLD, "1.0.0", 1);
	pack(NEW, "2.0.0", 2);
	pack(SHY, "2.0.0", 2);
	pack(FORGED, "2.0.0", 2);
	pack(STALE, "2.0.0", 0);
	pack(MISMADE, "2.0.0", 2);
	if (strcmp(name, "refusals") == 0) {
		refusals();
	} else if (strcmp(name, "upgrade") == 0) {
		live(OLD, 0);
		if (count > 3)
			rig_plan((uint32_t)atoi(words[2]), atoi(words[3]), HOST_NEVER, 0);
		live(NEW, OLD);
		if (count > 3 && rig.reached == 0)
			return 3; /* there are not so many operations */
	} else {
		die("usage: trace refusals | upgrade [OPERATION WHEN]");
	}
	return 0;
}
