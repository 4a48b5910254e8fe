/* replay DIRECTORY: runs a fuzz target over the files of its corpus, so that every build checks what
 * fuzzing has once found. Fuzzing itself needs clang: see meson.build. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY);
	struct stat status;
	uint8_t *bytes;
	ssize_t got = -1;

	if (fd < 0 || fstat(fd, &status) != 0)
		return -1;
	bytes = malloc(
		(size_t)status.st_size); /* no byte more: a sanitizer sees each read beyond */
	if (bytes)
		got = read(fd, bytes, (size_t)status.st_size);
	if (got >= 0)
		LLVMFuzzerTestOneInput(bytes, (size_t)got);
	free(bytes);
	close(fd);
	return got == status.st_size ? 0 : -1;
}

int main(int argc, char **argv)
{
	DIR *directory = argc == 2 ? opendir(argv[1]) : NULL;
	struct dirent *entry;
	int count = 0;

	if (!directory) {
		fprintf(stderr, "replay DIRECTORY\n");
		return 2;
	}
	while ((entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		if (run_file(dirfd(directory), entry->d_name) != 0) {
			fprintf(stderr, "%s: cannot be read\n", entry->d_name);
			return 1;
		}
		count++;
	}
	closedir(directory);
	printf("%d inputs\n", count);
	return count > 0 ? 0 : 1;
}
