/* SPDX-License-Identifier: BSD-2-Clause */
/* What is done about each event of libvirt: it is put into an inbox. */
#ifndef VMMIBD_LV_CALLBACKS_H
#define VMMIBD_LV_CALLBACKS_H

#include <libvirt/libvirt.h>

struct lv_callback {
	int event; /* virDomainEventID */
	virConnectDomainEventGenericCallback callback;
};

/*
 * The events that matter; ends with a callback of NULL.  Callbacks run on the
 * event thread and take the inbox as their last argument.
 */
extern const struct lv_callback lv_callbacks[];

#endif
