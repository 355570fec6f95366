/* Which arithmetic on P-256 a build works with: the one of curve_m31.c or of curve_prime.c that is
 * linked. */
#ifndef SFU_CURVE_H
#define SFU_CURVE_H

#include <stdint.h>
#include <bearssl.h>
#include "claims.h"

/* 1 if `signature` (r ‖ s) is one of `hash` under `key`, which is on P-256; else 0. Its time depends on
 * what it is given, none of which is secret. */
/*@ requires key: \valid_read(key) && \valid_read(key->q + (0 .. key->qlen - 1));
    requires read: \valid_read(hash + (0 .. 31)) && \valid_read(signature + (0 .. 63));
    requires point: key->curve == 23 && key->qlen == 65 && key->q[0] == 4;
    assigns \result \from *key, key->q[0 .. key->qlen - 1], hash[0 .. 31], signature[0 .. 63];
    assigns sfu_vouch.signature \from *key, key->q[0 .. key->qlen - 1], hash[0 .. 31], signature[0 .. 63];
    ensures bit: \result == 0 || \result == 1;
    ensures vouched: sfu_vouch.signature == \result; */
uint32_t sfu_curve_verify(const br_ec_public_key *key, const uint8_t hash[32], const uint8_t signature[64]);

/* point = scalar * point, in a time that depends on neither. `point` is 0x04 ‖ X ‖ Y, the scalar lies between 0 and the
 * order of the group, both excluded, and is big-endian. 1, or 0 if the point was not on P-256, and is anything then. */
/*@ requires point: \valid(point + (0 .. 64));
    requires scalar: \valid_read(scalar + (0 .. 31)) && \separated(point + (0 .. 64), scalar + (0 .. 31));
    assigns point[0 .. 64] \from point[0 .. 64], scalar[0 .. 31];
    assigns \result \from point[0 .. 64];
    ensures bit: \result == 0 || \result == 1; */
uint32_t sfu_curve_multiply(uint8_t point[65], const uint8_t scalar[32]);

/* The group's generator, 0x04 ‖ X ‖ Y, and its order, 32 bytes, big-endian: BearSSL's own numbers (curves.c). */
/*@ assigns \nothing;
    ensures read: \valid_read(\result + (0 .. 64)); */
const uint8_t *sfu_curve_generator(void);
/*@ assigns \nothing;
    ensures read: \valid_read(\result + (0 .. 31)); */
const uint8_t *sfu_curve_order(void);

#endif
