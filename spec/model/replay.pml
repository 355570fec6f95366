/* The device of the model does what the C did: README.md. The trace is what tests/model/log.c wrote, one line of
 * numbers for each thing seen. The verifier looks for a run of the model that shows the same; where it finds one it
 * "fails" with `accepted`. */

#include "bounds.pml"
#include "wire.pml"

/* what is seen; an answer has its message type */
#define START 1         /* the loader was asked for */
#define BOOT 2          /* a step of a machine: state, event, next state */
#define UPGRADE 3
#define SESSION 4
#define APPEND 5        /* the journal's new state */
#define ERASE 6         /* slot, sector */
#define PROGRAM 7       /* slot, cell */
#define RUN 8           /* slot, on trial */
#define RESET 9
#define CONFIRM 10      /* slot */
#define HEARD 11        /* message type, and three numbers */
#define CUT 12          /* the power went, and the button is held when it returns */

c_decl {
/* behind the last line are zeros, which nothing is */
static int trace[20000][5], length, farthest;

static void tell(void)
{
	printf("replay: %d of %d lines\n", farthest, length);
}

static void trace_read(void)
{
	FILE *file = fopen(getenv("TRACE"), "r");

	if (file == NULL)
		exit(2);
	while (length < 19999
	       && fscanf(file, "%d %d %d %d %d", trace[length], trace[length] + 1, trace[length] + 2,
	                 trace[length] + 3, trace[length] + 4) == 5)
		length++;
	(void)fclose(file);
	(void)atexit(tell);
}
};

short seen_at;
byte see_kind, see_p, see_q, see_r;
hidden byte accepted = 1;

#define OBSERVE(kind, p, q, r) \
	see_kind = kind; see_p = p; see_q = q; see_r = r; \
	c_expr { trace[now.seen_at][0] == now.see_kind && trace[now.seen_at][1] == now.see_p \
	         && trace[now.seen_at][2] == now.see_q && trace[now.seen_at][3] == now.see_r }; \
	observed()
#define OBSERVE_STATE(result) \
	if \
	:: result == OK -> OBSERVE(APPEND, R.slot[0] + 4 * R.slot[1] + 16 * R.attempts, \
	                           R.install[0] + 16 * R.install[1], R.next + 16 * R.counter) \
	:: else \
	fi

inline observed()
{
	c_code {
		now.seen_at++;
		farthest = now.seen_at > farthest ? now.seen_at : farthest;
		now.see_kind = now.see_p = now.see_q = now.see_r = 0;
	};
	demand(accepted, c_expr { now.seen_at < length })
}

#define HEARS c_expr { trace[now.seen_at][0] == 11 }
#define ANSWER_ROOM true
#define STRANGER false
#define TIME_IS_UP true
/* a person may hold the button when the power returns */
#define BUTTON (c_expr { trace[now.seen_at][1] == 1 })
#define AWAITED(kind) c_expr { trace[now.seen_at][0] == 1 }

inline spend_time()
{
	skip
}

inline hear()
{
	c_code {
		now.type = trace[now.seen_at][1];
		now.a = trace[now.seen_at][2];
		now.b = trace[now.seen_at][3];
		now.c = trace[now.seen_at][4];
	};
	observed()
}

inline hear_a_stranger()
{
	skip
}

inline reply(t, p, q, r)
{
	OBSERVE(t, p, q, r)
}

inline empty_line()
{
	skip
}

inline at_rest()
{
	skip
}

#include "device.pml"
#include "life.pml"

init {
	atomic {
		settings();
		c_code { trace_read(); };
		cuts = 255;
		run Device()
	}
}
