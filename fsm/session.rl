#include "session.h"
#include "device.h"
#include "session_reply.h"

%%{
  machine sfu_session;
  alphtype unsigned char;
  access d->session.;

  HELLO = 0;     # messages of the station
  OFFER = 1;
  RECORD = 2;
  FINISH = 3;
  QUIT = 4;
  JUNK = 5;      # a type that is not known, or a body where there must be none
  EXPIRED = 6;   # a time limit ran out
  ACCEPTED = 7;  # outcomes: a manifest is accepted and records are awaited
  INSTALLED = 8; # an image is sealed
  LOST = 9;      # neither

  action tell   { sfu_session_tell(d); }
  action offer  { sfu_session_offer(d, body); }
  action record { sfu_session_record(d, body); }
  action finish { sfu_session_finish(d); }
  action quit   { sfu_session_quit(d); }
  action junk   { sfu_session_refuse_type(d); }

  action in_open    { d->session.state = SFU_SESSION_STATE_OPEN; fbreak; }
  action in_loading { d->session.state = SFU_SESSION_STATE_LOADING; fbreak; }
  action in_loaded  { d->session.state = SFU_SESSION_STATE_LOADED; fbreak; }
  action in_leaving { d->session.state = SFU_SESSION_STATE_LEAVING; fbreak; }

  main := (
    start:   ( HELLO  @tell    -> start
             | OFFER  @offer   -> start
             | RECORD @record  -> start
             | FINISH @finish  -> start
             | QUIT   @quit    -> leaving
             | JUNK   @junk    -> start
             | EXPIRED         -> leaving
             | ACCEPTED        -> loading
             | INSTALLED       -> loaded
             | ^(HELLO | OFFER | RECORD | FINISH | QUIT | JUNK | EXPIRED | ACCEPTED | INSTALLED) -> start
             ) >~in_open,
    loading: ( HELLO  @tell    -> loading
             | OFFER  @offer   -> loading
             | RECORD @record  -> loading
             | FINISH @finish  -> loading
             | QUIT   @quit    -> leaving
             | JUNK   @junk    -> loading
             | EXPIRED         -> leaving
             | INSTALLED       -> loaded
             | LOST            -> start
             | ^(HELLO | OFFER | RECORD | FINISH | QUIT | JUNK | EXPIRED | INSTALLED | LOST) -> loading
             ) >~in_loading,
    loaded:  ( HELLO  @tell    -> loaded
             | OFFER  @offer   -> loaded
             | RECORD @record  -> loaded
             | FINISH @finish  -> loaded
             | QUIT   @quit    -> leaving
             | JUNK   @junk    -> loaded
             | EXPIRED         -> leaving
             | ^(HELLO | OFFER | RECORD | FINISH | QUIT | JUNK | EXPIRED) -> loaded
             ) >~in_loaded,
    leaving: ( any             -> leaving ) >~in_leaving
  );
}%%
%% write data noerror nofinal noentry;

void sfu_session_step(struct sfu_device *d, const unsigned char *p, uint8_t *body)
{
	%% write exec noend;
}
