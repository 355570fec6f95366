#include "hsm_public.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "lock_profile.h"
#include "number.h"
#include "say.h"

#define LINE 128

static const char mark[] = "sfu: HSM ";

int sfu_hsm_public_stage(
	const char *path, const struct sfu_sign_key *key, const struct sfu_hsm_public *its)
{
	char product[sizeof(its->product) + 1], attest[2 * sizeof(its->attest) + 1], line[LINE];
	const int size = snprintf(line, sizeof(line), "%sepoch %u lock %s attest %s product %s\n",
		mark, its->epoch, sfu_lock_name(its->lock_profile),
		sfu_number_print_hex(attest, its->attest, sizeof(its->attest)),
		sfu_number_print_product(product, its->product));
	struct sfu_bytes pem = { NULL, 0 };
	uint8_t *text = NULL;
	int status = sfu_key_print_public(key, &pem);

	if (status == 0)
		text = malloc((size_t)size + pem.size);
	if (status == 0 && text == NULL)
		status = sfu_fail(EX_OSERR, path, "there is no memory for a key");
	if (status == 0) {
		memcpy(text, line, (size_t)size);
		memcpy(text + size, pem.data, pem.size);
		status = sfu_out_stage(path, SFU_OUT_PUBLIC, 0, text, (size_t)size + pem.size);
	}
	free(text);
	sfu_bytes_free(&pem);
	return status;
}

/* What stands behind the mark at the beginning of a line. 1; 0 if no line has it. */
static int find_line(const struct sfu_bytes *bytes, char line[LINE])
{
	const size_t skip = sizeof(mark) - 1;
	size_t at, size;

	for (at = 0; at + skip <= bytes->size; at++) {
		if ((at > 0 && bytes->data[at - 1] != '\n') ||
			memcmp(bytes->data + at, mark, skip) != 0)
			continue;
		for (size = 0; at + skip + size < bytes->size && size < LINE - 1; size++) {
			line[size] = (char)bytes->data[at + skip + size];
			if (line[size] == '\n' || line[size] == '\r')
				break;
		}
		line[size] = '\0';
		return 1;
	}
	return 0;
}

/* The word behind `name` and a space, which ends at a space; NULL if it is not there. */
static char *take(char **line, const char *name)
{
	char *word = *line + strlen(name) + 1, *end;

	if (strncmp(*line, name, strlen(name)) != 0 || word[-1] != ' ')
		return NULL;
	end = strchr(word, ' ');
	if (end == NULL)
		return NULL;
	*end = '\0';
	*line = end + 1;
	return word;
}

static int parse(char *line, struct sfu_hsm_public *its)
{
	const char *epoch = take(&line, "epoch"),
		   *lock = epoch != NULL ? take(&line, "lock") : NULL,
		   *attest = lock != NULL ? take(&line, "attest") : NULL;

	return attest != NULL && sfu_number_u32(epoch, &its->epoch) &&
		sfu_lock_parse(lock, &its->lock_profile) &&
		sfu_number_hex(attest, its->attest, sizeof(its->attest)) &&
		strncmp(line, "product ", 8) == 0 && sfu_number_product(line + 8, its->product);
}

static int compare(const char *path, const struct sfu_hsm_public *its,
	const struct sfu_hsm_public *device, const char *master)
{
	char ours[sizeof(its->product) + 1], theirs[sizeof(its->product) + 1];

	if (memcmp(its->product, device->product, sizeof(its->product)) != 0)
		return sfu_fail(EX_DATAERR, path, "is of an HSM for `%s`, which refuses every `%s`",
			sfu_number_print_product(ours, its->product),
			sfu_number_print_product(theirs, device->product));
	if (its->epoch != device->epoch)
		return sfu_fail(EX_DATAERR, path,
			"is of an HSM for epoch %u, and %s of epoch %u: the HSM would refuse the "
			"devices",
			its->epoch, master, device->epoch);
	if (memcmp(its->attest, device->attest, sizeof(its->attest)) != 0)
		return sfu_fail(EX_DATAERR, path,
			"is of an HSM whose attest key comes from another master key than %s: the "
			"HSM would refuse the devices",
			master);
	if (sfu_lock_rank(device->lock_profile) < sfu_lock_rank(its->lock_profile))
		return sfu_fail(EX_DATAERR, path,
			"is of an HSM that demands --lock %s, and refuses devices with --lock %s",
			sfu_lock_name(its->lock_profile), sfu_lock_name(device->lock_profile));
	return 0;
}

int sfu_hsm_public_check(const char *path, const struct sfu_hsm_public *device, const char *master)
{
	struct sfu_hsm_public its;
	struct sfu_bytes bytes;
	char line[LINE];
	int found, status = sfu_file_read(path, SFU_FILE_PUBLIC, &bytes);

	if (status != 0)
		return status;
	found = find_line(&bytes, line);
	sfu_bytes_free(&bytes);
	if (!found)
		return 0;
	if (!parse(line, &its))
		return sfu_fail(
			EX_DATAERR, path, "says in a way that is not known what HSM it is of");
	return compare(path, &its, device, master);
}
