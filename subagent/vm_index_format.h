/* SPDX-License-Identifier: BSD-2-Clause */
/* The words that the reader and the writer of a vm_index's file share. */
#ifndef VMMIBD_VM_INDEX_FORMAT_H
#define VMMIBD_VM_INDEX_FORMAT_H

#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#define HEADER "vmmibd vm-index 1"
#define DISK_WORD "disk"
#define NIC_WORD "nic"
#define LOWER_HEX "0123456789abcdef"
#define UPPER_HEX "0123456789ABCDEF"
#define CRC_LEN 9 /* a space and eight digits */

static inline uint32_t
text_crc_add(uint32_t crc, const char *text, size_t len)
{
	return (uint32_t)crc32_z(crc, (const unsigned char *)text, len);
}

static inline uint32_t
text_crc(const char *text, size_t len)
{
	return text_crc_add(0, text, len);
}

#endif
