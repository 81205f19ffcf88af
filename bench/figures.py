# SPDX-License-Identifier: BSD-2-Clause
"""What the benchmarks share: hypervisors of many domains, and figures of several runs."""

import statistics
import uuid

N_DOMAINS = 1000


def domain_xml(n):
    """A running domain with two vCPUs, a disk, an empty drive and a NIC, as many hosts have them."""
    return f"""<domain type='test'>
  <name>vm{n:05}</name><uuid>{uuid.UUID(int=n + 1)}</uuid>
  <memory unit='MiB'>1024</memory><vcpu>2</vcpu><os><type>hvm</type></os>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
      <source file='/var/lib/libvirt/images/vm{n:05}.qcow2'/><target dev='vda' bus='virtio'/></disk>
    <disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>
    <interface type='bridge'><mac address='52:54:00:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}'/>
      <source bridge='br0'/><target dev='vnet{n}'/><model type='virtio'/></interface>
  </devices>
</domain>"""


def hypervisor(run, n_domains=N_DOMAINS):
    """The URI of a test hypervisor with that many domains."""
    path = run.write(f"{n_domains}-domains.xml",
                     "<node>" + "\n".join(domain_xml(n) for n in range(n_domains)) + "</node>")
    return f"test://{path}"


def spread(values, form="{:,.0f}"):
    """Minimum, median and maximum in one cell."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return " / ".join(form.format(v) for v in (low, middle, high))
