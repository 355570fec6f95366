#include "personalize.h"
#include "device.h"
#include "personalize_keys.h"

%%{
  machine sfu_personalize;
  alphtype unsigned char;
  access d->personal.;

  ASK = 0;      # the station asks, and the device holds the OEM master key
  PERMIT = 1;   # a permit that answers the challenge, signed by the HSM, its box opened
  REFUSED = 2;  # one that is not
  FAILED = 3;   # the last effect did not work

  action challenge { sfu_personal_challenge(d); }
  action settle    { sfu_personal_settle(d, permit); }
  action forget    { sfu_personal_forget(&d->personal); }

  action in_idle       { d->personal.state = SFU_PERSONALIZE_STATE_IDLE; fbreak; }
  action in_challenged { d->personal.state = SFU_PERSONALIZE_STATE_CHALLENGED; fbreak; }
  action in_done       { d->personal.state = SFU_PERSONALIZE_STATE_DONE; fbreak; }

  main := (
    start:      ( ASK     @challenge -> challenged
                | ^ASK               -> start )      >~in_idle,
    challenged: ( ASK     @challenge -> challenged
                | PERMIT  @settle    -> done
                | (REFUSED | FAILED) @forget -> start
                | ^(ASK | PERMIT | REFUSED | FAILED) -> challenged ) >~in_challenged,
    done:       ( FAILED             -> start
                | ^FAILED            -> done )       >~in_done
  );
}%%
%% write data noerror nofinal noentry;

void sfu_personalize_step(struct sfu_device *d, const unsigned char *p, const uint8_t *permit)
{
	%% write exec noend;
}
