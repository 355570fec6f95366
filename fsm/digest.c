#include "digest.h"
#include "crypto.h"

void sfu_digest(const uint8_t *bytes, uint32_t size, uint8_t hash[32])
{
	struct sfu_hash h;

	sfu_hash_init(&h);
	sfu_hash_update(&h, bytes, size);
	//@ assert all: sfu_sha_size(h.sha) == size;
	//@ assert value: sfu_sha_value(h.sha) == \at(sfu_sha_more(sfu_sha_none, sfu_bytes(bytes, size)), Pre);
	sfu_hash_final(&h, hash);
}
