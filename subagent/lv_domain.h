/* SPDX-License-Identifier: BSD-2-Clause */
/* What a collector knows of one domain between two looks at it. */
#ifndef VMMIBD_LV_DOMAIN_H
#define VMMIBD_LV_DOMAIN_H

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lv_health.h"
#include "lv_job.h"
#include "lv_state.h"
#include "snapshot.h"

struct lv_conn;
struct lv_survey;
struct options;
struct vm_index;

/* A disk's sizes in bytes, as read along with the definition. */
struct lv_disk_size {
	uint64_t capacity;
	uint64_t allocation;
	uint64_t physical;
};

struct lv_domain {
	struct snap_uuid uuid;
	uint32_t index; /* vmIndex */
	unsigned incarnation; /* another for who comes back, UUID and all */
	char *name;     /* as libvirt had it last; NULL: none yet */
	int id;         /* hypervisor ID, which tells runs apart; -1: inactive */
	struct lv_state state;
	int64_t state_ms;            /* when it was asked for last */
	struct snap_job job;         /* details of state.job */
	struct snap_trouble trouble; /* the last abnormal event */
	int32_t autostart;  /* enum rfc7666_tristate */
	int32_t persistent; /* enum rfc7666_tristate */
	int32_t managed_save; /* enum rfc7666_tristate */
	int64_t started_ms;
	/* A start that an event told of, as long as its run was not seen. */
	struct {
		int64_t at_ms; /* SNAP_NO_TIME: none */
		bool restored;
	} start;
	bool def_dirty;   /* the definition is to be read again */
	bool xml_refused; /* its XML could not be parsed; logged once */
	unsigned seen;    /* the last listing that had it */

	/* The definition, and for each of its devices in its order: */
	const struct snap_def *def;
	uint32_t *disk_indices;
	uint32_t *nic_indices;
	struct lv_disk_size *sizes; /* NULL: statistics give them */
	struct lv_survey *survey;   /* see lv_survey_data.h; NULL: none yet */
	bool survey_due;            /* in the next refresh */
	int address_tries;          /* refreshes in which to look for them */

	/* What is still to be asked by calls that may hang; see lv_errand.h. */
	unsigned owed;          /* enum lv_want */
	struct lv_health health;

	const struct snap_domain *record; /* the latest; NULL: none yet */
	bool partial;         /* its statistics left something out */
	bool settling;        /* and the next ones are to settle that: */
	int settle_tries;     /* so often it was looked at again, */
	int64_t settle_at_ms; /* and then it is next; 0: not */
};

struct lv_domain *lv_domain_new(const struct snap_uuid *uuid, uint32_t index);
void lv_domain_free(struct lv_domain *d);

/* Notes what libvirt calls it. */
void lv_domain_name(struct lv_domain *d, const char *name);

/* Its hypervisor ID as libvirt knew it when it gave dom; -1: inactive. */
int lv_domain_id(virDomainPtr dom);

/* Another run of the domain begins (or none, id -1): forgets the one before. */
void lv_domain_begin_run(struct lv_domain *d, int id, int64_t started_ms);

/* The run that there is now is the one that d->start is of. */
void lv_domain_meet_start(struct lv_domain *d);

/*
 * Reads the XML and pinning, and numbers the devices.  What fails keeps its old
 * value, or is unknown.  Disk sizes of an inactive domain are owed then, and
 * that a guest whose balloon driver nobody asks for statistics is asked from
 * now on, if the configuration wants that.
 */
void lv_domain_read_def(struct lv_domain *d, struct lv_conn *lc,
    virDomainPtr dom, struct vm_index *ix, const struct options *opts);

/* Reads autostart, persistence and managed save for this domain alone. */
void lv_domain_read_flags(struct lv_domain *d, struct lv_conn *lc,
    virDomainPtr dom);

/* Whether a job is known to be going on; from now on none is. */
bool lv_domain_has_job(const struct lv_domain *d);
void lv_domain_end_job(struct lv_domain *d);

/* Takes over what was found out of its job, if anything. */
void lv_domain_take_job(struct lv_domain *d, const struct lv_job *job);

/*
 * Whether it waits for the end of a job that allows no questions, such as a
 * migration that comes in.
 */
bool lv_domain_is_waiting(const struct lv_domain *d);

#endif
