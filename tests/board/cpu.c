#include "cpu.h"

#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "clock.h"
#include "defect.h"
#include "exception.h"
#include "flash.h"
#include "host.h"
#include "it.h"
#include "memory.h"
#include "nvic.h"
#include "patch.h"
#include "reset.h"
#include "scs.h"
#include "stop.h"
#include "store.h"
#include "thumb.h"
#include "trap.h"

enum { LOOK_SP = 1, LOOK_ALL = 2 };
enum { INTR_NONE = -1, INTR_NOCP = 17 }; /* QEMU's numbers */
enum { FAULT_FETCH = 1, FAULT_DATA = 2 };

static uc_engine *g_uc;
static uint32_t g_pc, g_fault_address, g_go_on;
static int g_look, g_intr, g_fault, g_sleep, g_event, g_skip;
static uint64_t g_inject_at = BOARD_NEVER, g_insns_max = BOARD_NEVER, g_look_at = BOARD_NEVER;
static int (*g_inject)(void);
static void (*g_reached)(uint32_t);

uint32_t board_lowest_sp = UINT32_MAX;

uint32_t board_cpu_pc(void)
{
	return g_pc;
}
void board_cpu_attend(void)
{
	g_look |= LOOK_ALL;
}
void board_cpu_watcher(void (*reached)(uint32_t address))
{
	g_reached = reached;
}

uint32_t board_reg(int unicorn_register)
{
	uint32_t value = 0;

	uc_reg_read(g_uc, unicorn_register, &value);
	return value;
}

void board_set_reg(int unicorn_register, uint32_t value)
{
	uc_reg_write(g_uc, unicorn_register, &value);
}

void board_cpu_inject(uint64_t at, int (*inject)(void))
{
	g_inject_at = at;
	g_inject = inject;
	g_look_at = at < g_insns_max ? at : g_insns_max;
}

void board_cpu_go_on_at(uint32_t address)
{
	g_go_on = address | 1;
}

void board_cpu_limit(uint64_t insns)
{
	g_insns_max = insns;
	g_look_at = insns < g_inject_at ? insns : g_inject_at;
}

static int halted(void)
{
	if (board_host_interrupted())
		board_stop(BOARD_STOP_PC);
	return board_stop_reason() != BOARD_RUNNING || board_reset_requested() != BOARD_RESET_NONE;
}

int board_cpu_is_off(void)
{
	return halted();
}

/* RM0090 3.5.1: while BSY, an access to flash stalls the AHB until the operation ends. */
void board_cpu_stall(void)
{
	if (board_flash_is_busy() &&
		(board_flash_busy_until() != BOARD_NEVER || board_defect_stalls())) {
		board_host_idle(1);
		board_clock_pass(board_flash_busy_until(), 0, halted);
		board_host_idle(0);
	}
}

static void sample_sp(void)
{
	const uint32_t sp = board_reg(UC_ARM_REG_SP);

	if (sp < board_lowest_sp)
		board_lowest_sp = sp;
}

/* Before an instruction, when something asked for a look. Nonzero: do not execute it now. */
static int look(uint32_t pc)
{
	const int all = g_look & LOOK_ALL;

	if (g_look & LOOK_SP)
		sample_sp();
	g_look = board_patch_settle() ? LOOK_ALL : 0;
	if (board_insns >= board_deadline)
		board_clock_fire();
	if (board_flash_is_busy() && board_memory_is_flash(pc))
		board_cpu_stall();
	if (board_insns >= g_insns_max)
		board_stop(BOARD_STOP_TIME);
	if (halted())
		return 1;
	if (board_insns >= g_inject_at) {
		board_cpu_inject(BOARD_NEVER, g_inject);
		g_skip = g_inject() && !board_it_inside();
		if (g_skip || halted())
			return 1;
	}
	if ((board_flash_is_busy() && board_flash_busy_until() != BOARD_NEVER) ||
		(board_it_inside() && all))
		g_look |= LOOK_ALL;
	return !board_it_inside() && (all || (g_look & LOOK_ALL)) && board_nvic_next() != 0;
}

/* Instructions that need more than counting. Nonzero: do not execute it now. */
static int special(uint32_t pc, unsigned flags)
{
	if (flags & BOARD_THUMB_WATCHED) {
		g_reached(pc);
		if (halted())
			return 1;
	}
	if (flags & BOARD_THUMB_LOWERS_SP)
		g_look |= LOOK_SP;
	if (flags & BOARD_THUMB_MASKS)
		g_look |= LOOK_ALL;
	if (flags & BOARD_THUMB_IT)
		board_it_begin(pc);
	if ((flags & BOARD_THUMB_IT) && board_patch_needed())
		return 1;
	if ((flags & BOARD_THUMB_SLEEPS) && !board_it_inside()) { /* else it may be a NOP */
		g_sleep = 1;
		return 1;
	}
	if ((flags & BOARD_THUMB_FP) && !board_scs_fp_enabled()) {
		g_intr = INTR_NOCP;
		return 1;
	}
	return 0;
}

static void on_code(uc_engine *uc, uint64_t address, uint32_t size, void *user)
{
	const uint32_t pc = (uint32_t)address;
	unsigned flags;

	(void)size;
	(void)user;
	g_pc = pc;
	if (board_it_inside())
		board_insns += board_it_skipped(pc);
	board_memory_settle();
	if ((g_look || board_insns >= board_deadline || board_insns >= g_look_at) && look(pc)) {
		uc_emu_stop(uc);
		return;
	}
	flags = board_memory_flags(pc);
	if (flags != BOARD_THUMB_KNOWN && special(pc, flags)) {
		uc_emu_stop(uc);
		return;
	}
	board_it_step();
	board_insns++;
	board_busy_insns += (uint64_t)board_flash_is_busy();
	board_memory_count(pc);
}

static void on_interrupt(uc_engine *uc, uint32_t number, void *user)
{
	(void)user;
	g_intr = (int)number;
	uc_emu_stop(uc);
}

static bool on_invalid(
	uc_engine *uc, uc_mem_type type, uint64_t address, int size, int64_t value, void *user)
{
	(void)uc;
	(void)user;
	if (type == UC_MEM_WRITE_PROT &&
		board_memory_flash_store((uint32_t)address, (unsigned)size, (uint64_t)value))
		return true;
	g_fault = type == UC_MEM_FETCH_UNMAPPED || type == UC_MEM_FETCH_PROT ? FAULT_FETCH
									     : FAULT_DATA;
	g_fault_address = (uint32_t)address;
	return false;
}

static uint64_t on_mmio_read(uc_engine *uc, uint64_t offset, unsigned size, void *user)
{
	(void)uc;
	return board_bus_read(*(const uint32_t *)user + (uint32_t)offset, size);
}

static void on_mmio_write(uc_engine *uc, uint64_t offset, unsigned size, uint64_t value, void *user)
{
	(void)uc;
	board_bus_write(*(const uint32_t *)user + (uint32_t)offset, size, (uint32_t)value);
}

void board_cpu_bus_fault(uint32_t address)
{
	g_fault = FAULT_DATA;
	g_fault_address = address;
	uc_emu_stop(g_uc);
}

static void check(uc_err error, const char *what)
{
	if (error != UC_ERR_OK)
		board_fail(BOARD_EX_SOFTWARE, "libunicorn: %s: %s", what, uc_strerror(error));
}

/* uc_hook_add takes function pointers as void *, which ISO C only lets a union do. */
static void hook(int type, void (*function)(void), uint32_t from, uint32_t to)
{
	union {
		void (*function)(void);
		void *data;
	} callback = { function };
	uc_hook handle;

	check(uc_hook_add(g_uc, &handle, type, callback.data, NULL, (uint64_t)from, (uint64_t)to),
		"uc_hook_add");
}

static void open_engine(void)
{
	static uint32_t peripherals = 0x40000000, ppb = 0xE0000000;

	if (g_uc != NULL)
		uc_close(g_uc);
	check(uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &g_uc), "uc_open");
	check(uc_ctl_set_cpu_model(g_uc, UC_CPU_ARM_CORTEX_M4), "CPU model Cortex-M4");
	board_memory_map(g_uc);
	check(uc_mmio_map(g_uc, peripherals, 0x20000000, on_mmio_read, &peripherals, on_mmio_write,
		      &peripherals),
		"uc_mmio_map");
	check(uc_mmio_map(g_uc, ppb, 0x100000, on_mmio_read, &ppb, on_mmio_write, &ppb),
		"uc_mmio_map");
	hook(UC_HOOK_CODE, (void (*)(void))on_code, 1, 0);
	hook(UC_HOOK_INTR, (void (*)(void))on_interrupt, 1, 0);
	hook(UC_HOOK_MEM_INVALID, (void (*)(void))on_invalid, 1, 0);
	board_memory_hook(hook);
}

void board_cpu_reset(void)
{
	uint32_t vectors[2];

	open_engine();
	memcpy(vectors, board_flash_bytes, sizeof vectors);
	g_intr = INTR_NONE;
	g_fault = g_sleep = g_event = g_skip = 0;
	g_go_on = 0;
	g_look = LOOK_ALL;
	board_it_end();
	board_patch_undo();
	g_pc = vectors[1] & ~UINT32_C(1);
	board_set_reg(UC_ARM_REG_SP, vectors[0] & ~UINT32_C(3));
	board_set_reg(UC_ARM_REG_LR, UINT32_MAX);
	board_set_reg(UC_ARM_REG_PC, vectors[1]);
	sample_sp();
	if ((vectors[1] & 1) == 0 || vectors[1] == UINT32_MAX) {
		board_note("lockup: the reset vector at 0x08000004 is 0x%08x, not a Thumb address",
			vectors[1]);
		board_stop(BOARD_STOP_LOCKUP);
	}
}

static void step_over(void)
{
	const uint8_t *code = board_cpu_memory(g_pc, 2);
	uint16_t first = 0;

	if (code != NULL)
		memcpy(&first, code, 2);
	board_it_step();
	board_insns++;
	board_set_reg(UC_ARM_REG_PC, g_go_on != 0 ? g_go_on : (g_pc + board_thumb_size(first)) | 1);
	g_go_on = 0;
}

static int awake(void)
{
	return halted() || board_nvic_wakes();
}

/* WFI, WFE, SEV; B1.5.18. Exception entry and return set the event register. */
static void sleep_now(void)
{
	const uint8_t *code = board_cpu_memory(g_pc, 2);
	const int hint = code == NULL ? 0 : code[1] == 0xBF ? code[0] >> 4 : code[2];
	const int is_wfe = hint == 2, is_sev = hint == 4;

	g_sleep = 0;
	step_over();
	if (is_sev || (is_wfe && g_event)) {
		g_event = is_sev;
		return;
	}
	board_host_idle(1);
	board_clock_pass(BOARD_NEVER, 1, awake);
	board_host_idle(0);
	if (!awake()) {
		board_note(
			"asleep: WFI at pc 0x%08x, and no timer or line that could wake the core",
			g_pc);
		board_stop(BOARD_STOP_ASLEEP);
	}
}

static void trapped(uc_err error)
{
	const int number = g_intr, fault = g_fault;

	g_intr = INTR_NONE;
	g_fault = 0;
	g_event = 1;
	if (fault == FAULT_FETCH)
		g_pc = board_reg(UC_ARM_REG_PC);
	if (fault != 0)
		board_trap_bus_fault(fault == FAULT_FETCH, g_fault_address);
	else if (error != UC_ERR_OK)
		board_trap_error(error);
	else
		board_trap_interrupt(number);
}

static void take_pending(void)
{
	unsigned exception;

	if (board_it_inside() || (exception = board_nvic_next()) == 0)
		return;
	g_event = 1;
	board_exception_enter(exception);
}

static void turn(void)
{
	uc_err error;

	take_pending();
	if (halted())
		return;
	error = uc_emu_start(g_uc, board_reg(UC_ARM_REG_PC) | 1, UINT32_MAX, 0, 0);
	board_memory_settle();
	if (g_fault != 0 || error != UC_ERR_OK || g_intr != INTR_NONE)
		trapped(error);
	else if (board_patch_make())
		return;
	else if (g_skip)
		g_skip = 0, step_over();
	else if (g_sleep)
		sleep_now();
}

void board_cpu_run(void)
{
	while (!halted())
		turn();
}

void board_cpu_code_changed(uint32_t from, uint32_t size)
{
	board_memory_forget(from, size);
	if (g_uc != NULL) {
		uc_ctl_remove_cache(g_uc, from, from + size);
		if (board_in(from, BOARD_FLASH_BASE, BOARD_FLASH_SIZE))
			uc_ctl_remove_cache(
				g_uc, from - BOARD_FLASH_BASE, from - BOARD_FLASH_BASE + size);
	}
}

void board_cpu_dma_write(uint32_t address, const void *from, uint32_t size)
{
	check(uc_mem_write(g_uc, address, from, size), "uc_mem_write");
}
