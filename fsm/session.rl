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
  PERSONALIZE = 5;
  PERMIT = 6;
  JUNK = 7;      # a type that is not known, or a body where there must be none
  EXPIRED = 8;   # a time limit ran out
  ACCEPTED = 9;  # outcomes: a manifest is accepted and records are awaited
  INSTALLED = 10; # an image is sealed
  LOST = 11;     # neither

  action tell   { sfu_session_tell(d); }
  action offer  { sfu_session_offer(d, body); }
  action record { sfu_session_record(d, body); }
  action finish { sfu_session_finish(d); }
  action quit   { sfu_session_quit(d); }
  action junk   { sfu_session_refuse_type(d); }
  action personalize { sfu_session_personalize(d); }
  action permit      { sfu_session_permit(d, body); }

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
             | PERSONALIZE @personalize -> start
             | PERMIT @permit  -> start
             | JUNK   @junk    -> start
             | EXPIRED         -> leaving
             | ACCEPTED        -> loading
             | INSTALLED       -> loaded
             | ^(HELLO | OFFER | RECORD | FINISH | QUIT | PERSONALIZE | PERMIT | JUNK | EXPIRED | ACCEPTED | INSTALLED)
                               -> start
             ) >~in_open,
    loading: ( HELLO  @tell    -> loading
             | OFFER  @offer   -> loading
             | RECORD @record  -> loading
             | FINISH @finish  -> loading
             | QUIT   @quit    -> leaving
             | PERSONALIZE @personalize -> loading
             | PERMIT @permit  -> loading
             | JUNK   @junk    -> loading
             | EXPIRED         -> leaving
             | INSTALLED       -> loaded
             | LOST            -> start
             | ^(HELLO | OFFER | RECORD | FINISH | QUIT | PERSONALIZE | PERMIT | JUNK | EXPIRED | INSTALLED | LOST)
                               -> loading
             ) >~in_loading,
    loaded:  ( HELLO  @tell    -> loaded
             | OFFER  @offer   -> loaded
             | RECORD @record  -> loaded
             | FINISH @finish  -> loaded
             | QUIT   @quit    -> leaving
             | PERSONALIZE @personalize -> loaded
             | PERMIT @permit  -> loaded
             | JUNK   @junk    -> loaded
             | EXPIRED         -> leaving
             | ^(HELLO | OFFER | RECORD | FINISH | QUIT | PERSONALIZE | PERMIT | JUNK | EXPIRED) -> loaded
             ) >~in_loaded,
    leaving: ( any             -> leaving ) >~in_leaving
  );
}%%
%% write data noerror nofinal noentry;

void sfu_session_step(struct sfu_device *d, const unsigned char *p, uint8_t *body)
{
	%% write exec noend;
}
