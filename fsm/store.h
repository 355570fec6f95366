/* Two flash pages of which one counts: the atomic switch under the journal and the key page.
 *
 * A page begins with a header of 128 bytes that holds two commit units (spec/formats.md, struct
 * COMMIT); it counts if either is whole. Of two pages that count, the higher generation is current.
 *
 * Power cuts. A switch erases the other page, lets the caller fill it, then programs the commit
 * unit; until that is in, the old page counts. A commit unit torn by a cut may read as whole now and
 * not at the next reset; so the old page is erased only after a commit unit of the current one was
 * programmed *and read back in this power cycle* (sfu_store_secure), or when the second unit is
 * there, which is begun only after the first was read back. */
#ifndef SFU_STORE_H
#define SFU_STORE_H

#include <stdint.h>
#include "layout.h"

struct sfu_store {
	const struct sfu_area *area; /* two of them */
	uint32_t magic;              /* SFU_FLASH_JOURNAL_MAGIC or _KEYS_MAGIC */
	uint32_t current;            /* 0 or 1; SFU_SLOT_NONE: no page counts */
	uint32_t generation;         /* of the current page */
	uint32_t secured;            /* 1: its commit was read back in this power cycle */
	uint32_t both;               /* 1: the other page counts too */
};

/* Looks at both pages' headers; writes nothing. Afterwards s->current tells. */
void sfu_store_find(struct sfu_store *s, const struct sfu_area area[2], uint32_t magic);

/* Makes sure that the current page's commit will still be there after the next reset: programs its
 * second commit unit if that is blank. Needs a current page. SFU_OK, or the port's failure. */
uint32_t sfu_store_secure(struct sfu_store *s);

/* Begins a switch: secures the current page if there is one, erases the other, and stores the page
 * to fill in *page. The caller programs it beyond the header, then calls sfu_store_commit. */
uint32_t sfu_store_begin(struct sfu_store *s, uint32_t *page);

/* Ends a switch: programs both commit units of `page`; after the first one it is current. */
uint32_t sfu_store_commit(struct sfu_store *s, uint32_t page);

/* Erases the page that is not current, after securing the one that is: for keys that must go. */
uint32_t sfu_store_retire(struct sfu_store *s);

#endif
