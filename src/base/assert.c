#include "base/compiler.h"

#include <stdio.h>
#include <stdlib.h>

void q_assert_failed(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: a bug: this does not hold: %s\n", file, line, condition);
	abort();
}
