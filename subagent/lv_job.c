/* SPDX-License-Identifier: BSD-2-Clause */
/* Tells what a domain is busy with. */
#include "lv_job.h"

#include "lv_conn.h"

/*
 * Values of virtDomainJob: those of virDomainJobOperation come after none, as
 * many as the MIB module has; the last came with libvirt 9.0.
 */
enum { JOB_NONE = 1, JOB_UNKNOWN = 2, N_OPERATIONS = 11 };

const struct lv_job lv_job_none = {
	.known = true,
	.details = { JOB_NONE, SNAP_NO_U64, SNAP_NO_U64, SNAP_NO_U64 },
};

int
lv_job_control(struct lv_conn *lc, virDomainPtr dom, int64_t *since_ms)
{
	virDomainControlInfo info = { .stateTime = 0 };
	int state = LV_TRY(lc, LV_CALL_CONTROL_INFO, virDomainGetControlInfo(
	    dom, &info, 0)) == 0 ? (int)info.state : VIR_DOMAIN_CONTROL_OK;

	if (since_ms != NULL) {
		*since_ms = (int64_t)info.stateTime;
	}
	return state;
}

/* Of a job one may ask while it is going on, but not while a command is. */
static bool
may_ask(struct lv_conn *lc, virDomainPtr dom)
{
	int state = lv_job_control(lc, dom, NULL);

	return state != VIR_DOMAIN_CONTROL_OCCUPIED &&
	    state != VIR_DOMAIN_CONTROL_ERROR;
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
lv_job_read(struct lv_job *job, struct lv_conn *lc, virDomainPtr dom,
    bool active)
{
	virTypedParameterPtr params = NULL;
	int type = VIR_DOMAIN_JOB_NONE, n = 0, operation = 0;

	job->known = false;
	if (active && !may_ask(lc, dom)) {
		return;
	}
	if (active && lv_conn_can(lc, LV_CALL_JOB_STATS) &&
	    LV_ASK(lc, virDomainGetJobStats(dom, &type, &params, &n, 0)) < 0) {
		lv_conn_failed(lc, LV_CALL_JOB_STATS);
		return; /* what was known stays, to be asked for again */
	}
	*job = lv_job_none;
	if (type == VIR_DOMAIN_JOB_BOUNDED ||
	    type == VIR_DOMAIN_JOB_UNBOUNDED) {
		(void)virTypedParamsGetInt(params, n, VIR_DOMAIN_JOB_OPERATION,
		    &operation);
		job->operation = operation;
		job->details.operation = operation >= 0 &&
		    operation < N_OPERATIONS ? operation + JOB_UNKNOWN :
		    JOB_UNKNOWN;
		read_progress(&job->details, params, n);
	}
	virTypedParamsFree(params, n);
}
