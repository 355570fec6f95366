/* A station and a device with a line and a power supply between them: README.md. */

#include "bounds.pml"
#include "wire.pml"
#include "station.pml"

chan to_device = [LINE] of { byte, byte, byte, byte };
chan to_station = [LINE] of { byte, byte, byte, byte };

/* only replay.pml watches */
#define OBSERVE(kind, p, q, r) skip
#define OBSERVE_STATE(result) skip
#define BUTTON 0

/* the application is reset */
#define AWAITED(kind) skip
#define HEARS nempty(to_device)
#define ANSWER_ROOM (doing == OVER || len(to_station) < LINE)
#define STRANGER (strangers > 0)

/* A time limit runs out when nothing is under way any more, or early. The station's limits are shorter than the
 * device's: it calls again before the device leaves. */
#define QUIET (len(to_device) == 0 && out == 0 && (doing == OVER || (len(to_station) == 0 && !MAY_SEND)))
#define STATION_TIME_IS_UP (QUIET || early > 0)
#define TIME_IS_UP ((QUIET && doing == OVER) || early > 0)

inline station_time()
{
	if
	:: QUIET
	:: !QUIET -> early--; late = 1
	fi
}

inline spend_time()
{
	if
	:: QUIET && doing == OVER
	:: !(QUIET && doing == OVER) -> early--; late = 1
	fi
}

inline take_off(line, t, p, q, r)
{
	if
	:: line?t, p, q, r
	:: twice > 0 -> twice--; late = 1; line?<t, p, q, r>
	:: losses > 0 -> losses--; line?_, _, _, _; t = LOST_ON_THE_WAY
	fi
}

inline hear()
{
	take_off(to_device, type, a, b, c)
}

inline listen()
{
	take_off(to_station, said, x, y, z)
}

/* any message there is */
inline hear_a_stranger()
{
	strangers--;
	if
	:: type = JUNK
	:: type = HELLO
	:: type = OFFER; select(a : PACKAGE(OLD, 0) .. PACKAGE(KINDS, 1))
	:: type = RECORD; select(a : 0 .. RECORDS); select(b : PACKAGE(OLD, 0) .. PACKAGE(KINDS, 1));
		select(c : 0 .. RECORDS - 1)
	:: type = FINISH
	:: type = QUIT
	fi
}

inline reply(t, p, q, r)
{
	if
	:: doing == OVER
	:: else -> to_station!t, p, q, r
	fi
}

/* What is on the way to a device that starts anew may be gone. */
inline empty_line()
{
	if
	:: do
	   :: len(to_device) > 0 -> to_device?_, _, _, _
	   :: else -> break
	   od
	:: len(to_device) > 0
	fi
}

#include "device.pml"
#include "properties.pml"
#include "life.pml"

proctype Station()
{
end_station:
	do
	:: atomic { doing != OVER && nempty(to_station) ->
			listen();
			if
			:: said != LOST_ON_THE_WAY -> is_told()
			:: else
			fi;
			d_step { said = 0; x = 0; y = 0; z = 0; at = 0 };
			at_rest() }
	:: atomic { out != 0 && nfull(to_device) ->
			if
			:: out == OFFER -> to_device!OFFER, package, 0, 0
			:: out != OFFER -> to_device!out, 0, 0, 0
			fi;
			asked = asked || out == FINISH;
			out = 0 }
	:: atomic { out == 0 && MAY_SEND && nfull(to_device) ->
			to_device!RECORD, w_send, package, w_send;
			unanswered[unanswered_count] = w_send;
			unanswered_count++;
			w_send++ }
	:: atomic { doing != OVER && STATION_TIME_IS_UP -> station_time(); waited(); at_rest() }
	:: atomic { restarts > 0 ->
			restarts--;
			restarted = 1;
			do
			:: len(to_station) > 0 -> to_station?_, _, _, _
			:: else -> break
			od;
			empty_line();
			begin() }
	od
}

init {
	atomic {
		settings();
		if
		:: blank_device
		:: !blank_device ->
			for (i : 0 .. RECORDS - 1) { CELL(0, AT(i)) = PACKAGE(OLD, 0) };
			CELL(0, 0) = PACKAGE(OLD, 0);
			J.slot[0] = CONFIRMED;
			J.install[0] = 1;
			J.seal[0] = PACKAGE(OLD, 0);
			J.counter = 1;
			box[0] = 1
		fi;
		i = 0;
#ifdef KIND_ONLY
		kind = KIND_ONLY;
#else
		select(kind : NEW .. KINDS);
#endif
		begin();
		run Device();
		run Station()
	};
	/* where nobody can do anything any more, nothing is left to be done */
	timeout -> demand(stuck, REST)
}
