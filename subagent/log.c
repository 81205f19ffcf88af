/* SPDX-License-Identifier: BSD-2-Clause */
/* Brings log lines from all threads to the one that writes them. */
#include "log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

#define LINE_SIZE 1024 /* with the final NUL */
#define QUEUE_LEN 256
#define CUT_MARK "..."

struct log_line {
	int priority;
	char text[LINE_SIZE];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Under the lock. */
static void (*line_sink)(int priority, const char *line);
static void (*owner_wake)(void);
static pthread_t owner; /* while there is a sink */
static struct log_line queue[QUEUE_LEN];
static size_t queue_first;
static size_t queue_used;
static unsigned long dropped;
static bool awaited; /* the owner was woken, and has not begun to flush */

/* Copies text, harmless and cut to size between two characters. */
static void
line_clean(char line[LINE_SIZE], const char *text)
{
	size_t used = 0;
	size_t cut = 0;
	size_t len;

	for (; *text != '\0'; text += len) {
		char escape[sizeof("\\xNN")];
		const char *piece = text;
		size_t piece_len = len = text_char_len(text);

		if (len == 0 || text_is_control(text)) {
			len = 1;
			piece = escape;
			piece_len = (size_t)snprintf(escape, sizeof(escape),
			    "\\x%02X", (unsigned char)*text);
		}
		if (used + piece_len >= LINE_SIZE) {
			used = cut + strlen(CUT_MARK);
			memcpy(line + cut, CUT_MARK, strlen(CUT_MARK));
			break;
		}
		memcpy(line + used, piece, piece_len);
		used += piece_len;
		if (used + strlen(CUT_MARK) < LINE_SIZE) {
			cut = used;
		}
	}
	line[used] = '\0';
}

static void
line_write(void (*sink)(int priority, const char *line), int priority,
    const char *line)
{
	if (sink != NULL) {
		sink(priority, line);
	} else {
		fprintf(stderr, "%s\n", line);
	}
}

/* Under the lock. */
static void
queue_put(int priority, const char *line)
{
	if (queue_used == QUEUE_LEN) {
		dropped++;
		return;
	}

	struct log_line *slot = &queue[(queue_first + queue_used) % QUEUE_LEN];

	slot->priority = priority;
	strcpy(slot->text, line);
	queue_used++;
}

static bool
queue_take(struct log_line *line)
{
	pthread_mutex_lock(&lock);

	bool taken = queue_used > 0;

	if (taken) {
		*line = queue[queue_first];
		queue_first = (queue_first + 1) % QUEUE_LEN;
		queue_used--;
	}
	pthread_mutex_unlock(&lock);
	return taken;
}

/* Writes the line, or queues it for the thread that may. */
static void
line_deliver(int priority, const char *line)
{
	void (*wake)(void) = NULL;
	bool queued = false;

	pthread_mutex_lock(&lock);

	void (*sink)(int, const char *) = line_sink;

	if (sink != NULL && !pthread_equal(owner, pthread_self())) {
		queue_put(priority, line);
		queued = true;
		wake = awaited ? NULL : owner_wake;
		awaited = true;
	}
	pthread_mutex_unlock(&lock);
	/* Without the lock: both are free to log. */
	if (!queued) {
		line_write(sink, priority, line);
	} else if (wake != NULL) {
		wake();
	}
}

void
log_msg(int priority, const char *format, ...)
{
	int saved_errno = errno;
	/* Room to see that a line is too long before a character is cut. */
	char text[LINE_SIZE + 8];
	char line[LINE_SIZE];
	va_list args;

	va_start(args, format);

	int len = vsnprintf(text, sizeof(text), format, args);

	va_end(args);
	line_clean(line, len < 0 ? format : text);
	line_deliver(priority, line);
	errno = saved_errno;
}

void
log_flush(void)
{
	int saved_errno = errno;
	struct log_line line;

	pthread_mutex_lock(&lock);

	void (*sink)(int, const char *) = line_sink;
	size_t left = queue_used; /* others may go on adding for ever */
	unsigned long n_dropped = dropped;

	dropped = 0;
	awaited = false;
	pthread_mutex_unlock(&lock);
	for (; left > 0 && queue_take(&line); left--) {
		line_write(sink, line.priority, line.text);
	}
	if (n_dropped > 0) {
		snprintf(line.text, sizeof(line.text),
		    "%lu log messages lost: too many at once", n_dropped);
		line_write(sink, LOG_WARNING, line.text);
	}
	errno = saved_errno;
}

void
log_set_sink(void (*sink)(int priority, const char *line), void (*wake)(void))
{
	pthread_mutex_lock(&lock);
	line_sink = sink;
	owner_wake = wake;
	owner = pthread_self();
	pthread_mutex_unlock(&lock);
	log_flush();
}
