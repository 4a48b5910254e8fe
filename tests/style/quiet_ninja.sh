#!/bin/sh
# Reads ninja's verbose output: a progress line a while, and everything from the first failure on.
exec awk '
	/^\[[0-9]+\/[0-9]+\]/ { if (!failed) { last = $1; if (NR % 40 == 0) { printf "%s\n", last; fflush() } next } }
	/^FAILED/ { failed = 1 }
	/^ninja: (no work to do|Entering)/ { next }
	{ print; fflush() }
	END { exit failed }'
