/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs a fuzz target without libFuzzer: on each seed, then on mutations.
 *
 * usage: fuzz_TARGET [FILE-OR-DIRECTORY...]
 * environment: FUZZ_SECONDS of mutations (5, 0 for none); FUZZ_SEED of the
 * random numbers (7666), the same one gives the same inputs; FUZZ_LAST, a file
 * that holds the input being tried, to be looked at after a crash
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define INPUT_MAX 65536
#define SEEDS_MAX 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	size_t len;
	uint8_t *data;
};

static struct input seeds[SEEDS_MAX];
static size_t n_seeds;
static uint64_t random_state;
static int last_fd = -1;

/* xorshift64*: the same everywhere, unlike rand(). */
static size_t
random_below(size_t limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return limit > 0 ? (size_t)((random_state * 0x2545f4914f6cdd1du >> 16) %
	    limit) : 0;
}

static unsigned long
setting(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? strtoul(value, NULL, 10) :
	    otherwise;
}

/* In a block of just that size, so that a checker sees a look beyond it. */
static void
try_input(const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);

	if (exact == NULL)
		exit(2);
	memcpy(exact, data, len);
	if (last_fd >= 0 && (ftruncate(last_fd, (off_t)len) != 0 ||
	    pwrite(last_fd, data, len, 0) != (ssize_t)len))
		perror("FUZZ_LAST");
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
}

static void
seed_add_file(const char *path)
{
	static uint8_t buffer[INPUT_MAX];
	FILE *file = fopen(path, "r");
	struct input *seed = &seeds[n_seeds];

	if (file == NULL) {
		perror(path);
		exit(2);
	}
	seed->len = fread(buffer, 1, sizeof(buffer), file);
	fclose(file);
	seed->data = malloc(seed->len > 0 ? seed->len : 1);
	if (seed->data == NULL)
		exit(2);
	memcpy(seed->data, buffer, seed->len);
	n_seeds++;
}

static int
not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
seed_add(const char *path)
{
	struct dirent **entries;
	struct stat status;
	char below[4096];
	int i, n;

	if (n_seeds == SEEDS_MAX)
		return;
	if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode)) {
		seed_add_file(path);
		return;
	}
	n = scandir(path, &entries, not_hidden, alphasort);
	for (i = 0; i < n; i++) {
		snprintf(below, sizeof(below), "%s/%s", path,
		    entries[i]->d_name);
		seed_add(below);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

/* Replaces cut octets at position at by n octets of piece. */
static void
replace(struct input *input, size_t at, size_t cut, const uint8_t *piece,
    size_t n)
{
	size_t tail = input->len - at - cut;

	if (at + n + tail > INPUT_MAX)
		return;
	memmove(input->data + at + n, input->data + at + cut, tail);
	memmove(input->data + at, piece, n);
	input->len = at + n + tail;
}

static void
mutate(struct input *input)
{
	static const char *const words[] = {
		"-1", "0", "4294967296", "18446744073709551616", "'", "<", ">",
		"&amp;", "&#0;", "]]>", "<!--", "\xff", "\n", "\t", "/", "=",
	};
	const struct input *other = &seeds[random_below(n_seeds)];
	const char *word = words[random_below(sizeof(words) / sizeof(words[0]))];
	size_t at = random_below(input->len + 1);
	size_t n = random_below(input->len - at + 1);
	size_t from = random_below(other->len);
	uint8_t octet = (uint8_t)random_below(256), copy[64];

	if (n > 64)
		n = 1 + n % 64;
	switch (random_below(7)) {
	case 0:
		if (at < input->len)
			input->data[at] ^= (uint8_t)(1u << random_below(8));
		break;
	case 1:
		replace(input, at, at < input->len, &octet, 1);
		break;
	case 2:
		replace(input, at, n, &octet, 0);
		break;
	case 3:
		memcpy(copy, input->data + at, n);
		replace(input, random_below(input->len + 1), 0, copy, n);
		break;
	case 4:
		replace(input, at, n, (const uint8_t *)word, strlen(word));
		break;
	case 5:
		replace(input, at, n, other->data + from,
		    random_below(other->len - from + 1));
		break;
	default:
		if (random_below(10) == 0)
			input->len = at;
		break;
	}
}

static unsigned long
run_mutations(time_t seconds)
{
	static uint8_t buffer[INPUT_MAX];
	struct input input = { 0, buffer };
	time_t end = time(NULL) + seconds;
	const struct input *seed;
	unsigned long runs = 0;
	size_t n;

	for (; time(NULL) < end; runs++) {
		seed = &seeds[random_below(n_seeds)];
		memcpy(buffer, seed->data, seed->len);
		input.len = seed->len;
		for (n = 1 + random_below(8); n > 0; n--)
			mutate(&input);
		try_input(input.data, input.len);
	}
	return runs;
}

int
main(int argc, char **argv)
{
	unsigned long seconds = setting("FUZZ_SECONDS", 5);
	unsigned long random_seed = setting("FUZZ_SEED", 7666);
	const char *last = getenv("FUZZ_LAST");
	unsigned long runs;
	size_t j;
	int i;

	random_state = random_seed != 0 ? random_seed : 1;
	if (last != NULL)
		last_fd = open(last, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	for (i = 1; i < argc; i++)
		seed_add(argv[i]);
	if (n_seeds == 0) {
		seeds[0].data = calloc(1, 1);
		n_seeds = 1;
	}
	printf("%zu seeds, FUZZ_SEED=%lu\n", n_seeds, random_seed);
	fflush(stdout);
	for (j = 0; j < n_seeds; j++)
		try_input(seeds[j].data, seeds[j].len);
	runs = run_mutations((time_t)seconds);
	printf("%lu mutations in %lu s\n", runs, seconds);
	for (j = 0; j < n_seeds; j++)
		free(seeds[j].data);
	return 0;
}
