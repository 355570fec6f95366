/* Key files: signing keys in PEM, OEM keys. Input: which reader (1), then the file. */
#include "fuzz.h"
#include "keyfile.h"
#include "memory_file.h"

/* tokens are not linked: no key that comes of a file is in one */
void sfu_token_key_free(struct sfu_token_key *key); /* signkey.h, which wants PKCS#11's headers */
void sfu_token_key_free(struct sfu_token_key *key)
{
	FUZZ_MUST(key == NULL, "a file's key is in a token");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sfu_sign_key key = { 0 };
	struct sfu_oem_key oem;
	struct sfu_bytes pem;
	int status;

	if (size < 1)
		return 0;
	memory_file = (struct sfu_bytes){ (uint8_t *)(uintptr_t)(data + 1), size - 1 };
	if (data[0] % 3 == 2) {
		if (sfu_oem_read("input", 0, &oem) == 0)
			sfu_oem_wipe(&oem);
		return 0;
	}
	status = data[0] % 3 == 0 ? sfu_key_read_public("input", &key) : sfu_key_read_private("input", 0, &key);
	if (status != 0)
		return 0;
	FUZZ_MUST(sfu_key_print_public(&key, &pem) == 0, "a key that was read cannot be written");
	sfu_bytes_free(&pem);
	sfu_key_free(&key);
	return 0;
}
