/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests vm_index: random operations against a simple model. */
#include "vm_index_test.h"

/* The model: what the numbers should be, found by looking at everything. */

#define M_VMS 24
#define M_DEVS 64

struct m_thing {
	bool known;
	uint32_t index;
	time_t deleted; /* 0: exists */
	char key[2];
	unsigned occurrence;
};

static struct m_thing m_vms[M_VMS];
static struct m_thing m_devs[M_VMS][2][M_DEVS];

static uint32_t
m_lowest(const struct m_thing *things, size_t n)
{
	uint32_t index = 1;

	for (size_t i = 0; i < n; i++) {
		if (things[i].known && things[i].index == index) {
			index++;
			i = (size_t)-1;
		}
	}
	return index;
}

static void
m_expire(struct m_thing *things, size_t n, time_t now)
{
	for (size_t i = 0; i < n; i++) {
		if (things[i].deleted > now)
			things[i].deleted = now;
		if (things[i].deleted != 0 &&
		    now - things[i].deleted >= VM_INDEX_RESERVED_S)
			memset(&things[i], 0, sizeof(things[i]));
	}
}

static uint32_t
m_vm(uint32_t n)
{
	if (!m_vms[n].known) {
		m_vms[n].index = m_lowest(m_vms, M_VMS);
		m_vms[n].known = true;
		memset(m_devs[n], 0, sizeof(m_devs[n]));
	}
	m_vms[n].deleted = 0;
	return m_vms[n].index;
}

static void
m_delete(uint32_t n, time_t now)
{
	if (m_vms[n].known && m_vms[n].deleted == 0)
		m_vms[n].deleted = now;
}

static struct m_thing *
m_device(struct m_thing *devs, const char *key, unsigned occurrence)
{
	for (size_t i = 0; i < M_DEVS; i++) {
		if (devs[i].known && strcmp(devs[i].key, key) == 0 &&
		    devs[i].occurrence == occurrence)
			return &devs[i];
	}
	return NULL;
}

static void
m_devices(struct m_thing *devs, const char *const *keys, size_t n,
    uint32_t *indices, time_t now)
{
	unsigned occurrence[M_DEVS];

	for (size_t d = 0; d < M_DEVS; d++) {
		if (devs[d].known && devs[d].deleted == 0)
			devs[d].deleted = now;
	}
	for (size_t k = 0; k < n; k++) {
		occurrence[k] = 1;
		for (size_t j = 0; j < k; j++)
			occurrence[k] += strcmp(keys[j], keys[k]) == 0;

		struct m_thing *dev = m_device(devs, keys[k], occurrence[k]);

		if (dev != NULL)
			dev->deleted = 0;
	}
	m_expire(devs, M_DEVS, now);
	for (size_t k = 0; k < n; k++) {
		struct m_thing *dev = m_device(devs, keys[k], occurrence[k]);

		if (dev == NULL) {
			for (dev = devs; dev->known; dev++)
				continue;
			dev->index = m_lowest(devs, M_DEVS);
			dev->known = true;
			strcpy(dev->key, keys[k]);
			dev->occurrence = occurrence[k];
		}
		indices[k] = dev->index;
	}
}

static int
is_in_mask(const struct snap_uuid *uuid, void *arg)
{
	uint32_t n;

	memcpy(&n, uuid->octets + 8, sizeof(n));
	return *(const unsigned long *)arg >> n & 1;
}

static void
random_devices(struct vm_index *ix, uint32_t n_vm, time_t now)
{
	static const char *const letters[] = { "a", "b", "c", "d", "e", "" };
	enum vm_index_kind kind = random() % 2 ? VM_INDEX_DISK : VM_INDEX_NIC;
	const char *keys[6];
	uint32_t got[6], expected[6];
	size_t n = (size_t)(random() % 7);

	for (size_t k = 0; k < n; k++)
		keys[k] = letters[random() % 6];

	int rc = devices(ix, n_vm, kind, keys, n, got, now);

	if (!m_vms[n_vm].known || m_vms[n_vm].deleted != 0) {
		assert_int_equal(rc, -1);
		return;
	}
	assert_int_equal(rc, 0);
	m_devices(m_devs[n_vm][kind], keys, n, expected, now);
	assert_memory_equal(got, expected, n * sizeof(got[0]));
}

static void
random_retain(struct vm_index *ix, time_t now)
{
	unsigned long mask = (unsigned long)(random() | random());

	vm_index_retain(ix, is_in_mask, &mask, now);
	for (uint32_t n = 0; n < M_VMS; n++) {
		if (!(mask >> n & 1))
			m_delete(n, now);
	}
	m_expire(m_vms, M_VMS, now);
}

static void
random_operation(struct vm_index **ix, time_t *now)
{
	uint32_t n = (uint32_t)random() % M_VMS;

	switch (random() % 16) {
	case 0:
		*now += random() % (2 * DAY);
		break;
	case 1:
		if (random() % 16 == 0)
			*now -= random() % (3 * DAY);
		break;
	case 2:
		*ix = reopen(*ix);
		break;
	case 3:
		random_retain(*ix, *now);
		break;
	case 4:
	case 5:
	case 6:
		delete(*ix, n, *now);
		m_delete(n, *now);
		m_expire(m_vms, M_VMS, *now);
		break;
	case 7:
	case 8:
	case 9:
	case 10:
		random_devices(*ix, n, *now);
		break;
	default:
		assert_int_equal(vm(*ix, n), m_vm(n));
		break;
	}
}

static void
random_operations_agree_with_model(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 20; seed++) {
		time_t now = NOW;
		struct vm_index *ix = open_index();

		srandom(seed);
		memset(m_vms, 0, sizeof(m_vms));
		memset(m_devs, 0, sizeof(m_devs));
		for (int i = 0; i < 2000; i++) {
			random_operation(&ix, &now);
			for (uint32_t n = 0; n < M_VMS; n++)
				assert_int_equal(find(ix, n),
				    m_vms[n].deleted ? 0 : m_vms[n].index);
		}
		vm_index_close(ix);
		dir_empty();
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		dir_test(random_operations_agree_with_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
