# SPDX-License-Identifier: BSD-2-Clause
"""What VM-LIBVIRT-MIB has to say of a domain by the domain's XML alone."""

import xml.etree.ElementTree as ElementTree

from virtmib import FALSE, TRUE

NOVA = "{http://openstack.org/xmlns/libvirt/nova/1.1}"

DOMAIN = {  # column: path, attribute (None: the element's text)
    "virtDomainTitle": ("title", None), "virtDomainDescription": ("description", None),
    "virtDomainType": (".", "type"), "virtDomainArch": ("os/type", "arch"),
    "virtDomainMachine": ("os/type", "machine"), "virtDomainFirmware": ("os", "firmware"),
    "virtDomainNovaName": (f"metadata/{NOVA}instance/{NOVA}name", None),
    "virtDomainNovaFlavor": (f"metadata/{NOVA}instance/{NOVA}flavor", "name"),
    "virtDomainNovaProject": (f"metadata/{NOVA}instance/{NOVA}owner/{NOVA}project", None),
    "virtDomainNovaUser": (f"metadata/{NOVA}instance/{NOVA}owner/{NOVA}user", None),
}
DISK = {
    "virtDiskTarget": ("target", "dev"), "virtDiskBus": ("target", "bus"),
    "virtDiskDevice": (".", "device"), "virtDiskFormat": ("driver", "type"),
    "virtDiskCache": ("driver", "cache"), "virtDiskSerial": ("serial", None),
    "virtDiskLimitTotalOctets": ("iotune/total_bytes_sec", None),
    "virtDiskLimitReadOctets": ("iotune/read_bytes_sec", None),
    "virtDiskLimitWriteOctets": ("iotune/write_bytes_sec", None),
    "virtDiskLimitTotalIOs": ("iotune/total_iops_sec", None),
    "virtDiskLimitReadIOs": ("iotune/read_iops_sec", None),
    "virtDiskLimitWriteIOs": ("iotune/write_iops_sec", None),
}
NIC = {
    "virtIfHostDevice": ("target", "dev"), "virtIfType": (".", "type"),
    "virtIfBridge": ("source", "bridge"), "virtIfPortgroup": ("source", "portgroup"),
    "virtIfMtu": ("mtu", "size"), "virtIfInAverage": ("bandwidth/inbound", "average"),
    "virtIfInPeak": ("bandwidth/inbound", "peak"),
    "virtIfOutAverage": ("bandwidth/outbound", "average"),
    "virtIfOutPeak": ("bandwidth/outbound", "peak"),
}
# what is a number in the module and has an instance only where the XML has it
NUMBERS = ("virtDiskLimit", "virtIfMtu", "virtIfIn", "virtIfOut")
# the columns that cells() knows
COLUMNS = {*DOMAIN, *DISK, *NIC, "virtMemStatsPeriod", "virtDiskReadOnly", "virtDiskShareable",
           "virtDiskBackingDepth", "virtIfSource", "virtIfLinkState", "virtIfVlan"}


def _read(node, columns):
    found = {}
    for name, (path, attribute) in columns.items():
        part = node if path == "." else node.find(path)
        text = None if part is None else part.text if attribute is None else part.get(attribute)
        if text:
            found[name] = int(text) if name.startswith(NUMBERS) else text.encode()
    return found


def _stats_period(root):
    """None without a balloon that could be asked."""
    balloon = root.find("devices/memballoon")
    if balloon is None or balloon.get("model") == "none":
        return None
    stats = balloon.find("stats")
    return 0 if stats is None else int(stats.get("period"))


def _backing_depth(disk):
    """None when libvirt has not looked: it ends a chain that it knows by an empty element."""
    depth, part = 0, disk.find("backingStore")
    if part is None:
        return None
    while len(part):
        depth, part = depth + 1, part.find("backingStore")
        if part is None:
            return None
    return depth


def _disk(disk):
    found = _read(disk, DISK)
    found["virtDiskReadOnly"] = FALSE if disk.find("readonly") is None else TRUE
    found["virtDiskShareable"] = FALSE if disk.find("shareable") is None else TRUE
    depth = _backing_depth(disk)
    if depth is not None:
        found["virtDiskBackingDepth"] = depth
    return found


def _source(source):
    """What an interface is attached to, None when the XML does not tell."""
    if source is None:
        return None
    for key in "network", "bridge", "dev", "path", "name":
        if source.get(key):
            return source.get(key)
    if source.get("address"):
        return f"{source.get('address')}:{source.get('port')}"
    pci = source.find("address[@type='pci']")
    numbers = [] if pci is None else [
        int(pci.get(key), 16) for key in ("domain", "bus", "slot", "function")]
    return "%04x:%02x:%02x.%x" % tuple(numbers) if numbers else None


def _nic(nic):
    found = _read(nic, NIC)
    link, source = nic.find("link"), _source(nic.find("source"))
    if source:
        found["virtIfSource"] = source.encode()
    found["virtIfLinkState"] = 2 if link is not None and link.get("state") == "down" else 1
    tags = [tag.get("id") for tag in nic.findall("vlan/tag")]
    if tags:
        found["virtIfVlan"] = ",".join(tags).encode()
    return found


def cells(xml, vm):
    """{(column, index): value} of a domain whose devices have been numbered in their order."""
    root = ElementTree.fromstring(xml)
    found = {(name, (vm,)): value for name, value in _read(root, DOMAIN).items()}
    period = _stats_period(root)
    if period is not None:
        found["virtMemStatsPeriod", (vm,)] = period
    for path, read in ("devices/disk", _disk), ("devices/interface", _nic):
        for number, device in enumerate(root.findall(path), 1):
            found.update({(name, (vm, number)): value for name, value in read(device).items()})
    return found
