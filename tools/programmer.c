#include "programmer.h"

#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "out.h"
#include "say.h"
#include "sfu_format.h"

/* STM32F4: first address of flash, size of sector 0, and how many sectors have an nWRP bit in
 * FLASH_OPTCR, from bit 16 on */
#define F4_FLASH 0x08000000u
#define F4_SECTOR 0x4000u
#define F4_SECTORS 12u

#define TEXT_MAX 8192u

/* Values of option byte RDP: level 1 and level 2 of read protection */
#define RDP_FIELD 0xBBu
#define RDP_FINAL 0xCCu

/* One bit for each sector that holds the loader; 0 if the layout is not an STM32F4's. */
static uint32_t loader_sectors(const struct sfu_layout *l)
{
	const uint32_t end = l->area[SFU_AREA_LOADER].address + l->area[SFU_AREA_LOADER].size;
	uint32_t mask = 0, number = 0, r, s;

	if (l->region[0].address != F4_FLASH || l->region[0].sector != F4_SECTOR)
		return 0;
	for (r = 0; r < l->region_count; r++)
		for (s = 0; s < l->region[r].count; s++, number++) {
			const uint32_t from = l->region[r].address + s * l->region[r].sector;

			if (number == F4_SECTORS)
				return 0;
			if (from < end && from + l->region[r].sector > l->area[SFU_AREA_LOADER].address)
				mask |= UINT32_C(1) << number;
		}
	return mask;
}

/* The scripts find the HEX file beside themselves, or by its whole path. */
static int locate(const char *script, const char *hex, char out[PATH_MAX], int *beside)
{
	char a[PATH_MAX], b[PATH_MAX], folder_a[PATH_MAX], folder_b[PATH_MAX];

	snprintf(a, sizeof(a), "%s", script);
	snprintf(b, sizeof(b), "%s", hex);
	if (realpath(dirname(a), folder_a) == NULL || realpath(dirname(b), folder_b) == NULL)
		return sfu_fail_errno(EX_CANTCREAT, script, "cannot be created");
	*beside = strcmp(folder_a, folder_b) == 0;
	snprintf(b, sizeof(b), "%s", hex);
	if (snprintf(out, PATH_MAX, "%s%s%s", *beside ? "" : folder_b, *beside ? "" : "/",
		    basename(b)) >= PATH_MAX)
		return sfu_fail(EX_CANTCREAT, hex, "has too long a path");
	if (strpbrk(out, "\"'\\$`{}[];\n") != NULL)
		return sfu_fail(EX_USAGE, hex,
			"has characters in its path that a script would have to quote");
	return 0;
}

/* All of the chip is erased: a key page of an earlier life would count as the newer one. */
static const char openocd_program[] =
	"# Programs one device, erased whole: openocd -f board/stm32f4discovery.cfg -f THIS_FILE\n"
	"init\n"
	"reset halt\n"
	"set image \"%s%s\"\n"
	"flash erase_address 0x%08X 0x%08X\n"
	"flash write_image $image\n"
	"verify_image $image\n";

/* By register, since OpenOCD's own command sets read protection to level 1 only and would write twice:
 * keys into OPTKEYR, nWRP and RDP into OPTCR in one write, OPTSTRT, wait for BSY, read back. */
static const char openocd_lock[] =
	"\n# Option bytes: write protection of the loader's sectors, and RDP 0x%02X.%s\n"
	"set optcr [lindex [read_memory 0x40023C14 32 1] 0]\n"
	"set wanted [expr {(($optcr & ~0x8000FF03) & ~(0x%03X << 16)) | (0x%02X << 8)}]\n"
	"mww 0x40023C08 0x08192A3B\n"
	"mww 0x40023C08 0x4C5D6E7F\n"
	"mww 0x40023C14 $wanted\n"
	"mww 0x40023C14 [expr {$wanted | 2}]\n"
	"for {set i 0} {[read_memory 0x40023C0C 32 1] & 0x10000} {incr i} {\n"
	"\tif {$i > 100} {\n"
	"\t\terror \"the option bytes were not written in time\"\n"
	"\t}\n"
	"\tsleep 10\n"
	"}\n"
	"set is [lindex [read_memory 0x40023C14 32 1] 0]\n"
	"mww 0x40023C14 [expr {$is | 1}]\n"
	"if {($is & 0x8FFFFFEC) != ($wanted & 0x8FFFFFEC)} {\n"
	"\terror \"the option bytes are not what was written\"\n"
	"}\n"
	"echo \"locked; power the device off and on\"\n";

static const char openocd_end[] = "shutdown\n";

static const char cube_program[] =
	"#!/bin/sh\n"
	"# Programs one device, erased whole, with STM32CubeProgrammer and an ST-LINK.\n"
	"set -eu\n"
	"STM32_Programmer_CLI -c port=SWD mode=UR -e all -w %s%s%s -v\n";

static const char for_ever[] = " THIS IS FOR EVER.";

/* What the commands do. */
struct plan {
	uint32_t first, size; /* of flash: all of it is erased */
	uint32_t sectors;     /* to write-protect, a bit each */
	uint32_t rdp;         /* option byte, 0: none is touched */
};

static uint32_t rdp_of(uint32_t lock)
{
	if (lock == SFU_FLASH_LOCK_FINAL)
		return RDP_FINAL;
	return lock == SFU_FLASH_LOCK_FIELD ? RDP_FIELD : 0;
}

static struct plan make_plan(const struct sfu_layout *layout, uint32_t lock)
{
	const struct sfu_region *last = &layout->region[layout->region_count - 1];
	struct plan plan;

	plan.first = layout->region[0].address;
	plan.size = last->address + last->sector * last->count - plan.first;
	plan.sectors = loader_sectors(layout);
	plan.rdp = rdp_of(lock);
	return plan;
}

static int stage_openocd(const char *path, const char *hex, const struct plan *plan)
{
	char text[TEXT_MAX], where[PATH_MAX];
	int beside = 0, size, status = locate(path, hex, where, &beside);

	if (status != 0)
		return status;
	size = snprintf(text, sizeof(text), openocd_program,
		beside ? "[file dirname [info script]]/" : "", where, plan->first, plan->size);
	if (plan->rdp != 0)
		size += snprintf(text + size, sizeof(text) - (size_t)size, openocd_lock, plan->rdp,
			plan->rdp == RDP_FINAL ? for_ever : "", plan->sectors, plan->rdp);
	size += snprintf(text + size, sizeof(text) - (size_t)size, "%s", openocd_end);
	return sfu_out_stage(path, SFU_OUT_PUBLIC, 1, text, (size_t)size);
}

static int stage_cube(const char *path, const char *hex, const struct plan *plan)
{
	char text[TEXT_MAX], where[PATH_MAX];
	int beside = 0, size, status = locate(path, hex, where, &beside);
	uint32_t i;

	if (status != 0)
		return status;
	size = snprintf(text, sizeof(text), cube_program, beside ? "\"$(dirname \"$0\")\"/'" : "'",
		where, "'");
	if (plan->rdp != 0) {
		size += snprintf(text + size, sizeof(text) - (size_t)size,
			"# Write protection of the loader's sectors, and RDP.%s\n"
			"STM32_Programmer_CLI -c port=SWD mode=UR -ob",
			plan->rdp == RDP_FINAL ? for_ever : "");
		for (i = 0; i < F4_SECTORS; i++)
			if (plan->sectors & UINT32_C(1) << i)
				size += snprintf(text + size, sizeof(text) - (size_t)size,
					" nWRP%" PRIu32 "=0", i);
		size += snprintf(
			text + size, sizeof(text) - (size_t)size, " RDP=0x%02X\n", plan->rdp);
	}
	return sfu_out_stage(path, SFU_OUT_SCRIPT, 1, text, (size_t)size);
}

int sfu_programmer_stage(
	const char *prefix, const char *hex, const struct sfu_layout *layout, uint32_t lock)
{
	const struct plan plan = make_plan(layout, lock);
	const size_t length = strlen(prefix);
	const char *name = prefix;
	char base[PATH_MAX], path[PATH_MAX + 20];
	struct stat st;
	int status;

	if (plan.rdp != 0 && plan.sectors == 0)
		return sfu_fail(EX_DATAERR, NULL,
			"option bytes are known for STM32F4 only, and this layout is not one's");
	if (length > 0 &&
		(prefix[length - 1] == '/' || (stat(prefix, &st) == 0 && S_ISDIR(st.st_mode)))) {
		snprintf(base, sizeof(base), "%s/factory", prefix);
		name = base;
	}
	snprintf(path, sizeof(path), "%s.openocd", name);
	status = stage_openocd(path, hex, &plan);
	snprintf(path, sizeof(path), "%s.stm32cubeprog.sh", name);
	if (status == 0)
		status = stage_cube(path, hex, &plan);
	return status;
}

void sfu_programmer_tell(const struct sfu_layout *layout, uint32_t lock)
{
	const struct plan plan = make_plan(layout, lock);

	if (plan.rdp == 0)
		sfu_note("the commands erase the chip, program and verify; no option byte is "
			 "touched: the device "
			 "stays open");
	else
		sfu_note("the commands erase the chip, program, verify, write-protect sectors "
			 "(mask 0x%03x) and "
			 "set RDP to "
			 "0x%02X; then power the device off and on",
			plan.sectors, plan.rdp);
	if (plan.rdp == RDP_FINAL)
		sfu_warn(NULL, "RDP 0xCC is for ever: no debugger, no other loader, no way back");
}
