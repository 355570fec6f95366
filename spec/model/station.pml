/* The station: `sfu download` of the host program, tools/cmd_download.c, transfer.c, window.c and station.c. */

/* what it is doing */
#define CALLING 0       /* sfu_station_hello */
#define OFFERING 1
#define SENDING 2
#define FINISHING 3
#define REBOOTING 4
#define OVER 5

/* what it tells its user */
#define NOTHING 0
#define INSTALLED 1
#define REFUSED 2
#define SILENT 3        /* the device fell silent */

byte doing, told;
byte out;               /* the message that waits for room on the line */
bit turn;               /* ENTER and HELLO by turns */
byte silences;          /* in which nothing came, since it last got on */
bit begun;              /* it has heard who the device is */
byte kind;              /* the package */
byte package;           /* the same for the slot it chose */
byte before;            /* install number of that slot when it began */
byte reached;           /* most records ever acknowledged */
byte timeouts, tries;
byte w_next, w_limit, w_send;
bit w_probing;
byte unanswered[UNANSWERED], unanswered_count;
byte said, x, y, z, at; /* the message being handled */
bit found;
bit asked;              /* for the properties: this station has sent FINISH */

#define MAY_SEND \
	(doing == SENDING && w_send < w_limit && w_send < RECORDS && unanswered_count < UNANSWERED \
	 && !(w_probing && w_send > w_next))

inline forget_unanswered(count)
{
	d_step {
		unanswered_count = unanswered_count - count;
		at = 0;
		do
		:: at < unanswered_count -> unanswered[at] = unanswered[at + count]; at++
		:: else -> break
		od;
		do
		:: at < UNANSWERED -> unanswered[at] = 0; at++
		:: else -> break
		od;
		at = 0
	}
}

inline window_start()
{
	d_step {
		w_next = 0;
		w_send = 0;
		w_limit = 0;
		w_probing = 0;
		unanswered_count = 0;
		at = 0;
		do
		:: at < UNANSWERED -> unanswered[at] = 0; at++
		:: else -> break
		od;
		at = 0
	}
}

/* sfu_window_ack: x is next, y is limit */
inline window_ack()
{
	if
	:: x < w_next                                     /* late */
	:: x >= w_next ->
		demand(window, x <= RECORDS && y >= x);
		w_limit = y;
		w_probing = 0;
		at = 0;
		if
		:: x > w_next ->
			do
			:: at < unanswered_count && unanswered[at] != x - 1 -> at++
			:: else -> break
			od;
			at = (at < unanswered_count -> at + 1 : unanswered_count);
			z = at;
			forget_unanswered(z);
			w_next = x;
			w_send = (w_send < w_next -> w_next : w_send)
		:: else ->
			do
			:: at < unanswered_count && unanswered[at] == w_next -> at++
			:: else -> break
			od;
			w_send = (at > 0 -> w_next : w_send);
			z = (at < unanswered_count -> at + 1 : at);
			forget_unanswered(z)
		fi;
		z = 0
	fi
}

inline progress()
{
	if
	:: w_next > reached -> reached = w_next; silences = 0
	:: else
	fi
}

inline over(what)
{
	told = what;
	doing = OVER;
	out = 0;
	window_start();
	timeouts = 0;
	tries = 0;
	/* of no use any more */
	turn = 0;
	silences = 0;
	begun = 0;
	before = 0;
	reached = 0
}

inline call()
{
	doing = CALLING;
	turn = 0;
	out = ENTER;
	window_start();
	timeouts = 0
}

inline all_sent()
{
	if
	:: w_next == RECORDS -> doing = FINISHING; out = FINISH; window_start()
	:: else
	fi
}

/* The device has finished and only its answer was lost? */
inline look_for_it(info)
{
	found = ((INFO_STATE(info) == TRIAL || INFO_STATE(info) == CONFIRMED) && INFO_INSTALL(info) != before &&
	         INFO_VERSION(info) == VERSION(package) && broken != 6)
}

inline is_told()
{
	if
	:: doing == CALLING && said == INFO ->
		if
		:: !begun ->
			/* the package for the free slot; where none is free the device will say why not */
			begun = 1;
			package = PACKAGE(kind, (x < slots -> x : 0));
			at = (LINKED(package) == 0 -> y : z);
			before = (INFO_STATE(at) == TRIAL || INFO_STATE(at) == CONFIRMED || broken == 10 -> INFO_INSTALL(at) : 0);
			doing = OFFERING;
			out = OFFER
		:: else ->
			if
			:: LINKED(package) == 0 -> look_for_it(y)
			:: else -> look_for_it(z)
			fi;
			if
			:: found ->
				demand(no_empty_promise, sealed || hostile);
				doing = REBOOTING; told = INSTALLED; out = QUIT
			:: else -> doing = OFFERING; out = OFFER
			fi;
			found = 0
		fi
	:: doing == OFFERING && said == ACCEPT ->
		demand(window, x <= RECORDS && y >= x);
		doing = SENDING;
		window_start();
		w_next = x;
		w_send = x;
		w_limit = y;
		timeouts = 0;
		progress();
		all_sent()
	:: doing == OFFERING && said == REFUSE && x != R_ORDER -> over(REFUSED)
	:: doing == SENDING && said == ACK ->
		found = x > w_next;
		window_ack();
		timeouts = (found -> 0 : timeouts);
		found = 0;
		progress();
		all_sent()
	:: doing == SENDING && said == REFUSE ->
		if
		:: x == R_ORDER || x == E_TIMEOUT -> call()
		:: else -> over(REFUSED)
		fi
	:: doing == FINISHING && said == DONE ->
		demand(no_empty_promise, sealed || hostile);
		doing = REBOOTING; told = INSTALLED; out = QUIT
	:: doing == FINISHING && said == REFUSE && x == R_ORDER && broken != 11 -> call()
	:: doing == FINISHING && said == REFUSE && x != R_INCOMPLETE && (x != R_ORDER || broken == 11) -> over(REFUSED)
	:: doing == REBOOTING && said == DONE -> over(INSTALLED)
	:: else                                           /* what does not belong here */
	fi
}

inline waited()
{
	silences = (silences < PATIENCE -> silences + 1 : silences);
	if
	:: doing == CALLING ->
		if
		:: silences >= PATIENCE -> over(SILENT)
		/* a frame that could not leave is given up */
		:: else -> turn = 1 - turn; out = (turn -> HELLO : ENTER)
		fi
	:: doing == OFFERING || doing == FINISHING -> call()
	:: doing == SENDING ->
		timeouts++;
		if
		:: timeouts == 2 -> call()
		:: else ->
			if
			:: unanswered_count == UNANSWERED -> forget_unanswered(UNANSWERED)
			:: else
			fi;
			w_send = w_next;
			w_probing = 1
		fi
	:: doing == REBOOTING ->
		tries++;
		if
		:: tries == 3 -> over(INSTALLED)
		:: else -> out = QUIT
		fi
	fi
}

inline begin()
{
	doing = CALLING;
	told = NOTHING;
	call();
	silences = 0;
	begun = 0;
	package = 0;
	before = 0;
	reached = 0;
	tries = 0;
	sealed = 0;
	asked = 0
}
