/* SPDX-License-Identifier: BSD-2-Clause */
/* virtInterfaceTable: a row per network interface of a VM. */
#include "mib_tree.h"

static const char *const link_labels[] = { NULL, "up", "down" };

static const char *const source_labels[] = { NULL, "lease", "arp" };

static int32_t
link_state(const struct mib_row *row, int64_t now_ms)
{
	const struct snap_nic *nic = row->data;

	(void)now_ms;
	return nic->def.link_down ? 2 : 1;
}

static const struct mib_column nic_columns[] = {
	TEXT(1, virtIfHostDevice, struct snap_nic, def.ifname),
	TEXT(2, virtIfType, struct snap_nic, def.type),
	TEXT(3, virtIfSource, struct snap_nic, def.source),
	TEXT(4, virtIfBridge, struct snap_nic, def.bridge),
	TEXT(5, virtIfPortgroup, struct snap_nic, def.portgroup),
	COMPUTED(6, virtIfLinkState, link_state, link_labels),
	GAUGE32(7, virtIfMtu, struct snap_nic, def.mtu),
	TEXT(8, virtIfVlan, struct snap_nic, def.vlan),
	COUNTER64(9, virtIfRxOctets, struct snap_nic, rx_octets),
	COUNTER64(10, virtIfRxPackets, struct snap_nic, rx_packets),
	COUNTER64(11, virtIfRxErrors, struct snap_nic, rx_errors),
	COUNTER64(12, virtIfRxDrops, struct snap_nic, rx_drops),
	COUNTER64(13, virtIfTxOctets, struct snap_nic, tx_octets),
	COUNTER64(14, virtIfTxPackets, struct snap_nic, tx_packets),
	COUNTER64(15, virtIfTxErrors, struct snap_nic, tx_errors),
	COUNTER64(16, virtIfTxDrops, struct snap_nic, tx_drops),
	RATE(17, virtIfRxBitRate, struct snap_nic, rx_octets_rate, 8, 1),
	RATE(18, virtIfTxBitRate, struct snap_nic, tx_octets_rate, 8, 1),
	RATE(19, virtIfRxPacketRate, struct snap_nic, rx_packets_rate, 1, 1),
	RATE(20, virtIfTxPacketRate, struct snap_nic, tx_packets_rate, 1, 1),
	GAUGE32(21, virtIfInAverage, struct snap_nic, def.in_average),
	GAUGE32(22, virtIfInPeak, struct snap_nic, def.in_peak),
	GAUGE32(23, virtIfOutAverage, struct snap_nic, def.out_average),
	GAUGE32(24, virtIfOutPeak, struct snap_nic, def.out_peak),
	CHARS(25, virtIfAddresses, struct snap_nic, addresses),
	ENUM(26, virtIfAddressSource, struct snap_nic, address_source,
	    source_labels),
};

static const oid nic_root[] = { VIRT_OBJECTS, 7, 1 };

const struct mib_table mib_libvirt_nic = {
	.name = "virtInterfaceTable",
	MIB_ROOT(nic_root),
	MIB_COLUMNS(nic_columns),
	.depth = 2,
	MIB_ROWS(nics, n_nics),
};
