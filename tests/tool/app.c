/* An application: a vector table, code, and constants enough for several records. */
#include <stdint.h>

volatile uint32_t counter = 7;
__attribute__((used)) const uint8_t payload[PAYLOAD] = { 1, 2, 3, 4 };

int main(void)
{
	for (;;)
		counter += payload[counter % PAYLOAD];
}

__attribute__((used, section(".vectors"))) const uintptr_t table[2] = { STACK, (uintptr_t)main };
