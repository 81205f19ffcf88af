# SPDX-License-Identifier: BSD-2-Clause
"""Makes setgroups(2) succeed without effect, as libvirtd needs in a namespace with one user.

libvirtd calls it before it starts a QEMU even when that runs as the same user, and the kernel
refuses it where only one group is mapped, which is all that an ordinary user may have.
"""

import ctypes
import os
import platform
import struct

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
LOAD_WORD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
RET_ALLOW, RET_ERRNO_0 = 0x7FFF0000, 0x00050000
SETGROUPS = {"x86_64": (0xC000003E, 116), "aarch64": (0xC00000B7, 159)}


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def ignore_setgroups():
    """Applies to this process and all that it starts."""
    arch, number = SETGROUPS[platform.machine()]
    # struct seccomp_data has the number at 0, the architecture at 4
    code = [(LOAD_WORD, 0, 0, 4), (JUMP_EQUAL, 0, 3, arch), (LOAD_WORD, 0, 0, 0),
            (JUMP_EQUAL, 0, 1, number), (RETURN, 0, 0, RET_ERRNO_0), (RETURN, 0, 0, RET_ALLOW)]
    program = _Program(len(code), b"".join(struct.pack("=HBBI", *op) for op in code))
    libc = ctypes.CDLL(None, use_errno=True)
    if (libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or
            libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) != 0):
        error = ctypes.get_errno()
        raise OSError(error, f"seccomp: {os.strerror(error)}")
