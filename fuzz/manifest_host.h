/* What the host program's parser says of a manifest that the device has judged: they must agree in its kind and sizes, and
 * in each field; and what the host writes must be what it read. */
#ifndef MANIFEST_HOST_H
#define MANIFEST_HOST_H

#include <stdint.h>

/* `authentic` and `fits` are what sfu_manifest_authentic and sfu_manifest_fits answered. */
void manifest_host(const uint8_t m[256], uint32_t authentic, uint32_t fits);

#endif
