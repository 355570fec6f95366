/* Addresses, and TLS 1.3 with certificates on both sides: channel.h. */
#include <openssl/err.h>
#include <string.h>

#include "channel.h"
#include "file.h"
#include "say.h"

int sfu_address_parse(const struct sfu_args *args, const char *text, struct sfu_address *a)
{
	const char *colon = strrchr(text, ':');
	const char *host = text;
	size_t size;

	memset(a, 0, sizeof(*a));
	a->text = text;
	a->local = strchr(text, '/') != NULL || colon == NULL;
	if (a->local && strlen(text) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return sfu_args_wrong(args, "`%s` is too long for a socket's name", text);
	if (a->local)
		return 0;
	size = (size_t)(colon - text);
	if (size > 2 && text[0] == '[' && text[size - 1] == ']') {
		host++;
		size -= 2;
	}
	if (size == 0 || size >= sizeof(a->host) || colon[1] == '\0' ||
		strlen(colon + 1) >= sizeof(a->port))
		return sfu_args_wrong(args, "`%s` is neither a path nor HOST:PORT", text);
	memcpy(a->host, host, size);
	strcpy(a->port, colon + 1);
	return 0;
}

static int wrong_file(const char *path, const char *what)
{
	char text[256] = "";

	ERR_error_string_n(ERR_peek_last_error(), text, sizeof(text));
	ERR_clear_error();
	return sfu_fail(EX_DATAERR, path, "%s: %s", what, text);
}

/* That it is there, and a secret one if it must be, in this program's words and not OpenSSL's. */
static int look_at(const char *path, enum sfu_file_kind kind)
{
	struct sfu_bytes bytes;
	const int status = sfu_file_read(path, kind, &bytes);

	sfu_bytes_free(&bytes);
	return status;
}

static int load(SSL_CTX *context, const char *ca, const char *cert, const char *key)
{
	int status = look_at(ca, SFU_FILE_PUBLIC);

	if (status == 0)
		status = look_at(cert, SFU_FILE_PUBLIC);
	if (status == 0)
		status = look_at(key, SFU_FILE_SECRET);
	if (status != 0)
		return status;
	if (SSL_CTX_load_verify_locations(context, ca, NULL) != 1)
		return wrong_file(ca, "holds no certificates");
	if (SSL_CTX_use_certificate_chain_file(context, cert) != 1)
		return wrong_file(cert, "holds no certificate");
	if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 ||
		SSL_CTX_check_private_key(context) != 1)
		return wrong_file(key, "is not the private key of the certificate");
	return 0;
}

int sfu_tls_open(
	const struct sfu_args *args, const struct sfu_address *a, int server, SSL_CTX **context)
{
	const char *ca = sfu_args_text(args, "ca", 0), *cert = sfu_args_text(args, "cert", 0),
		   *key = sfu_args_text(args, "tls-key", 0);
	int status;

	*context = NULL;
	if (a->local && (ca != NULL || cert != NULL || key != NULL))
		return sfu_args_wrong(args, "a Unix socket needs no --ca, --cert, --tls-key");
	if (a->local)
		return 0;
	if (ca == NULL || cert == NULL || key == NULL)
		return sfu_args_wrong(args, "HOST:PORT needs --ca, --cert and --tls-key");
	*context = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	if (*context == NULL || SSL_CTX_set_min_proto_version(*context, TLS1_3_VERSION) != 1)
		return sfu_fail(EX_SOFTWARE, NULL, "OpenSSL has no TLS 1.3");
	SSL_CTX_set_verify(*context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_mode(
		*context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	(void)SSL_CTX_set_session_cache_mode(*context, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_num_tickets(*context, 0);
	status = load(*context, ca, cert, key);
	if (status != 0) {
		SSL_CTX_free(*context);
		*context = NULL;
	}
	return status;
}
