#include "codes.h"

#include <stddef.h>
#include <strings.h>
#include <sysexits.h>

#include "number.h"
#include "sfu_codes.h"

#define ENTRY(name, code, sentence, advice) { #name, code, sentence, advice },
const struct sfu_code sfu_code_table[] = { SFU_CODES(ENTRY) };
const int sfu_code_count = (int)SFU_CODES_COUNT;

const struct sfu_code *sfu_code_find(uint32_t code)
{
	int i;

	for (i = 0; i < sfu_code_count; i++)
		if (sfu_code_table[i].code == code)
			return &sfu_code_table[i];
	return NULL;
}

const struct sfu_code *sfu_code_parse(const char *text)
{
	uint32_t code;
	int i;

	if (sfu_number_u32(text, &code))
		return sfu_code_find(code);
	if (strncasecmp(text, "SFU_", 4) == 0)
		text += 4;
	for (i = 0; i < sfu_code_count; i++)
		if (strcasecmp(text, sfu_code_table[i].name) == 0)
			return &sfu_code_table[i];
	return NULL;
}

int sfu_code_status(uint32_t code)
{
	switch (code) {
	case SFU_R_SIGNER:
	case SFU_R_SIGNATURE:
	case SFU_R_COUNTER:
	case SFU_R_VERSION:
	case SFU_R_PRODUCT:
	case SFU_R_UID:
	case SFU_R_KEY:
	case SFU_R_EPOCH:
	case SFU_R_HARDWARE:
	case SFU_R_HSM:
	case SFU_R_BOX:
	case SFU_R_PERSONALIZED:
		return EX_NOPERM;
	case SFU_R_BUSY:
	case SFU_R_OFFERS:
	case SFU_R_ORDER:
	case SFU_R_INCOMPLETE:
	case SFU_R_PERMIT:
	case SFU_E_TIMEOUT:
	case SFU_E_ENTROPY:
		return EX_TEMPFAIL;
	case SFU_E_IO:
	case SFU_E_ECC:
	case SFU_E_JOURNAL:
		return EX_IOERR;
	case SFU_E_LAYOUT:
	case SFU_E_CONFIG:
	case SFU_E_LOCKED:
	case SFU_E_KEYS:
	case SFU_E_MASTER:
		return EX_UNAVAILABLE;
	case SFU_R_TYPE:
	case SFU_R_LENGTH:
		return EX_SOFTWARE;
	default:
		return EX_DATAERR;
	}
}
