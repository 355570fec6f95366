/* What is demanded of the whole; the other properties are assertions in device.pml, station.pml and life.pml. */

/* Nothing more will happen unless somebody makes it. */
#define LOADER_RESTS (boot == SFU_BOOT_STATE_STAYING && session == SFU_SESSION_STATE_OPEN && !MAY_BOOT)
#define REST (doing == OVER && len(to_device) == 0 && (LOADER_RESTS || (app && !TRIAL_PENDING)))

#define LATE_ANSWERS (restarted && late)

inline at_rest()
{
	if
	:: REST ->
		/* comes_back: with two slots an image runs whatever happened */
		assert(slots == 1 || blank_device || app);
		/* agreement: what the station says is what the device holds */
		if
		:: told == INSTALLED && CONFIRMS(package) ->
			assert(hostile || worn || (app && CELL(good, 0) == package))
		:: told == INSTALLED && !CONFIRMS(package) ->
			assert(hostile || worn || slots == 1 || blank_device || (app && KIND(CELL(good, 0)) == OLD))
		/* one that was started again may be refused because its package is there already */
		:: told == REFUSED -> assert(hostile || worn || !(sealed && asked) || LATE_ANSWERS)
		:: else
		fi;
		/* success: what ought to be installed is, and the station knows; one that was started again may be confused
		 * by late answers to the one before it, and may find its package installed by that one */
		assert(hostile || worn || kind != NEW || (app && KIND(CELL(good, 0)) == NEW) || LATE_ANSWERS);
		assert(hostile || worn || kind != NEW || told == INSTALLED || restarted)
	:: else
	fi
}

#ifdef ENDS
ltl ends { <> [] REST }
#endif
