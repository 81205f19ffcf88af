/* SPDX-License-Identifier: BSD-2-Clause */
/* vmCpuAffinityTable: virtual CPU x physical CPU, computed from bitmaps. */
#include "mib_tree.h"
#include "rfc7666.h"

static const char *const affinity_labels[] = { "unknown", "enable", "disable" };

static int32_t
affinity_of(const struct mib_row *row, int64_t now_ms)
{
	const struct snap_vcpu *vcpu = row->data;
	uint32_t cpu = row->index[2] - RFC7666_PHYS_INDEX_BASE;
	size_t octet = cpu / 8;

	(void)now_ms;
	if (vcpu->cpumap == NULL || octet >= row->dom->def->cpumap_len) {
		return SNAP_NO_I32;
	}
	return vcpu->cpumap[octet] >> (cpu % 8) & 1 ? AFFINITY_ENABLE :
	    AFFINITY_DISABLE;
}

/* RFC 7666 numbers the entry's columns 2 (the index) and 3. */
static const struct mib_column affinity_columns[] = {
	COMPUTED(3, vmCpuAffinity, affinity_of, affinity_labels),
};

static const oid affinity_root[] = { VM_OBJECTS, 6, 1 };

const struct mib_table mib_affinity = {
	.name = "vmCpuAffinityTable",
	MIB_ROOT(affinity_root),
	MIB_COLUMNS(affinity_columns),
	.depth = 3,
	MIB_ROWS(vcpus, n_vcpus),
	.dense_base = RFC7666_PHYS_INDEX_BASE,
	.dense_count_offset = MIB_FIELD(struct snap_domain, n_host_cpus, size_t),
};
