#include "elffile.h"

#include <gelf.h>
#include <string.h>

#include "say.h"

static int wrong(const struct sfu_elf *elf, const char *what)
{
	return sfu_fail(
		EX_DATAERR, elf->path, "is a damaged ELF file: %s (%s)", what, elf_errmsg(-1));
}

int sfu_elf_is(const struct sfu_bytes *bytes)
{
	return bytes->size >= SELFMAG && memcmp(bytes->data, ELFMAG, SELFMAG) == 0;
}

int sfu_elf_open(const char *path, const struct sfu_bytes *bytes, struct sfu_elf *elf)
{
	GElf_Ehdr header;
	int status = 0;

	elf->path = path;
	elf->elf = NULL;
	if (!sfu_elf_is(bytes))
		return sfu_fail(EX_DATAERR, path, "is not an ELF file");
	elf_version(EV_CURRENT);
	elf->elf = elf_memory((char *)bytes->data, bytes->size);
	if (bytes->size < sizeof(Elf32_Ehdr) || elf->elf == NULL ||
		gelf_getehdr(elf->elf, &header) == NULL)
		status = wrong(elf, "no header");
	else if (header.e_machine != EM_ARM || header.e_ident[EI_CLASS] != ELFCLASS32 ||
		header.e_ident[EI_DATA] != ELFDATA2LSB)
		status =
			sfu_fail(EX_DATAERR, path, "is not a program for 32-bit little-endian ARM");
	else if (header.e_type != ET_EXEC)
		status = sfu_fail(EX_DATAERR, path, "is not a linked program");
	else if (header.e_shoff == 0 || header.e_shoff > bytes->size ||
		(bytes->size - header.e_shoff) / sizeof(Elf32_Shdr) < header.e_shnum)
		status = sfu_fail(EX_DATAERR, path,
			"is a damaged ELF file: it has no sections or is cut short");
	if (status != 0)
		sfu_elf_close(elf);
	return status;
}

void sfu_elf_close(struct sfu_elf *elf)
{
	elf_end(elf->elf);
	elf->elf = NULL;
}

/* Where a section is stored in flash: its place in the segment that brings it. */
static int load_address(const struct sfu_elf *elf, const GElf_Shdr *section, uint32_t *address)
{
	size_t count = 0, i;
	GElf_Phdr segment;

	if (elf_getphdrnum(elf->elf, &count) != 0)
		return wrong(elf, "program headers");
	for (i = 0; i < count; i++) {
		if (gelf_getphdr(elf->elf, (int)i, &segment) == NULL)
			return wrong(elf, "program headers");
		if (segment.p_type == PT_LOAD && section->sh_offset >= segment.p_offset &&
			section->sh_size <= segment.p_filesz &&
			section->sh_offset - segment.p_offset <=
				segment.p_filesz - section->sh_size) {
			*address = (uint32_t)(segment.p_paddr +
				(section->sh_offset - segment.p_offset));
			return 0;
		}
	}
	return wrong(elf, "a section lies in no segment");
}

int sfu_elf_load(const struct sfu_elf *elf, struct sfu_spans *spans)
{
	Elf_Scn *scn = NULL;
	int status = 0;

	while (status == 0 && (scn = elf_nextscn(elf->elf, scn)) != NULL) {
		GElf_Shdr section;
		uint32_t address = 0;
		const Elf_Data *data;

		if (gelf_getshdr(scn, &section) == NULL)
			return wrong(elf, "section headers");
		if ((section.sh_flags & SHF_ALLOC) == 0 || section.sh_type == SHT_NOBITS ||
			section.sh_size == 0)
			continue;
		data = elf_rawdata(scn, NULL);
		if (data == NULL || data->d_buf == NULL || data->d_size != section.sh_size)
			return wrong(elf, "a section is cut short");
		status = load_address(elf, &section, &address);
		if (status == 0)
			status =
				sfu_spans_add(spans, elf->path, address, data->d_buf, data->d_size);
	}
	if (status == 0 && spans->count == 0)
		status = sfu_fail(EX_DATAERR, elf->path, "holds nothing that goes to memory");
	return status;
}

/* 1: found, 0: not in this section, -1: damaged */
static int find_in(const struct sfu_elf *elf, Elf_Scn *scn, const GElf_Shdr *section,
	const char *name, GElf_Sym *symbol)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t i;

	if (data == NULL || section->sh_entsize == 0)
		return -1;
	for (i = 0; i < data->d_size / section->sh_entsize; i++) {
		const char *its;

		if (gelf_getsym(data, (int)i, symbol) == NULL)
			return -1;
		its = elf_strptr(elf->elf, section->sh_link, symbol->st_name);
		if (its != NULL && strcmp(its, name) == 0 && symbol->st_shndx != SHN_UNDEF)
			return 1;
	}
	return 0;
}

int sfu_elf_symbol(const struct sfu_elf *elf, const char *name, uint32_t size, uint32_t *address)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(elf->elf, scn)) != NULL) {
		GElf_Shdr section;
		GElf_Sym symbol;
		int found;

		if (gelf_getshdr(scn, &section) == NULL)
			return wrong(elf, "section headers");
		if (section.sh_type != SHT_SYMTAB)
			continue;
		found = find_in(elf, scn, &section, name, &symbol);
		if (found < 0)
			return wrong(elf, "symbols");
		if (found == 0)
			continue;
		if (symbol.st_size != size)
			return sfu_fail(EX_DATAERR, elf->path,
				"%s has %u bytes and not %u: "
				"this loader is of another version",
				name, (unsigned int)symbol.st_size, size);
		*address = (uint32_t)symbol.st_value;
		return 0;
	}
	return sfu_fail(EX_DATAERR, elf->path, "has no symbol %s: it is not a loader of sfu", name);
}
