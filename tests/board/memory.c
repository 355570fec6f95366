#include "memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flash.h"
#include "nvic.h"
#include "random.h"
#include "stop.h"
#include "store.h"

#define PAGE 4096u
#define SYSTEM UINT32_C(0x1FFF7000) /* the page of OTP, unique id, flash size */
#define MAX_WATCH 64
#define MAX_STORES 16
#define MAX_UNREADABLE 32

uint8_t *board_sram, *board_ccm;
uint8_t board_flash_flags[BOARD_FLASH_SIZE / 2];
uint64_t *board_counts, board_ram_written;
unsigned board_stores_open;

static uint8_t *g_system, *g_options;
static uint8_t g_written[BOARD_SRAM_SIZE + BOARD_CCM_SIZE];
static uint32_t g_watch[MAX_WATCH];
static unsigned g_watches, g_unreadables;
static uint32_t g_watch_from, g_watch_size; /* all of a range is watched */
static const uint8_t *g_ram;                 /* what it holds at power-on; NULL: noise */
static struct {
	uint32_t address;
	int nmi;
} g_unreadable[MAX_UNREADABLE];
static struct {
	uint8_t *at;
	uint8_t bytes[8];
	unsigned size;
} g_stores[MAX_STORES];

static uint8_t *pages(uint32_t size)
{
	uint8_t *memory = aligned_alloc(PAGE, size);

	if (memory == NULL)
		board_fail(BOARD_EX_SOFTWARE, "no memory for the board");
	memset(memory, 0xFF, size);
	return memory;
}

void board_cpu_init(void)
{
	board_sram = pages(BOARD_SRAM_SIZE);
	board_ccm = pages(BOARD_CCM_SIZE);
	g_system = pages(PAGE);
	g_options = pages(PAGE);
}

void board_cpu_ram_file(const char *path)
{
	static uint8_t ram[BOARD_SRAM_SIZE + BOARD_CCM_SIZE];
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		board_fail(BOARD_EX_NOINPUT, "--ram %s: %s", path, strerror(errno));
	if (fread(ram, 1, sizeof ram, f) != sizeof ram || fgetc(f) != EOF)
		board_fail(BOARD_EX_DATA, "--ram %s: not %zu bytes, SRAM and CCM", path, sizeof ram);
	fclose(f);
	g_ram = ram;
}

void board_cpu_lose_ram(uint64_t seed)
{
	struct board_random random = { seed };

	if (g_ram != NULL) {
		memcpy(board_sram, g_ram, BOARD_SRAM_SIZE);
		memcpy(board_ccm, g_ram + BOARD_SRAM_SIZE, BOARD_CCM_SIZE);
		return;
	}
	board_random_fill(&random, board_sram, BOARD_SRAM_SIZE);
	board_random_fill(&random, board_ccm, BOARD_CCM_SIZE);
}

/* RM0090 39.2 (flash size), 39.1 (unique id), 3.6.1 table 14 (option bytes). */
static void fill_system(void)
{
	static const uint8_t uid[12] = { 0x1D, 0x00, 0x2B, 0x00, 0x0A, 0x51, 0x36, 0x33, 0x36, 0x38,
		0x36, 0x30 };
	const uint16_t kib = BOARD_FLASH_SIZE / 1024;
	const uint16_t words[2] = { (uint16_t)(board_store->options & 0xFFFC),
		(uint16_t)(board_store->options >> 16 & 0x0FFF) };

	memcpy(g_system + (BOARD_OTP_BASE - SYSTEM), board_store->otp, BOARD_OTP_SIZE);
	memcpy(g_system + (BOARD_UID_BASE - SYSTEM), uid, sizeof uid);
	memcpy(g_system + (BOARD_FLASH_KIB - SYSTEM), &kib, sizeof kib);
	memcpy(g_options, &words[0], 2);
	memcpy(g_options + 8, &words[1], 2);
}

static void map(uc_engine *uc, uint32_t base, uint32_t size, uint32_t rights, uint8_t *memory)
{
	const uc_err error = uc_mem_map_ptr(uc, base, size, rights, memory);

	if (error != UC_ERR_OK)
		board_fail(BOARD_EX_SOFTWARE, "libunicorn: mapping 0x%08x: %s", base,
			uc_strerror(error));
}

void board_memory_map(uc_engine *uc)
{
	fill_system();
	map(uc, BOARD_FLASH_BASE, BOARD_FLASH_SIZE, UC_PROT_READ | UC_PROT_EXEC, board_flash_bytes);
	map(uc, 0, BOARD_FLASH_SIZE, UC_PROT_READ | UC_PROT_EXEC, board_flash_bytes);
	map(uc, BOARD_SRAM_BASE, BOARD_SRAM_SIZE, UC_PROT_ALL, board_sram);
	/* The CCM hangs on the D-bus only: no code runs there (RM0090 2.3.1). */
	map(uc, BOARD_CCM_BASE, BOARD_CCM_SIZE, UC_PROT_READ | UC_PROT_WRITE, board_ccm);
	map(uc, SYSTEM, PAGE, UC_PROT_READ, g_system);
	map(uc, BOARD_OPT_BASE, PAGE, UC_PROT_READ, g_options);
}

static void on_ram_write(
	uc_engine *uc, uc_mem_type type, uint64_t address, int size, int64_t value, void *user)
{
	const uint32_t a = (uint32_t)address;
	const uint32_t first =
		a >= BOARD_SRAM_BASE ? a - BOARD_SRAM_BASE : a - BOARD_CCM_BASE + BOARD_SRAM_SIZE;
	uint32_t i;

	(void)uc;
	(void)type;
	(void)value;
	(void)user;
	for (i = first; i < first + (uint32_t)size && i < sizeof g_written; i++) {
		board_ram_written += g_written[i] == 0;
		g_written[i] = 1;
	}
}

void board_memory_make_unreadable(uint32_t address, int nmi)
{
	if (g_unreadables == MAX_UNREADABLE)
		board_fail(BOARD_EX_USAGE, "--ecc: more than %d words", MAX_UNREADABLE);
	g_unreadable[g_unreadables].address = address & ~UINT32_C(3);
	g_unreadable[g_unreadables++].nmi = nmi;
}

/* No F407 does this: it is how parts with flash ECC answer, H7 by bus fault, L4, G0, G4, U5 by NMI. */
static void answer_unreadable(uint32_t address, uint32_t size)
{
	unsigned i;

	if (address < BOARD_FLASH_SIZE)
		address += BOARD_FLASH_BASE;
	for (i = 0; i < g_unreadables; i++) {
		if (address + size <= g_unreadable[i].address ||
			address >= g_unreadable[i].address + 4)
			continue;
		if (g_unreadable[i].nmi)
			board_nvic_pend(BOARD_NMI);
		else
			board_cpu_bus_fault(address);
	}
}

static void on_flash_read(
	uc_engine *uc, uc_mem_type type, uint64_t address, int size, int64_t value, void *user)
{
	(void)uc;
	(void)type;
	(void)value;
	(void)user;
	if (board_flash_is_busy())
		board_cpu_stall();
	if (g_unreadables != 0)
		answer_unreadable((uint32_t)address, (uint32_t)size);
}

void board_memory_hook(void (*hook)(int type, void (*function)(void), uint32_t from, uint32_t to))
{
	hook(UC_HOOK_MEM_WRITE, (void (*)(void))on_ram_write, BOARD_SRAM_BASE,
		BOARD_SRAM_BASE + BOARD_SRAM_SIZE - 1);
	hook(UC_HOOK_MEM_WRITE, (void (*)(void))on_ram_write, BOARD_CCM_BASE,
		BOARD_CCM_BASE + BOARD_CCM_SIZE - 1);
	hook(UC_HOOK_MEM_READ, (void (*)(void))on_flash_read, BOARD_FLASH_BASE,
		BOARD_FLASH_BASE + BOARD_FLASH_SIZE - 1);
	hook(UC_HOOK_MEM_READ, (void (*)(void))on_flash_read, 0, BOARD_FLASH_SIZE - 1);
}

uint8_t *board_cpu_memory(uint32_t address, uint32_t size)
{
	const struct {
		uint32_t base, size;
		uint8_t *memory;
	} areas[] = { { BOARD_FLASH_BASE, BOARD_FLASH_SIZE, board_flash_bytes },
		{ BOARD_SRAM_BASE, BOARD_SRAM_SIZE, board_sram },
		{ BOARD_CCM_BASE, BOARD_CCM_SIZE, board_ccm },
		{ 0, BOARD_FLASH_SIZE, board_flash_bytes } };
	unsigned i;

	for (i = 0; i < 4; i++)
		if (board_in(address, areas[i].base, areas[i].size) &&
			size <= areas[i].size - (address - areas[i].base))
			return areas[i].memory + (address - areas[i].base);
	return NULL;
}

static unsigned watched(uint32_t pc)
{
	const uint32_t address = pc < BOARD_FLASH_SIZE ? pc + BOARD_FLASH_BASE : pc;
	unsigned i;

	for (i = 0; i < g_watches; i++)
		if (g_watch[i] == address)
			return BOARD_THUMB_WATCHED;
	return address - g_watch_from < g_watch_size ? BOARD_THUMB_WATCHED : 0;
}

void board_cpu_watch_range(uint32_t from, uint32_t size)
{
	g_watch_from = from;
	g_watch_size = size;
	board_memory_forget(BOARD_FLASH_BASE, BOARD_FLASH_SIZE);
}

void board_cpu_watch(uint32_t address)
{
	if (g_watches == MAX_WATCH)
		board_fail(BOARD_EX_USAGE, "more than %d marks and stops", MAX_WATCH);
	g_watch[g_watches++] = address & ~UINT32_C(1);
	board_memory_forget(BOARD_FLASH_BASE, BOARD_FLASH_SIZE);
}

uint8_t board_memory_decode(uint32_t pc)
{
	const uint8_t *code = board_cpu_memory(pc, 2), *more = board_cpu_memory(pc + 2, 2);
	uint16_t first = 0, second = 0;
	uint8_t flags;

	if (code != NULL)
		memcpy(&first, code, 2);
	if (more != NULL)
		memcpy(&second, more, 2);
	flags = (uint8_t)(board_thumb_decode(first, second) | watched(pc));
	if (board_memory_is_flash(pc))
		board_flash_flags[(pc & (BOARD_FLASH_SIZE - 1)) / 2] = flags;
	return flags;
}

void board_memory_forget(uint32_t from, uint32_t size)
{
	const uint32_t offset = from - BOARD_FLASH_BASE, before = offset ? 1 : 0;

	if (offset >= BOARD_FLASH_SIZE)
		return;
	memset(board_flash_flags + offset / 2 - before, 0, size / 2 + before);
}

void board_cpu_count_addresses(void)
{
	board_counts = calloc((BOARD_FLASH_SIZE + BOARD_SRAM_SIZE) / 2, sizeof *board_counts);
	if (board_counts == NULL)
		board_fail(BOARD_EX_SOFTWARE, "no memory for the profile");
}

static uint32_t count_index(uint32_t pc)
{
	if (board_memory_is_flash(pc))
		return (pc & (BOARD_FLASH_SIZE - 1)) / 2;
	return (BOARD_FLASH_SIZE + (pc & (BOARD_SRAM_SIZE - 1))) / 2;
}

void board_memory_count_slow(uint32_t pc)
{
	board_counts[count_index(pc)]++;
}

uint64_t board_cpu_count_at(uint32_t address)
{
	return board_counts == NULL ? 0 : board_counts[count_index(address)];
}

static uint8_t *cell(uint32_t address)
{
	if (board_memory_is_flash(address))
		return board_flash_bytes + (address & (BOARD_FLASH_SIZE - 1));
	if (board_in(address, SYSTEM, PAGE))
		return g_system + (address - SYSTEM);
	return board_in(address, BOARD_OPT_BASE, PAGE) ? g_options + (address - BOARD_OPT_BASE)
						       : NULL;
}

int board_memory_flash_store(uint32_t address, unsigned size, uint64_t value)
{
	uint8_t *at = cell(address);

	if (at == NULL)
		return 0;
	if (address < BOARD_FLASH_SIZE)
		address += BOARD_FLASH_BASE;
	if (!board_cpu_is_off())
		board_flash_store(address, size, value);
	if (board_stores_open < MAX_STORES && size <= 8) {
		memcpy(g_stores[board_stores_open].bytes, at, size);
		g_stores[board_stores_open].at = at;
		g_stores[board_stores_open++].size = size;
	}
	return 1;
}

void board_memory_settle_slow(void)
{
	unsigned i;

	for (i = 0; i < board_stores_open; i++)
		memcpy(g_stores[i].at, g_stores[i].bytes, g_stores[i].size);
	board_stores_open = 0;
	memcpy(g_system + (BOARD_OTP_BASE - SYSTEM), board_store->otp, BOARD_OTP_SIZE);
}
