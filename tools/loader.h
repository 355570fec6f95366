/* A loader's ELF file: its contents, where its configuration goes, and its layout. */
#ifndef SFU_TOOL_LOADER_H
#define SFU_TOOL_LOADER_H

#include "layout.h"
#include "spans.h"

struct sfu_loader {
	struct sfu_layout layout;
	struct sfu_spans flash; /* one span: what the ELF brings, holes filled */
	uint32_t config;        /* address of sfu_config */
};

/* EX_DATAERR: it is not a loader, or its layout cannot be right. */
int sfu_loader_read(const char *path, struct sfu_loader *loader);

void sfu_loader_free(struct sfu_loader *loader);

/* Where the image of a slot begins, and the largest it may be. */
uint32_t sfu_loader_image(const struct sfu_layout *layout, uint32_t slot);
uint32_t sfu_loader_capacity(const struct sfu_layout *layout, uint32_t slot);

/* `size` bytes at `address`, which must lie in the loader's contents; NULL if they do not. */
uint8_t *sfu_loader_at(const struct sfu_loader *loader, uint32_t address, uint32_t size);

#endif
