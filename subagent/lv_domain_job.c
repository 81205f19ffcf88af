/* SPDX-License-Identifier: BSD-2-Clause */
/* Tells what a domain is busy with. */
#include "lv_conn.h"
#include "lv_domain.h"

/*
 * Values of virtDomainJob: those of virDomainJobOperation come after none, as
 * many as the MIB module has; the last came with libvirt 9.0.
 */
enum { JOB_NONE = 1, JOB_UNKNOWN = 2, N_OPERATIONS = 11 };

/* virDomainControlState; OK where the driver does not tell. */
static int
control_state(struct lv_conn *lc, virDomainPtr dom)
{
	virDomainControlInfo info;

	return LV_TRY(lc, LV_CALL_CONTROL_INFO, virDomainGetControlInfo(dom,
	    &info, 0)) == 0 ? (int)info.state : VIR_DOMAIN_CONTROL_OK;
}

bool
lv_domain_is_free(const struct lv_domain *d, struct lv_conn *lc,
    virDomainPtr dom)
{
	if (d->state.state == VIR_DOMAIN_PAUSED &&
	    (d->state.reason == VIR_DOMAIN_PAUSED_MIGRATION ||
		d->state.reason == VIR_DOMAIN_PAUSED_STARTING_UP)) {
		return false;
	}
	return control_state(lc, dom) == VIR_DOMAIN_CONTROL_OK;
}

/* Of a job one may ask while it is going on, but not while a command is. */
static bool
may_ask_for_job(struct lv_conn *lc, virDomainPtr dom)
{
	int state = control_state(lc, dom);

	return state != VIR_DOMAIN_CONTROL_OCCUPIED &&
	    state != VIR_DOMAIN_CONTROL_ERROR;
}

bool
lv_domain_has_job(const struct lv_domain *d)
{
	return d->job.operation >= JOB_UNKNOWN;
}

void
lv_domain_end_job(struct lv_domain *d)
{
	d->state.job = 0;
	d->job = (struct snap_job){ JOB_NONE, SNAP_NO_U64, SNAP_NO_U64,
	    SNAP_NO_U64 };
}

/* Not all jobs tell all of it, nor all at once. */
static void
read_progress(struct snap_job *job, virTypedParameterPtr params, int n)
{
	unsigned long long total = 0, done = 0, value;

	if (virTypedParamsGetULLong(params, n, VIR_DOMAIN_JOB_DATA_REMAINING,
	    &value) == 1) {
		job->remaining_bytes = value;
	}
	if (virTypedParamsGetULLong(params, n, VIR_DOMAIN_JOB_TIME_ELAPSED,
	    &value) == 1) {
		job->elapsed_ms = value;
	}
	if (virTypedParamsGetULLong(params, n, VIR_DOMAIN_JOB_DATA_TOTAL,
	    &total) == 1 &&
	    virTypedParamsGetULLong(params, n, VIR_DOMAIN_JOB_DATA_PROCESSED,
		&done) == 1 && total > 0 && done <= total) {
		job->done = (uint64_t)((double)done / (double)total * 10000);
	}
}

void
lv_domain_read_job(struct lv_domain *d, struct lv_conn *lc, virDomainPtr dom)
{
	virTypedParameterPtr params = NULL;
	int type = VIR_DOMAIN_JOB_NONE, n = 0, operation = 0;

	/* Asking for the job would wait for that command. */
	if (d->id >= 0 && !may_ask_for_job(lc, dom)) {
		return;
	}
	if (d->id >= 0 && lv_conn_can(lc, LV_CALL_JOB_STATS) &&
	    LV_ASK(lc, virDomainGetJobStats(dom, &type, &params, &n, 0)) < 0) {
		lv_conn_failed(lc, LV_CALL_JOB_STATS);
		return; /* what was known stays, to be asked for again */
	}
	lv_domain_end_job(d);
	if (type == VIR_DOMAIN_JOB_BOUNDED ||
	    type == VIR_DOMAIN_JOB_UNBOUNDED) {
		(void)virTypedParamsGetInt(params, n, VIR_DOMAIN_JOB_OPERATION,
		    &operation);
		d->state.job = operation;
		d->job.operation = operation >= 0 && operation < N_OPERATIONS ?
		    operation + JOB_UNKNOWN : JOB_UNKNOWN;
		read_progress(&d->job, params, n);
	}
	virTypedParamsFree(params, n);
}
