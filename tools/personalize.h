/* One device and one HSM: the exchange of spec/formats.md, "Personalization", carried by the station. */
#ifndef SFU_TOOL_PERSONALIZE_H
#define SFU_TOOL_PERSONALIZE_H

#include "hsm_client.h"
#include "station.h"

struct sfu_personalized {
	uint32_t licence;
	uint32_t stock;     /* licences left */
	int before;         /* the device was personalized already; its receipt was sent again */
	int known;          /* the ledger had the receipt already */
	int licence_before; /* the licence was taken in an earlier attempt */
	uint64_t time;      /* when the ledger got the receipt first, seconds since 1970 */
};

/* Personalizes the device that answered `info`. Asking again is always safe, and so is ending half-way.
 * EX_TEMPFAIL: the device, its port or the HSM fell silent, the same command goes on; else what the
 * device (codes.h) or the HSM (hsm_client.h) refused. */
int sfu_personalize(struct sfu_station *station, struct sfu_hsm_client *client,
	struct sfu_personalized *result);

#endif
