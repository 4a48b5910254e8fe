/* replay DIRECTORY: runs a fuzz target on every file of its corpus, so that every build checks
 * what fuzzing has once found; and on every shorter piece of its beginning, since a text that ends
 * too early is the surprise that parsers meet most. Fuzzing itself needs clang: see meson.build. */
#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_BYTES_MAX = 1024 * 1024, PIECES_MAX = 1024 };

/* From a copy of exactly this size: AddressSanitizer then sees a read behind its end. */
static bool run_piece(struct q_bytes input)
{
	uint8_t *copy = q_mem_resize(NULL, input.length > 0 ? input.length : 1);

	if (!copy)
		return false;
	memcpy(copy, input.data, input.length);
	LLVMFuzzerTestOneInput(copy, input.length);
	q_mem_free(copy);
	return true;
}

static bool run_file(int directory, const char *name)
{
	struct q_arena *arena = q_arena_new(2 * INPUT_BYTES_MAX);
	struct q_bytes input;
	struct q_err err;
	bool ok = arena &&
		  q_file_read_at(directory, name, INPUT_BYTES_MAX, arena, &input, &err) == Q_OK;

	for (size_t length = 0; ok && length < input.length && length < PIECES_MAX; length++)
		ok = run_piece((struct q_bytes){input.data, length});
	ok = ok && run_piece(input);
	if (!ok)
		fprintf(stderr, "%s: cannot be read\n", name);
	q_arena_free(arena);
	return ok;
}

int main(int argument_count, char **arguments)
{
	DIR *corpus = argument_count == 2 ? opendir(arguments[1]) : NULL;
	const struct dirent *entry;
	int files = 0;

	if (!corpus) {
		fprintf(stderr, "replay DIRECTORY\n");
		return 2;
	}
	while ((entry = readdir(corpus)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (!run_file(dirfd(corpus), entry->d_name))
			return 1;
		files++;
	}
	closedir(corpus);
	printf("%d inputs\n", files);
	return files > 0 ? 0 : 1;
}
