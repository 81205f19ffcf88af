/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of the AgentX subagent: everything that touches Net-SNMP's state. */
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/agent/agent_callbacks.h>
#include <net-snmp/library/large_fd_set.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"
#include "agent_config.h"
#include "agent_ping.h"
#include "clock.h"
#include "log.h"
#include "mib_direct.h"
#include "mib_register.h"
#include "mib_serve.h"
#include "options.h"
#include "options_change.h"

/*
 * Seconds between attempts to reach snmpd, and between pings while it is
 * there.  Only when it opens a session does the library wait for snmpd.
 */
#define PING_INTERVAL_S 5
#define OPEN_TIMEOUT_S 1
#define ANSWER_TIMEOUT_US 3000000

/* How long to wait for snmpd's word of farewell. */
#define CLOSE_TIMEOUT_US 300000

/* From the signal to the end, whatever snmpd does. */
#define STOP_WITHIN_S 2

/* How long to look for the next request before sleeping; see bench/walk. */
#define LINGER_US 100

static int wake_pipe[2] = { -1, -1 };
static volatile sig_atomic_t stopping;
static volatile int64_t stop_asked_ms;
static volatile sig_atomic_t reloading;
static bool log_chosen;
static bool running; /* agent_begin() is through */
static bool connecting; /* no longer just reading the configuration */
static char *address; /* of snmpd, from the configuration; NULL: default */
static netsnmp_session *snmpd; /* the AgentX session; NULL: none */
static pid_t snmpd_pid; /* at the other end of the last one; 0: not known */
static const struct options *options; /* with a reference */

bool
agent_log_option(char *arg, int argc, char *const *argv)
{
	log_chosen = true;
	return snmp_log_options(arg, argc, argv) == 0;
}

static void
write_log(int priority, const char *line)
{
	snmp_log(priority, "%s\n", line);
}

void
agent_wake(void)
{
	int saved = errno;

	/* A full pipe wakes just as well. */
	if (write(wake_pipe[1], "", 1) < 0) {
		errno = saved;
	}
}

static void
on_signal(int signal_number)
{
	if (signal_number == SIGHUP) {
		reloading = 1;
	} else {
		stop_asked_ms = stopping ? stop_asked_ms : clock_boot_ms();
		stopping = 1;
		alarm(STOP_WITHIN_S);
	}
	agent_wake();
}

/*
 * The library waits for an snmpd that hangs, and tries again at once.  Nothing
 * is lost by leaving it there: indices are saved before they are shown.
 */
static void
on_alarm(int signal_number)
{
	(void)signal_number;
	_exit(0);
}

static void
catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	action.sa_handler = on_alarm;
	sigaction(SIGALRM, &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
}

/* Only for a Unix socket, and on Linux; 0: not known. */
static pid_t
peer_pid(netsnmp_session *session)
{
#ifdef SO_PEERCRED
	netsnmp_transport *transport =
	    snmp_sess_transport(snmp_sess_pointer(session));
	struct ucred peer = { .pid = 0 };
	socklen_t size = sizeof(peer);

	if (transport != NULL && getsockopt(transport->sock, SOL_SOCKET,
	    SO_PEERCRED, &peer, &size) == 0) {
		return peer.pid;
	}
#else
	(void)session;
#endif
	return 0;
}

/*
 * The library calls these once per change of the AgentX session, and frees
 * whatever they were registered with.
 */
static int
on_session_up(int major, int minor, void *session, void *arg)
{
	pid_t before;

	(void)major;
	(void)minor;
	(void)arg;
	snmpd = session;
	snmpd->timeout = ANSWER_TIMEOUT_US;
	snmpd->retries = 0;
	agent_ping_begin(snmpd, 1000 * (int64_t)netsnmp_ds_get_int(
	    NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL));
	mib_direct_attach(session);
	before = snmpd_pid;
	snmpd_pid = peer_pid(session);
	/* Where it is not known, rather nothing than all of it twice. */
	mib_serve_connect(snmpd, before == snmpd_pid);
	/* At first there is no log yet, and agent_begin() says it. */
	if (running) {
		log_notice("connected to snmpd");
	}
	return SNMP_ERR_NOERROR;
}

/* Whether the other end closed it; one that hangs has not. */
static bool
is_closed(netsnmp_session *session)
{
	netsnmp_transport *transport =
	    snmp_sess_transport(snmp_sess_pointer(session));
	ssize_t n;
	char octet;

	if (transport == NULL || transport->sock < 0) {
		return true;
	}
	n = recv(transport->sock, &octet, 1, MSG_PEEK | MSG_DONTWAIT);
	return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

static int
on_session_down(int major, int minor, void *session, void *arg)
{
	(void)major;
	(void)minor;
	(void)arg;
	snmpd = NULL;
	agent_ping_end();
	mib_serve_disconnect(!agent_ping_gave_up() && is_closed(session));
	log_warn("lost snmpd, waiting for it to return");
	return SNMP_ERR_NOERROR;
}

static const char *
configured_address(void)
{
	return netsnmp_ds_get_string(NETSNMP_DS_APPLICATION_ID,
	    NETSNMP_DS_AGENT_X_SOCKET);
}

static void
set_address(const char *to)
{
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID,
	    NETSNMP_DS_AGENT_X_SOCKET, to);
}

/*
 * The library connects as soon as it has read its configuration.  That is too
 * early: the file may turn out to be bad, and tables that are registered on a
 * connection in a context of their own come with registrations of the tree's
 * roots, which snmpd refuses.  So at first it is sent where nobody is.
 */
static int
on_config_read(int major, int minor, void *server, void *arg)
{
	(void)major;
	(void)minor;
	(void)server;
	(void)arg;
	if (!connecting) {
		const char *from = options->agentx != NULL ?
		    options->agentx : configured_address();

		free(address);
		address = from != NULL ? strdup(from) : NULL;
		set_address("unix:/dev/null");
	}
	return SNMP_ERR_NOERROR;
}

static void
connect_to_snmpd(void)
{
	connecting = true;
	set_address(address);
	/* Attempts that take longer than what is between them never end. */
	netsnmp_ds_set_int(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_RETRIES, 0);
	netsnmp_ds_set_int(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_TIMEOUT,
	    OPEN_TIMEOUT_S);
	/* Away with the attempts at nowhere, and once more as at the start. */
	snmp_alarm_unregister_all();
	snmp_call_callbacks(SNMP_CALLBACK_LIBRARY,
	    SNMP_CALLBACK_POST_READ_CONFIG, NULL);
}

static void
set_up_library(const struct options *opts)
{
	/* A subagent shows no names, and base modules may not be there. */
	setenv("MIBS", "", 1);
	/* Not DONT_PERSIST_STATE: that keeps it from reading any file at all. */
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID,
	    NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID,
	    NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID,
	    NETSNMP_DS_LIB_ALARM_DONT_USE_SIG, 1);
	/* Each failed attempt would be logged; only changes should be. */
	netsnmp_ds_set_boolean(NETSNMP_DS_APPLICATION_ID,
	    NETSNMP_DS_AGENT_NO_CONNECTION_WARNINGS, 1);
	netsnmp_enable_subagent();
	snmp_register_callback(SNMP_CALLBACK_LIBRARY,
	    SNMP_CALLBACK_POST_READ_CONFIG, on_config_read, NULL);
	if (opts->debug_tokens != NULL) {
		debug_register_tokens(opts->debug_tokens);
		snmp_set_do_debugging(1);
	}
	snmp_register_callback(SNMP_CALLBACK_APPLICATION,
	    SNMPD_CALLBACK_INDEX_START, on_session_up, NULL);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION,
	    SNMPD_CALLBACK_INDEX_STOP, on_session_down, NULL);
}

int
agent_init(struct options *opts)
{
	if (pipe2(wake_pipe, O_NONBLOCK | O_CLOEXEC) != 0) {
		log_error("cannot make a pipe: %s", strerror(errno));
		return -1;
	}
	options = options_ref(opts);
	mib_direct_switch(opts->direct_answers);
	set_up_library(opts);
	init_agent("vmmibd");
	/* A ping interval from the configuration replaces this one. */
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID,
	    NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, PING_INTERVAL_S);
	return agent_config_read(opts);
}

static bool
same_address(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

struct options *
agent_reload(void)
{
	struct options *fresh = options_again(options);
	const char *used = configured_address();
	char *before = used != NULL ? strdup(used) : NULL;
	const char *now;
	int rc = -1;

	if (fresh != NULL && (used == NULL || before != NULL)) {
		set_address(NULL);
		rc = agent_config_reread(fresh);
		now = configured_address();
		if (options->agentx == NULL && !same_address(now, address)) {
			log_warn("another agentXSocket takes a restart");
		}
		set_address(before);
	}
	free(before);
	if (rc != 0 || !options_keep_fixed(fresh, options)) {
		options_unref(fresh);
		return NULL;
	}
	options_unref(options);
	options = options_ref(fresh);
	mib_direct_switch(fresh->direct_answers);
	return fresh;
}

/* A socket that is there and may not be opened is another matter. */
static void
say_no_snmpd(void)
{
	const char *at = address != NULL ? address : NETSNMP_AGENTX_SOCKET;
	const char *path = strncmp(at, "unix:", 5) == 0 ? at + 5 : at;

	if (path[0] == '/' && access(path, W_OK) != 0 && errno == EACCES) {
		log_error("%s: %s (agentXPerms in snmpd.conf decides), will "
		    "try again", path, strerror(errno));
	} else {
		log_notice("no snmpd at %s yet, waiting for it", at);
	}
}

int
agent_begin(const struct options *opts)
{
	if (!log_chosen) {
		if (opts->foreground) {
			snmp_enable_stderrlog();
		} else {
			snmp_enable_syslog_ident("vmmibd", LOG_DAEMON);
		}
	}
	if (!opts->foreground && netsnmp_daemonize(1,
	    snmp_stderrlog_status()) != 0) {
		log_error("cannot go to the background: %s", strerror(errno));
		return -1;
	}
	log_set_sink(write_log, agent_wake);
	catch_signals(); /* before connecting, which may take a while */
	connect_to_snmpd();
	running = true;
	if (snmpd != NULL) {
		log_notice("connected to snmpd");
	} else {
		say_no_snmpd();
	}
	return 0;
}

/* Forgets what agent_wake() wrote and does what it was written for. */
static void
look_around(const struct agent_work *work)
{
	char bytes[64];

	while (read(wake_pipe[0], bytes, sizeof(bytes)) > 0) {
		continue;
	}
	if (reloading) {
		reloading = 0;
		netsnmp_logging_restart();
		work->reload(work->arg);
	}
	log_flush();
}

static int64_t
monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Waits for at most timeout until something can be read. */
static int
poll_once(netsnmp_large_fd_set *fds, struct timeval *timeout)
{
	struct timeval library = *timeout;
	int n_fds = 0, block = 0;

	NETSNMP_LARGE_FD_ZERO(fds);
	snmp_select_info2(&n_fds, fds, &library, &block);
	NETSNMP_LARGE_FD_SET(wake_pipe[0], fds);
	if (wake_pipe[0] >= n_fds) {
		n_fds = wake_pipe[0] + 1;
	}
	return netsnmp_large_fd_set_select(n_fds, fds, NULL, NULL, &library);
}

/*
 * Sleeps until a request, a wake-up or a timer of the library is due.  snmpd
 * sends the requests of a walk one by one, each as soon as it has the answer
 * to the last: looking for it for a moment is faster than falling asleep.
 */
static int
wait_for_work(netsnmp_large_fd_set *fds, bool expect_more, int64_t due_ms)
{
	int64_t serve_ms = mib_serve_idle_ms();
	int64_t idle_ms = due_ms < serve_ms ? due_ms : serve_ms;
	struct timeval none = { 0, 0 };
	struct timeval idle = { (time_t)(idle_ms / 1000),
	    (suseconds_t)(idle_ms % 1000 * 1000) };
	int64_t until_us = monotonic_us() + LINGER_US;
	int ready;

	while (expect_more && monotonic_us() < until_us) {
		ready = poll_once(fds, &none);
		if (ready != 0) {
			return ready;
		}
	}
	return poll_once(fds, &idle);
}

int
agent_run(const struct agent_work *work)
{
	netsnmp_large_fd_set fds;
	bool answered = false;
	int64_t due_ms = 0, ping_ms;
	int rc = 0;

	netsnmp_large_fd_set_init(&fds, FD_SETSIZE);
	while (!stopping) {
		int ready = wait_for_work(&fds, answered, due_ms);

		if (ready < 0 && errno != EINTR) {
			log_error("select: %s", strerror(errno));
			rc = -1;
			break;
		}
		look_around(work);
		mib_serve_adopt();
		due_ms = work->look(work->arg);
		ping_ms = agent_ping_look();
		due_ms = ping_ms < due_ms ? ping_ms : due_ms;
		answered = ready > 0 &&
		    !NETSNMP_LARGE_FD_ISSET(wake_pipe[0], &fds);
		if (ready > 0) {
			snmp_read2(&fds);
		} else {
			snmp_timeout();
		}
		run_alarms();
		netsnmp_check_outstanding_agent_requests();
	}
	alarm(0); /* what follows takes its time, but not for ever */
	netsnmp_large_fd_set_cleanup(&fds);
	return rc;
}

int64_t
agent_stop_asked_ms(void)
{
	return stop_asked_ms;
}

void
agent_end(void)
{
	log_flush();
	if (snmpd != NULL) {
		snmpd->timeout = CLOSE_TIMEOUT_US;
		mib_register_mute(snmpd, false);
	}
	snmp_shutdown("vmmibd");
	shutdown_agent();
	mib_serve_free();
	free(address);
	address = NULL;
	options_unref(options);
	options = NULL;
}
