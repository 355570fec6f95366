#include "crc.h"

/* Four bits a step: 64 bytes of table, and twice as fast as bit by bit would need to be. */
static const uint32_t crc32_of[16] = {
	0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu, 0x76DC4190u, 0x6B6B51F4u,
	0x4DB26158u, 0x5005713Cu, 0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu,
	0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu
};

uint32_t sfu_crc32(const uint8_t *data, uint32_t size)
{
	uint32_t crc = 0xFFFFFFFFu, i;

	/*@ loop invariant range: 0 <= i <= size;
	    loop assigns i, crc;
	    loop variant size - i; */
	for (i = 0; i < size; i++) {
		crc ^= data[i];
		crc = crc32_of[crc % 16u] ^ (crc / 16u);
		crc = crc32_of[crc % 16u] ^ (crc / 16u);
	}
	return ~crc;
}

uint32_t sfu_crc16(uint32_t crc, const uint8_t *data, uint32_t size)
{
	uint32_t i, step;

	/*@ loop invariant range: 0 <= i <= size;
	    loop invariant crc: crc <= 0xFFFF;
	    loop assigns i, crc, step;
	    loop variant size - i; */
	for (i = 0; i < size; i++) {
		/* the eight steps of a byte at once, as the polynomial's few bits allow */
		step = (crc / 256u ^ data[i]) % 256u;
		step = (step ^ step / 16u) % 256u;
		crc = (crc % 256u * 256u ^ step * 4096u ^ step * 32u ^ step) % 65536u;
	}
	return crc;
}
