/* SPDX-License-Identifier: BSD-2-Clause */
/* Which fields of a record's rows are measured. */
#include "snap_fields.h"

#include <string.h>

#include "snap_domain.h"

#define OF_DOMAIN(field) offsetof(struct snap_domain, field)
#define OF_VCPU(field) offsetof(struct snap_vcpu, field)
#define OF_DISK(field) offsetof(struct snap_disk, field)
#define OF_NIC(field) offsetof(struct snap_nic, field)

static const size_t domain_u64s[] = {
	OF_DOMAIN(cpu_time_us), OF_DOMAIN(cpu_user_us),
	OF_DOMAIN(cpu_system_us), OF_DOMAIN(haltpoll_success_us),
	OF_DOMAIN(haltpoll_fail_us), OF_DOMAIN(vcpus_online),
	OF_DOMAIN(vcpus_maximum), OF_DOMAIN(memory.actual),
	OF_DOMAIN(memory.maximum), OF_DOMAIN(memory.unused),
	OF_DOMAIN(memory.available), OF_DOMAIN(memory.usable),
	OF_DOMAIN(memory.rss), OF_DOMAIN(memory.disk_caches),
	OF_DOMAIN(memory.swap_in), OF_DOMAIN(memory.swap_out),
	OF_DOMAIN(memory.major_faults), OF_DOMAIN(memory.minor_faults),
	OF_DOMAIN(memory.hugetlb_allocations),
	OF_DOMAIN(memory.hugetlb_failures), OF_DOMAIN(memory.updated_s),
};

static const struct snap_rated domain_rates[] = {
	{ OF_DOMAIN(cpu_time_us), OF_DOMAIN(cpu_rate) },
};

const struct snap_fields snap_domain_fields = {
	.u64s = domain_u64s,
	.n_u64s = sizeof(domain_u64s) / sizeof(domain_u64s[0]),
	.rates = domain_rates,
	.n_rates = sizeof(domain_rates) / sizeof(domain_rates[0]),
};

static const size_t vcpu_u64s[] = {
	OF_VCPU(time_us), OF_VCPU(wait_us), OF_VCPU(delay_us),
};

static const size_t vcpu_i32s[] = {
	OF_VCPU(state), OF_VCPU(halted),
};

static const struct snap_rated vcpu_rates[] = {
	{ OF_VCPU(time_us), OF_VCPU(time_rate) },
};

const struct snap_fields snap_vcpu_fields = {
	.u64s = vcpu_u64s,
	.n_u64s = sizeof(vcpu_u64s) / sizeof(vcpu_u64s[0]),
	.i32s = vcpu_i32s,
	.n_i32s = sizeof(vcpu_i32s) / sizeof(vcpu_i32s[0]),
	.rates = vcpu_rates,
	.n_rates = sizeof(vcpu_rates) / sizeof(vcpu_rates[0]),
};

static const size_t disk_u64s[] = {
	OF_DISK(capacity_bytes), OF_DISK(allocation_bytes),
	OF_DISK(physical_bytes), OF_DISK(read_ios), OF_DISK(write_ios),
	OF_DISK(flush_ios), OF_DISK(read_octets), OF_DISK(write_octets),
	OF_DISK(read_time_us), OF_DISK(write_time_us),
	OF_DISK(flush_time_us), OF_DISK(errors),
};

static const struct snap_rated disk_rates[] = {
	{ OF_DISK(read_ios), OF_DISK(read_ios_rate) },
	{ OF_DISK(write_ios), OF_DISK(write_ios_rate) },
	{ OF_DISK(read_octets), OF_DISK(read_octets_rate) },
	{ OF_DISK(write_octets), OF_DISK(write_octets_rate) },
	{ OF_DISK(read_time_us), OF_DISK(read_time_rate) },
	{ OF_DISK(write_time_us), OF_DISK(write_time_rate) },
};

const struct snap_fields snap_disk_fields = {
	.u64s = disk_u64s,
	.n_u64s = sizeof(disk_u64s) / sizeof(disk_u64s[0]),
	.rates = disk_rates,
	.n_rates = sizeof(disk_rates) / sizeof(disk_rates[0]),
};

static const size_t nic_u64s[] = {
	OF_NIC(rx_octets), OF_NIC(rx_packets), OF_NIC(rx_errors),
	OF_NIC(rx_drops), OF_NIC(tx_octets), OF_NIC(tx_packets),
	OF_NIC(tx_errors), OF_NIC(tx_drops),
};

static const struct snap_rated nic_rates[] = {
	{ OF_NIC(rx_octets), OF_NIC(rx_octets_rate) },
	{ OF_NIC(rx_packets), OF_NIC(rx_packets_rate) },
	{ OF_NIC(tx_octets), OF_NIC(tx_octets_rate) },
	{ OF_NIC(tx_packets), OF_NIC(tx_packets_rate) },
};

const struct snap_fields snap_nic_fields = {
	.u64s = nic_u64s,
	.n_u64s = sizeof(nic_u64s) / sizeof(nic_u64s[0]),
	.rates = nic_rates,
	.n_rates = sizeof(nic_rates) / sizeof(nic_rates[0]),
};

uint64_t *
snap_u64(void *row, size_t offset)
{
	return (void *)((char *)row + offset);
}

int32_t *
snap_i32(void *row, size_t offset)
{
	return (void *)((char *)row + offset);
}

struct snap_rate *
snap_rate_of(void *row, size_t offset)
{
	return (void *)((char *)row + offset);
}

void
snap_fields_forget(const struct snap_fields *fields, void *row)
{
	for (size_t i = 0; i < fields->n_u64s; i++) {
		*snap_u64(row, fields->u64s[i]) = SNAP_NO_U64;
	}
	for (size_t i = 0; i < fields->n_i32s; i++) {
		*snap_i32(row, fields->i32s[i]) = SNAP_NO_I32;
	}
	for (size_t i = 0; i < fields->n_rates; i++) {
		memset(snap_rate_of(row, fields->rates[i].rate), 0,
		    sizeof(struct snap_rate));
	}
}
