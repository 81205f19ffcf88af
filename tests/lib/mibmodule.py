# SPDX-License-Identifier: BSD-2-Clause
"""Tells to which objects of a MIB module the instances in a walk belong."""


class Module:
    """`objects` have a name, a prefix and a type each; all of them are below `root`."""

    def __init__(self, name, root, objects):
        self.name, self.root = name, root
        self._by_prefix = {found.prefix: found for found in objects}

    def split(self, numbers):
        """(Object, index) of the OID of an instance; an unknown one is an error."""
        for length in range(len(self.root) + 1, len(numbers)):
            found = self._by_prefix.get(tuple(numbers[:length]))
            if found:
                return found, tuple(numbers[length:])
        raise AssertionError(f"no object of {self.name}: {numbers}")

    def cells(self, client, repetitions=50, **how):
        """{(object's name, index): VarBind} of the whole module, in the order of the walk."""
        found = {}
        for vb in client.bulkwalk(self.root, repetitions=repetitions, **how):
            what, index = self.split(vb.oid)
            if vb.type != what.type:
                raise AssertionError(f"{what.name} is {vb.type}, not {what.type}")
            if (what.name, index) in found:
                raise AssertionError(f"{what.name}.{index} comes twice")
            found[what.name, index] = vb
        return found
