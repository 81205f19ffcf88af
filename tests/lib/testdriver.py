# SPDX-License-Identifier: BSD-2-Clause
"""Hypervisors for libvirt's test driver: a file of domain XML is all that one needs."""

import os
import urllib.parse
import uuid

from hypervisor import libvirt

NAMESPACE = "xmlns:test='http://libvirt.org/schemas/domain/test/1.0'"

MODELS = ["virtio", "e1000", "rtl8139", None]
DISKS = [  # type of the disk, device, bus, format, source
    ("file", "disk", "virtio", "raw", "file='/i/{n}.raw'"),
    ("file", "disk", "virtio", None, "file='/i/{n}'"),
    ("file", "disk", "scsi", "qcow2", "file='/i/{n}.qcow2'"),
    ("file", "cdrom", "ide", "raw", "file='/i/{n}.iso'"),
    ("file", "cdrom", "sata", None, None),
    ("block", "disk", "virtio", "raw", "dev='/dev/v/{n}'"),
    ("network", "disk", "virtio", "raw", "protocol='rbd' name='pool/{n}'"),
]
TARGETS = {"virtio": "vd", "scsi": "sd", "ide": "hd", "sata": "sd"}


def _disk(rng, number):
    kind, device, bus, form, source = rng.choice(DISKS)
    target = TARGETS[bus] + "abcd"[number]
    return (f"<disk type='{kind}' device='{device}'>" +
            (f"<driver name='qemu' type='{form}'/>" if form else "") +
            (f"<source {source.format(n=rng.randrange(10**6))}/>" if source else "") +
            f"<target dev='{target}' bus='{bus}'/>" +
            ("<readonly/>" if rng.random() < 0.2 else "") + "</disk>")


def _nic(rng):
    mac = "52:54:00:%02x:%02x:%02x" % tuple(rng.randrange(256) for _ in range(3))
    model = rng.choice(MODELS)
    return (f"<interface type='bridge'><mac address='{mac}'/><source bridge='br0'/>" +
            (f"<model type='{model}'/>" if model else "") + "</interface>")


def _cpus(rng):
    most = rng.randint(1, 8)
    now = rng.randint(1, most)
    pins = "".join(
        f"<vcpupin vcpu='{vcpu}' cpuset='{','.join(map(str, rng.sample(range(8), 3)))}'/>"
        for vcpu in range(most) if rng.random() < 0.3)
    return f"<vcpu current='{now}'>{most}</vcpu><cputune>{pins}</cputune>"


def _memory(rng):
    most = rng.choice([2**20, 2**22 + 1, 2**31 - 1, 2**31, 3 * 2**31 + 5, 2**42])
    now = rng.randint(most // 2, most)
    least = rng.choice([None, 0, 1, now // 2])
    tune = "" if least is None else f"<memtune><min_guarantee>{least}</min_guarantee></memtune>"
    return f"<memory>{most}</memory><currentMemory>{now}</currentMemory>{tune}"


def domain(rng, number):
    """One that differs from all others; the generator decides in which ways."""
    off = rng.random() < 0.5
    state = libvirt.VIR_DOMAIN_SHUTOFF if off else rng.choice([1, 1, 1, 1, 0, 2, 3, 4, 6, 7])
    mark = rng.choice(["", "<test:hasmanagedsave/>" if off else "<test:transient/>"])
    unique = uuid.UUID(int=rng.getrandbits(128), version=4)
    devices = [_disk(rng, i) for i in range(rng.randint(0, 4))]
    devices += [_nic(rng) for _ in range(rng.randint(0, 3))]
    return (f"<domain type='test' {NAMESPACE}>"
            f"<test:runstate>{state}</test:runstate>{mark}<name>vm {number:04} ü</name>"
            f"<uuid>{unique}</uuid>{_memory(rng)}{_cpus(rng)}<os><type>hvm</type></os>"
            f"<devices>{''.join(devices)}</devices></domain>\n")


def node(domains):
    """The text of a file for uri()."""
    return f"<node>\n{''.join(domains)}</node>\n"


def uri(path):
    return "test://" + urllib.parse.quote(os.path.abspath(path))


def plain(name):
    """XML of a domain with little in it; the same name always gets the same UUID."""
    return (f"<domain type='test'><name>{name}</name>"
            f"<uuid>{uuid.uuid5(uuid.NAMESPACE_URL, name)}</uuid>"
            "<memory>1048576</memory><vcpu>2</vcpu><os><type>hvm</type></os>"
            "<devices><disk type='file' device='disk'><source file='/i/disk'/>"
            "<target dev='vda' bus='virtio'/></disk></devices></domain>\n")
