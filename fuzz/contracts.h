/* Between a target whose contracts are checked and what is not translated of it. */
#ifndef CONTRACTS_H
#define CONTRACTS_H

#include <stdint.h>

/* Before the first input: what the contracts want of the world. */
void contracts_world(void);

/* Says how many checks there were. */
void contracts_count(int inputs);

#endif
