#include "flash.h"

#include "cells.h"
#include "clock.h"
#include "cpu.h"
#include "defect.h"
#include "inject.h"
#include "lock.h"
#include "nvic.h"
#include "part.h"
#include "report.h"
#include "stop.h"
#include "store.h"

enum { ACR = 0x00, KEYR = 0x04, OPTKEYR = 0x08, SR = 0x0C, CR = 0x10, OPTCR = 0x14 };
enum {
	SR_EOP = 1,
	SR_OPERR = 2,
	SR_WRPERR = 0x10,
	SR_PGAERR = 0x20,
	SR_PGPERR = 0x40,
	SR_PGSERR = 0x80,
	SR_FLAGS = 0xF3,
	SR_BSY = 0x10000
};
enum {
	CR_PG = 1,
	CR_SER = 2,
	CR_MER = 4,
	CR_STRT = 1 << 16,
	CR_EOPIE = 1 << 24,
	CR_ERRIE = 1 << 25
};
enum { OPT_LOCK = 1, OPT_STRT = 2 };
enum operation { PROGRAM, ERASE, OPTIONS };

#define CR_LOCK (UINT32_C(1) << 31)
#define CR_KEPT UINT32_C(0x0300037F)
#define OPT_KEPT UINT32_C(0x0FFFFFEC)

static struct board_lock g_cr_lock = { "FLASH_KEYR", { 0x45670123, 0xCDEF89AB }, 0, 0, 0 };
static struct board_lock g_opt_lock = { "FLASH_OPTKEYR", { 0x08192A3B, 0x4C5D6E7F }, 0, 0, 0 };
static uint32_t g_acr, g_sr, g_cr, g_optcr, g_sectors, g_wanted_options;
static enum operation g_operation;
static enum board_cut g_cut;
static uint64_t g_until, g_seed;

int board_flash_busy_flag, board_lenient;
uint64_t board_flash_operations;

uint64_t board_flash_busy_until(void)
{
	return g_until;
}

static void update_irq(void)
{
	board_nvic_line(BOARD_IRQ_FLASH,
		((g_sr & SR_EOP) && (g_cr & CR_EOPIE)) || ((g_sr & SR_OPERR) && (g_cr & CR_ERRIE)));
}

/* DS8626 table 40, typical, in microseconds: by PSIZE (x8, x16, x32) and kind of sector. */
static uint64_t erase_time(unsigned sector)
{
	static const uint32_t us[3][3] = { { 400000, 1200000, 2000000 },
		{ 300000, 700000, 1300000 }, { 250000, 550000, 1000000 } };

	return us[g_cr >> 8 & 3][sector < 4 ? 0 : sector == 4 ? 1 : 2] * BOARD_US;
}

static void error(uint32_t flag, const char *name, uint32_t address, const char *why)
{
	if (!board_lenient)
		board_diagnose("flash: %s at 0x%08x: %s", name, address, why);
	g_sr |= flag;
	if (g_cr & CR_ERRIE)
		g_sr |= SR_OPERR;
	update_irq();
}

static void tear(void)
{
	const uint64_t seed = g_seed * 31 + board_flash_operations * 2 + 1;

	if (g_operation == PROGRAM)
		board_cells_tear_program(seed);
	else if (g_operation == ERASE)
		board_cells_tear_erase(g_sectors, seed);
	else /* RDP half way is level 1, and what is write protected is anybody's guess */
		board_store->options = (uint32_t)(0x5500 | (seed << 16 & 0x0FFF0000) | 0xEC);
	board_report_torn();
}

static void end_busy(void)
{
	board_flash_busy_flag = 0;
	if (g_operation == OPTIONS) {
		board_store->options = g_wanted_options;
		g_optcr &= ~(uint32_t)(OPT_STRT);
	}
	g_cr &= ~(uint32_t)(CR_STRT);
	if (g_cr & CR_EOPIE)
		g_sr |= SR_EOP;
	update_irq();
	if (g_cut == BOARD_CUT_AFTER)
		board_stop(BOARD_STOP_CUT);
}

/* Counts an operation that is about to begin; 0: power is cut before it. */
static int begin(enum operation operation, uint64_t time)
{
	g_cut = board_inject_at_operation(++board_flash_operations);
	if (g_cut == BOARD_CUT_BEFORE) {
		board_stop(BOARD_STOP_CUT);
		return 0;
	}
	g_operation = operation;
	g_until = board_defect_hangs(board_flash_operations) ? BOARD_NEVER : board_now() + time;
	board_flash_busy_flag = 1;
	board_timer_set(BOARD_TIMER_FLASH, g_until);
	board_cpu_attend();
	return 1;
}

/* The operation has its whole effect on the cells at once; nobody can see them before BSY falls. */
static void begun(void)
{
	if (g_cut != BOARD_CUT_INSIDE)
		return;
	tear();
	board_flash_busy_flag = 0;
	board_timer_set(BOARD_TIMER_FLASH, BOARD_NEVER);
	board_stop(BOARD_STOP_CUT);
}

static int write_protected(uint32_t sectors)
{
	return (~g_optcr >> 16 & 0xFFF & sectors) != 0;
}

static void start_erase(void)
{
	const unsigned sector = g_cr >> 3 & 0xF;
	const uint32_t base = sector < BOARD_SECTORS ? board_sector_base(sector) : 0;
	uint64_t time = 0;
	unsigned i;

	g_sectors = g_cr & CR_MER ? 0xFFF : UINT32_C(1) << sector;
	if ((g_cr & CR_PG) || !(g_cr & (CR_SER | CR_MER)) ||
		(g_cr & (CR_SER | CR_MER)) == (CR_SER | CR_MER) || g_sectors > 0xFFF ||
		(g_cr >> 8 & 3) == 3) {
		error(SR_PGSERR, "PGSERR", base,
			(g_cr >> 8 & 3) == 3 ? "PSIZE x64 needs an external Vpp"
					     : "STRT with CR neither a sector nor a mass erase of "
					       "an existing sector");
		return;
	}
	if (write_protected(g_sectors)) {
		error(SR_WRPERR, "WRPERR", base, "erase of a write protected sector");
		return;
	}
	for (i = 0; i < BOARD_SECTORS; i++)
		time += g_sectors >> i & 1 ? erase_time(i) : 0;
	if (!begin(ERASE, time))
		return;
	board_report_operation("erase", base, 0, 0, g_sectors);
	for (i = 0; i < BOARD_SECTORS; i++)
		if (g_sectors >> i & 1)
			board_cells_erase(i);
	begun();
}

/* What forbids a store; NULL: nothing. */
static const char *store_error(uint32_t address, unsigned size, uint32_t *flag, const char **name)
{
	const int otp = board_in(address, BOARD_OTP_BASE, BOARD_OTP_SIZE);

	*flag = SR_PGSERR, *name = "PGSERR";
	if (!g_cr_lock.open)
		return "store while FLASH_CR is locked";
	if ((g_cr & (CR_PG | CR_SER | CR_MER)) != CR_PG)
		return "store while CR has not PG alone set";
	if (!otp && !board_in(address, BOARD_FLASH_BASE, BOARD_FLASH_SIZE))
		return "store to a place that is neither flash nor OTP";
	*flag = SR_PGAERR, *name = "PGAERR";
	if (address / 16 != (address + size - 1) / 16 || address % size != 0)
		return "store not aligned, or across a 128-bit row";
	*flag = SR_PGPERR, *name = "PGPERR";
	if (size != 1u << (g_cr >> 8 & 3))
		return "store of another width than CR.PSIZE";
	*flag = SR_WRPERR, *name = "WRPERR";
	if (otp ? board_otp_locked(address)
		: write_protected(UINT32_C(1) << board_sector_of(address)))
		return "program of a write protected sector or locked OTP block";
	return NULL;
}

void board_flash_store(uint32_t address, unsigned size, uint64_t value)
{
	const uint32_t low = (uint32_t)value;
	const char *name, *why;
	uint32_t flag, old;

	if (board_flash_is_busy()) {
		if (!board_lenient)
			board_diagnose("flash: store to 0x%08x while BSY is set", address);
		board_cpu_stall();
	}
	why = store_error(address, size, &flag, &name);
	if (why != NULL) {
		error(flag, name, address, why);
		return;
	}
	if (!board_lenient && board_cells_programmed(address, size)) {
		board_diagnose("flash: second program of 0x%08x since its erase%s (holds 0x%08x, "
			       "store of 0x%x)",
			address, board_cells_torn(address) ? ", or the first after a cut" : "",
			board_cells_word(address), low);
		return;
	}
	if (!begin(PROGRAM, 16 * BOARD_US)) /* the same for every width */
		return;
	old = board_cells_word(address);
	board_cells_program(address, size, low);
	board_report_operation("program", address, old, board_cells_word(address), size);
	begun();
}

static void write_cr(uint32_t value)
{
	if (!g_cr_lock.open) {
		if (!board_lenient)
			board_diagnose(
				"flash: write of 0x%08x to FLASH_CR while it is locked", value);
		return;
	}
	g_cr = value & CR_KEPT;
	if (value & CR_LOCK)
		board_lock_close(&g_cr_lock);
	if (value & CR_STRT)
		start_erase();
	update_irq();
}

static void start_options(void)
{
	g_wanted_options = g_optcr & OPT_KEPT;
	if ((board_store->options >> 8 & 0xFF) == 0xCC)
		return; /* level 2 is for ever (RM0090 3.7.3) */
	if (!begin(OPTIONS, 16 * BOARD_MS))
		return;
	board_report_operation("option", BOARD_OPT_BASE, board_store->options, g_wanted_options, 4);
	if ((board_store->options >> 8 & 0xFF) != 0xAA && (g_optcr >> 8 & 0xFF) == 0xAA) {
		unsigned i; /* from level 1 to 0: everything is erased first */

		for (i = 0; i < BOARD_SECTORS; i++)
			board_cells_erase(i);
	}
	begun();
}

static void write_optcr(uint32_t value)
{
	if (!g_opt_lock.open) {
		if (!board_lenient)
			board_diagnose(
				"flash: write of 0x%08x to FLASH_OPTCR while it is locked", value);
		return;
	}
	g_optcr = value & (OPT_KEPT | OPT_STRT);
	if (value & OPT_LOCK)
		board_lock_close(&g_opt_lock);
	if (value & OPT_STRT)
		start_options();
}

uint32_t board_flash_read(uint32_t offset)
{
	switch (offset) {
	case ACR:
		return g_acr;
	case SR:
		return g_sr | (board_flash_is_busy() ? SR_BSY : 0);
	case CR:
		return g_cr | (g_cr_lock.open ? 0 : CR_LOCK) |
			(board_flash_is_busy() ? CR_STRT : 0);
	case OPTCR:
		return g_optcr | (g_opt_lock.open ? 0 : OPT_LOCK);
	default:
		return 0;
	}
}

void board_flash_write(uint32_t offset, uint32_t value, uint32_t mask)
{
	const uint32_t whole = (board_flash_read(offset) & ~mask) | (value & mask);

	if (board_flash_is_busy() && (offset == CR || offset == OPTCR)) {
		if (!board_lenient)
			board_diagnose("flash: write of 0x%08x to %s while BSY is set", value,
				offset == CR ? "FLASH_CR" : "FLASH_OPTCR");
		board_cpu_stall(); /* RM0090 3.9.6: the bus waits */
	}
	switch (offset) {
	case ACR:
		g_acr = whole & 0x1F07;
		break;
	case KEYR:
		board_lock_turn(&g_cr_lock, value);
		break;
	case OPTKEYR:
		board_lock_turn(&g_opt_lock, value);
		break;
	case SR:
		g_sr &= ~(value & mask & SR_FLAGS);
		update_irq();
		break;
	case CR:
		write_cr(whole);
		break;
	case OPTCR:
		write_optcr(whole);
		break;
	default:
		break;
	}
}

void board_flash_init(uint64_t seed)
{
	g_seed = seed;
	board_timer_handle(BOARD_TIMER_FLASH, end_busy);
}

/* A reset or the end of power interrupts what is under way (RM0090 3.5.1, note). */
void board_flash_end(void)
{
	if (board_flash_is_busy())
		tear();
	board_flash_busy_flag = 0;
}

void board_flash_reset(enum board_reset cause)
{
	(void)cause;
	board_flash_end();
	board_timer_set(BOARD_TIMER_FLASH, BOARD_NEVER);
	g_acr = g_sr = g_cr = 0;
	board_lock_reset(&g_cr_lock);
	board_lock_reset(&g_opt_lock);
	g_optcr = board_store->options & OPT_KEPT;
	board_store->resets++;
	board_cells_draw_marginal(g_seed ^ board_store->resets);
}
