/* Intel HEX files -> spans; and what is written of them reads as the same. Input: the file. */
#include <string.h>
#include "fuzz.h"
#include "hexfile.h"

static void same(const struct sfu_spans *a, const struct sfu_spans *b)
{
	size_t i;

	FUZZ_MUST(a->count == b->count, "another number of spans");
	for (i = 0; i < a->count; i++)
		FUZZ_MUST(a->at[i].address == b->at[i].address && a->at[i].size == b->at[i].size
		                  && memcmp(a->at[i].data, b->at[i].data, a->at[i].size) == 0,
		          "another span");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sfu_bytes bytes = { (uint8_t *)(uintptr_t)data, size };
	struct sfu_spans spans = { NULL, 0 }, again = { NULL, 0 };
	struct sfu_bytes text = { NULL, 0 };

	if (sfu_hex_parse("input", &bytes, &spans) == 0 && sfu_spans_sort(&spans, "input") == 0) {
		FUZZ_MUST(sfu_hex_print(&spans, &text) == 0, "spans that cannot be written");
		FUZZ_MUST(sfu_hex_parse("again", &text, &again) == 0, "what was written cannot be read");
		if (sfu_spans_flatten(&spans, "input", 1u << 20) == 0 && sfu_spans_flatten(&again, "again", 1u << 20) == 0)
			same(&spans, &again);
	}
	sfu_bytes_free(&text);
	sfu_spans_free(&again);
	sfu_spans_free(&spans);
	return 0;
}
