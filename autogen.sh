#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Makes configure and the Makefile.in files.
cd "$(dirname "$0")" && exec autoreconf -fi
