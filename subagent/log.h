/* SPDX-License-Identifier: BSD-2-Clause */
/* Log messages from any thread, written by one. */
#ifndef VMMIBD_LOG_H
#define VMMIBD_LOG_H

#include <syslog.h>

/*
 * Logs one line at a syslog priority (LOG_ERR ... LOG_DEBUG).  Any thread, also
 * from libvirt and libxml2 callbacks, never from a signal handler.  Octets
 * that could forge or garble a log (control characters, invalid UTF-8) are
 * written as \xNN, so arguments need no cleaning.  Called on a thread other
 * than the one that owns the sink, the line waits in a bounded queue for
 * log_flush(); lines that do not fit are counted, and the count is logged.
 */
void log_msg(int priority, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define log_error(...) log_msg(LOG_ERR, __VA_ARGS__)
#define log_warn(...) log_msg(LOG_WARNING, __VA_ARGS__)
#define log_notice(...) log_msg(LOG_NOTICE, __VA_ARGS__)
#define log_info(...) log_msg(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_msg(LOG_DEBUG, __VA_ARGS__)

/*
 * The calling thread becomes the one that writes, by way of sink; wake(),
 * called on other threads, must get it to call log_flush() soon (may be NULL).
 * Before this, and with a NULL sink, lines go to standard error.
 */
void log_set_sink(void (*sink)(int priority, const char *line),
    void (*wake)(void));

/* Writes what other threads queued.  Only on the thread of log_set_sink(). */
void log_flush(void);

#endif
