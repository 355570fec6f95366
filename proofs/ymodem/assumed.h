/* What the proof of ymodem takes for granted: the same as link's. */
#include "../link/assumed.h"
