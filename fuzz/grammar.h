/* A second reading of spec/formats.md: offsets and rules are typed from its tables, not taken from gen/sfu_format.h, so
 * that a target can set it against the core's parsers. Plain, and compiled without instrumentation. */
#ifndef GRAMMAR_H
#define GRAMMAR_H

#include <stdint.h>

struct grammar_device {
	const uint8_t *config;       /* struct CONFIG, 416 bytes, which is whole */
	const uint8_t *uid;          /* 12 */
	const uint8_t *loader;       /* struct VERSION */
	uint32_t slots, image[2], capacity[2], record_max;
};

/* `size` bytes as a number, low byte first. */
uint32_t grammar_number(const uint8_t *at, uint32_t size);
uint64_t grammar_version(const uint8_t v[8]);

/* RFC 1662's FCS-32, and the CRC-16 of XMODEM. */
uint32_t grammar_crc(const uint8_t *data, uint32_t size);
uint32_t grammar_crc16(const uint8_t *data, uint32_t size);

/* Is struct CONFIG one that a loader may use? */
int grammar_config(const uint8_t c[416]);

/* What is judged of a manifest, with its certificate behind it, each 0x3C3C3C3C or the code of the refusal. `good` says if
 * the signature behind the `size` bytes is right under the public key it is given. */
uint32_t grammar_authentic(const struct grammar_device *d, const uint8_t m[416],
                           int (*good)(const uint8_t *key, const uint8_t *signed_bytes, uint32_t size));
int grammar_stands(const uint8_t m[256], const uint8_t floor[4]);
uint32_t grammar_meant(const struct grammar_device *d, const uint8_t m[256]);
uint32_t grammar_fits(const struct grammar_device *d, const uint8_t m[256], uint32_t *slot);

/* A commit unit of a page whose magic this is: its generation, or 0. */
uint32_t grammar_commit(const uint8_t unit[32], const char *magic);

#endif
