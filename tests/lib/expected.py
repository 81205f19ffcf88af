# SPDX-License-Identifier: BSD-2-Clause
"""What VM-MIB has to say of guests, made from what libvirt and the host say of them.

A cell is (object's name, index); its value is one, or the least and the greatest that is right when
libvirt was read before and after.
"""

import xml.etree.ElementTree as ElementTree

import namespaces
from hypervisor import libvirt

CPU_0 = 196608  # hrDeviceIndex of the first processor
STATES = {libvirt.VIR_DOMAIN_RUNNING: (1, 4), libvirt.VIR_DOMAIN_SHUTOFF: (4, 11)}
# libvirt's name, vmStorage's name, how many of libvirt's units make one of VM-MIB's
COUNTERS = (("rd.reqs", "ReadIOs", 1), ("wr.reqs", "WriteIOs", 1), ("rd.bytes", "ReadOctets", 1),
            ("wr.bytes", "WriteOctets", 1), ("rd.times", "ReadLatency", 1000),
            ("wr.times", "WriteLatency", 1000))


def between(first, second, key, per=1):
    return first[key] // per, second[key] // per


def in_unit(size, unit):
    """A size in bytes, rounded up."""
    return -(-size // unit)


def vm_cells(one, vm, first, second, served):
    domain, running = one.domain, one.domain.isActive()
    admin, oper = STATES[one.state()[0]]
    unit = served["vmMemUnit", (vm,)].value
    flags = libvirt.VIR_DOMAIN_AFFECT_CURRENT
    found = {
        "vmName": one.name.encode(), "vmUUID": domain.UUID(),
        "vmOSType": domain.OSType().encode(), "vmAdminState": admin, "vmOperState": oper,
        "vmAutoStart": 2 if domain.autostart() else 3,
        "vmPersistent": 2 if domain.isPersistent() else 3,
        "vmCurCpuNumber": domain.vcpusFlags(flags), "vmMinCpuNumber": -1,
        "vmMaxCpuNumber": domain.vcpusFlags(flags | libvirt.VIR_DOMAIN_VCPU_MAXIMUM),
        "vmMemUnit": 1024, "vmMinMem": -1, "vmMaxMem": domain.maxMemory() * 1024 // unit,
        "vmCurMem": domain.info()[2] * 1024 // unit}
    if running:
        found["vmCpuTime"] = between(first, second, "cpu.time", 1000)
        found["vmUpTime"] = (0, (1 << 32) - 1)  # libvirt does not tell
    return {(name, (vm,)): value for name, value in found.items()}


def cpu_cells(one, vm, first, second):
    found = {}
    if not one.domain.isActive():
        first = second = {}
        plugged = range(one.domain.vcpusFlags(libvirt.VIR_DOMAIN_AFFECT_CONFIG))
    else:
        plugged = [n for n in range(4) if f"vcpu.{n}.state" in first]
    pinned = one.domain.vcpuPinInfo(libvirt.VIR_DOMAIN_AFFECT_CURRENT)
    for n in plugged:
        if first:
            found["vmCpuCoreTime", (vm, n + 1)] = between(first, second, f"vcpu.{n}.time", 1000)
        for cpu, may in enumerate(pinned[n]):
            found["vmCpuAffinity", (vm, n + 1, CPU_0 + cpu)] = 1 if may else 2
    return found


def disk_sizes(one, disk, block):
    """What the guest sees and what the host gives, each as bytes."""
    source = disk.find("source")
    if source is None:
        return None
    if "capacity" in block:
        size, used = block["capacity"], block["physical"]
    else:
        size, _, used = one.domain.blockInfo(disk.find("target").get("dev"))
    return size, size if disk.find("driver").get("type") == "raw" else used


def disk_cells(one, vm, stats, served):
    """`stats` are two readings, by target."""
    found = {}
    disks = ElementTree.fromstring(one.domain.XMLDesc()).findall("devices/disk")
    for number, disk in enumerate(disks, 1):
        target, source = disk.find("target"), disk.find("source")
        block = [reading.get(target.get("dev"), {}) for reading in stats]
        raw = disk.find("driver").get("type") == "raw"
        unit = served["vmStorageSizeUnit", (vm, number)].value
        sizes = [disk_sizes(one, disk, reading) for reading in block]
        cells = {"Parent": 0, "SourceType": 2 if source is None else 4 if raw else 5,
                 "Access": 2 if disk.find("readonly") is None else 3,
                 "MediaType": 4 if disk.get("device") == "cdrom" else 3,
                 "MediaTypeString": target.get("bus").encode(), "SizeUnit": 1024,
                 "DefinedSize": -1, "AllocatedSize": -1}
        if source is not None:
            cells["SourceTypeString"] = disk.find("driver").get("type").encode()
            cells["ResourceID"] = source.get("file").encode()
            for cell, which in ("DefinedSize", 0), ("AllocatedSize", 1):
                cells[cell] = tuple(in_unit(size[which], unit) for size in sizes)
        for key, cell, per in COUNTERS:
            if key in block[0]:
                cells[cell] = between(*block, key, per)
        found.update({("vmStorage" + name, (vm, number)): value for name, value in cells.items()})
    return found


def interface_index(name):
    try:
        with open(f"/sys/class/net/{name}/ifindex", encoding="ascii") as text:
            return int(text.read())
    except OSError:
        return 0


def nic_cells(one, vm):
    found = {}
    nics = ElementTree.fromstring(one.domain.XMLDesc()).findall("devices/interface")
    for number, nic in enumerate(nics, 1):
        target, bridged = nic.find("target"), nic.get("type") == "bridge"
        cells = {"IfIndex": interface_index(target.get("dev")) if target is not None else 0,
                 "Parent": interface_index(namespaces.BRIDGE) if bridged else 0,
                 "Model": nic.find("model").get("type").encode(),
                 "PhysAddress": bytes.fromhex(nic.find("mac").get("address").replace(":", ""))}
        found.update({("vmNetwork" + name, (vm, number)): value for name, value in cells.items()})
    return found


def by_target(stats):
    """{target: {key: value}} of the block statistics."""
    found = {}
    for n in range(stats.get("block.count", 0)):
        start = f"block.{n}."
        found[stats[start + "name"]] = {key[len(start):]: value for key, value in stats.items()
                                        if key.startswith(start)}
    return found


def cells(guests, first, second, served):
    """{cell: value or (least, greatest)} of all guests.

    `first` and `second` are readings of Guest.stats() by name of the guest; of `served`, the walk
    of vmmib.cells(), only vmIndexes and units count.
    """
    found = {}
    for one in guests:
        vm = next(index[0] for (name, index), vb in served.items()
                  if name == "vmUUID" and vb.value == one.domain.UUID())
        stats = first[one.name], second[one.name]
        found.update(vm_cells(one, vm, *stats, served))
        found.update(cpu_cells(one, vm, *stats))
        found.update(disk_cells(one, vm, [by_target(reading) for reading in stats], served))
        found.update(nic_cells(one, vm))
    return found


def matches(value, wanted):
    if isinstance(wanted, tuple):
        return value is not None and wanted[0] <= value <= wanted[1]
    return value == wanted
