#include "upgrade.h"
#include "bytes.h"
#include "config.h"
#include "device.h"
#include "manifest.h"
#include "sfu_codes.h"
#include "upgrade_flash.h"

%%{
  machine sfu_upgrade;
  alphtype unsigned char;
  access d->upgrade.;

  START = 0;    # an acceptable manifest
  RESUME = 1;   # the acceptable manifest whose installation was interrupted behind a checkpoint
  RECORD = 2;   # the record awaited, its hash as promised, and not the last
  LAST = 3;     # the same, and the last
  FINISH = 4;   # the station says that all is sent
  FAILED = 5;   # the last effect failed: given up
  LEAVE = 6;    # the station, or the clock, gives up
  REFUSED = 7;  # anything that is not one of these

  action begin  { sfu_upgrade_begin(d); }
  action resume { sfu_upgrade_resume(d); }
  action store  { sfu_upgrade_store(d, record, size); }
  action seal   { sfu_upgrade_seal(d); }

  action in_idle      { d->upgrade.state = SFU_UPGRADE_STATE_IDLE; fbreak; }
  action in_receiving { d->upgrade.state = SFU_UPGRADE_STATE_RECEIVING; fbreak; }
  action in_complete  { d->upgrade.state = SFU_UPGRADE_STATE_COMPLETE; fbreak; }
  action in_done      { d->upgrade.state = SFU_UPGRADE_STATE_DONE; fbreak; }

  main := (
    start:     ( START  @begin   -> receiving
               | RESUME @resume  -> receiving
               | ^(START | RESUME) -> start )     >~in_idle,
    receiving: ( START  @begin   -> receiving
               | RESUME @resume  -> receiving
               | RECORD @store   -> receiving
               | LAST   @store   -> complete
               | (FAILED | LEAVE) -> start
               | ^(START | RESUME | RECORD | LAST | FAILED | LEAVE) -> receiving ) >~in_receiving,
    complete:  ( START  @begin   -> receiving
               | RESUME @resume  -> receiving
               | FINISH @seal    -> done
               | (FAILED | LEAVE) -> start
               | ^(START | RESUME | FINISH | FAILED | LEAVE) -> complete ) >~in_complete,
    done:      ( FAILED          -> start
               | ^FAILED         -> done )        >~in_done
  );
}%%
%% write data noerror nofinal noentry;

void sfu_upgrade_step(struct sfu_device *d, const unsigned char *p, uint8_t *record, uint32_t size)
{
	%% write exec noend;
}
