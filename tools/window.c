#include "window.h"

#include <string.h>

static int sane(const struct sfu_window *w, uint32_t next, uint32_t limit)
{
	return next >= w->next && next <= w->count && limit >= next;
}

int sfu_window_start(struct sfu_window *w, uint32_t count, uint32_t next, uint32_t limit)
{
	memset(w, 0, sizeof(*w));
	w->count = count;
	if (!sane(w, next, limit))
		return 0;
	w->next = w->send = next;
	w->limit = limit;
	return 1;
}

int sfu_window_take(struct sfu_window *w, uint32_t *index)
{
	if (w->send >= w->limit || w->send >= w->count ||
		w->unanswered_count == SFU_WINDOW_UNANSWERED)
		return 0;
	if (w->probing && w->send > w->next)
		return 0;
	*index = w->send++;
	w->unanswered[w->unanswered_count++] = *index;
	return 1;
}

/* Forgets the oldest unanswered records, `count` of them. */
static void forget(struct sfu_window *w, size_t count)
{
	w->unanswered_count -= count;
	memmove(w->unanswered, w->unanswered + count,
		w->unanswered_count * sizeof(w->unanswered[0]));
}

static void advance(struct sfu_window *w, uint32_t next)
{
	size_t i = 0;

	while (i < w->unanswered_count && w->unanswered[i] != next - 1)
		i++;
	/* all up to the answered one; those lost on the way get no answer any more */
	forget(w, i < w->unanswered_count ? i + 1 : w->unanswered_count);
	w->next = next;
	if (w->send < next)
		w->send = next;
}

/* The device still waits for w->next. Records w->next at the head of the unanswered ones are lost,
 * since their answer would be another; the one behind them is what this answers. */
static void repeat(struct sfu_window *w)
{
	size_t lost = 0;

	while (lost < w->unanswered_count && w->unanswered[lost] == w->next)
		lost++;
	if (lost > 0)
		w->send = w->next;
	forget(w, lost < w->unanswered_count ? lost + 1 : lost);
}

int sfu_window_ack(struct sfu_window *w, uint32_t next, uint32_t limit)
{
	if (next < w->next)
		return 1; /* late: overtaken by what came after it */
	if (!sane(w, next, limit))
		return 0;
	w->limit = limit;
	w->probing = 0;
	if (next > w->next)
		advance(w, next);
	else
		repeat(w);
	return 1;
}

void sfu_window_timeout(struct sfu_window *w)
{
	if (w->unanswered_count == SFU_WINDOW_UNANSWERED)
		w->unanswered_count = 0;
	w->send = w->next;
	w->probing = 1;
}

int sfu_window_done(const struct sfu_window *w)
{
	return w->next == w->count;
}
