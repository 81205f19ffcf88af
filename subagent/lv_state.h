/* SPDX-License-Identifier: BSD-2-Clause */
/* libvirt's domain states in RFC 7666's terms. */
#ifndef VMMIBD_LV_STATE_H
#define VMMIBD_LV_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* What libvirt says of a domain's state. */
struct lv_state {
	int state;         /* virDomainState */
	int reason;        /* of that state, virDomain*Reason */
	bool managed_save; /* virDomainHasManagedSaveImage() */
	int job;           /* virDomainJobOperation; 0: none */
	bool active;       /* resident in memory: it has a hypervisor ID */
	bool restored;     /* this run began with what was saved */
	bool to_disk;      /* the guest suspended itself to disk, not memory */
};

/*
 * Writes vmOperState and vmAdminState.  Pure; values of newer libvirts that
 * are not known here become other(2) or the state's general meaning.
 */
void lv_state_map(const struct lv_state *state, int32_t *oper_state,
    int32_t *admin_state);

#endif
