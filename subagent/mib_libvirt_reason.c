/* SPDX-License-Identifier: BSD-2-Clause */
/* virtDomainReason: libvirt's reasons for states, by number and in words. */
#include "mib_libvirt_reason.h"

#include <stddef.h>

#include "snapshot.h"

const char *const mib_libvirt_reason_labels[MIB_LIBVIRT_REASONS] = {
	[0] = "nostateUnknown",
	[100] = "runningUnknown",
	[101] = "runningBooted",
	[102] = "runningMigrated",
	[103] = "runningRestored",
	[104] = "runningFromSnapshot",
	[105] = "runningUnpaused",
	[106] = "runningMigrationCanceled",
	[107] = "runningSaveCanceled",
	[108] = "runningWakeup",
	[109] = "runningCrashed",
	[110] = "runningPostcopy",
	[111] = "runningPostcopyFailed",
	[200] = "blockedUnknown",
	[300] = "pausedUnknown",
	[301] = "pausedUser",
	[302] = "pausedMigration",
	[303] = "pausedSave",
	[304] = "pausedDump",
	[305] = "pausedIoError",
	[306] = "pausedWatchdog",
	[307] = "pausedFromSnapshot",
	[308] = "pausedShuttingDown",
	[309] = "pausedSnapshot",
	[310] = "pausedCrashed",
	[311] = "pausedStartingUp",
	[312] = "pausedPostcopy",
	[313] = "pausedPostcopyFailed",
	[314] = "pausedApiError",
	[400] = "shutdownUnknown",
	[401] = "shutdownUser",
	[500] = "shutoffUnknown",
	[501] = "shutoffShutdown",
	[502] = "shutoffDestroyed",
	[503] = "shutoffCrashed",
	[504] = "shutoffMigrated",
	[505] = "shutoffSaved",
	[506] = "shutoffFailed",
	[507] = "shutoffFromSnapshot",
	[508] = "shutoffDaemon",
	[600] = "crashedUnknown",
	[601] = "crashedPanicked",
	[700] = "pmsuspendedUnknown",
};

static const char *const words[MIB_LIBVIRT_REASONS] = {
	[0] = "no state",
	[100] = "running",
	[101] = "running: booted",
	[102] = "running: migrated from another host",
	[103] = "running: restored from a file",
	[104] = "running: started from a snapshot",
	[105] = "running: resumed",
	[106] = "running: migration canceled",
	[107] = "running: save canceled",
	[108] = "running: woken up",
	[109] = "running: resumed from a crash",
	[110] = "running: post-copy migration",
	[111] = "running: post-copy migration failed",
	[200] = "blocked",
	[300] = "paused",
	[301] = "paused: by the user",
	[302] = "paused: migration",
	[303] = "paused: being saved",
	[304] = "paused: being dumped",
	[305] = "paused: I/O error",
	[306] = "paused: watchdog",
	[307] = "paused: restored from a snapshot",
	[308] = "paused: shutting down",
	[309] = "paused: snapshot being made",
	[310] = "paused: guest crashed",
	[311] = "paused: starting up",
	[312] = "paused: post-copy migration",
	[313] = "paused: post-copy migration failed",
	[314] = "paused: API error",
	[400] = "shutting down",
	[401] = "shutting down: by the user",
	[500] = "shut off",
	[501] = "shut off: shut down",
	[502] = "shut off: destroyed",
	[503] = "shut off: crashed",
	[504] = "shut off: migrated to another host",
	[505] = "shut off: saved to a file",
	[506] = "shut off: failed to start",
	[507] = "shut off: restored from a snapshot",
	[508] = "shut off: daemon lost it",
	[600] = "crashed",
	[601] = "crashed: guest panicked",
	[700] = "suspended by its power management",
};

static const char *
label(int32_t value)
{
	return value >= 0 && value < MIB_LIBVIRT_REASONS ?
	    mib_libvirt_reason_labels[value] : NULL;
}

int32_t
mib_libvirt_reason(int32_t state, int32_t reason)
{
	if (state < 0 || state >= MIB_LIBVIRT_REASONS / 100 + 1 ||
	    label(100 * state) == NULL) {
		return state == SNAP_NO_I32 ? SNAP_NO_I32 : 0;
	}
	return reason > 0 && reason < 100 &&
	    label(100 * state + reason) != NULL ? 100 * state + reason :
	    100 * state;
}

const char *
mib_libvirt_reason_words(int32_t value)
{
	return label(value) != NULL ? words[value] : NULL;
}
