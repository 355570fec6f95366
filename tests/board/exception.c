#include "exception.h"

#include <string.h>

#include "cpu.h"
#include "nvic.h"
#include "scs.h"
#include "stop.h"

enum {
	BASIC_WORDS = 8,
	EXTENDED_WORDS = 26,
	CONTROL_SPSEL = 2,
	CONTROL_FPCA = 4,
	STACK_ALIGN = 0x200
};

static const int g_core[BASIC_WORDS] = { UC_ARM_REG_R0, UC_ARM_REG_R1, UC_ARM_REG_R2, UC_ARM_REG_R3,
	UC_ARM_REG_R12, UC_ARM_REG_LR, UC_ARM_REG_PC, UC_ARM_REG_XPSR };

static uint32_t word_at(uint32_t address)
{
	const uint8_t *p = board_cpu_memory(address, 4);
	uint32_t word = 0;

	if (p != NULL)
		memcpy(&word, p, 4);
	return word;
}

static int push(uint32_t sp, const uint32_t *frame, unsigned words)
{
	if (sp < BOARD_CCM_BASE || board_cpu_memory(sp, words * 4) == NULL)
		return 0;
	board_cpu_dma_write(sp, frame, words * 4);
	return 1;
}

/* S0 to S15 and FPSCR are pushed at once; silicon may do it lazily (B1.5.7), which only saves time. */
static unsigned gather(uint32_t frame[EXTENDED_WORDS], int with_fp)
{
	unsigned i;

	for (i = 0; i < BASIC_WORDS; i++)
		frame[i] = board_reg(g_core[i]);
	frame[6] &= ~UINT32_C(1);
	if (!with_fp)
		return BASIC_WORDS;
	for (i = 0; i < 16; i++)
		frame[BASIC_WORDS + i] = board_reg(UC_ARM_REG_S0 + (int)i);
	frame[24] = board_reg(UC_ARM_REG_FPSCR);
	frame[25] = 0;
	return EXTENDED_WORDS;
}

static void jump_to_handler(unsigned exception)
{
	const uint32_t vector = word_at(board_scs_vtor() + exception * 4);

	if ((vector & 1) == 0) {
		board_note("lockup: the vector of exception %u at 0x%08x is 0x%08x, not a Thumb "
			   "address",
			exception, board_scs_vtor() + exception * 4, vector);
		board_stop(BOARD_STOP_LOCKUP);
		return;
	}
	board_set_reg(UC_ARM_REG_PC, vector);
}

void board_exception_enter(unsigned exception)
{
	const int nested = board_nvic_any_active();
	const uint32_t control = board_reg(UC_ARM_REG_CONTROL);
	const int on_psp = !nested && (control & CONTROL_SPSEL);
	uint32_t frame[EXTENDED_WORDS], sp = board_reg(UC_ARM_REG_SP);
	const unsigned words = gather(frame, (control & CONTROL_FPCA) != 0);
	const uint32_t padding = sp & 4;

	sp -= words * 4 + padding;
	frame[7] = (frame[7] & ~(uint32_t)(STACK_ALIGN)) | (padding ? STACK_ALIGN : 0);
	if (!push(sp, frame, words)) {
		board_note("lockup: no memory at 0x%08x for the frame of exception %u (pc 0x%08x)",
			sp, exception, board_cpu_pc());
		board_stop(BOARD_STOP_LOCKUP);
		return;
	}
	if (sp < board_lowest_sp)
		board_lowest_sp = sp;
	board_set_reg(UC_ARM_REG_SP, sp);
	board_set_reg(UC_ARM_REG_CONTROL, control & ~(uint32_t)(CONTROL_SPSEL | CONTROL_FPCA));
	board_set_reg(UC_ARM_REG_IPSR, exception);
	board_set_reg(UC_ARM_REG_LR,
		(words == BASIC_WORDS ? 0xFFFFFFF1u : 0xFFFFFFE1u) | (nested ? 0u : 8u) |
			(on_psp ? 4u : 0u));
	board_nvic_take(exception);
	jump_to_handler(exception);
}

static void scatter(uint32_t sp, unsigned words, uint32_t xpsr)
{
	unsigned i;

	for (i = 0; i < 6; i++)
		board_set_reg(g_core[i], word_at(sp + i * 4));
	if (words == EXTENDED_WORDS) {
		for (i = 0; i < 16; i++)
			board_set_reg(UC_ARM_REG_S0 + (int)i, word_at(sp + (BASIC_WORDS + i) * 4));
		board_set_reg(UC_ARM_REG_FPSCR, word_at(sp + 24 * 4));
	}
	board_set_reg(UC_ARM_REG_SP, sp + words * 4 + (xpsr & STACK_ALIGN ? 4 : 0));
	board_set_reg(UC_ARM_REG_XPSR, xpsr & ~(uint32_t)(STACK_ALIGN));
	board_set_reg(UC_ARM_REG_PC, word_at(sp + 6 * 4) | 1);
}

void board_exception_return(uint32_t exc_return)
{
	const unsigned active = board_reg(UC_ARM_REG_IPSR) & 0x1FF;
	const unsigned words = exc_return & 0x10 ? BASIC_WORDS : EXTENDED_WORDS;
	const int to_thread = (exc_return & 8) != 0, on_psp = (exc_return & 4) != 0;
	uint32_t control =
		board_reg(UC_ARM_REG_CONTROL) & ~(uint32_t)(CONTROL_SPSEL | CONTROL_FPCA);
	uint32_t sp, xpsr;

	board_nvic_done(active);
	if (active != BOARD_NMI)
		board_set_reg(UC_ARM_REG_FAULTMASK, 0);
	sp = board_reg(on_psp ? UC_ARM_REG_PSP : UC_ARM_REG_MSP);
	xpsr = word_at(sp + 7 * 4);
	if (to_thread != !board_nvic_any_active() || board_cpu_memory(sp, words * 4) == NULL) {
		board_note("lockup: return to 0x%08x from exception %u does not fit the active "
			   "exceptions or the "
			   "stack 0x%08x",
			exc_return, active, sp);
		board_stop(BOARD_STOP_LOCKUP);
		return;
	}
	board_set_reg(UC_ARM_REG_IPSR, to_thread ? 0 : xpsr & 0x1FF);
	if (on_psp)
		control |= CONTROL_SPSEL;
	if (words == EXTENDED_WORDS)
		control |= CONTROL_FPCA;
	board_set_reg(UC_ARM_REG_CONTROL, control);
	scatter(sp, words, xpsr);
}

void board_exception_fault(unsigned exception, uint32_t cfsr, uint32_t address, int valid)
{
	const unsigned taken = board_nvic_escalate(exception);

	board_scs_fault(
		cfsr, address, valid, taken == BOARD_HARDFAULT && exception != BOARD_HARDFAULT);
	if (taken == 0) {
		board_note("lockup: fault (CFSR 0x%08x, address 0x%08x) at pc 0x%08x inside a "
			   "fault handler",
			board_scs_cfsr(), address, board_cpu_pc());
		board_stop(BOARD_STOP_LOCKUP);
		return;
	}
	board_exception_enter(taken);
}
