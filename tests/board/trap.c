#include "trap.h"

#include "cpu.h"
#include "exception.h"
#include "it.h"
#include "nvic.h"
#include "stop.h"

/* QEMU's target/arm/cpu.h: EXCP_... */
enum {
	SVC = 2,
	PREFETCH_ABORT = 3,
	DATA_ABORT = 4,
	BKPT = 7,
	EXCEPTION_EXIT = 8,
	NOCP = 17,
	INVSTATE = 18,
	UNALIGNED = 22
};

/* CFSR (ARMv7-M ARM, B3.2.15) */
enum {
	IBUSERR = 1 << 8,
	PRECISERR = 1 << 9,
	BFARVALID = 1 << 15,
	UFSR_UNDEFINSTR = 1 << 16,
	UFSR_INVSTATE = 1 << 17,
	UFSR_NOCP = 1 << 19,
	UFSR_UNALIGNED = 1 << 24
};

static void usage_fault(uint32_t cfsr)
{
	board_exception_fault(BOARD_USAGEFAULT, cfsr, 0, 0);
}

static void supervisor_call(void)
{
	board_it_end();
	if (board_nvic_escalate(BOARD_SVCALL) == BOARD_SVCALL)
		board_nvic_pend(BOARD_SVCALL);
	else
		board_exception_fault(BOARD_HARDFAULT, 0, 0, 0);
}

void board_trap_interrupt(int number)
{
	switch (number) {
	case SVC:
		supervisor_call();
		break;
	case EXCEPTION_EXIT:
		board_exception_return(board_reg(UC_ARM_REG_PC) | 1);
		break;
	case BKPT:
		board_exception_fault(BOARD_HARDFAULT, 0, 0, 0);
		break;
	case PREFETCH_ABORT:
		board_exception_fault(BOARD_BUSFAULT, IBUSERR, 0, 0);
		break;
	case DATA_ABORT:
		board_exception_fault(BOARD_BUSFAULT, PRECISERR, 0, 0);
		break;
	case NOCP:
		usage_fault(UFSR_NOCP);
		break;
	case INVSTATE:
		usage_fault(UFSR_INVSTATE);
		break;
	case UNALIGNED:
		usage_fault(UFSR_UNALIGNED);
		break;
	default:
		usage_fault(UFSR_UNDEFINSTR);
		break;
	}
}

void board_trap_bus_fault(int fetch, uint32_t address)
{
	board_it_end();
	board_exception_fault(
		BOARD_BUSFAULT, fetch ? IBUSERR : PRECISERR | BFARVALID, address, !fetch);
}

void board_trap_error(uc_err error)
{
	board_it_end();
	if (error != UC_ERR_INSN_INVALID && error != UC_ERR_EXCEPTION)
		board_fail(BOARD_EX_SOFTWARE, "libunicorn: pc 0x%08x: %s", board_cpu_pc(),
			uc_strerror(error));
	usage_fault(UFSR_UNDEFINSTR);
}
