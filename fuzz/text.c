/* The small text files of the host program: attest key, HSM's record, an HSM's configuration, OEM key, OEM master key. Input: which (1), then the file.
 * What is read and written again reads as the same; a byte more or less on a line of digits is never let pass. */
#include <string.h>
#include "fuzz.h"
#include "hsm_folder.h"
#include "hsm_record.h"
#include "keyfile.h"
#include "memory_file.h"
#include "out.h"

static uint8_t written[2048];
static size_t written_size;

/* out.h: the one file that is staged is kept here. */
int sfu_out_stage(const char *path, enum sfu_out_kind kind, int replace, const void *data, size_t size)
{
	(void)path, (void)kind, (void)replace;
	FUZZ_MUST(size <= sizeof written, "a file that is longer than its text can be");
	memcpy(written, data, size);
	written_size = size;
	return 0;
}

static void again(void)
{
	memory_file = (struct sfu_bytes){ written, written_size };
}

/* Lines of the file, for a second look: the value behind this word, or NULL. */
static const char *value(const char *word, size_t *size)
{
	static char text[4096];
	const size_t n = strlen(word);
	char *at = text;

	memcpy(text, memory_file.data, memory_file.size);
	text[memory_file.size] = '\0';
	while ((at = strchr(at, '\n')) != NULL) {
		at++;
		if (strncmp(at, word, n) == 0 && at[n] == ' ') {
			*size = strcspn(at + n + 1, "\r\n");
			return at + n + 1;
		}
	}
	return NULL;
}

static void digits(const char *word, const uint8_t *bytes, size_t count)
{
	static const char hex[] = "0123456789abcdef";
	size_t size = 0, i;
	const char *v = value(word, &size);

	FUZZ_MUST(v != NULL && size == 2 * count, "a field that the file does not have, or not so long");
	for (i = 0; i < size; i++)
		FUZZ_MUST((v[i] | 0x20) == hex[i % 2 ? bytes[i / 2] % 16 : bytes[i / 2] / 16] || v[i] == hex[i % 2 ? bytes[i / 2] % 16 : bytes[i / 2] / 16],
		          "a digit is read as another");
}

static void attest(void)
{
	struct sfu_attest_key key, other;

	if (sfu_attest_read("input", 1, &key) != 0)
		return;
	digits("key", key.key, 32);
	FUZZ_MUST(sfu_attest_stage("again", 1, &key) == 0, "a key that was read cannot be written");
	again();
	FUZZ_MUST(sfu_attest_read("again", 1, &other) == 0 && memcmp(other.key, key.key, 32) == 0 && other.epoch == key.epoch
	                  && other.test == key.test, "a key that is written reads as another");
}

static void record(void)
{
	struct sfu_hsm_record r, other;

	if (sfu_record_read("input", 1, &r) != 0)
		return;
	digits("seed", r.seed, 32);
	digits("hsm-key", r.hsm_key, 64);
	digits("seal-key", r.seal_key, 64);
	digits("ledger", r.id, 16);
	if (sfu_fingerprint_told(r.attest))
		digits("attest", r.attest, 16);
	FUZZ_MUST(sfu_record_stage("again", 1, &r) == 0, "a record that was read cannot be written");
	again();
	FUZZ_MUST(sfu_record_read("again", 1, &other) == 0 && other.epoch == r.epoch && other.test == r.test
	                  && memcmp(other.id, r.id, 16) == 0 && memcmp(other.product, r.product, 16) == 0
	                  && memcmp(other.hsm_key, r.hsm_key, 64) == 0 && memcmp(other.seal_key, r.seal_key, 64) == 0
	                  && memcmp(other.seed, r.seed, 32) == 0 && memcmp(other.attest, r.attest, 16) == 0, "a record that is written reads as another");
}

static void folder(void)
{
	struct sfu_hsm_folder f, other;

	FUZZ_MUST(sfu_hsm_folder_name(&f, "/dev") == 0, "a name that is too long");
	/* it must be there; what is in it comes of memory_file.c */
	strcpy(f.config, "/dev/null");
	other = f;
	if (sfu_hsm_folder_read(&f) != 0)
		return;
	digits("ledger", f.id, 16);
	FUZZ_MUST(sfu_hsm_folder_stage(&f) == 0, "a configuration that was read cannot be written");
	again();
	FUZZ_MUST(sfu_hsm_folder_read(&other) == 0 && strcmp(other.uri, f.uri) == 0 && memcmp(other.id, f.id, 16) == 0,
	          "a configuration that is written reads as another");
}

static void oem(int master)
{
	int (*const read)(const char *, int, struct sfu_oem_key *) = master ? sfu_master_read : sfu_oem_read;
	struct sfu_oem_key key, other;

	if (read("input", 1, &key) != 0)
		return;
	FUZZ_MUST(key.master == master, "a key of another kind");
	digits("key", key.key, 32);
	FUZZ_MUST(sfu_oem_stage("again", 1, &key) == 0, "a key that was read cannot be written");
	again();
	FUZZ_MUST(read("again", 1, &other) == 0 && memcmp(other.key, key.key, 32) == 0 && other.epoch == key.epoch
	                  && other.test == key.test, "a key that is written reads as another");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > 2048)
		return 0;
	memory_file = (struct sfu_bytes){ (uint8_t *)(uintptr_t)(data + 1), size - 1 };
	switch (data[0] % 5) {
	case 0: attest(); break;
	case 1: record(); break;
	case 2: folder(); break;
	default: oem(data[0] % 5 - 3);
	}
	return 0;
}
