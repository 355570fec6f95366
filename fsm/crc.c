#include "crc.h"

/* Four bits a step: 64 bytes of table, and twice as fast as bit by bit would need to be. */
static const uint32_t crc32_of[16] = {
	0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu, 0x76DC4190u, 0x6B6B51F4u,
	0x4DB26158u, 0x5005713Cu, 0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu,
	0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu
};

/* One bit of the polynomial's division, and of a nibble's four; macros, so that WP computes them. */
#define BIT(c) ((c) % 2 == 1 ? ((c) / 2) ^ 0xEDB88320 : (c) / 2)
#define NIBBLE(c) BIT(BIT(BIT(BIT(c))))

/*@ // the register after four bits more, and after n bytes
    logic integer crc32_half(integer crc) = crc32_of[crc % 16] ^ (crc / 16);
    logic integer crc32_rows{L}(uint8_t *data, integer n) =
         n <= 0 ? 0xFFFFFFFF : crc32_half(crc32_half(crc32_rows(data, n - 1) ^ data[n - 1]));

    // what the name in crc.h stands for; elsewhere nobody needs to know
    axiomatic CrcMeaning {
      axiom crc32_meaning{L}: \forall uint8_t *data, integer n; 0 <= n ==>
            sfu_crc32_of(data, n) == 0xFFFFFFFF - crc32_rows(data, n);
    }
*/

uint32_t sfu_crc32(const uint8_t *data, uint32_t size)
{
	uint32_t crc = 0xFFFFFFFFu, i;

	/*@ assert table: crc32_of[1] == NIBBLE(1) && crc32_of[2] == NIBBLE(2) && crc32_of[3] == NIBBLE(3)
	      && crc32_of[4] == NIBBLE(4) && crc32_of[5] == NIBBLE(5) && crc32_of[6] == NIBBLE(6)
	      && crc32_of[7] == NIBBLE(7) && crc32_of[8] == NIBBLE(8) && crc32_of[9] == NIBBLE(9)
	      && crc32_of[10] == NIBBLE(10) && crc32_of[11] == NIBBLE(11) && crc32_of[12] == NIBBLE(12)
	      && crc32_of[13] == NIBBLE(13) && crc32_of[14] == NIBBLE(14) && crc32_of[15] == NIBBLE(15)
	      && crc32_of[0] == 0; */
	/*@ loop invariant range: 0 <= i <= size;
	    loop invariant rows: crc == crc32_rows{Pre}(data, i);
	    loop assigns i, crc;
	    loop variant size - i; */
	for (i = 0; i < size; i++) {
		crc ^= data[i];
		crc = crc32_of[crc % 16u] ^ (crc / 16u);
		crc = crc32_of[crc % 16u] ^ (crc / 16u);
	}
	return 0xFFFFFFFFu - crc;
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
		//@ assert first: step == ((crc / 256) ^ data[i]) % 256;
		//@ ghost First: ;
		step = (step ^ step / 16u) % 256u;
		//@ assert mixed: step == (\at(step, First) ^ (\at(step, First) / 16)) % 256;
		crc = (crc % 256u * 256u ^ step * 4096u ^ step * 32u ^ step) % 65536u;
	}
	return crc;
}
