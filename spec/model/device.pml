/* The device: flash, journal, the three machines and what they do. The transitions are those of
 * gen/machines.pml, which are made of the same XML as the C; what is here by hand is what the C has by hand:
 * fsm/boot_run.c, session_poll.c, session_reply.c, upgrade_events.c, upgrade_flash.c. Names are theirs. */

#include "../../gen/machines.pml"

/* Flash. A cell is a piece of a slot of a record's size: the first is the manifest's, the last the mailbox's. */
#define BLANK 0
#define TORN 255
#define CELLS (SECTOR * SECTORS)
#define AT(index) (1 + (index))
#define CELL(s, c) cell[(s) * CELLS + (c)]
byte cell[2 * CELLS];
byte box[2];            /* install number by which the application confirmed itself */

typedef journal {
	byte slot[2];
	byte attempts;
	byte counter;
	byte install[2];
	byte seal[2];
	byte id;        /* of the manifest being installed */
	byte next       /* where an interrupted installation goes on */
};
journal J;              /* in flash */
journal R;              /* the device's copy */
journal N;              /* what is to be appended */

/* the device's memory */
byte session, upgrade, boot;          /* states of the machines */
byte event, effect, was, was_upgrade; /* of the step that is done */
byte status, written;
byte good = NO_SLOT, candidate = NO_SLOT, held, version, counter;
bit excluded[2];
bit entry;                            /* the loader is asked for: survives a reset, not a cut */
bit failed;                           /* a flash operation failed in this boot */
byte manifest, next, erased, checkpoint, offers, install;
byte i, place;
bit ok;
byte type, a, b, c;                   /* the message being handled */
bit app;                              /* the application runs */

/* what the properties are about */
byte tried;                           /* boots of the image on trial */
bit could;                            /* there was an image that could be run when the device started */
bit sealed;                           /* the station's package was put on trial since the station began */

inline copy(to, from)
{
	to.slot[0] = from.slot[0];
	to.slot[1] = from.slot[1];
	to.attempts = from.attempts;
	to.counter = from.counter;
	to.install[0] = from.install[0];
	to.install[1] = from.install[1];
	to.seal[0] = from.seal[0];
	to.seal[1] = from.seal[1];
	to.id = from.id;
	to.next = from.next
}

inline clear(to)
{
	to.slot[0] = 0;
	to.slot[1] = 0;
	to.attempts = 0;
	to.counter = 0;
	to.install[0] = 0;
	to.install[1] = 0;
	to.seal[0] = 0;
	to.seal[1] = 0;
	to.id = 0;
	to.next = 0
}

/* The power may go before and after any operation of the flash, and inside. */
inline may_cut()
{
	if
	:: cuts > 0 -> cuts--; goto off
	:: true
	fi
}

inline put_in_flash()
{
	if
	/* an image is on trial from now on */
	:: N.attempts == TRIALS && J.attempts != TRIALS -> tried = 0; sealed = 1
	:: else
	fi;
	copy(J, N)
}

/* sfu_journal_append: the cell is in flash or not; if it fails the device goes on with what it knew */
inline append(result)
{
	demand(floor, N.counter >= R.counter);
	may_cut();
	if
	:: faults > 0 ->
		faults--;
		failed = 1;
		result = E_IO;
		if
		:: d_step { put_in_flash() }
		:: true
		fi
	:: d_step { result = OK; put_in_flash(); copy(R, N) }
	fi;
	may_cut();
	OBSERVE_STATE(result);
	d_step { clear(N) }
}

inline flash_erase(s, sector, result)
{
	demand(fallback, slots == 1 || s != good);
	demand(announced, R.slot[s] == INSTALLING && J.slot[s] == INSTALLING);
	may_cut();
	if
	:: cuts > 0 -> cuts--; d_step { tear(s, sector) }; goto off
	:: faults > 0 -> faults--; failed = 1; d_step { tear(s, sector) }; result = E_IO
	:: result = OK;
		d_step {
			for (place : sector * SECTOR .. sector * SECTOR + SECTOR - 1) { CELL(s, place) = BLANK };
			place = 0;
			if
			:: sector == SECTORS - 1 -> box[s] = 0
			:: else
			fi
		}
	fi;
	may_cut();
	OBSERVE(ERASE, s, sector, result == OK)
}

inline tear(s, sector)
{
	for (place : sector * SECTOR .. sector * SECTOR + SECTOR - 1) { CELL(s, place) = TORN };
	place = 0
}

inline flash_program(s, c, what, result)
{
	demand(fallback, slots == 1 || s != good);
	demand(announced, R.slot[s] == INSTALLING && J.slot[s] == INSTALLING);
	demand(once, CELL(s, c) == BLANK);
	demand(authentic, SIGNED(what) && what == manifest);
	may_cut();
	if
	:: cuts > 0 -> cuts--; CELL(s, c) = TORN; goto off
	:: faults > 0 -> faults--; failed = 1; CELL(s, c) = TORN; result = E_IO
	:: result = OK; CELL(s, c) = what
	fi;
	may_cut();
	OBSERVE(PROGRAM, s, c, result == OK)
}

/* ok: the slot holds the manifest and all records of one package */
inline look_at(s, m)
{
	d_step {
		ok = WELL_MADE(m);
		for (place : 0 .. RECORDS - 1) {
			if
			:: CELL(s, AT(place)) != m -> ok = 0
			:: else
			fi
		};
		place = 0
	}
}

/* ok: the boot check of this slot holds */
inline check_slot(s)
{
	look_at(s, CELL(s, 0));
	d_step {
		if
		:: CELL(s, 0) == BLANK || CELL(s, 0) == TORN || LINKED(CELL(s, 0)) != s -> ok = 0
		:: else ->
			if
			:: seal -> ok = ok && R.seal[s] == CELL(s, 0)
			:: else -> ok = ok && SIGNED(CELL(s, 0))
			fi
		fi
	}
}

#define ON_TRIAL (R.slot[0] == TRIAL || R.slot[1] == TRIAL)

/* ---- boot ---- */

#define PREFERRED(wanted) \
	(slots == 2 && !excluded[1] && R.slot[1] == wanted \
	 && (excluded[0] || R.slot[0] != wanted || R.install[1] > R.install[0]) -> 1 : \
	 (!excluded[0] && R.slot[0] == wanted -> 0 : NO_SLOT))

inline boot_choose()
{
	candidate = PREFERRED(TRIAL);
	if
	:: candidate != NO_SLOT -> event = SFU_BOOT_EVENT_TRIAL
	:: else ->
		candidate = PREFERRED(CONFIRMED);
		event = (candidate != NO_SLOT -> SFU_BOOT_EVENT_GOOD : SFU_BOOT_EVENT_NONE)
	fi
}

inline boot_settle()
{
	if
	:: status != OK -> event = SFU_BOOT_EVENT_FAILED
	:: else ->
		good = candidate;
		event = (entry -> SFU_BOOT_EVENT_ASK : SFU_BOOT_EVENT_RUN)
	fi
}

inline boot_examine()
{
	status = OK;
	check_slot(candidate);
	held = 0;
	if
	:: ok ->
		counter = COUNTER(CELL(candidate, 0));
		if
		:: counter >= R.counter -> held = 1; version = VERSION(CELL(candidate, 0))
		:: else
		fi
	:: else
	fi;
	ok = 0;
	if
	:: boot == SFU_BOOT_STATE_GOOD -> event = (held -> SFU_BOOT_EVENT_HOLDS : SFU_BOOT_EVENT_BROKEN)
	:: boot != SFU_BOOT_STATE_GOOD && !held -> event = SFU_BOOT_EVENT_BROKEN
	:: boot != SFU_BOOT_STATE_GOOD && held && box[candidate] == R.install[candidate] ->
		event = SFU_BOOT_EVENT_CONFIRM
	:: boot != SFU_BOOT_STATE_GOOD && held && box[candidate] != R.install[candidate] ->
		if
		:: entry -> event = SFU_BOOT_EVENT_ASK
		:: else -> event = (R.attempts > 0 -> SFU_BOOT_EVENT_TRY : SFU_BOOT_EVENT_SPENT)
		fi
	fi
}

inline boot_set_slot(state, count)
{
	d_step {
		copy(N, R);
		N.slot[candidate] = state;
		N.attempts = count;
		if
		:: state == CONFIRMED && counter > N.counter -> N.counter = counter
		:: else
		fi
	};
	append(status)
}

inline boot_effect()
{
	if
	:: effect == SFU_BOOT_NONE
	:: effect == SFU_BOOT_EFFECT_CONFIRM -> boot_set_slot(CONFIRMED, 0)
	:: effect == SFU_BOOT_EFFECT_ATTEMPT ->
		demand(trial, R.attempts > 0);
		if
		:: broken == 5 -> status = OK             /* no boot is counted */
		:: else -> boot_set_slot(TRIAL, R.attempts - 1)
		fi
	:: effect == SFU_BOOT_EFFECT_REVERT -> boot_set_slot(EMPTY, 0); excluded[candidate] = 1
	:: effect == SFU_BOOT_EFFECT_EXCLUDE -> excluded[candidate] = 1
	:: effect == SFU_BOOT_EFFECT_DROP -> note_failure(); excluded[candidate] = 1
	fi
}

/* sfu_boot_failure: the code is not in the model, so it is an append that changes nothing, or none */
inline note_failure()
{
	if
	:: d_step { copy(N, R) }; append(written); written = 0
	:: true
	fi
}

/* could: some slot holds what may be run, as the properties see it */
inline boot_can()
{
	could = 0;
	for (i : 0 .. slots - 1) {
		check_slot(i);
		if
		:: ok && COUNTER(CELL(i, 0)) >= R.counter &&
		   (R.slot[i] == CONFIRMED ||
		       (R.slot[i] == TRIAL && (R.attempts > 0 || box[i] == R.install[i]))) -> could = 1
		:: else
		fi
	};
	ok = 0;
	i = 0
}

inline run_boot()
{
	d_step {
		copy(R, J);
		good = NO_SLOT;
		candidate = NO_SLOT;
		boot = SFU_BOOT_STATE_DECIDING;
		failed = 0
	};
	OBSERVE(START, entry, 0, 0);
	boot_can();
	do
	:: boot == SFU_BOOT_STATE_RUNNING || boot == SFU_BOOT_STATE_STAYING -> break
	:: else ->
		if
		:: boot == SFU_BOOT_STATE_DECIDING -> boot_choose()
		:: boot == SFU_BOOT_STATE_HELD -> boot_settle()
		:: else -> boot_examine()
		fi;
		was = boot;
		sfu_boot_move(boot, event, effect);
		boot_effect();
		OBSERVE(BOOT, was, event, boot);
		was = 0
	od;
	/* of two slots one can be run always; what can be run is run */
	demand(good_boots, slots == 1 || blank_device || could || failed);
	demand(good_boots, !could || boot == SFU_BOOT_STATE_RUNNING || entry || failed);
	d_step {
		could = 0;
		excluded[0] = 0;
		excluded[1] = 0;
		entry = 0;
		event = 0;
		effect = 0;
		counter = 0;
		status = OK
	}
}

/* ---- upgrade ---- */

inline erase_to(end)
{
	do
	:: status == OK && erased < end ->
		flash_erase(LINKED(manifest), erased / SECTOR, status);
		erased = erased + SECTOR
	:: else -> break
	od
}

inline append_progress(number)
{
	d_step {
		copy(N, R);
		N.slot[LINKED(manifest)] = INSTALLING;
		N.install[LINKED(manifest)] = number;
		N.id = manifest;
		N.next = next
	};
	append(status)
}

inline upgrade_start(number)
{
	erased = (next == 0 -> 0 : AT(next));
	checkpoint = erased;
	/* what lies behind the checkpoint is taken for blank */
	erased = (broken == 3 && next != 0 -> (AT(next) / SECTOR + 1) * SECTOR : erased);
	if
	:: broken == 12 -> erase_to(AT(next) + 1)         /* and then the journal */
	:: else
	fi;
	append_progress(number);
	erase_to(AT(next) + 1)
}

inline upgrade_begin()
{
	if
	:: LINKED(manifest) == good -> good = NO_SLOT
	:: else
	fi;
	next = 0;
	install = (slots == 2 && R.install[1] > R.install[0] -> R.install[1] : R.install[0]) + 1;
	assert(install < 16);                             /* the model's own bound */
	upgrade_start(install);
	install = 0
}

inline upgrade_resume()
{
	next = R.next;
	upgrade_start(R.install[LINKED(manifest)])
}

inline upgrade_store()
{
	erase_to(AT(next) + 1);
	if
	:: status == OK -> flash_program(LINKED(manifest), AT(next), manifest, status)
	:: else
	fi;
	next++;
	if
	:: status == OK && AT(next) == erased && next < RECORDS ->
		if
		:: AT(next) - checkpoint >= FAR ->
			checkpoint = AT(next);
			append_progress(R.install[LINKED(manifest)])
		:: else
		fi;
		if
		:: status == OK -> erase_to(AT(next) + 1)
		:: else
		fi
	:: else
	fi
}

inline upgrade_conclude(good_image)
{
	d_step {
		copy(N, R);
		N.slot[LINKED(manifest)] = (good_image -> TRIAL : EMPTY);
		N.attempts = (good_image -> TRIALS : 0);
		N.next = 0;
		N.id = 0;
		N.seal[LINKED(manifest)] = (good_image -> manifest : 0);
		/* the floor rises before the image has confirmed itself */
		N.counter = (broken == 2 && good_image && COUNTER(manifest) > N.counter -> COUNTER(manifest) : N.counter)
	};
	append(written)
}

inline upgrade_seal()
{
	erase_to(CELLS);
	if
	:: status == OK ->
		look_at(LINKED(manifest), manifest);
		status = (ok -> OK : R_IMAGE);
		ok = 0
	:: else
	fi;
	if
	:: status == OK && R.next != 0 && broken != 4 -> d_step { copy(N, R); N.next = 0 }; append(status)
	:: else
	fi;
	if
	:: status == OK -> flash_program(LINKED(manifest), 0, manifest, status)
	:: else
	fi;
	/* the answer goes out before the journal says so */
	if
	:: status == OK && broken == 7 -> b = R.install[LINKED(manifest)]; reply(DONE, b, 0, 0)
	:: else
	fi;
	upgrade_conclude(status == OK);
	status = (status != OK -> status : written);
	written = OK
}

inline upgrade_effect()
{
	if
	:: effect == SFU_UPGRADE_NONE
	:: effect == SFU_UPGRADE_EFFECT_BEGIN -> upgrade_begin()
	:: effect == SFU_UPGRADE_EFFECT_RESUME -> upgrade_resume()
	:: effect == SFU_UPGRADE_EFFECT_STORE -> upgrade_store()
	:: effect == SFU_UPGRADE_EFFECT_SEAL -> upgrade_seal()
	fi
}

/* one event, and FAILED behind it if its effect did not work */
inline upgrade_step()
{
	status = OK;
	was_upgrade = upgrade;
	sfu_upgrade_move(upgrade, event, effect);
	upgrade_effect();
	OBSERVE(UPGRADE, was_upgrade, event, upgrade);
	if
	:: status != OK ->
		event = SFU_UPGRADE_EVENT_FAILED;
		was_upgrade = upgrade;
		sfu_upgrade_move(upgrade, event, effect);
		assert(effect == SFU_UPGRADE_NONE);
		OBSERVE(UPGRADE, was_upgrade, event, upgrade)
	:: else
	fi;
	was_upgrade = 0
}

/* fsm/upgrade_events.c:acceptable, and the signature before it */
inline upgrade_judge(m)
{
	if
	:: !SIGNED(m) && broken != 1 -> status = R_SIGNATURE
	:: (SIGNED(m) || broken == 1) && COUNTER(m) < R.counter -> status = R_COUNTER
	:: (SIGNED(m) || broken == 1) && COUNTER(m) >= R.counter ->
		if
		:: good != NO_SLOT && VERSION(m) <= version -> status = R_VERSION
		:: !(good != NO_SLOT && VERSION(m) <= version) ->
			status = (LINKED(m) >= slots || (slots == 2 && LINKED(m) == good) -> R_SLOT : OK)
		fi
	fi
}

inline upgrade_offer(m)
{
	if
	:: ON_TRIAL -> status = R_BUSY
	:: !ON_TRIAL && (upgrade == SFU_UPGRADE_STATE_RECEIVING || upgrade == SFU_UPGRADE_STATE_COMPLETE) &&
	   m == manifest -> status = OK
	:: !ON_TRIAL && !((upgrade == SFU_UPGRADE_STATE_RECEIVING || upgrade == SFU_UPGRADE_STATE_COMPLETE) &&
	   m == manifest) ->
		if
		:: offers >= OFFERS -> status = R_OFFERS
		:: else ->
			offers++;
			upgrade_judge(m);
			if
			:: status == OK ->
				manifest = m;
				event = (R.slot[LINKED(m)] == INSTALLING && R.next < RECORDS && R.id == m ->
				         SFU_UPGRADE_EVENT_RESUME : SFU_UPGRADE_EVENT_START);
				upgrade_step()
			:: status == R_SIGNATURE
			:: status != OK && status != R_SIGNATURE -> note_failure()
			fi
		fi
	fi
}

/* the record that `m` was packed with at `at`, sent as record `index` */
inline upgrade_record(index, m, at)
{
	if
	:: upgrade == SFU_UPGRADE_STATE_COMPLETE && index < RECORDS -> status = OK
	:: upgrade == SFU_UPGRADE_STATE_RECEIVING && index < next -> status = OK
	:: upgrade == SFU_UPGRADE_STATE_RECEIVING && index > next -> status = E_TIMEOUT
	:: upgrade == SFU_UPGRADE_STATE_RECEIVING && index == next ->
		if
		:: m == manifest && at == next && KIND(m) != DAMAGED ->
			event = (index + 1 == RECORDS -> SFU_UPGRADE_EVENT_LAST : SFU_UPGRADE_EVENT_RECORD);
			upgrade_step()
		:: else -> status = R_RECORD
		fi
	:: else -> status = R_ORDER
	fi
}

inline upgrade_finish()
{
	if
	:: upgrade == SFU_UPGRADE_STATE_DONE -> status = OK
	:: upgrade == SFU_UPGRADE_STATE_RECEIVING -> status = R_INCOMPLETE
	:: upgrade == SFU_UPGRADE_STATE_COMPLETE -> event = SFU_UPGRADE_EVENT_FINISH; upgrade_step()
	:: upgrade == SFU_UPGRADE_STATE_IDLE -> status = R_ORDER
	fi
}

#define LIMIT_PLUS \
	(next + 1 >= RECORDS -> RECORDS : \
	 (AT(next + 1) >= erased -> next + 1 : \
	  (next + WINDOW < RECORDS -> next + WINDOW : RECORDS)))

/* ---- session ---- */

#define FREE_SLOT \
	(ON_TRIAL -> NO_SLOT : (slots == 1 -> 0 : (good != NO_SLOT -> 1 - good : (R.slot[1] == INSTALLING -> 1 : 0))))

#define CHECKED(s) (s == good || (s == candidate && held && ON_TRIAL))
#define DONE_IN(s) (upgrade == SFU_UPGRADE_STATE_DONE && s == LINKED(manifest))
#define TOLD_VERSION(s) \
	(DONE_IN(s) && !(broken == 9 && CHECKED(s)) -> VERSION(manifest) : (CHECKED(s) -> version : 0))

#define TOLD(s) SLOT_INFO(R.slot[s], TOLD_VERSION(s), R.install[s])

inline session_effect()
{
	if
	:: effect == SFU_SESSION_EFFECT_TELL ->
		a = FREE_SLOT;
		b = TOLD(0);
		c = TOLD(1);
		c = (slots == 2 -> c : 0);
		reply(INFO, a, b, c)
	:: effect == SFU_SESSION_EFFECT_OFFER ->
		upgrade_offer(a);
		if
		:: status == OK -> b = LIMIT_PLUS; reply(ACCEPT, next, b, 0)
		:: else -> reply(REFUSE, status, 0, 0)
		fi
	:: effect == SFU_SESSION_EFFECT_RECORD ->
		upgrade_record(a, b, c);
		if
		:: status == OK || status == E_TIMEOUT -> b = LIMIT_PLUS; reply(ACK, next, b, 0)
		:: else -> reply(REFUSE, status, 0, 0)
		fi
	:: effect == SFU_SESSION_EFFECT_FINISH ->
		upgrade_finish();
		if
		:: status == OK -> b = R.install[LINKED(manifest)]; reply(DONE, b, 0, 0)
		:: else -> reply(REFUSE, status, 0, 0)
		fi
	:: effect == SFU_SESSION_EFFECT_QUIT ->
		event = SFU_UPGRADE_EVENT_LEAVE;
		upgrade_step();
		reply(DONE, 0, 0, 0)
	:: effect == SFU_SESSION_EFFECT_JUNK -> reply(REFUSE, R_TYPE, 0, 0)
	:: effect == SFU_SESSION_NONE
	fi;
	status = OK;
	effect = 0
}

/* one event of the machine, then what became of the installation; afterwards what is of no use is forgotten */
inline session_step(what)
{
	was = session;
	event = what;
	sfu_session_move(session, event, effect);
	session_effect();
	OBSERVE(SESSION, was, what, session);
	was = session;
	event = (upgrade == SFU_UPGRADE_STATE_DONE -> SFU_SESSION_EVENT_INSTALLED :
	         (upgrade == SFU_UPGRADE_STATE_IDLE -> SFU_SESSION_EVENT_LOST : SFU_SESSION_EVENT_ACCEPTED));
	sfu_session_move(session, event, effect);
	assert(effect == SFU_SESSION_NONE);
	OBSERVE(SESSION, was, event, session);
	d_step {
		was = 0;
		event = 0;
		type = 0;
		a = 0;
		b = 0;
		c = 0;
		if
		:: upgrade == SFU_UPGRADE_STATE_IDLE -> manifest = 0; next = 0; erased = 0; checkpoint = 0
		:: else
		fi
	}
}

#define EVENT_OF(t) \
	(t == HELLO || t == ENTER -> SFU_SESSION_EVENT_HELLO : \
	 (t == OFFER -> SFU_SESSION_EVENT_OFFER : \
	  (t == RECORD -> SFU_SESSION_EVENT_RECORD : \
	   (t == FINISH -> SFU_SESSION_EVENT_FINISH : \
	    (t == QUIT -> SFU_SESSION_EVENT_QUIT : \
	     (t == EXPIRED -> SFU_SESSION_EVENT_EXPIRED : SFU_SESSION_EVENT_JUNK))))))

#define MAY_BOOT (good != NO_SLOT || ON_TRIAL || offers >= OFFERS)

/* all that a reset forgets */
inline forget()
{
	d_step {
		clear(R);
		clear(N);
		session = SFU_SESSION_STATE_OPEN;
		upgrade = SFU_UPGRADE_STATE_IDLE;
		boot = SFU_BOOT_STATE_DECIDING;
		good = NO_SLOT;
		candidate = NO_SLOT;
		held = 0;
		version = 0;
		manifest = 0;
		next = 0;
		erased = 0;
		checkpoint = 0;
		offers = 0;
		app = 0;
		type = 0;
		a = 0;
		b = 0;
		c = 0;
		/* a cut may come in the middle of anything */
		event = 0;
		effect = 0;
		was = 0;
		was_upgrade = 0;
		status = OK;
		written = OK;
		counter = 0;
		excluded[0] = 0;
		excluded[1] = 0;
		install = 0;
		i = 0;
		place = 0;
		ok = 0;
		could = 0;
		failed = 0
	}
}

#define TRIAL_PENDING (app && R.slot[good] == TRIAL && box[good] != R.install[good])
#define RUNS(m) (app && CELL(good, 0) == (m))
