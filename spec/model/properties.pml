/* What is demanded of the whole; the other properties are assertions in device.pml, station.pml and life.pml. */

/* Nothing more will happen unless somebody makes it. */
#define LOADER_RESTS (boot == SFU_BOOT_STATE_STAYING && session == SFU_SESSION_STATE_OPEN && !MAY_BOOT)
#define REST (doing == OVER && len(to_device) == 0 && (LOADER_RESTS || (app && !TRIAL_PENDING)))

#define HOSTILE (STRANGERS > 0)
#define BROKEN_FLASH (FAULTS > 0)

inline at_rest()
{
	if
	:: REST ->
		/* comes_back: with two slots an image runs whatever happened */
		assert(SLOTS == 1 || BLANK_DEVICE || app);
		/* agreement: what the station says is what the device holds */
		if
		:: told == INSTALLED && CONFIRMS(package) ->
			assert(HOSTILE || BROKEN_FLASH || (app && CELL(good, 0) == package))
		:: told == INSTALLED && !CONFIRMS(package) ->
			assert(HOSTILE || BROKEN_FLASH || SLOTS == 1 || BLANK_DEVICE || (app && KIND(CELL(good, 0)) == OLD))
		/* a station that was started again may be refused because its package is there already */
		:: told == REFUSED -> assert(HOSTILE || BROKEN_FLASH || restarts < RESTARTS || !sealed)
		:: else
		fi;
		/* success: what ought to be installed is, and the station knows */
		assert(HOSTILE || BROKEN_FLASH || kind != NEW || (app && KIND(CELL(good, 0)) == NEW));
		assert(HOSTILE || BROKEN_FLASH || kind != NEW || told == INSTALLED || restarts < RESTARTS)
	:: else
	fi
}

#ifdef ENDS
ltl ends { <> [] REST }
#endif
