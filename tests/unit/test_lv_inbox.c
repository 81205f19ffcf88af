/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests lv_inbox.c; races show under TSan. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "lv_inbox.h"

#define FAR_MS 20000 /* nothing here takes that long, even under valgrind */

/* More domains than an inbox has room for. */
#define TOO_MANY 6000

static struct snap_uuid
uuid_of(uint32_t number)
{
	struct snap_uuid uuid = { { 0 } };

	memcpy(uuid.octets + 12, &number, sizeof(number));
	return uuid;
}

static uint32_t
number_of(const struct snap_uuid *uuid)
{
	uint32_t number;

	memcpy(&number, uuid->octets + 12, sizeof(number));
	return number;
}

static void
put(struct lv_inbox *inbox, uint32_t number, unsigned dirty)
{
	struct snap_uuid uuid = uuid_of(number);

	lv_inbox_put(inbox, &uuid, dirty);
}

static struct lv_inbox *
new_inbox(void)
{
	struct lv_inbox *inbox = lv_inbox_new();

	assert_non_null(inbox);
	return inbox;
}

/* A wait that must not have to wait. */
static struct lv_batch
take(struct lv_inbox *inbox)
{
	int64_t before_ms = clock_boot_ms();
	struct lv_batch batch;

	memset(&batch, 0xa5, sizeof(batch));
	lv_inbox_wait(inbox, before_ms + FAR_MS, &batch);
	assert_true(clock_boot_ms() - before_ms < FAR_MS / 2);
	return batch;
}

static void
assert_nothing_left(struct lv_inbox *inbox)
{
	struct lv_batch batch;

	memset(&batch, 0xa5, sizeof(batch));
	lv_inbox_wait(inbox, 0, &batch);
	assert_int_equal(batch.n, 0);
	assert_false(batch.overflow);
	assert_false(batch.closed);
}

static const struct lv_notice *
notice(const struct lv_batch *batch, uint32_t number)
{
	const struct lv_notice *found = NULL;

	for (size_t i = 0; i < batch->n; i++) {
		if (number_of(&batch->notices[i].uuid) == number) {
			assert_null(found); /* one each */
			found = &batch->notices[i];
		}
	}
	return found;
}

static void
test_merge(void **state)
{
	struct lv_inbox *inbox = new_inbox();
	struct lv_batch batch;

	(void)state;
	put(inbox, 1, LV_DIRTY_STATE);
	put(inbox, 2, LV_DIRTY_DEF);
	put(inbox, 1, LV_DIRTY_TO_DISK);
	put(inbox, 3, LV_DIRTY_STATE);
	put(inbox, 1, LV_DIRTY_STATE);
	batch = take(inbox);
	assert_int_equal(batch.n, 3);
	assert_false(batch.overflow || batch.closed || batch.stop);
	assert_int_equal(notice(&batch, 1)->dirty,
	    LV_DIRTY_STATE | LV_DIRTY_TO_DISK);
	assert_int_equal(notice(&batch, 2)->dirty, LV_DIRTY_DEF);
	assert_int_equal(notice(&batch, 3)->dirty, LV_DIRTY_STATE);
	assert_true(notice(&batch, 1)->started_ms == SNAP_NO_TIME);
	assert_nothing_left(inbox);
	lv_inbox_free(inbox);
}

/* The last start counts, and later events do not touch it. */
static void
test_started(void **state)
{
	struct lv_inbox *inbox = new_inbox();
	int64_t before_ms, after_ms;
	struct lv_batch batch;

	(void)state;
	put(inbox, 1, LV_DIRTY_STARTED);
	usleep(30000);
	before_ms = clock_boot_ms();
	put(inbox, 1, LV_DIRTY_STARTED | LV_DIRTY_DEF);
	after_ms = clock_boot_ms();
	usleep(30000);
	put(inbox, 1, LV_DIRTY_STATE);
	batch = take(inbox);
	assert_int_equal(batch.n, 1);
	assert_int_equal(batch.notices[0].dirty,
	    LV_DIRTY_STARTED | LV_DIRTY_DEF | LV_DIRTY_STATE);
	assert_true(batch.notices[0].started_ms >= before_ms);
	assert_true(batch.notices[0].started_ms <= after_ms);
	/* No trace of it is left in the next batches. */
	for (int i = 0; i < 2; i++) {
		put(inbox, 1, LV_DIRTY_STATE);
		batch = take(inbox);
		assert_int_equal(batch.notices[0].dirty, LV_DIRTY_STATE);
		assert_true(batch.notices[0].started_ms == SNAP_NO_TIME);
	}
	lv_inbox_free(inbox);
}

/* What arrives after a wait leaves its batch alone. */
static void
test_batch_stays(void **state)
{
	struct lv_inbox *inbox = new_inbox();
	struct lv_batch batch;

	(void)state;
	put(inbox, 1, LV_DIRTY_STATE);
	batch = take(inbox);
	put(inbox, 2, LV_DIRTY_DEF);
	put(inbox, 1, LV_DIRTY_STARTED);
	assert_int_equal(batch.n, 1);
	assert_int_equal(number_of(&batch.notices[0].uuid), 1);
	assert_int_equal(batch.notices[0].dirty, LV_DIRTY_STATE);
	batch = take(inbox);
	assert_int_equal(batch.n, 2);
	assert_int_equal(notice(&batch, 1)->dirty, LV_DIRTY_STARTED);
	assert_int_equal(notice(&batch, 2)->dirty, LV_DIRTY_DEF);
	lv_inbox_free(inbox);
}

static void
test_overflow(void **state)
{
	struct lv_inbox *inbox = new_inbox();
	struct lv_batch batch;

	(void)state;
	for (uint32_t i = 0; i < TOO_MANY; i++) {
		put(inbox, i, LV_DIRTY_STATE);
	}
	/* Those that have a place still merge. */
	put(inbox, 0, LV_DIRTY_DEF);
	batch = take(inbox);
	assert_true(batch.overflow);
	assert_true(batch.n > 0 && batch.n < TOO_MANY);
	for (uint32_t i = 0; i < batch.n; i++) {
		assert_int_equal(number_of(&batch.notices[i].uuid), i);
		assert_int_equal(batch.notices[i].dirty,
		    i > 0 ? LV_DIRTY_STATE : LV_DIRTY_STATE | LV_DIRTY_DEF);
	}
	assert_nothing_left(inbox);
	put(inbox, TOO_MANY, LV_DIRTY_STATE);
	batch = take(inbox);
	assert_int_equal(batch.n, 1);
	assert_false(batch.overflow);
	lv_inbox_free(inbox);
}

static void
test_closed(void **state)
{
	struct lv_inbox *inbox = new_inbox();
	struct lv_batch batch;

	(void)state;
	put(inbox, 1, LV_DIRTY_STATE);
	lv_inbox_close(inbox);
	batch = take(inbox);
	assert_true(batch.closed);
	assert_false(batch.stop);
	assert_int_equal(batch.n, 1);
	assert_nothing_left(inbox);
	lv_inbox_close(inbox);
	batch = take(inbox);
	assert_true(batch.closed);
	assert_int_equal(batch.n, 0);
	lv_inbox_free(inbox);
}

static void
test_stop_lasts(void **state)
{
	struct lv_inbox *inbox = new_inbox();
	struct lv_batch batch;

	(void)state;
	assert_false(lv_inbox_stopped(inbox));
	lv_inbox_stop(inbox);
	assert_true(lv_inbox_stopped(inbox));
	for (int i = 0; i < 3; i++) {
		batch = take(inbox);
		assert_true(batch.stop);
		assert_false(batch.closed || batch.overflow);
		assert_int_equal(batch.n, 0);
	}
	put(inbox, 1, LV_DIRTY_STATE);
	batch = take(inbox);
	assert_true(batch.stop);
	assert_int_equal(batch.n, 1);
	assert_true(lv_inbox_stopped(inbox));
	lv_inbox_free(inbox);
	lv_inbox_free(NULL);
}

/* Milliseconds of processor time that this thread has used. */
static int64_t
busy_ms(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

/* Waits to the deadline, asleep. */
static void
check_deadline(struct lv_inbox *inbox, int64_t ms)
{
	int64_t start_ms = clock_boot_ms(), start_busy_ms = busy_ms();
	struct lv_batch batch;

	lv_inbox_wait(inbox, start_ms + ms, &batch);
	assert_true(clock_boot_ms() >= start_ms + ms);
	assert_true(clock_boot_ms() < start_ms + FAR_MS);
	assert_true(busy_ms() - start_busy_ms < ms / 2);
	assert_int_equal(batch.n, 0);
	assert_false(batch.overflow || batch.closed || batch.stop);
}

static void
test_deadline(void **state)
{
	static const int64_t past[] = { 0, -1, -1000000 };
	struct lv_inbox *inbox = new_inbox();
	struct lv_batch batch;
	int64_t start_ms;

	(void)state;
	check_deadline(inbox, 120);
	/* Nearly a second, so that the nanoseconds carry sooner or later. */
	check_deadline(inbox, 990);
	check_deadline(inbox, 990);
	for (size_t i = 0; i < sizeof(past) / sizeof(past[0]); i++) {
		start_ms = clock_boot_ms();
		lv_inbox_wait(inbox, past[i], &batch);
		assert_true(clock_boot_ms() < start_ms + FAR_MS / 2);
		assert_int_equal(batch.n, 0);
	}
	/* What is there is handed over all the same. */
	put(inbox, 1, LV_DIRTY_STATE);
	lv_inbox_wait(inbox, 0, &batch);
	assert_int_equal(batch.n, 1);
	lv_inbox_free(inbox);
}

enum act { PUT, CLOSE, STOP };

struct actor {
	struct lv_inbox *inbox;
	enum act act;
};

static void *
act_later(void *arg)
{
	const struct actor *actor = arg;

	usleep(50000);
	if (actor->act == PUT) {
		put(actor->inbox, 1, LV_DIRTY_STATE);
	} else if (actor->act == CLOSE) {
		lv_inbox_close(actor->inbox);
	} else {
		lv_inbox_stop(actor->inbox);
	}
	return NULL;
}

/* Whatever arrives ends a wait at once, however long it was to be. */
static void
test_wakes(void **state)
{
	struct actor actor = { .inbox = new_inbox() };
	struct lv_batch batch;
	pthread_t thread;

	(void)state;
	for (actor.act = PUT; actor.act <= STOP; actor.act++) {
		assert_int_equal(pthread_create(&thread, NULL, act_later,
		    &actor), 0);
		batch = take(actor.inbox);
		pthread_join(thread, NULL);
		assert_int_equal(batch.n, actor.act == PUT);
		assert_int_equal(batch.closed, actor.act == CLOSE);
		assert_int_equal(batch.stop, actor.act == STOP);
	}
	lv_inbox_free(actor.inbox);
}

#define N_PRODUCERS 3
#define N_DOMAINS 300 /* of each producer */
#define N_BITS 31

struct producer {
	struct lv_inbox *inbox;
	uint32_t first;
};

/* Each bit of each domain once. */
static void *
produce(void *arg)
{
	const struct producer *p = arg;

	for (unsigned bit = 0; bit < N_BITS; bit++) {
		for (uint32_t i = 0; i < N_DOMAINS; i++) {
			put(p->inbox, p->first + i, 1u << bit);
		}
	}
	return NULL;
}

static void *
stop_after_all(void *arg)
{
	struct producer *p = arg;
	pthread_t threads[N_PRODUCERS];

	for (int i = 0; i < N_PRODUCERS; i++) {
		pthread_create(&threads[i], NULL, produce, &p[i]);
	}
	for (int i = 0; i < N_PRODUCERS; i++) {
		pthread_join(threads[i], NULL);
	}
	lv_inbox_stop(p->inbox);
	return NULL;
}

static void
test_nothing_is_lost(void **state)
{
	static unsigned seen[N_PRODUCERS * N_DOMAINS];
	struct producer producers[N_PRODUCERS];
	struct lv_inbox *inbox = new_inbox();
	struct lv_batch batch;
	pthread_t thread;

	(void)state;
	for (uint32_t i = 0; i < N_PRODUCERS; i++) {
		producers[i] = (struct producer){ inbox, i * N_DOMAINS };
	}
	assert_int_equal(pthread_create(&thread, NULL, stop_after_all,
	    producers), 0);
	do {
		batch = take(inbox);
		assert_false(batch.overflow || batch.closed);
		for (size_t i = 0; i < batch.n; i++) {
			const struct lv_notice *n = &batch.notices[i];
			uint32_t number = number_of(&n->uuid);

			assert_true(number < N_PRODUCERS * N_DOMAINS);
			assert_int_equal(seen[number] & n->dirty, 0);
			assert_int_equal((n->dirty & LV_DIRTY_STARTED) != 0,
			    n->started_ms != SNAP_NO_TIME);
			seen[number] |= n->dirty;
		}
	} while (!batch.stop);
	pthread_join(thread, NULL);
	for (size_t i = 0; i < N_PRODUCERS * N_DOMAINS; i++) {
		assert_int_equal(seen[i], (1u << N_BITS) - 1);
	}
	lv_inbox_free(inbox);
}

/* Events stay in order, and each makes its domain dirty. */
static void
test_events(void **state)
{
	struct lv_inbox *inbox = new_inbox();
	struct lv_batch batch;
	struct lv_event *event;
	int n = 0;

	(void)state;
	for (int i = 0; i < 300; i++) {
		struct snap_uuid uuid = uuid_of((uint32_t)i % 3);

		event = lv_event_new(&uuid, "name", NULL, NULL);
		assert_non_null(event);
		event->type = i;
		lv_inbox_put_event(inbox, event, LV_DIRTY_DEF);
	}
	batch = take(inbox);
	assert_int_equal(batch.n, 3);
	assert_int_equal(notice(&batch, 2)->dirty, LV_DIRTY_DEF);
	assert_int_equal(batch.events.n, 300);
	assert_false(batch.overflow);
	for (event = batch.events.first; event != NULL; event = event->next) {
		assert_int_equal(event->type, n);
		assert_int_equal(number_of(&event->uuid), n % 3);
		n++;
	}
	assert_int_equal(n, 300);
	lv_event_list_free(&batch.events);
	/* None is left for the next batch; one that is not taken is freed. */
	put(inbox, 1, LV_DIRTY_STATE);
	batch = take(inbox);
	assert_null(batch.events.first);
	event = lv_event_new(&batch.notices[0].uuid, NULL, NULL, NULL);
	lv_inbox_put_event(inbox, event, 0);
	lv_inbox_free(inbox);
}

/* One that is lost for want of memory is looked for. */
static void
test_event_lost(void **state)
{
	struct lv_inbox *inbox = new_inbox();
	struct lv_batch batch;

	(void)state;
	lv_inbox_put_event(inbox, NULL, LV_DIRTY_STATE);
	batch = take(inbox);
	assert_true(batch.overflow);
	assert_null(batch.events.first);
	lv_inbox_free(inbox);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_started),
		cmocka_unit_test(test_batch_stays),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_event_lost),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_stop_lasts),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_wakes),
		cmocka_unit_test(test_nothing_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
