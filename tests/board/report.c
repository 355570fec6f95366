#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "clock.h"
#include "cpu.h"
#include "file.h"
#include "flash.h"
#include "gpio.h"
#include "part.h"
#include "path.h"
#include "reset.h"
#include "scs.h"
#include "stop.h"
#include "symbols.h"
#include "usart.h"
#include "watchdog.h"

enum { MAX = 32 };

static const char *g_trace_path, *g_profile_path, *g_json_path, *g_ram_path, *g_registers_path,
	*g_sent_path;
static FILE *g_trace, *g_profile, *g_registers, *g_sent;
static struct {
	char *text;
	uint32_t from, size, door;
	int up;
} g_fence;
static uint64_t g_erases[BOARD_SECTORS], g_programmed[BOARD_SECTORS], g_otp;
static struct {
	const char *text;
	uint32_t address;
	uint64_t count;
} g_marks[MAX], g_stops[MAX];
static unsigned g_mark_count, g_stop_count;

void board_report_trace(const char *path)
{
	g_trace_path = path;
}
void board_report_profile(const char *path)
{
	g_profile_path = path;
}
void board_report_json(const char *path)
{
	g_json_path = path;
}
void board_report_ram(const char *path)
{
	g_ram_path = path;
}

void board_report_registers(const char *path)
{
	g_registers_path = path;
}
void board_report_sent(const char *path)
{
	g_sent_path = path;
}

void board_report_fence(const char *text)
{
	char *to, *door;

	free(g_fence.text);
	g_fence.text = strdup(text);
	if (g_fence.text == NULL)
		board_fail(BOARD_EX_SOFTWARE, "no memory");
	to = strchr(g_fence.text, '-');
	door = strrchr(g_fence.text, '@');
	if (to == NULL || door == NULL || door < to)
		board_fail(BOARD_EX_USAGE, "--fence %s: not of the form FROM-TO@PC", text);
	*to++ = *door++ = '\0';
	g_fence.from = (uint32_t)board_number_of("--fence", g_fence.text, UINT32_MAX);
	g_fence.size = (uint32_t)board_number_of("--fence", to, UINT32_MAX) - g_fence.from;
	if (!board_in(g_fence.from, BOARD_FLASH_BASE, BOARD_FLASH_SIZE) ||
		g_fence.size - 1 >= BOARD_FLASH_BASE + BOARD_FLASH_SIZE - g_fence.from)
		board_fail(BOARD_EX_USAGE, "--fence %s: not a range of flash", text);
	memmove(g_fence.text, door, strlen(door) + 1);
}

void board_report_byte(uint8_t byte)
{
	if (g_sent != NULL)
		fputc(byte, g_sent);
}

void board_report_reset(void)
{
	if (g_fence.up)
		board_cpu_watch_range(0, 0);
	g_fence.up = 0;
}

/* Once pc has been at the door, nothing inside the fence may execute until a reset. */
static void fence(uint32_t address)
{
	if (g_fence.text == NULL)
		return;
	if (g_fence.up && address - g_fence.from < g_fence.size)
		board_diagnose("fence: an instruction in 0x%08x-0x%08x after %s", g_fence.from,
			g_fence.from + g_fence.size, g_fence.text);
	if (g_fence.up || address != g_fence.door)
		return;
	g_fence.up = 1;
	board_cpu_watch_range(g_fence.from, g_fence.size);
}

void board_report_mark(const char *text)
{
	if (g_mark_count == MAX)
		board_fail(BOARD_EX_USAGE, "--mark %s: more than %d marks", text, MAX);
	g_marks[g_mark_count++].text = text;
}

void board_report_stop_at(const char *text)
{
	if (g_stop_count == MAX)
		board_fail(BOARD_EX_USAGE, "--stop-pc %s: more than %d stops", text, MAX);
	g_stops[g_stop_count++].text = text;
}

static double ms(uint64_t time)
{
	return (double)time / (double)BOARD_MS;
}

void board_report_operation(
	const char *what, uint32_t address, uint32_t old, uint32_t new, uint32_t size)
{
	unsigned i;

	if (what[0] == 'p' && board_in(address, BOARD_FLASH_BASE, BOARD_FLASH_SIZE))
		g_programmed[board_sector_of(address)] += size;
	else if (what[0] == 'p')
		g_otp += size;
	for (i = 0; what[0] == 'e' && i < BOARD_SECTORS; i++)
		g_erases[i] += size >> i & 1;
	if (g_trace != NULL)
		fprintf(g_trace, "%llu %.6f 0x%08x(%s) %s 0x%08x 0x%08x 0x%08x\n",
			(unsigned long long)board_flash_operations, ms(board_now()), board_cpu_pc(),
			board_symbol_at(board_cpu_pc()), what, address, old,
			what[0] == 'e' ? UINT32_MAX : new);
}

void board_report_torn(void)
{
	if (g_trace != NULL)
		fprintf(g_trace, "# operation %llu was cut inside\n",
			(unsigned long long)board_flash_operations);
}

static void reached(uint32_t pc)
{
	const uint32_t address = pc < BOARD_FLASH_SIZE ? pc + BOARD_FLASH_BASE : pc;
	unsigned i;

	fence(address);
	for (i = 0; i < g_mark_count; i++) {
		if (g_marks[i].address != address)
			continue;
		printf("mark %s %llu instructions %llu time_ms %.6f\n", g_marks[i].text,
			(unsigned long long)++g_marks[i].count, (unsigned long long)board_insns,
			ms(board_now()));
		fflush(stdout);
	}
	for (i = 0; i < g_stop_count; i++)
		if (g_stops[i].address == address)
			board_stop(BOARD_STOP_PC);
}

void board_report_start(void)
{
	unsigned i;

	board_cpu_watcher(reached);
	for (i = 0; i < g_mark_count; i++) {
		g_marks[i].address = board_symbol_address(g_marks[i].text, "--mark") & ~UINT32_C(1);
		board_cpu_watch(g_marks[i].address);
	}
	for (i = 0; i < g_stop_count; i++) {
		g_stops[i].address =
			board_symbol_address(g_stops[i].text, "--stop-pc") & ~UINT32_C(1);
		board_cpu_watch(g_stops[i].address);
	}
	if (g_fence.text != NULL) {
		g_fence.door = board_symbol_address(g_fence.text, "--fence") & ~UINT32_C(1);
		board_cpu_watch(g_fence.door);
	}
	if (g_trace_path != NULL)
		g_trace = board_file_create(g_trace_path);
	if (g_sent_path != NULL)
		g_sent = board_file_create(g_sent_path);
	if (g_profile_path != NULL)
		board_cpu_count_addresses();
}

static void profile_function(const char *name, uint32_t from, uint32_t to)
{
	uint64_t count = 0;
	uint32_t a;

	if (board_cpu_memory(from, 2) == NULL)
		return;
	for (a = from; a < to && board_cpu_memory(a, 2) != NULL; a += 2)
		count += board_cpu_count_at(a);
	if (count != 0)
		fprintf(g_profile, "%llu 0x%08x %s\n", (unsigned long long)count, from, name);
}

static void write_profile(void)
{
	g_profile = board_file_create(g_profile_path);
	fprintf(g_profile, "# instructions, address, function; %llu instructions in all\n",
		(unsigned long long)board_insns);
	board_symbols_functions(profile_function);
	board_file_finish(g_profile_path, g_profile);
}

static void write_sectors(FILE *f, const char *name, const uint64_t values[BOARD_SECTORS])
{
	unsigned i;

	fprintf(f, "  \"%s\": [", name);
	for (i = 0; i < BOARD_SECTORS; i++)
		fprintf(f, "%s%llu", i ? ", " : "", (unsigned long long)values[i]);
	fprintf(f, "],\n");
}

static void write_counts(FILE *f, int exit_code)
{
	uint64_t programmed = g_otp;
	unsigned i;

	for (i = 0; i < BOARD_SECTORS; i++)
		programmed += g_programmed[i];
	fprintf(f, "  \"exit_code\": %d,\n", exit_code);
	fprintf(f, "  \"instructions\": %llu,\n", (unsigned long long)board_insns);
	fprintf(f, "  \"instructions_flash_busy\": %llu,\n", (unsigned long long)board_busy_insns);
	fprintf(f, "  \"time_ms\": %.6f,\n", ms(board_now()));
	fprintf(f, "  \"pc\": \"0x%08x\",\n", board_cpu_pc());
	fprintf(f, "  \"flash_operations\": %llu,\n", (unsigned long long)board_flash_operations);
	write_sectors(f, "erases", g_erases);
	fprintf(f, "  \"bytes_programmed\": %llu,\n", (unsigned long long)programmed);
	write_sectors(f, "bytes_programmed_per_sector", g_programmed);
	fprintf(f, "  \"resets\": {");
	for (i = BOARD_RESET_POWER; i < BOARD_RESETS; i++)
		fprintf(f, "%s\"%s\": %llu", i > BOARD_RESET_POWER ? ", " : "",
			board_reset_names[i], (unsigned long long)board_reset_counts[i]);
	fprintf(f, "},\n  \"marks\": {");
	for (i = 0; i < g_mark_count; i++)
		fprintf(f, "%s\"%s\": %llu", i ? ", " : "", g_marks[i].text,
			(unsigned long long)g_marks[i].count);
	fprintf(f, "},\n");
}

static void write_json(int exit_code)
{
	FILE *f = board_file_create(g_json_path);

	fprintf(f, "{\n");
	write_counts(f, exit_code);
	fprintf(f, "  \"lowest_sp\": \"0x%08x\",\n", board_lowest_sp);
	fprintf(f, "  \"kick_instructions\": %llu,\n", (unsigned long long)board_kick_insns);
	fprintf(f, "  \"kick_pc\": \"%s\",\n", board_symbol_at(board_kick_pc));
	fprintf(f, "  \"kick_ms\": %.6f,\n", ms(board_kick_time));
	fprintf(f, "  \"ram_bytes_written\": %llu,\n", (unsigned long long)board_ram_written);
	fprintf(f, "  \"uart_bytes_in\": %llu,\n", (unsigned long long)board_uart_in);
	fprintf(f, "  \"uart_bytes_out\": %llu,\n", (unsigned long long)board_uart_out);
	fprintf(f, "  \"uart_bytes_lost\": %llu,\n", (unsigned long long)board_uart_lost);
	fprintf(f, "  \"gpio_changes\": %llu\n}\n", (unsigned long long)board_gpio_changes);
	board_file_finish(g_json_path, f);
}

/* SRAM, then CCM. */
static void write_ram(void)
{
	FILE *f = board_file_create(g_ram_path);

	fwrite(board_sram, 1, BOARD_SRAM_SIZE, f);
	fwrite(board_ccm, 1, BOARD_CCM_SIZE, f);
	board_file_finish(g_ram_path, f);
}

static void write_register(const char *name, uint32_t offset, uint32_t value)
{
	fprintf(g_registers, "%s+0x%03x 0x%08x\n", name, offset, value);
}

static void write_registers(void)
{
	g_registers = board_file_create(g_registers_path);
	board_scs_tell(write_register);
	board_bus_tell(write_register);
	board_file_finish(g_registers_path, g_registers);
}

void board_report_finish(int exit_code)
{
	board_watchdog_measure();
	board_path_finish();
	if (g_sent != NULL)
		board_file_finish(g_sent_path, g_sent);
	if (g_trace != NULL)
		board_file_finish(g_trace_path, g_trace);
	if (g_profile_path != NULL)
		write_profile();
	if (g_json_path != NULL)
		write_json(exit_code);
	if (g_ram_path != NULL)
		write_ram();
	if (g_registers_path != NULL)
		write_registers();
}
