#include "report.h"

#include <stdio.h>

#include "json.h"

static int any_device(const struct sfu_manifest *m)
{
	size_t i;

	for (i = 0; i < sizeof(m->uid); i++)
		if (m->uid[i] != 0)
			return 0;
	return 1;
}

static void line(const char *name, const uint8_t *data, size_t size)
{
	size_t i;

	printf("%-18s", name);
	for (i = 0; i < size; i++)
		printf("%02x", data[i]);
	putchar('\n');
}

static void print_floors(const struct sfu_manifest *m)
{
	unsigned rank, any = 0;

	printf("revokes           ");
	for (rank = 0; rank < SFU_FORMAT_RANKS; rank++)
		if (m->key_floor[rank] != 0)
			printf("%srank %u below serial %u", any++ ? ", " : "", rank, m->key_floor[rank]);
	printf("%s\n", any ? "" : "nothing");
}

void sfu_report_manifest(const struct sfu_manifest *m)
{
	char product[SFU_MANIFEST_PRODUCT_SIZE + 1], text[SFU_VERSION_TEXT];

	printf("product           %s\n", sfu_number_print_product(product, m->product));
	printf("hardware          0x%08x\n", m->hardware);
	printf("version           %s\n", sfu_number_print_version(text, &m->version));
	printf("security counter  %u\n", m->security_counter);
	printf("older allowed     %s\n", m->flags & SFU_FORMAT_FLAG_ALLOW_OLDER ? "yes" : "no");
	printf("lowest loader     %s\n", sfu_number_print_version(text, &m->loader_min));
	printf("key epoch         %u\n", m->epoch);
	line("signer", m->signer, sizeof(m->signer));
	printf("signer's standing rank %u, serial %u\n", m->its_signer.rank, m->its_signer.serial);
	if (m->flags & SFU_FORMAT_FLAG_CERTIFICATE)
		printf("certified by      a key of rank %u, serial %u\n", m->its_issuer.rank,
			m->its_issuer.serial);
	print_floors(m);
	if (any_device(m))
		printf("device            any\n");
	else
		line("device", m->uid, sizeof(m->uid));
	printf("load address      0x%08x\n", m->load_address);
	printf("image             %u bytes\n", m->plain_size);
	printf("records           %u of %u bytes\n", m->record_count, m->record_size);
	line("salt", m->salt, sizeof(m->salt));
	line("key check", m->key_check, sizeof(m->key_check));
	line("image hash", m->image_hash, sizeof(m->image_hash));
	line("first record hash", m->first_hash, sizeof(m->first_hash));
	line("signature", m->signature, sizeof(m->signature));
}

void sfu_report_manifest_json(const struct sfu_manifest *m)
{
	char product[SFU_MANIFEST_PRODUCT_SIZE + 1], text[SFU_VERSION_TEXT];

	sfu_json_open(NULL, '{');
	sfu_json_text("product", sfu_number_print_product(product, m->product));
	sfu_json_number("hardware", m->hardware);
	sfu_json_text("version", sfu_number_print_version(text, &m->version));
	sfu_json_number("security_counter", m->security_counter);
	sfu_json_bool("allow_older", m->flags & SFU_FORMAT_FLAG_ALLOW_OLDER);
	sfu_json_text("loader_min", sfu_number_print_version(text, &m->loader_min));
	sfu_json_number("epoch", m->epoch);
	sfu_json_hex("signer", m->signer, sizeof(m->signer));
	sfu_json_number("signer_rank", m->its_signer.rank);
	sfu_json_number("signer_serial", m->its_signer.serial);
	sfu_json_bool("certificate", (m->flags & SFU_FORMAT_FLAG_CERTIFICATE) != 0);
	sfu_json_number("issuer_rank", m->its_issuer.rank);
	sfu_json_number("issuer_serial", m->its_issuer.serial);
	sfu_json_hex("key_floor", m->key_floor, sizeof(m->key_floor));
	sfu_json_hex("uid", m->uid, sizeof(m->uid));
	sfu_json_number("load_address", m->load_address);
	sfu_json_number("plain_size", m->plain_size);
	sfu_json_number("record_size", m->record_size);
	sfu_json_number("record_count", m->record_count);
	sfu_json_hex("salt", m->salt, sizeof(m->salt));
	sfu_json_hex("image_hash", m->image_hash, sizeof(m->image_hash));
	sfu_json_hex("first_hash", m->first_hash, sizeof(m->first_hash));
	sfu_json_hex("key_check", m->key_check, sizeof(m->key_check));
	sfu_json_hex("signature", m->signature, sizeof(m->signature));
	sfu_json_close('}');
}
