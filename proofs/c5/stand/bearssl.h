/* In the place of BearSSL's header, whose inline functions would all be part of the order. */
#ifndef BEARSSL_STAND_H
#define BEARSSL_STAND_H
#include <stddef.h>
#include <stdint.h>

typedef struct {
	uint32_t word[28];
} br_sha256_context;

#endif
