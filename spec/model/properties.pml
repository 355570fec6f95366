/* What is demanded of the whole; the other properties are assertions in device.pml, station.pml and life.pml. */

/* Nothing more will happen unless somebody makes it. */
#define LOADER_RESTS (boot == SFU_BOOT_STATE_STAYING && session == SFU_SESSION_STATE_OPEN && !MAY_BOOT)
#define REST (doing == OVER && len(to_device) == 0 && (LOADER_RESTS || (app && !TRIAL_PENDING)))

#define LATE_ANSWERS (restarted && late)

inline at_rest()
{
	if
	:: REST ->
		/* with two slots an image runs whatever happened */
		demand(comes_back, slots == 1 || blank_device || app);
		/* what the station says is what the device holds */
		if
		:: told == INSTALLED && CONFIRMS(package) ->
			demand(agreement, hostile || worn || (app && CELL(good, 0) == package))
		:: told == INSTALLED && !CONFIRMS(package) ->
			demand(agreement, hostile || worn || slots == 1 || blank_device || (app && KIND(CELL(good, 0)) == OLD))
		/* one that was started again may be refused because its package is there already */
		:: told == REFUSED -> demand(agreement, hostile || worn || !(sealed && asked) || LATE_ANSWERS)
		:: else
		fi;
		/* what ought to be installed is, and the station knows; one that was started again may be confused
		 * by late answers to the one before it, and may find its package installed by that one */
		demand(success, hostile || worn || kind != NEW || (app && KIND(CELL(good, 0)) == NEW) || LATE_ANSWERS);
		demand(success, hostile || worn || kind != NEW || told == INSTALLED || restarted)
	:: else
	fi
}

#ifdef ENDS
ltl ends { <> [] REST }
#endif
