#include "hsm_client.h"

#include <poll.h>
#include <string.h>

#include "bytes.h"
#include "link_host.h"
#include "say.h"

#define CONNECT_WAIT 5000 /* ms */
#define ANSWER_WAIT 20000u

int sfu_hsm_client_open(struct sfu_hsm_client *c, const struct sfu_args *args)
{
	int status;

	memset(c, 0, sizeof(*c));
	c->channel.fd = -1;
	status = sfu_address_parse(args, sfu_args_text(args, "hsm", 0), &c->address);
	return status == 0 ? sfu_tls_open(args, &c->address, 0, &c->context) : status;
}

void sfu_hsm_client_close(struct sfu_hsm_client *c)
{
	if (c->channel.fd >= 0)
		sfu_channel_close(&c->channel);
	SSL_CTX_free(c->context);
	c->context = NULL;
}

static void wait(struct sfu_hsm_client *c, int writing)
{
	struct pollfd what = { c->channel.fd, sfu_channel_events(&c->channel, writing), 0 };

	(void)poll(&what, 1, 200);
}

/* 0 if the question left and an answer came; -1 if the connection was lost or silent. */
static int exchange(struct sfu_hsm_client *c, struct sfu_message *question)
{
	const uint64_t deadline = sfu_host_time() + ANSWER_WAIT;
	int count, whole = 0;

	question->at = 0;
	c->answer.fill = 0;
	while (whole == 0 && sfu_host_time() < deadline) {
		const int writing = question->at < question->fill;

		if (writing)
			count = sfu_channel_write(&c->channel, question->bytes + question->at,
				question->fill - question->at);
		else
			count = sfu_channel_read(&c->channel, c->answer.bytes + c->answer.fill,
				sfu_message_wants(&c->answer));
		if (count < 0)
			return -1;
		if (count == 0) {
			wait(c, writing);
		} else if (writing) {
			question->at += (size_t)count;
		} else {
			c->answer.fill += (size_t)count;
			whole = sfu_message_whole(&c->answer);
		}
	}
	return whole == 1 ? 0 : -1;
}

static int refused(struct sfu_hsm_client *c)
{
	const size_t size = sfu_message_size(&c->answer);
	const uint8_t *body = sfu_message_body(&c->answer);
	char text[SFU_SERVICE_MESSAGE_MAX];
	size_t i;

	if (size < 4)
		return sfu_fail(EX_SOFTWARE, c->address.text, "the service refuses without a code");
	for (i = 0; i < size - 4; i++)
		text[i] = body[4 + i] >= ' ' && body[4 + i] < 127 ? (char)body[4 + i] : '?';
	text[i] = '\0';
	c->refused = sfu_get32(body);
	switch (c->refused) {
	case SFU_REFUSED_STOCK:
		return sfu_fail(EX_UNAVAILABLE, c->address.text, "%s", text);
	case SFU_REFUSED_TOKEN:
	case SFU_REFUSED_LEDGER:
		return sfu_fail(EX_TEMPFAIL, c->address.text, "%s", text);
	case SFU_REFUSED_PROTOCOL:
	case SFU_REFUSED_MESSAGE:
		return sfu_fail(EX_SOFTWARE, c->address.text, "%s", text);
	default:
		return sfu_fail(EX_NOPERM, c->address.text, "%s", text);
	}
}

int sfu_hsm_ask(struct sfu_hsm_client *c, uint8_t type, const void *body, size_t body_size,
	uint8_t wanted, size_t size)
{
	struct sfu_message question;
	int i, lost = -1;

	c->refused = 0;
	sfu_message_make(&question, type, body, body_size);
	for (i = 0; i < 2 && lost != 0; i++) {
		if (c->channel.fd < 0) {
			const int status = sfu_channel_connect(
				&c->channel, &c->address, c->context, CONNECT_WAIT);

			if (status != 0)
				return status;
		}
		lost = exchange(c, &question);
		if (lost != 0)
			sfu_channel_close(&c->channel);
	}
	if (lost != 0)
		return sfu_fail(EX_TEMPFAIL, c->address.text,
			"the HSM service closed the line or fell silent; if it speaks TLS, it may "
			"refuse this station's certificate");
	if (sfu_message_type(&c->answer) == SFU_SERVICE_REFUSED)
		return refused(c);
	if (sfu_message_type(&c->answer) != wanted || sfu_message_size(&c->answer) != size)
		return sfu_fail(EX_SOFTWARE, c->address.text,
			"the HSM service answers what it was not asked");
	return 0;
}

const uint8_t *sfu_hsm_answer(const struct sfu_hsm_client *c)
{
	return sfu_message_body(&c->answer);
}

int sfu_hsm_greet(struct sfu_hsm_client *c)
{
	uint8_t body[SFU_SERVICE_GREET_SIZE];

	sfu_put32(body, SFU_SERVICE_PROTOCOL);
	return sfu_hsm_ask(c, SFU_SERVICE_GREET, body, sizeof(body), SFU_SERVICE_READY,
		SFU_SERVICE_READY_SIZE);
}
