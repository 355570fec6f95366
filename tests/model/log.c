#include "log.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "boot.h"
#include "bytes.h"
#include "layout.h"
#include "port.h"
#include "session.h"
#include "sfu_codes.h"
#include "upgrade.h"

/* spec/model/replay.pml */
enum { START = 1, BOOT, UPGRADE, SESSION, APPEND, ERASE, PROGRAM, RUN, RESET, CONFIRM, HEARD, CUT };
#define MODEL_CELL SFU_FORMAT_RECORD_LARGE
#define MODEL_SECTOR 4096u

const struct rig_firmware *log_packages[LOG_KINDS];
static int last;

static void line(int kind, uint32_t p, uint32_t q, uint32_t r)
{
	last = kind;
	printf("%d %u %u %u 0\n", kind, p, q, r);
}

uint32_t __real_sfu_port_entry(void);
uint32_t __wrap_sfu_port_entry(void);
uint32_t __wrap_sfu_port_entry(void)
{
	const uint32_t entry = __real_sfu_port_entry();

	/* how the start before this one ended, where the core itself did not say */
	if ((last == RUN || last == CONFIRM) && entry != 0)
		printf("%d %d 0 0 0\n", HEARD, SFU_MESSAGE_ENTER);
	else if (last != 0 && last != RESET)
		line(CUT, 0, 0, 0);
	line(START, entry, 0, 0);
	return entry;
}

void __real_sfu_boot_step(struct sfu_device *d, const unsigned char *p);
void __wrap_sfu_boot_step(struct sfu_device *d, const unsigned char *p);
void __wrap_sfu_boot_step(struct sfu_device *d, const unsigned char *p)
{
	const uint32_t was = d->boot.state, event = *p;

	__real_sfu_boot_step(d, p);
	line(BOOT, was, event, d->boot.state);
}

void __real_sfu_upgrade_step(struct sfu_device *d, const unsigned char *p, uint8_t *record, uint32_t size);
void __wrap_sfu_upgrade_step(struct sfu_device *d, const unsigned char *p, uint8_t *record, uint32_t size);
void __wrap_sfu_upgrade_step(struct sfu_device *d, const unsigned char *p, uint8_t *record, uint32_t size)
{
	const uint32_t was = d->upgrade.state, event = *p;

	__real_sfu_upgrade_step(d, p, record, size);
	line(UPGRADE, was, event, d->upgrade.state);
}

/* 2 * kind + slot of the package that begins so; 255: none of ours */
static uint32_t package_of(const uint8_t *manifest)
{
	uint32_t kind, slot;

	for (kind = 1; kind < LOG_KINDS; kind++)
		for (slot = 0; slot < 2; slot++)
			if (log_packages[kind] != NULL && log_packages[kind]->size[slot] != 0
			    && memcmp(log_packages[kind]->package[slot], manifest, SFU_MANIFEST_SIZE) == 0)
				return 2 * kind + slot;
	return 255;
}

/* 1 if it is a record of the package, and which one */
static int is_of(uint32_t package, const uint8_t *record, uint32_t size, uint32_t *index)
{
	const struct rig_firmware *f = package / 2 < LOG_KINDS ? log_packages[package / 2] : NULL;
	uint32_t at;

	for (at = SFU_MANIFEST_SIZE; f != NULL && at < f->size[package % 2]; at += SFU_FORMAT_RECORD_MAX)
		if (size == SFU_FORMAT_RECORD_MAX && memcmp(f->package[package % 2] + at, record, size) == 0) {
			*index = (at - SFU_MANIFEST_SIZE) / SFU_FORMAT_RECORD_MAX;
			return 1;
		}
	return 0;
}

/* The package the record is of; where several have the same one, the one being installed. 255: none of ours. */
static uint32_t record_of(const struct sfu_device *d, const uint8_t *record, uint32_t size, uint32_t *index)
{
	const uint32_t here = package_of(d->upgrade.manifest);
	uint32_t package;

	if (is_of(here, record, size, index))
		return here;
	for (package = 2; package < 2 * LOG_KINDS; package++)
		if (is_of(package, record, size, index))
			return package;
	*index = 0;
	return 255;
}

static void hear(const struct sfu_device *d, uint32_t event, const uint8_t *body)
{
	static const uint8_t types[] = { SFU_MESSAGE_HELLO, SFU_MESSAGE_OFFER, SFU_MESSAGE_RECORD,
		                         SFU_MESSAGE_FINISH, SFU_MESSAGE_ABORT, 0 };
	uint32_t a = 0, b = 0, c = 0;

	if (event == SFU_SESSION_EVENT_OFFER) {
		a = package_of(body);
	} else if (event == SFU_SESSION_EVENT_RECORD) {
		a = sfu_get32(body);
		b = record_of(d, body + 4, d->session.size - 4, &c);
	}
	printf("%d %u %u %u %u\n", HEARD, (uint32_t)types[event], a, b, c);
}

void __real_sfu_session_step(struct sfu_device *d, const unsigned char *p, uint8_t *body);
void __wrap_sfu_session_step(struct sfu_device *d, const unsigned char *p, uint8_t *body);
void __wrap_sfu_session_step(struct sfu_device *d, const unsigned char *p, uint8_t *body)
{
	const uint32_t was = d->session.state, event = *p;

	if (event <= SFU_SESSION_EVENT_JUNK)
		hear(d, event, body);
	__real_sfu_session_step(d, p, body);
	line(SESSION, was, event, d->session.state);
}

uint32_t __real_sfu_journal_append(struct sfu_journal *j, const struct sfu_state *next);
uint32_t __wrap_sfu_journal_append(struct sfu_journal *j, const struct sfu_state *next);
uint32_t __wrap_sfu_journal_append(struct sfu_journal *j, const struct sfu_state *next)
{
	const uint32_t status = __real_sfu_journal_append(j, next);
	const struct sfu_state *s = &j->state;

	if (status == SFU_OK)
		line(APPEND, s->slot[0] + 4u * s->slot[1] + 16u * s->attempts, s->install[0] + 16u * s->install[1],
		     s->next_record + 16u * s->security_counter);
	return status;
}

static uint32_t slot_of(uint32_t address)
{
	uint32_t slot;

	for (slot = 0; slot < sfu_layout.slot_count; slot++)
		if (address >= sfu_layout.area[SFU_AREA_SLOT + slot].address
		    && address - sfu_layout.area[SFU_AREA_SLOT + slot].address < sfu_layout.area[SFU_AREA_SLOT + slot].size)
			return slot;
	return 2;
}

uint32_t __real_sfu_port_flash_erase(uint32_t address);
uint32_t __wrap_sfu_port_flash_erase(uint32_t address);
uint32_t __wrap_sfu_port_flash_erase(uint32_t address)
{
	const uint32_t status = __real_sfu_port_flash_erase(address), slot = slot_of(address);

	if (slot < 2)
		line(ERASE, slot, (address - sfu_layout.area[SFU_AREA_SLOT + slot].address) / MODEL_SECTOR, status == SFU_OK);
	return status;
}

uint32_t __real_sfu_port_flash_program(uint32_t address, const uint8_t *data, uint32_t size);
uint32_t __wrap_sfu_port_flash_program(uint32_t address, const uint8_t *data, uint32_t size);
uint32_t __wrap_sfu_port_flash_program(uint32_t address, const uint8_t *data, uint32_t size)
{
	const uint32_t status = __real_sfu_port_flash_program(address, data, size), slot = slot_of(address);
	uint32_t at;

	if (slot == 2)
		return status;
	at = address - sfu_layout.area[SFU_AREA_SLOT + slot].address;
	if (at < sfu_layout.area[SFU_AREA_SLOT + slot].size - SFU_FLASH_MAILBOX)
		line(PROGRAM, slot, at / MODEL_CELL, status == SFU_OK);
	else if (status == SFU_OK) /* a cell of the mailbox that a cut has torn may fail; the application takes the next */
		line(CONFIRM, slot, 0, 0);
	return status;
}

void __real_sfu_port_hand_over(uint32_t vectors, const uint8_t report[32], uint32_t trial);
void __wrap_sfu_port_hand_over(uint32_t vectors, const uint8_t report[32], uint32_t trial);
void __wrap_sfu_port_hand_over(uint32_t vectors, const uint8_t report[32], uint32_t trial)
{
	line(RUN, slot_of(vectors), trial, 0);
	__real_sfu_port_hand_over(vectors, report, trial);
}

void __real_sfu_port_reset(void);
void __wrap_sfu_port_reset(void);
void __wrap_sfu_port_reset(void)
{
	line(RESET, 0, 0, 0);
	__real_sfu_port_reset();
}

static uint32_t code_of(uint32_t code)
{
	static const uint32_t codes[] = { SFU_OK, SFU_E_IO, SFU_E_TIMEOUT, SFU_R_TYPE, SFU_R_BUSY, SFU_R_SIGNATURE,
		                          SFU_R_COUNTER, SFU_R_VERSION, SFU_R_SLOT, SFU_R_OFFERS, SFU_R_ORDER,
		                          SFU_R_RECORD, SFU_R_INCOMPLETE, SFU_R_IMAGE };
	uint32_t i;

	if (code == SFU_R_SIGNER) /* the model has one word for both */
		code = SFU_R_SIGNATURE;
	for (i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i] == code)
			return i;
	return 255;
}

/* a slot of INFO; of a version the model knows the first number */
static uint32_t info_slot(const uint8_t *p)
{
	return sfu_get32(p + SFU_SLOT_INFO_STATE_OFFSET) + 4u * p[SFU_SLOT_INFO_VERSION_OFFSET]
	       + 16u * sfu_get32(p + SFU_SLOT_INFO_INSTALL_OFFSET);
}

void __real_sfu_link_send(uint8_t type, const uint8_t *body, uint32_t size);
void __wrap_sfu_link_send(uint8_t type, const uint8_t *body, uint32_t size);
void __wrap_sfu_link_send(uint8_t type, const uint8_t *body, uint32_t size)
{
	uint32_t free_slot;

	if (type == SFU_MESSAGE_INFO) {
		free_slot = sfu_get32(body + SFU_INFO_FREE_SLOT_OFFSET);
		line(type, free_slot == SFU_SLOT_NONE ? 2 : free_slot, info_slot(body + SFU_INFO_SLOT0_OFFSET),
		     info_slot(body + SFU_INFO_SLOT1_OFFSET));
	} else if (type == SFU_MESSAGE_REFUSE) {
		line(type, code_of(sfu_get32(body)), 0, 0);
	} else {
		line(type, sfu_get32(body), size > 4 ? sfu_get32(body + 4) : 0, 0);
	}
	__real_sfu_link_send(type, body, size);
}
