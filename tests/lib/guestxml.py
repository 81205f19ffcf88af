# SPDX-License-Identifier: BSD-2-Clause
"""Domain XML of the test guests."""

import uuid as uuid_module
import zlib

BRIDGE = "vbr0"

DOMAIN = """\
<domain type='qemu'>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <title>{title}</title>
  <memory unit='KiB'>{max_memory_kib}</memory>
  <currentMemory unit='KiB'>{memory_kib}</currentMemory>
  <vcpu placement='static' current='{vcpus}'{cpuset}>{max_vcpus}</vcpu>
  <os>
    <type arch='x86_64' machine='{machine}'>hvm</type>
    <kernel>{images}/kernel</kernel>
    <initrd>{images}/initrd</initrd>
    <cmdline>console=ttyS0 quiet panic=0 nokaslr mitigations=off apparmor=0 audit=0</cmdline>
  </os>
  <features><acpi/></features>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>{on_crash}</on_crash>
  <pm><suspend-to-mem enabled='yes'/></pm>
  <devices>
    {disks}
    {cdrom}
    {nic}
    <controller type='usb' model='none'/>
    {ports}
    <serial type='unix'>
      <source mode='bind' path='{console}'/>
      <log file='{log}' append='on'/>
      <target port='0'/>
    </serial>
    <console type='unix'><target type='serial' port='0'/></console>
    <memballoon model='virtio'><stats period='{stats_period}'/></memballoon>
    <watchdog model='i6300esb' action='{watchdog}'/>
    <panic model='isa'/>
    {extra}
  </devices>
</domain>
"""

ROOT_PORTS = ("<controller type='pci' index='0' model='pcie-root'/>" +
              "<controller type='pci' model='pcie-root-port'/>" * 10)


def disk(path, target, kind="raw", bus="virtio"):
    return (f"<disk type='file' device='disk'><driver name='qemu' type='{kind}'/>"
            f"<source file='{path}'/><target dev='{target}' bus='{bus}'/></disk>")


def mac_of(name, number=0):
    """The same name always gets the same address."""
    crc = zlib.crc32(f"{name}/{number}".encode())
    return "52:54:00:%02x:%02x:%02x" % (crc >> 16 & 0xff, crc >> 8 & 0xff, crc & 0xff)


def nic(mac, kind="bridge", target=None):
    """kind is bridge (a tap device in the run's bridge) or user (no tap, no counters)."""
    source = f"<source bridge='{BRIDGE}'/>" if kind == "bridge" else ""
    device = f"<target dev='{target}'/>" if target else ""
    # not vhost: its device is not in the private /dev
    return (f"<interface type='{kind}'><mac address='{mac}'/>{source}{device}"
            "<model type='virtio'/><driver name='qemu'/><rom enabled='no'/></interface>")


def domain(name, directory, console, log, images, uuid=None, title="", memory_mib=128,
           max_memory_mib=None, vcpus=1, max_vcpus=4, cpuset=None, machine="pc", nic="bridge",
           mac=None, disks=True, on_crash="destroy", watchdog="reset", stats_period=1, extra=""):
    """XML of a guest with a raw disk (vda), a qcow2 disk (vdb), an empty CD drive and a NIC."""
    network = ""
    if nic:
        network = globals()["nic"](mac or mac_of(name), nic)
    q35 = "q35" in machine
    cd, bus = ("sda", "sata") if q35 else ("hda", "ide")
    return DOMAIN.format(
        name=name, uuid=uuid or uuid_module.uuid5(uuid_module.NAMESPACE_DNS, name),
        title=title or f"test guest {name}", memory_kib=memory_mib << 10,
        max_memory_kib=(max_memory_mib or memory_mib) << 10, vcpus=vcpus, max_vcpus=max_vcpus,
        cpuset=f" cpuset='{cpuset}'" if cpuset else "", machine=machine, images=images,
        on_crash=on_crash, watchdog=watchdog, stats_period=stats_period, console=console,
        log=log, nic=network, extra=extra,
        # q35 has no free slot for hotplug unless asked for
        ports=ROOT_PORTS if q35 else "",
        disks=(disk(f"{directory}/disk.raw", "vda") +
               disk(f"{directory}/disk.qcow2", "vdb", "qcow2")) if disks else "",
        cdrom=f"<disk type='file' device='cdrom'><target dev='{cd}' bus='{bus}'/><readonly/></disk>"
              if disks else "")
