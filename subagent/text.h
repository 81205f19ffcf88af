/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes untrusted text fit to be served or logged. */
#ifndef VMMIBD_TEXT_H
#define VMMIBD_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define TEXT_ADMIN_MAX 255 /* octets of an SnmpAdminString, RFC 3411 */

/*
 * Writes text as an SnmpAdminString: valid UTF-8 of at most TEXT_ADMIN_MAX
 * octets, cut between two characters.  Each octet that is not part of valid
 * UTF-8 becomes U+FFFD, each control character (C0, DEL, C1) a space.
 * Returns the length without the final NUL.
 */
size_t text_admin(char out[TEXT_ADMIN_MAX + 1], const char *text);

/*
 * The length of the UTF-8 character (RFC 3629) at s, a final NUL included; 0
 * if the octets there are none.
 */
size_t text_char_len(const char *s);

/* Whether a control character (C0, DEL, C1) begins at s. */
bool text_is_control(const char *s);

#endif
