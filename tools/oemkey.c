/* The file of an OEM key or an OEM master key; see keyfile.h. */
#include <stdio.h>
#include <string.h>

#include "crypt.h"
#include "file.h"
#include "keyfile.h"
#include "number.h"
#include "say.h"

#define LINE_MAX_OEM 128

static const char *const kind_word[] = { "sfu-oem-key 1", "sfu-master-key 1" };
static const char *const kind_name[] = { "an OEM key", "an OEM master key" };

enum { HAS_FORMAT = 1, HAS_EPOCH = 2, HAS_KEY = 4, HAS_ALL = 7 };

/* One line, already without its end. Answers what it brought, or 0: not a line of a key file. */
static int parse_line(const char *line, int has, struct sfu_oem_key *key)
{
	if ((has & HAS_FORMAT) == 0)
		return strcmp(line, kind_word[key->master]) == 0 ? HAS_FORMAT : 0;
	if (strcmp(line, "test") == 0) {
		key->test = 1;
		return HAS_FORMAT;
	}
	if (strncmp(line, "epoch ", 6) == 0 && (has & HAS_EPOCH) == 0)
		return sfu_number_u32(line + 6, &key->epoch) ? HAS_EPOCH : 0;
	if (strncmp(line, "key ", 4) == 0 && (has & HAS_KEY) == 0)
		return sfu_number_hex(line + 4, key->key, sizeof(key->key)) ? HAS_KEY : 0;
	return 0;
}

static int parse(const char *path, const struct sfu_bytes *bytes, struct sfu_oem_key *key)
{
	char line[LINE_MAX_OEM];
	size_t at = 0, fill = 0, number = 0;
	int has = 0, status = 0, other = 0;

	for (at = 0; at < bytes->size && status == 0; at++) {
		const uint8_t c = bytes->data[at];
		int brought;

		if (c != '\n' && fill < sizeof(line) - 1) {
			line[fill++] = (char)c;
			continue;
		}
		number++;
		if (fill > 0 && line[fill - 1] == '\r')
			fill--;
		line[fill] = '\0';
		/* nobody sees what stands behind a zero */
		brought = strlen(line) == fill ? parse_line(line, has, key) : 0;
		fill = 0;
		other = has == 0 && strcmp(line, kind_word[!key->master]) == 0;
		has |= brought;
		if (other)
			status = sfu_fail(EX_DATAERR, path, "is %s; here %s is needed",
				kind_name[!key->master], kind_name[key->master]);
		else if (brought == 0 && has == 0)
			status = sfu_fail(EX_DATAERR, path, "is not %s file of this program",
				kind_name[key->master]);
		else if (brought == 0)
			status = sfu_fail(EX_DATAERR, path, "line %zu is not one of %s file",
				number, kind_name[key->master]);
	}
	sfu_crypt_wipe(line, sizeof(line));
	if (status == 0 && (has != HAS_ALL || fill != 0))
		status = sfu_fail(EX_DATAERR, path, "is not a whole %s file",
			kind_name[key->master] + 3);
	return status;
}

static int read_key(const char *path, int master, int insecure, struct sfu_oem_key *key)
{
	struct sfu_bytes bytes;
	int status;

	memset(key, 0, sizeof(*key));
	key->master = master;
	status = sfu_file_read(path, insecure ? SFU_FILE_PUBLIC : SFU_FILE_SECRET, &bytes);
	if (status == 0)
		status = parse(path, &bytes, key);
	sfu_bytes_free(&bytes);
	if (status != 0)
		sfu_oem_wipe(key);
	return status;
}

int sfu_oem_read(const char *path, int insecure, struct sfu_oem_key *key)
{
	return read_key(path, 0, insecure, key);
}

int sfu_master_read(const char *path, int insecure, struct sfu_oem_key *key)
{
	return read_key(path, 1, insecure, key);
}

int sfu_oem_make(uint32_t epoch, int master, int test, struct sfu_oem_key *key)
{
	key->epoch = epoch;
	key->master = master;
	key->test = test;
	return sfu_crypt_random(key->key, sizeof(key->key));
}

int sfu_oem_stage(const char *path, int replace, const struct sfu_oem_key *key)
{
	char digits[2 * sizeof(key->key) + 1], text[LINE_MAX_OEM * 2];
	int size, status;

	sfu_number_print_hex(digits, key->key, sizeof(key->key));
	size = snprintf(text, sizeof(text), "%s\n%sepoch %u\nkey %s\n", kind_word[key->master],
		key->test ? "test\n" : "", key->epoch, digits);
	status = sfu_out_stage(path, SFU_OUT_SECRET, replace, text, (size_t)size);
	sfu_crypt_wipe(digits, sizeof(digits));
	sfu_crypt_wipe(text, sizeof(text));
	return status;
}

void sfu_oem_wipe(struct sfu_oem_key *key)
{
	sfu_crypt_wipe(key, sizeof(*key));
}
