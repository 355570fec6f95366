#include "token.h"

#include <string.h>

#include "say.h"

#define SLOTS 64

int sfu_token_is_uri(const char *text)
{
	return strncmp(text, P11_KIT_URI_SCHEME ":", P11_KIT_URI_SCHEME_LEN + 1) == 0;
}

int sfu_token_check(const struct sfu_token *token, CK_RV rv, const char *what)
{
	if (rv == CKR_OK)
		return 0;
	return sfu_fail(
		EX_UNAVAILABLE, token->name, "the token cannot %s: %s", what, p11_kit_strerror(rv));
}

static int parse(struct sfu_token *t, const char *uri)
{
	int result;

	t->uri = p11_kit_uri_new();
	if (t->uri == NULL)
		return sfu_fail(EX_OSERR, t->name, "there is no memory for a URI");
	result = p11_kit_uri_parse(uri, P11_KIT_URI_FOR_ANY, t->uri);
	if (result != P11_KIT_URI_OK)
		return sfu_fail(
			EX_USAGE, t->name, "is no PKCS#11 URI: %s", p11_kit_uri_message(result));
	if (p11_kit_uri_any_unrecognized(t->uri))
		return sfu_fail(EX_USAGE, t->name, "has a part that is not known");
	if (p11_kit_uri_get_pin_value(t->uri) != NULL)
		return sfu_fail(EX_USAGE, t->name,
			"holds a PIN, which all on this machine can read: use pin-source, "
			"--pin-file or the environment");
	return 0;
}

static int load(struct sfu_token *t)
{
	const char *path = p11_kit_uri_get_module_path(t->uri);
	CK_RV rv;

	if (path == NULL) {
		t->all = p11_kit_modules_load_and_initialize(0);
		return t->all != NULL
			? 0
			: sfu_fail(EX_UNAVAILABLE, t->name, "no PKCS#11 module can be loaded: %s",
				  p11_kit_message());
	}
	t->module = p11_kit_module_load(path, 0);
	if (t->module == NULL)
		return sfu_fail(EX_UNAVAILABLE, path, "is no PKCS#11 module that can be loaded: %s",
			p11_kit_message());
	rv = p11_kit_module_initialize(t->module);
	if (rv != CKR_OK) {
		p11_kit_module_release(t->module);
		t->module = NULL;
	}
	return sfu_token_check(t, rv, "begin");
}

static int matches(const struct sfu_token *t, const CK_TOKEN_INFO *info)
{
	return (info->flags & CKF_TOKEN_INITIALIZED) != 0 &&
		p11_kit_uri_match_token_info(t->uri, info) == 1;
}

/* Counts the module's tokens that the URI describes, and keeps the last. */
static int search(struct sfu_token *t, CK_FUNCTION_LIST *module)
{
	CK_SLOT_ID slots[SLOTS];
	CK_ULONG count = SLOTS, i;
	CK_TOKEN_INFO info;
	int found = 0;

	if (module->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
		return 0;
	for (i = 0; i < count; i++) {
		if (module->C_GetTokenInfo(slots[i], &info) != CKR_OK || !matches(t, &info))
			continue;
		found++;
		t->module = module;
		t->slot = slots[i];
	}
	return found;
}

int sfu_token_load(struct sfu_token *t, const char *name, const char *uri)
{
	int status;

	memset(t, 0, sizeof(*t));
	t->name = name;
	p11_kit_be_quiet();
	status = parse(t, uri);
	return status == 0 ? load(t) : status;
}

int sfu_token_search(struct sfu_token *t)
{
	int i, found = t->all == NULL ? search(t, t->module) : 0;

	for (i = 0; t->all != NULL && t->all[i] != NULL; i++)
		found += search(t, t->all[i]);
	return found;
}

int sfu_token_find(struct sfu_token *t, const char *name, const char *uri)
{
	int found, status = sfu_token_load(t, name, uri);

	if (status != 0)
		return status;
	found = sfu_token_search(t);
	if (found == 0)
		return sfu_fail(EX_UNAVAILABLE, t->name, "there is no such token");
	if (found > 1)
		return sfu_fail(EX_UNAVAILABLE, t->name, "describes %d tokens and must one", found);
	return 0;
}

const char *sfu_token_pin_source(const struct sfu_token *t)
{
	return p11_kit_uri_get_pin_source(t->uri);
}

static int open_session(struct sfu_token *t, CK_FLAGS flags)
{
	const CK_RV rv = t->module->C_OpenSession(
		t->slot, CKF_SERIAL_SESSION | flags, NULL, NULL, &t->session);

	if (rv != CKR_OK)
		t->session = 0;
	return sfu_token_check(t, rv, "open a session");
}

int sfu_token_visit(struct sfu_token *t)
{
	return open_session(t, 0);
}

int sfu_token_login(struct sfu_token *t, const struct sfu_pin *pin)
{
	const int status = open_session(t, CKF_RW_SESSION);
	CK_RV rv;

	if (status != 0)
		return status;
	rv = t->module->C_Login(
		t->session, CKU_USER, (CK_UTF8CHAR_PTR)pin->text, strlen(pin->text));
	if (rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LEN_RANGE || rv == CKR_PIN_INVALID)
		return sfu_fail(EX_NOPERM, t->name, "the PIN is wrong");
	if (rv == CKR_PIN_LOCKED)
		return sfu_fail(EX_NOPERM, t->name, "the PIN was wrong too often: it is locked");
	return rv == CKR_USER_ALREADY_LOGGED_IN ? 0 : sfu_token_check(t, rv, "log in");
}

void sfu_token_close(struct sfu_token *t)
{
	if (t->session != 0)
		(void)t->module->C_CloseSession(t->session);
	if (t->all != NULL) {
		p11_kit_modules_finalize_and_release(t->all);
	} else if (t->module != NULL) {
		(void)p11_kit_module_finalize(t->module);
		p11_kit_module_release(t->module);
	}
	p11_kit_uri_free(t->uri);
	memset(t, 0, sizeof(*t));
}

/* A slot of the module with a token that is blank. */
static int blank_slot(struct sfu_token *t)
{
	CK_SLOT_ID slots[SLOTS];
	CK_ULONG count = SLOTS, i;
	CK_TOKEN_INFO info;
	CK_RV rv = t->module->C_GetSlotList(CK_TRUE, slots, &count);

	for (i = 0; rv == CKR_OK && i < count; i++) {
		rv = t->module->C_GetTokenInfo(slots[i], &info);
		if (rv == CKR_OK && (info.flags & CKF_TOKEN_INITIALIZED) == 0) {
			t->slot = slots[i];
			return 0;
		}
	}
	return rv != CKR_OK ? sfu_token_check(t, rv, "tell its slots")
			    : sfu_fail(EX_UNAVAILABLE, t->name, "has no blank token");
}

static CK_RV set_pin(struct sfu_token *t, const struct sfu_pin *so, const struct sfu_pin *pin)
{
	CK_UTF8CHAR_PTR text = (CK_UTF8CHAR_PTR)pin->text;
	CK_SESSION_HANDLE session;
	CK_RV rv = t->module->C_OpenSession(
		t->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session);

	if (rv != CKR_OK)
		return rv;
	rv = t->module->C_Login(session, CKU_SO, (CK_UTF8CHAR_PTR)so->text, strlen(so->text));
	if (rv == CKR_OK)
		rv = t->module->C_InitPIN(session, text, strlen(pin->text));
	(void)t->module->C_CloseSession(session);
	return rv;
}

int sfu_token_create(struct sfu_token *t, const char *label, const struct sfu_pin *pin)
{
	CK_UTF8CHAR padded[32];
	struct sfu_pin so = { NULL };
	int status = blank_slot(t);

	memset(padded, ' ', sizeof(padded));
	memcpy(padded, label, strlen(label));
	if (status == 0)
		status = sfu_pin_make(&so); /* nobody needs it again: the user can change his PIN */
	if (status == 0)
		status = sfu_token_check(t,
			t->module->C_InitToken(
				t->slot, (CK_UTF8CHAR_PTR)so.text, strlen(so.text), padded),
			"be set up");
	if (status == 0)
		status = sfu_token_check(t, set_pin(t, &so, pin), "take its PIN");
	sfu_pin_free(&so);
	return status;
}
