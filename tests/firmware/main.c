/* An application as a device might run it: says who it is, checks what it carries, confirms itself,
 * and goes to the loader when a station or a person asks. */
#include "app.h"
#include "confirm.h"

#define WATCHDOG_KICK() (*(volatile uint32_t *)0x40003000u = 0xAAAAu) /* RM0090 21.4.1 */

static void greet(void)
{
	line_text("sfu-demo ");
	line_text(app.version);
	if (sfu_reported() == 0) {
		line_text(" without a loader\r\n");
		return;
	}
	line_text(sfu_exchange.slot == 0 ? " slot A trial=" : " slot B trial=");
	line_number(sfu_exchange.trial, 10);
	line_text(" attempts=");
	line_number(sfu_exchange.attempts, 10);
	line_text(" install=");
	line_number(sfu_exchange.install, 10);
	line_text(" failure=0x");
	line_number(sfu_exchange.failure, 16);
	line_text("\r\n");
}

/* Fletcher's checksum of words: order and content count. */
static void check_payload(void)
{
	const uint32_t *p;
	uint32_t a = 0, b = 0;

	for (p = app_payload; p < app_payload_end; p++) {
		a += *p;
		b += a;
	}
	line_text("payload of ");
	line_number((uint32_t)(app_payload_end - app_payload) * 4u, 10);
	line_text(" bytes: 0x");
	line_number(a ^ b, 16);
	line_text("\r\n");
}

static void watch_line(void)
{
	static uint32_t presses = 3; /* of u, which a person sends */
	uint32_t byte = line_byte();

	if (byte > 0xFFu) {
		line_sleep();
		return;
	}
	presses = byte == 'u' ? presses - 1u : 3;
	if (sfu_called((uint8_t)byte) || presses == 0) {
		line_text("to the loader\r\n");
		sfu_enter();
	}
}

int main(void)
{
	line_open();
	greet();
	check_payload();
	while (app.hang != 0)
		;
	if (sfu_reported() && sfu_exchange.trial == 1)
		line_text(sfu_confirm() ? "confirmed\r\n" : "not confirmed\r\n");
	for (;;) {
		WATCHDOG_KICK();
		watch_line();
	}
}
