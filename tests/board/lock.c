#include "lock.h"

#include "cpu.h"
#include "flash.h"
#include "stop.h"

static const char *why(const struct board_lock *lock)
{
	if (lock->open)
		return "it is open already";
	if (lock->jammed)
		return "it was jammed before";
	return lock->step ? "the second was due" : "the first was due";
}

void board_lock_turn(struct board_lock *lock, uint32_t key)
{
	if (!lock->open && !lock->jammed && key == lock->keys[lock->step]) {
		lock->open = lock->step == 1;
		lock->step = !lock->step;
		return;
	}
	if (!board_lenient)
		board_diagnose("flash: %s: wrong key 0x%08x (%s): locked until reset", lock->name,
			key, why(lock));
	lock->open = 0;
	lock->jammed = 1;
	board_cpu_bus_fault(0x40023C04);
}

void board_lock_close(struct board_lock *lock)
{
	lock->open = 0;
	lock->step = 0;
}

void board_lock_reset(struct board_lock *lock)
{
	board_lock_close(lock);
	lock->jammed = 0;
}
