/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes untrusted text fit to be served or logged. */
#include "text.h"

#include <string.h>

size_t
text_char_len(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	/* No overlong form, no surrogate, nothing above U+10FFFF. */
	unsigned char low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
	unsigned char high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
	size_t len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;

	if (s[0] < 0x80) {
		return 1;
	}
	if (s[0] < 0xc2 || s[0] > 0xf4 || s[1] < low || s[1] > high) {
		return 0;
	}
	/* The NUL at the end is never a continuation. */
	for (size_t i = 2; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	return len;
}

bool
text_is_control(const char *text)
{
	unsigned char first = (unsigned char)text[0];

	return first < 0x20 || first == 0x7f ||
	    (first == 0xc2 && (unsigned char)text[1] < 0xa0);
}

size_t
text_admin(char out[TEXT_ADMIN_MAX + 1], const char *text)
{
	size_t used = 0, len;

	for (; *text != '\0'; text += len) {
		const char *piece = text;
		size_t piece_len = len = text_char_len(text);

		if (len == 0) {
			len = 1;
			piece = "\xef\xbf\xbd"; /* U+FFFD */
			piece_len = 3;
		} else if (text_is_control(text)) {
			piece = " ";
			piece_len = 1;
		}
		if (used + piece_len > TEXT_ADMIN_MAX) {
			break;
		}
		memcpy(out + used, piece, piece_len);
		used += piece_len;
	}
	out[used] = '\0';
	return used;
}
