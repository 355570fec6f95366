/* Claim C5, what comes before an installation. README.md here tells how to read it. */
#include "bytes.h"
#include "manifest.h"
#include "upgrade.h"
#include "upgrade_flash.h"
#include "sfu_codes.h"

/* Where the automaton is. prove.py puts Aoraï's variable and states in the place of these. */
enum c5_states { c5_Unjudged, c5_Authentic, c5_Acceptable, c5_Judged };
//@ ghost int c5_now;

/*@ assigns \result \from \nothing; */
uint32_t c5_any(void);

/* That they are called, and what the first answers, is all that counts. */
/*@ requires c5: c5_now == c5_Unjudged;
    ensures c5: c5_now == (\result == SFU_OK ? c5_Authentic : c5_Unjudged); */
uint32_t sfu_manifest_authentic(const uint8_t m[SFU_MANIFEST_SIZE], const uint8_t c[SFU_CERTIFICATE_SIZE], uint8_t hash[32])
{
	return c5_any();
}

void sfu_upgrade_begin(struct sfu_device *d)
{
}

void sfu_upgrade_resume(struct sfu_device *d)
{
}

void sfu_upgrade_store(struct sfu_device *d, uint8_t *record, uint32_t size)
{
}

void sfu_upgrade_seal(struct sfu_device *d)
{
}

/*@ requires c5: *p == SFU_UPGRADE_EVENT_START || *p == SFU_UPGRADE_EVENT_RESUME ==> c5_now == c5_Judged;
    ensures c5: c5_now == \old(c5_now) || c5_now == c5_Unjudged; */
void sfu_upgrade_step(struct sfu_device *d, const unsigned char *p, uint8_t *record, uint32_t size);
/*@ requires c5: event == SFU_UPGRADE_EVENT_START || event == SFU_UPGRADE_EVENT_RESUME ==> c5_now == c5_Judged;
    ensures c5: c5_now == \old(c5_now) || c5_now == c5_Unjudged; */
static void step(struct sfu_device *d, unsigned char event, uint8_t *record, uint32_t size);
/*@ requires c5: c5_now == c5_Authentic;
    ensures c5: c5_now == (\result == SFU_OK ? c5_Acceptable : c5_Authentic); */
static uint32_t acceptable(const struct sfu_device *d, const uint8_t *m, uint32_t *slot);
/*@ requires c5: c5_now == c5_Acceptable;
    ensures c5: c5_now == (\result == SFU_OK ? c5_Judged : c5_Acceptable); */
static uint32_t key_fits(const struct sfu_device *d, const uint8_t *m);
/*@ requires c5: c5_now == c5_Unjudged;
    ensures c5: c5_now == c5_Unjudged; */
uint32_t sfu_upgrade_offer(struct sfu_device *d, const uint8_t manifest[SFU_FORMAT_HEAD]);
/*@ requires c5: c5_now == c5_Unjudged;
    ensures c5: c5_now == c5_Unjudged; */
uint32_t sfu_upgrade_record(struct sfu_device *d, uint32_t index, uint8_t *record, uint32_t size);
/*@ requires c5: c5_now == c5_Unjudged;
    ensures c5: c5_now == c5_Unjudged; */
uint32_t sfu_upgrade_finish(struct sfu_device *d);
/*@ requires c5: c5_now == c5_Unjudged;
    ensures c5: c5_now == c5_Unjudged; */
void sfu_upgrade_leave(struct sfu_device *d);

#include "upgrade.c"
#include "upgrade_events.c"

/* loop of c5_main: c5_now == c5_Unjudged */

#include "upgrade_main.h"
