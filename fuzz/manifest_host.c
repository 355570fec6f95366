#include "manifest_host.h"
#include <string.h>
#include "fuzz.h"
#include "grammar.h"
#include "package_manifest.h"
#include "sfu_codes.h"

static void same_fields(const struct sfu_manifest *h, const uint8_t *m)
{
	FUZZ_MUST(h->flags == m[7] && memcmp(h->signer, m + 8, 4) == 0 && h->hardware == grammar_number(m + 12, 4)
	                  && memcmp(h->product, m + 16, 16) == 0 && h->epoch == grammar_number(m + 32, 4)
	                  && h->security_counter == grammar_number(m + 44, 4) && memcmp(h->uid, m + 56, 12) == 0
	                  && h->load_address == grammar_number(m + 68, 4) && h->plain_size == grammar_number(m + 72, 4)
	                  && h->record_size == grammar_number(m + 76, 2) && h->record_count == grammar_number(m + 78, 2)
	                  && memcmp(h->salt, m + 80, 32) == 0 && memcmp(h->image_hash, m + 112, 32) == 0
	                  && memcmp(h->first_hash, m + 144, 32) == 0 && memcmp(h->key_check, m + 176, 8) == 0
	                  && memcmp(h->key_floor, m + 184, 4) == 0 && h->its_signer.rank == m[188]
	                  && h->its_signer.serial == m[189] && h->its_issuer.rank == m[190] && h->its_issuer.serial == m[191]
	                  && memcmp(h->signature, m + 192, 64) == 0,
	          "the host's program reads another field");
}

void manifest_host(const uint8_t m[256], uint32_t authentic, uint32_t fits)
{
	struct sfu_manifest h;
	uint8_t again[SFU_MANIFEST_SIZE];
	uint32_t offset = 0;
	const char *wrong = sfu_package_decode(m, &h, &offset);
	const int known = authentic != SFU_R_MAGIC && authentic != SFU_R_FORMAT;

	FUZZ_MUST(wrong != NULL || known, "the host takes a kind of package that the device does not");
	FUZZ_MUST(wrong == NULL || !known || fits != SFU_OK, "the device takes a package that the host does not");
	if (wrong != NULL)
		return;
	same_fields(&h, m);
	sfu_package_encode(&h, again);
	FUZZ_MUST(memcmp(again, m, sizeof again) == 0, "what the host writes is not what it read");
}
