/* Package files -> what `sfu inspect` and `sfu verify` make of them. Input: the file. */
#include <string.h>
#include "fuzz.h"
#include "grammar.h"
#include "memory_file.h"
#include "package.h"

static const struct sfu_oem_key oem = { .key = "the OEM's key of this target....", .epoch = 1 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sfu_package package;
	uint32_t i, n, sum;

	memory_file = (struct sfu_bytes){ (uint8_t *)(uintptr_t)data, size };
	if (sfu_package_read("input", &package) != 0)
		return 0;
	sum = package.bytes.data[7] & 2 ? 416 : 256;
	for (i = 0; i < package.manifest.record_count; i++) {
		const uint8_t *record = sfu_package_record(&package, i, &n);

		FUZZ_MUST(record == package.bytes.data + sum && n > 32 && n <= 2080, "a record lies elsewhere");
		sum += n;
	}
	FUZZ_MUST(sum == size, "the records are not the file");
	(void)sfu_package_check_records(&package);
	(void)sfu_package_check_signature(&package, NULL, 0);
	(void)sfu_package_check_image(&package, &oem);
	sfu_package_free(&package);
	return 0;
}
