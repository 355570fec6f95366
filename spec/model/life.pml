/* The device's life: from one start to the next. */

proctype Device()
{
start:
	atomic {
		run_boot();
		if
		:: boot == SFU_BOOT_STATE_RUNNING ->
			/* only what was signed, is whole and not below the floor */
			demand(runnable, SIGNED(CELL(good, 0)) && COUNTER(CELL(good, 0)) >= R.counter && held);
			check_slot(good);
			demand(runnable, ok);
			ok = 0;
			if
			:: R.slot[good] == TRIAL -> tried++; demand(trial, tried <= TRIALS)
			:: else
			fi;
			OBSERVE(RUN, good, R.slot[good] == TRIAL, 0);
			app = 1;
			at_rest();
			goto end_application
		:: else -> at_rest()
		fi
	};
end_loader:
	atomic {
		if
		/* nothing is taken off the line while an answer waits for room on it */
		:: HEARS && ANSWER_ROOM -> hear()
		:: STRANGER && ANSWER_ROOM -> hear_a_stranger()
		:: TIME_IS_UP && (session != SFU_SESSION_STATE_OPEN || MAY_BOOT) && broken != 8 ->
			spend_time();
			type = EXPIRED
		:: cuts > 0 -> cuts--; goto off
		fi;
		if
		:: type == LOST_ON_THE_WAY -> type = 0
		:: else -> session_step(EVENT_OF(type))
		fi;
		if
		:: session == SFU_SESSION_STATE_LEAVING ->
			forget();
			OBSERVE(RESET, 0, 0, 0);
			entry = BUTTON;
			empty_line();
			goto start
		:: else -> at_rest(); goto end_loader
		fi
	};
end_application:
	atomic {
		if
		:: TRIAL_PENDING && CONFIRMS(CELL(good, 0)) ->
			may_cut();
			box[good] = R.install[good];
			may_cut();
			OBSERVE(CONFIRM, good, 0, 0)
		/* an image that does not confirm itself: the watchdog resets it, or the user */
		:: TRIAL_PENDING && !CONFIRMS(CELL(good, 0)) -> AWAITED(START); forget(); empty_line(); goto start
		/* it answers ENTER; if it is one to confirm itself, after that */
		:: HEARS && !(TRIAL_PENDING && CONFIRMS(CELL(good, 0))) ->
			hear();
			if
			:: type == ENTER -> forget(); entry = 1; empty_line(); goto start
			:: else -> type = 0; a = 0; b = 0; c = 0
			fi
		:: cuts > 0 -> cuts--; goto off
		fi;
		at_rest();
		goto end_application
	};
off:
	atomic {
		forget();
		OBSERVE(CUT, 0, 0, 0);
		entry = BUTTON;
		empty_line();
		goto start
	}
}
