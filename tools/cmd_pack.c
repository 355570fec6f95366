/* sfu pack: an image becomes a package. */
#include <string.h>

#include "certificate.h"
#include "crypt.h"
#include "hsm_record.h"
#include "image.h"
#include "loader.h"
#include "out.h"
#include "package.h"
#include "report.h"
#include "say.h"
#include "signkey.h"
#include "commands.h"

/* where the image may lie */
struct place {
	uint32_t address[2], capacity[2];
	uint32_t count;
	uint32_t record_size;
};

static int place_from_layout(const struct sfu_args *args, const char *path, struct place *place)
{
	const char *slot = sfu_args_text(args, "slot", 0);
	struct sfu_loader loader;
	uint32_t i, first = 0, last;
	int status;

	if (slot != NULL && strcmp(slot, "a") != 0 && strcmp(slot, "b") != 0)
		return sfu_args_wrong(args, "--slot: `%s` is neither a nor b", slot);
	status = sfu_loader_read(path, &loader);
	if (status != 0)
		return status;
	last = loader.layout.slot_count - 1;
	place->record_size = loader.layout.record_max;
	if (slot != NULL)
		first = last = slot[0] == 'a' ? 0 : 1;
	if (last >= loader.layout.slot_count)
		status = sfu_fail(EX_DATAERR, path, "this layout has no slot b");
	for (i = first; i <= last && status == 0; i++) {
		place->address[place->count] = sfu_loader_image(&loader.layout, i);
		place->capacity[place->count++] = sfu_loader_capacity(&loader.layout, i);
	}
	sfu_loader_free(&loader);
	return status;
}

static int find_place(const struct sfu_args *args, struct place *place)
{
	const char *layout = sfu_args_text(args, "layout-from", 0);
	const int numbers =
		sfu_args_count(args, "load-address") > 0 || sfu_args_count(args, "capacity") > 0;
	int status;

	memset(place, 0, sizeof(*place));
	place->record_size = SFU_FORMAT_RECORD_LARGE;
	if (layout != NULL && numbers)
		return sfu_args_wrong(
			args, "--layout-from says what --load-address and --capacity say");
	if (layout != NULL)
		return place_from_layout(args, layout, place);
	if (sfu_args_count(args, "load-address") == 0 || sfu_args_count(args, "capacity") == 0)
		return sfu_args_wrong(
			args, "--layout-from, or --load-address and --capacity, are missing");
	if (sfu_args_count(args, "slot") > 0)
		return sfu_args_wrong(args, "--slot needs --layout-from");
	place->count = 1;
	status = sfu_args_u32(args, "load-address", &place->address[0]);
	if (status == 0)
		status = sfu_args_u32(args, "capacity", &place->capacity[0]);
	return status;
}

static int check_place(const char *name, const struct sfu_span *image, const struct place *place)
{
	uint32_t i;

	for (i = 0; i < place->count; i++)
		if (image->address == place->address[i])
			break;
	if (i == place->count && place->count == 2)
		return sfu_fail(EX_DATAERR, name,
			"begins at 0x%08x, and the slots at 0x%08x and 0x%08x", image->address,
			place->address[0], place->address[1]);
	if (i == place->count)
		return sfu_fail(EX_DATAERR, name, "begins at 0x%08x, and the slot at 0x%08x",
			image->address, place->address[0]);
	if (image->size > place->capacity[i])
		return sfu_fail(EX_DATAERR, name, "has %u bytes, and the slot holds %u",
			image->size, place->capacity[i]);
	return sfu_image_check(name, image);
}

/* What the options say of the manifest. */
static int read_options(const struct sfu_args *args, struct sfu_manifest *m)
{
	const char *device = sfu_args_text(args, "device", 0);
	int status;

	memset(m, 0, sizeof(*m));
	if (sfu_args_count(args, "allow-older") > 0)
		m->flags = SFU_FORMAT_FLAG_ALLOW_OLDER;
	if (device != NULL && !sfu_number_hex(device, m->uid, sizeof(m->uid)))
		return sfu_args_wrong(args, "--device: `%s` is not 24 hexadecimal digits", device);
	status = sfu_args_product(args, "product", m->product);
	if (status == 0)
		status = sfu_standing_option(args, "rank", &m->its_issuer);
	if (status == 0)
		status = sfu_standing_revoke(args, m->key_floor);
	if (status == 0)
		status = sfu_args_u32(args, "hardware", &m->hardware);
	if (status == 0 && m->hardware == 0)
		status = sfu_args_wrong(args, "--hardware: no revision would take this package");
	if (status == 0)
		status = sfu_args_version(args, "image-version", &m->version);
	if (status == 0)
		status = sfu_args_u32(args, "security-counter", &m->security_counter);
	if (status == 0)
		status = sfu_args_version(args, "loader-min", &m->loader_min);
	if (status == 0)
		status = sfu_args_u32(args, "record-size", &m->record_size);
	if (status == 0 && m->record_size != 0 && m->record_size != SFU_FORMAT_RECORD_SMALL &&
		m->record_size != SFU_FORMAT_RECORD_LARGE)
		status = sfu_args_wrong(args, "--record-size is 1024 or 2048");
	return status;
}

/* Who vouches for the signer: the loader itself, or a certificate by a key of the loader's. */
static int read_certificate(const struct sfu_args *args, struct sfu_manifest *m,
	const struct sfu_sign_key *signer, uint8_t bytes[SFU_CERTIFICATE_SIZE])
{
	const char *path = sfu_args_text(args, "certificate", 0);
	struct sfu_certificate c;
	size_t i;
	int rank, status;

	m->its_signer = m->its_issuer;
	if (path != NULL) {
		status = sfu_certificate_read(path, &c, bytes);
		if (status != 0)
			return status;
		for (i = 0; i < sizeof(c.signature) && c.signature[i] == 0; i++)
			;
		if (i == sizeof(c.signature))
			return sfu_fail(EX_DATAERR, path,
				"is not signed yet: `sfu attach-signature` does that");
		if (memcmp(c.id, signer->id, sizeof(c.id)) != 0)
			return sfu_fail(EX_DATAERR, path, "is not the certificate of the signing key");
		if (memcmp(c.product, m->product, sizeof(c.product)) != 0)
			return sfu_fail(EX_DATAERR, path, "is for another product");
		if (c.rank >= m->its_issuer.rank)
			return sfu_fail(EX_DATAERR, path,
				"is of rank %u, and its issuer, by --rank, of rank %u: that must be "
				"the higher one",
				c.rank, m->its_issuer.rank);
		m->its_signer = (struct sfu_standing){ c.rank, c.serial };
	}
	for (rank = m->its_signer.rank; rank < (int)SFU_FORMAT_RANKS; rank++)
		if (m->key_floor[rank] != 0)
			return sfu_args_wrong(args,
				"--revoke: the signer has rank %u, and revokes keys of lower rank alone",
				m->its_signer.rank);
	return 0;
}

/* The one device's key in place of the fleet's. */
static int make_unique(
	const struct sfu_args *args, const struct sfu_manifest *m, struct sfu_oem_key *oem)
{
	uint8_t unique[SFU_HASH];
	int status;

	if (sfu_args_count(args, "device") == 0)
		return sfu_args_wrong(args, "--unique needs --device");
	status = sfu_unique_key(oem->key, m->uid, unique);
	memcpy(oem->key, unique, sizeof(unique));
	sfu_crypt_wipe(unique, sizeof(unique));
	return status;
}

static int read_keys(const struct sfu_args *args, const struct sfu_manifest *m,
	struct sfu_sign_key *signer, struct sfu_oem_key *oem)
{
	const int unsigned_too = sfu_args_count(args, "unsigned") > 0;
	const char *sign_path = sfu_args_text(args, unsigned_too ? "signer" : "key", 0),
		   *oem_path = sfu_args_text(args, "oem-key", 0);
	const int insecure = sfu_args_count(args, "insecure-permissions") > 0;
	int status;

	if ((sfu_args_count(args, "key") > 0) == unsigned_too || sign_path == NULL)
		return sfu_args_wrong(args,
			"either --key signs, or --unsigned and --signer leave that to others");
	status = unsigned_too ? sfu_signkey_public(args, "signer", signer)
			      : sfu_signkey_open(args, "key", signer);

	if (status == 0)
		status = sfu_oem_read(oem_path, insecure, oem);
	if (status == 0 && signer->test != oem->test)
		return sfu_fail(EX_DATAERR, signer->test ? sign_path : oem_path,
			"is a test key, and %s is none: a package has either only test keys or "
			"none",
			signer->test ? oem_path : sign_path);
	if (status == 0 && sfu_args_count(args, "unique") > 0)
		status = make_unique(args, m, oem);
	if (status == 0 && signer->test)
		sfu_warn(NULL, "packing with test keys: only devices with an open loader take it");
	return status;
}

static int seal(const struct sfu_args *args, struct sfu_manifest *m, const struct sfu_span *image,
	const struct sfu_sign_key *signer, const struct sfu_oem_key *oem, const uint8_t *certificate)
{
	const char *output = sfu_args_text(args, "output", 0),
		   *to_sign = sfu_args_text(args, "unsigned", 0);
	struct sfu_bytes package = { NULL, 0 };
	int status;

	m->load_address = image->address;
	m->plain_size = image->size;
	if (m->plain_size / m->record_size >= UINT16_MAX)
		return sfu_fail(
			EX_DATAERR, args->files[0], "has more records than a manifest can count");
	status = sfu_package_build(m, image->data, signer, oem, certificate, &package);
	if (status == 0 && to_sign == NULL)
		status = sfu_package_sign(m, signer, &package);
	if (status == 0 && to_sign != NULL)
		status = sfu_out_stage(
			to_sign, SFU_OUT_PUBLIC, 1, package.data, SFU_FORMAT_MANIFEST_SIGNED);
	if (status == 0)
		status = sfu_out_stage(output, SFU_OUT_PUBLIC, 1, package.data, package.size);
	if (status == 0)
		status = sfu_out_commit();
	if (status == 0 && args->json)
		sfu_report_manifest_json(m);
	if (status == 0)
		sfu_note("%s: %u bytes in %u records", output, m->plain_size, m->record_count);
	if (status == 0 && to_sign != NULL)
		sfu_note("%s: sign this with ECDSA over its SHA-256, then `sfu attach-signature`",
			to_sign);
	sfu_bytes_free(&package);
	return status;
}

static int pack(const struct sfu_args *args)
{
	struct sfu_sign_key signer = { 0 };
	struct sfu_oem_key oem = { 0 };
	struct sfu_spans image = { NULL, 0 };
	struct sfu_manifest manifest;
	struct place place;
	uint8_t certificate[SFU_CERTIFICATE_SIZE];
	int status = read_options(args, &manifest);

	if (status == 0)
		status = find_place(args, &place);
	if (status == 0 && manifest.record_size == 0)
		manifest.record_size = place.record_size;
	if (status == 0 && manifest.record_size > place.record_size)
		status = sfu_args_wrong(
			args, "--record-size: this loader takes %u at most", place.record_size);
	if (status == 0)
		status = read_keys(args, &manifest, &signer, &oem);
	if (status == 0)
		status = read_certificate(args, &manifest, &signer, certificate);
	if (status == 0)
		status = sfu_image_read(args->files[0], &image);
	if (status == 0)
		status = check_place(args->files[0], &image.at[0], &place);
	if (status == 0)
		status = seal(args, &manifest, &image.at[0], &signer, &oem,
			sfu_args_count(args, "certificate") > 0 ? certificate : NULL);
	sfu_spans_free(&image);
	sfu_oem_wipe(&oem);
	sfu_key_free(&signer);
	return status;
}

static const struct sfu_option options[] = {
	{ 'k', "key", "SIGN.pem|URI", SFU_OPTIONAL,
		"private signing key: a file, or a PKCS#11 URI" },
	{ 'R', "rank", "RANK[:SERIAL]", SFU_OPTIONAL,
		"of the signing key, or of who certified it, as `sfu factory` was given it; 0:0" },
	{ 'C', "certificate", "FILE.cert", SFU_OPTIONAL,
		"of a signing key that the loader does not know (`sfu certify`)" },
	{ 0, "revoke", "RANK:SERIAL", SFU_OPTIONAL,
		"revoke keys of this rank with lower serials, when the image confirms itself" },
	{ 'K', "oem-key", "OEM.key", SFU_REQUIRED, "OEM key that encrypts" },
	{ 'P', "product", "NAME", SFU_REQUIRED, "product, 1 to 16 characters" },
	{ 'H', "hardware", "MASK", SFU_REQUIRED, "hardware revisions, one bit each" },
	{ 'V', "image-version", "1.2.3+4", SFU_REQUIRED, "version of the image" },
	{ 's', "security-counter", "N", SFU_REQUIRED,
		"devices that confirmed a higher one refuse this" },
	{ 'o', "output", "FILE.sfu", SFU_REQUIRED, "the package" },
	{ 'l', "layout-from", "LOADER.elf", SFU_OPTIONAL, "loader that knows the slots" },
	{ 'S', "slot", "a|b", SFU_OPTIONAL, "the slot that the image must be linked for" },
	{ 'a', "load-address", "ADDRESS", SFU_OPTIONAL,
		"in place of -l: where the slot's image begins" },
	{ 'c', "capacity", "N", SFU_OPTIONAL, "in place of -l: bytes the slot holds" },
	{ 'd', "device", "UID", SFU_OPTIONAL, "the one device it is for, 24 hexadecimal digits" },
	{ 'u', "unique", NULL, SFU_OPTIONAL, "encrypt with that device's own key" },
	{ 'A', "allow-older", NULL, SFU_OPTIONAL, "may replace an equal or newer version" },
	{ 'm', "loader-min", "1.2.3+4", SFU_OPTIONAL, "lowest loader version that may install it" },
	{ 'r', "record-size", "1024|2048", SFU_OPTIONAL,
		"bytes in a record; as the loader takes them" },
	{ 0, "unsigned", "FILE", SFU_OPTIONAL,
		"sign nothing: FILE gets the bytes that somebody else shall sign" },
	{ 0, "signer", "PUB.pem|URI", SFU_OPTIONAL, "with --unsigned: whose signature it will be" },
	SFU_SIGNKEY_OPTIONS,
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_pack = {
	"pack",
	"IMAGE(.elf|.hex|.bin@ADDRESS)",
	"encrypts and signs an image: makes a package",
	1,
	1,
	options,
	pack,
};
