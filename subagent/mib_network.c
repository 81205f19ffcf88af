/* SPDX-License-Identifier: BSD-2-Clause */
/* vmNetworkTable: a row per network interface of a VM. */
#include "mib_tree.h"

static const struct mib_column network_columns[] = {
	INTEGER(2, vmNetworkIfIndex, struct snap_nic, def.if_index),
	INTEGER(3, vmNetworkParent, struct snap_nic, def.parent),
	TEXT(4, vmNetworkModel, struct snap_nic, def.model),
	MAC(5, vmNetworkPhysAddress, struct snap_nic, def.mac),
};

static const oid network_root[] = { VM_OBJECTS, 8, 1 };

const struct mib_table mib_network = {
	.name = "vmNetworkTable",
	MIB_ROOT(network_root),
	MIB_COLUMNS(network_columns),
	.depth = 2,
	MIB_ROWS(nics, n_nics),
};
