#include "scs.h"

#include <string.h>

#include "clock.h"
#include "cpu.h"
#include "nvic.h"
#include "reset.h"

enum {
	ICTR = 0x004,
	SYST_CSR = 0x010,
	SYST_RVR = 0x014,
	SYST_CVR = 0x018,
	SYST_CALIB = 0x01C,
	CPUID = 0xD00,
	ICSR = 0xD04,
	VTOR = 0xD08,
	AIRCR = 0xD0C,
	CCR = 0xD14,
	SHPR1 = 0xD18,
	SHPR3 = 0xD20,
	SHCSR = 0xD24,
	CFSR = 0xD28,
	HFSR = 0xD2C,
	DFSR = 0xD30,
	BFAR = 0xD38,
	CPACR = 0xD88,
	MPU_TYPE = 0xD90,
	DEMCR = 0xDFC,
	STIR = 0xF00
};
enum { CSR_ENABLE = 1, CSR_TICKINT = 2, CSR_CLKSOURCE = 4, CSR_COUNTFLAG = 1 << 16 };

#define DWT_CTRL UINT32_C(0xE0001000)
#define DWT_CYCCNT UINT32_C(0xE0001004)
#define DBGMCU UINT32_C(0xE0042000)

static uint32_t g_regs[0x1000 / 4]; /* those without a rule of their own */
static uint32_t g_csr, g_rvr, g_kept, g_dwt_ctrl, g_cyccnt, g_dbgmcu[4];
static uint64_t g_zero,
	g_cycles_then; /* when SysTick next reaches 0; cycles at CYCCNT's last stop or start */

#define REG(offset) g_regs[(offset) / 4]

uint32_t board_scs_vtor(void)
{
	return REG(VTOR);
}
uint32_t board_scs_cfsr(void)
{
	return REG(CFSR);
}
int board_scs_fp_enabled(void)
{
	return (REG(CPACR) >> 20 & 0xF) == 0xF;
}

static uint32_t systick_hz(void)
{
	const uint32_t hz = board_hclk();

	return g_csr & CSR_CLKSOURCE ? hz : hz / 8 ? hz / 8 : 1;
}

static uint32_t systick_count(void)
{
	const uint64_t now = board_now();

	if (!(g_csr & CSR_ENABLE) || g_zero <= now)
		return g_csr & CSR_ENABLE ? 0 : g_kept;
	return (uint32_t)board_ticks_in(g_zero - now, systick_hz());
}

static void systick_plan(void)
{
	board_timer_set(BOARD_TIMER_SYSTICK, g_csr & CSR_ENABLE && g_rvr ? g_zero : BOARD_NEVER);
}

/* The counter goes from 0 to RVR with the next tick: a period is RVR + 1 ticks. */
static void systick_start(uint32_t count)
{
	g_zero = board_now() + board_ticks(count ? count : (uint64_t)g_rvr + 1, systick_hz());
	systick_plan();
}

static void systick_fire(void)
{
	g_csr |= CSR_COUNTFLAG;
	if (g_csr & CSR_TICKINT)
		board_nvic_pend(BOARD_SYSTICK);
	g_zero += board_ticks((uint64_t)g_rvr + 1, systick_hz());
	systick_plan();
}

static void systick_control(uint32_t value)
{
	const uint32_t count = systick_count();

	g_kept = count;
	g_csr = (g_csr & CSR_COUNTFLAG) | (value & 7);
	if (g_csr & CSR_ENABLE)
		systick_start(count);
	else
		systick_plan();
}

void board_scs_clock_changing(void)
{
	g_kept = systick_count();
}

void board_scs_clock_changed(void)
{
	if (g_csr & CSR_ENABLE)
		systick_start(g_kept);
}

void board_scs_init(void)
{
	board_timer_handle(BOARD_TIMER_SYSTICK, systick_fire);
}

void board_scs_reset(void)
{
	memset(g_regs, 0, sizeof g_regs);
	g_csr = g_rvr = g_kept = g_dwt_ctrl = g_cyccnt = 0;
	REG(ICTR) = 2;
	REG(SYST_CALIB) = 0x400493E0;
	REG(CPUID) = 0x410FC241;
	REG(CCR) = 0x200;
	REG(MPU_TYPE) = 0x800;
	systick_plan();
}

static uint32_t cyccnt(void)
{
	if (!(g_dwt_ctrl & 1) || !(REG(DEMCR) & UINT32_C(1) << 24))
		return g_cyccnt;
	return g_cyccnt + (uint32_t)(board_cycles() - g_cycles_then);
}

static uint32_t icsr(void)
{
	unsigned i, pending = 0;

	for (i = BOARD_EXCEPTIONS - 1; i > 1; i--)
		if (board_nvic_is_pending(i))
			pending = i;
	return (board_reg(UC_ARM_REG_IPSR) & 0x1FF) | pending << 12 |
		(pending >= BOARD_IRQ0 ? 1u << 22 : 0) |
		(uint32_t)board_nvic_is_pending(BOARD_SYSTICK) << 26 |
		(uint32_t)board_nvic_is_pending(BOARD_PENDSV) << 28;
}

static uint32_t priorities(uint32_t offset)
{
	const unsigned first = (offset - SHPR1) + 4;

	return board_nvic_priority(first) | (uint32_t)board_nvic_priority(first + 1) << 8 |
		(uint32_t)board_nvic_priority(first + 2) << 16 |
		(uint32_t)board_nvic_priority(first + 3) << 24;
}

static uint32_t control_space(uint32_t offset)
{
	uint32_t value;

	if (offset >= 0x100 && offset < 0x500)
		return board_nvic_read(offset);
	switch (offset) {
	case SYST_CSR:
		value = g_csr;
		g_csr &= ~(uint32_t)(CSR_COUNTFLAG);
		return value;
	case SYST_RVR:
		return g_rvr;
	case SYST_CVR:
		return systick_count();
	case ICSR:
		return icsr();
	case AIRCR:
		return 0xFA050000 | (REG(AIRCR) & 0x700);
	case SHPR1:
	case SHPR1 + 4:
	case SHPR3:
		return priorities(offset);
	default:
		return REG(offset & ~UINT32_C(3));
	}
}

uint32_t board_scs_read(uint32_t address)
{
	if (address >= 0xE000E000 && address < 0xE000F000)
		return control_space(address - 0xE000E000);
	if (address == DWT_CTRL)
		return 0x40000000 | g_dwt_ctrl;
	if (address == DWT_CYCCNT)
		return cyccnt();
	if (address == DBGMCU)
		return BOARD_IDCODE;
	return address > DBGMCU && address < DBGMCU + 16 ? g_dbgmcu[(address - DBGMCU) / 4] : 0;
}

static void write_icsr(uint32_t value)
{
	if (value & UINT32_C(1) << 31)
		board_nvic_pend(BOARD_NMI);
	if (value & UINT32_C(1) << 28)
		board_nvic_pend(BOARD_PENDSV);
	if (value & UINT32_C(1) << 27)
		board_nvic_unpend(BOARD_PENDSV);
	if (value & UINT32_C(1) << 26)
		board_nvic_pend(BOARD_SYSTICK);
	if (value & UINT32_C(1) << 25)
		board_nvic_unpend(BOARD_SYSTICK);
}

static void write_aircr(uint32_t value)
{
	if (value >> 16 != 0x05FA)
		return;
	REG(AIRCR) = value & 0x700;
	board_nvic_set_group(value >> 8 & 7);
	if (value & 4)
		board_reset_request(BOARD_RESET_SOFTWARE);
}

static void write_shpr(uint32_t offset, uint32_t value, uint32_t mask)
{
	unsigned i;

	for (i = 0; i < 4; i++)
		if (mask >> 8 * i & 0xFF)
			board_nvic_set_priority(offset - SHPR1 + 4 + i, (uint8_t)(value >> 8 * i));
}

static void write_systick(uint32_t offset, uint32_t value)
{
	if (offset == SYST_CSR) {
		systick_control(value);
	} else if (offset == SYST_RVR) {
		g_rvr = value & 0xFFFFFF;
		if ((g_csr & CSR_ENABLE) && board_timer_at(BOARD_TIMER_SYSTICK) == BOARD_NEVER)
			systick_start(0);
	} else {
		g_csr &= ~(uint32_t)(CSR_COUNTFLAG);
		g_kept = 0;
		if (g_csr & CSR_ENABLE)
			systick_start(0);
	}
}

static void write_control_space(uint32_t offset, uint32_t value, uint32_t mask)
{
	uint32_t *reg = &REG(offset & ~UINT32_C(3));

	if (offset >= 0x100 && offset < 0x500) {
		board_nvic_write(offset, value, mask);
		return;
	}
	switch (offset) {
	case SYST_CSR:
	case SYST_RVR:
	case SYST_CVR:
		write_systick(offset, value);
		break;
	case ICSR:
		write_icsr(value);
		break;
	case AIRCR:
		write_aircr(value);
		break;
	case VTOR:
		*reg = value & 0xFFFFFF80;
		break;
	case SHPR1:
	case SHPR1 + 4:
	case SHPR3:
		write_shpr(offset, value, mask);
		break;
	case CFSR:
	case HFSR:
	case DFSR:
		*reg &= ~(value & mask);
		break;
	case STIR:
		board_nvic_pend(BOARD_IRQ0 + (value & 0x7F) % BOARD_IRQS);
		break;
	case ICTR:
	case CPUID:
	case SYST_CALIB:
	case MPU_TYPE:
		break;
	default:
		*reg = (*reg & ~mask) | (value & mask);
		break;
	}
	if (offset == SHCSR) {
		board_nvic_enable_fault(BOARD_MEMFAULT, (int)(*reg >> 16 & 1));
		board_nvic_enable_fault(BOARD_BUSFAULT, (int)(*reg >> 17 & 1));
		board_nvic_enable_fault(BOARD_USAGEFAULT, (int)(*reg >> 18 & 1));
	}
}

void board_scs_write(uint32_t address, uint32_t value, uint32_t mask)
{
	if (address >= 0xE000E000 && address < 0xE000F000) {
		g_cyccnt = cyccnt(); /* DEMCR.TRCENA may stop or start the counter */
		g_cycles_then = board_cycles();
		write_control_space(address - 0xE000E000, value, mask);
	} else if (address == DWT_CTRL || address == DWT_CYCCNT) {
		g_cyccnt = address == DWT_CYCCNT ? value : cyccnt();
		g_cycles_then = board_cycles();
		if (address == DWT_CTRL)
			g_dwt_ctrl = value & 1;
	} else if (address > DBGMCU && address < DBGMCU + 16) {
		g_dbgmcu[(address - DBGMCU) / 4] = value;
	}
}

void board_scs_fault(uint32_t cfsr, uint32_t address, int valid, int escalated)
{
	REG(CFSR) |= cfsr;
	if (valid)
		REG(BFAR) = address;
	if (escalated)
		REG(HFSR) |= UINT32_C(1) << 30;
}

void board_scs_tell(void (*tell)(const char *name, uint32_t offset, uint32_t value))
{
	static const struct {
		const char *name;
		int reg;
	} masks[] = { { "PRIMASK", UC_ARM_REG_PRIMASK }, { "FAULTMASK", UC_ARM_REG_FAULTMASK },
		{ "BASEPRI", UC_ARM_REG_BASEPRI }, { "CONTROL", UC_ARM_REG_CONTROL },
		{ "IPSR", UC_ARM_REG_IPSR } };
	static const struct {
		const char *name;
		uint32_t from, to;
	} areas[] = { { "SCS", 0xE000E000, 0xE000F000 }, { "DWT", DWT_CTRL, DWT_CYCCNT + 4 },
		{ "DBGMCU", DBGMCU, DBGMCU + 16 } };
	uint32_t a;
	unsigned i;

	for (i = 0; i < sizeof masks / sizeof masks[0]; i++)
		if (board_reg(masks[i].reg) != 0)
			tell(masks[i].name, 0, board_reg(masks[i].reg));
	for (i = 0; i < sizeof areas / sizeof areas[0]; i++)
		for (a = areas[i].from; a < areas[i].to; a += 4)
			if (board_scs_read(a) != 0)
				tell(areas[i].name, a - areas[i].from, board_scs_read(a));
}
