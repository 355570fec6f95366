/* sfu hsm serve: the service that stations ask. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "commands.h"
#include "listener.h"
#include "say.h"

static volatile sig_atomic_t ended;

static void end(int number)
{
	(void)number;
	ended = 1;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = end }; /* no SA_RESTART: poll shall return */

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static int read_mode(const struct sfu_args *args, unsigned int *mode)
{
	const char *text = sfu_args_text(args, "socket-mode", 0);
	char *rest = NULL;

	*mode = 0600;
	if (text == NULL)
		return 0;
	*mode = (unsigned int)strtoul(text, &rest, 8);
	if (*text == '\0' || *rest != '\0' || *mode > 0777)
		return sfu_args_wrong(args, "--socket-mode: `%s` is no mode like 660", text);
	return 0;
}

static int run(const struct sfu_args *args, struct sfu_service *service,
	const struct sfu_address *address, unsigned int mode)
{
	struct sfu_listener *listener = calloc(1, sizeof(*listener));
	SSL_CTX *context = NULL;
	int status = listener == NULL ? sfu_fail(EX_OSERR, NULL, "there is no memory")
				      : sfu_tls_open(args, address, 1, &context);

	if (status == 0)
		status = sfu_listener_open(listener, address, context, mode);
	if (status == 0) {
		char product[SFU_LEDGER_BEGIN_PRODUCT_SIZE + 1];

		catch_signals();
		sfu_note("serving `%s`, epoch %u, at %s: %u licences in stock",
			sfu_number_print_product(product, service->desk.ledger.begin.product),
			service->desk.ledger.begin.epoch, address->text,
			sfu_desk_stock(&service->desk));
		while (!ended)
			sfu_listener_round(listener, service);
		sfu_note("ended; %u licences in stock", sfu_desk_stock(&service->desk));
	}
	if (status == 0)
		sfu_listener_close(listener);
	SSL_CTX_free(context);
	free(listener);
	return status;
}

static int serve(const struct sfu_args *args)
{
	struct sfu_service service = { 0 };
	struct sfu_hsm_folder folder;
	struct sfu_address address;
	unsigned int mode;
	int status = sfu_hsm_folder_name(&folder, sfu_args_text(args, "folder", 0));

	if (status == 0)
		status = sfu_address_parse(args, sfu_args_text(args, "listen", 0), &address);
	if (status == 0)
		status = read_mode(args, &mode);
	if (status == 0)
		status = sfu_hsm_folder_read(&folder);
	if (status == 0)
		status = sfu_hsm_folder_lock(&folder);
	if (status == 0)
		status = sfu_desk_open(&service.desk, &folder, sfu_args_text(args, "pin-file", 0));
	if (status == 0)
		status = run(args, &service, &address, mode);
	sfu_desk_close(&service.desk);
	return status;
}

static const struct sfu_option options[] = {
	{ 'd', "folder", "FOLDER", SFU_REQUIRED, "of the HSM" },
	{ 'l', "listen", "SOCKET|HOST:PORT", SFU_REQUIRED, "where stations find it" },
	{ 0, "pin-file", "FILE", SFU_OPTIONAL, "file with the token's PIN" },
	{ 0, "socket-mode", "MODE", SFU_OPTIONAL, "who may open a Unix socket; 600" },
	SFU_TLS_OPTIONS,
	{ 0, NULL, NULL, SFU_OPTIONAL, NULL },
};

const struct sfu_command sfu_cmd_hsm_serve = {
	"hsm serve",
	"",
	"gives permits and takes receipts",
	0,
	0,
	options,
	serve,
};
