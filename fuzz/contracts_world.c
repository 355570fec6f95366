/* What is not translated of a target whose contracts are checked (fuzz/eacsl.py): the verdict, and what the contracts want
 * of the world. */
#include "contracts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <e_acsl.h>
#include "sfu_codes.h"

/* Ghosts of spec/claims.h, which are variables where a target's contracts name them. */
extern const uint8_t *sfu_lasting __attribute__((weak));
extern struct {
	int signature, accepted;
	const uint8_t *bytes;
	uint32_t size;
} sfu_vouch __attribute__((weak));

static unsigned long checks, excused;

/* Not the contract fails here, but E-ACSL's own question whether a part of it may be evaluated, which it asks in cases
 * in which that part does not count. */
static const struct {
	const char *function, *predicate, *reason;
} EXCUSED[] = {
	{ "sfu_link_step", "(unsigned long)(3 + l->fill) <", "the byte behind a full frame as it was, taken before it is known if it is full" },
	{ "sfu_link_step", "\\valid_read(&l->buffer[(unsigned long)(3 + l->fill)])", "the same" },
};

static int is_excused(const __e_acsl_assert_data_t *data)
{
	size_t i;

	for (i = 0; i < sizeof EXCUSED / sizeof EXCUSED[0]; i++)
		if (strcmp(data->kind, "RTE") == 0 && strcmp(data->fct, EXCUSED[i].function) == 0
		    && strncmp(data->pred_txt, EXCUSED[i].predicate, strlen(EXCUSED[i].predicate)) == 0)
			return 1;
	return 0;
}

void __e_acsl_assert(int holds, __e_acsl_assert_data_t *data)
{
	__e_acsl_assert_data_value_t *value;

	/* eacsl.py has switched off what cannot be known here */
	if (data->blocking == 0)
		return;
	checks++;
	if (holds)
		return;
	if (is_excused(data)) {
		excused++;
		return;
	}
	fprintf(stderr, "%s:%d: %s: %s %s does not hold: %s\n", data->file, data->line, data->fct, data->kind,
	        data->name != NULL ? data->name : "", data->pred_txt);
	for (value = data->values; value != NULL; value = value->next)
		__e_acsl_print_value(value);
	abort();
}

uint32_t __real_sfu_verify(const uint8_t public_key[64], const uint8_t hash[32], const uint8_t signature[64])
	__attribute__((weak));
uint32_t __wrap_sfu_verify(const uint8_t public_key[64], const uint8_t hash[32], const uint8_t signature[64]);

/* What is linked in its place does to the ghost what the contract says. */
uint32_t __wrap_sfu_verify(const uint8_t public_key[64], const uint8_t hash[32], const uint8_t signature[64])
{
	const uint32_t status = __real_sfu_verify(public_key, hash, signature);

	if (&sfu_vouch != NULL)
		sfu_vouch.signature = status == SFU_OK;
	return status;
}

void contracts_world(void)
{
	static uint8_t lasting;

	__e_acsl_store_block(&lasting, sizeof lasting);
	__e_acsl_full_init(&lasting);
	if (&sfu_lasting != NULL)
		sfu_lasting = &lasting;
}

void contracts_count(int inputs)
{
	printf("%d inputs, %lu checks, %lu excused\n", inputs, checks, excused);
}
