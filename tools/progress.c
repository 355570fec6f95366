#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "link_host.h"
#include "say.h"

#define BAR 30
#define EVERY 100u /* ms */

void sfu_progress_start(struct sfu_progress *p, uint64_t total, uint64_t done)
{
	memset(p, 0, sizeof(*p));
	p->total = total;
	p->first = done;
	p->began = sfu_host_time();
	p->tenth = total > 0 ? done * 10 / total : 0;
	p->terminal = isatty(STDERR_FILENO);
}

static uint64_t rate(const struct sfu_progress *p, uint64_t done)
{
	const uint64_t ms = sfu_host_time() - p->began;

	return ms == 0 ? 0 : (done - p->first) * 1000 / ms;
}

static void draw(struct sfu_progress *p, uint64_t done)
{
	static const char full[] = "##############################";
	const uint64_t bytes = rate(p, done), left = bytes == 0 ? 0 : (p->total - done) / bytes;
	const int marks = p->total == 0 ? BAR : (int)(done * BAR / p->total);

	fprintf(stderr, "\r[%-*.*s] %3" PRIu64 " %%  %6.1f KiB/s  %" PRIu64 ":%02" PRIu64 " left ",
		BAR, marks, full, p->total == 0 ? 100 : done * 100 / p->total, (double)bytes / 1024,
		left / 60, left % 60);
	sfu_say_bar = 1;
}

void sfu_progress_show(struct sfu_progress *p, uint64_t done)
{
	const uint64_t now = sfu_host_time(), tenth = p->total == 0 ? 10 : done * 10 / p->total;

	if (sfu_say_level < 1)
		return;
	if (p->terminal) {
		if (now - p->shown >= EVERY)
			draw(p, done);
		p->shown = now - p->shown >= EVERY ? now : p->shown;
	} else if (tenth > p->tenth) {
		p->tenth = tenth;
		sfu_note("%" PRIu64 " %%, %" PRIu64 " of %" PRIu64 " bytes, %.1f KiB/s", tenth * 10,
			done, p->total, (double)rate(p, done) / 1024);
	}
}

void sfu_progress_end(struct sfu_progress *p, uint64_t done)
{
	if (sfu_say_level < 1 || !p->terminal)
		return;
	draw(p, done);
	fputc('\n', stderr);
	sfu_say_bar = 0;
}
