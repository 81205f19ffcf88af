/* SPDX-License-Identifier: BSD-2-Clause */
/* virtDomainReason: libvirt's reasons for states, by number and in words. */
#ifndef VMMIBD_MIB_LIBVIRT_REASON_H
#define VMMIBD_MIB_LIBVIRT_REASON_H

#include <stdint.h>

#define MIB_LIBVIRT_REASONS 701 /* one above the highest value */

/* By value: 100 * virDomainState + virDomain*Reason. */
extern const char *const mib_libvirt_reason_labels[MIB_LIBVIRT_REASONS];

/*
 * The value of virtDomainReason.  A reason that the MIB does not know is its
 * state's unknown one; SNAP_NO_I32 for no state.
 */
int32_t mib_libvirt_reason(int32_t state, int32_t reason);

/* The same in words; NULL for SNAP_NO_I32. */
const char *mib_libvirt_reason_words(int32_t value);

#endif
