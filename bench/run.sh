#!/bin/sh
# ./dev bench [NAME ...]: the benchmarks of docs/performance.md, one after the other. Loopback only; each ends by itself.
# BENCH_DIR: a directory on the disk to measure (the system's temporary one where not set).
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d "${BENCH_DIR:-${TMPDIR:-/tmp}}/quire-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

pipeline() {
	ninja -C build bench/pipeline >/dev/null
	ln -sf ../quire-extract build/bench/quire-extract
	for round in 1 2 3; do build/bench/pipeline "$work/pipeline.$round"; done
}

fairness() {
	ninja -C build bench/fairness >/dev/null
	ln -sf ../quire-extract build/bench/quire-extract
	build/bench/fairness "$work/fairness"
}

extract() {
	ninja -C build bench/extract >/dev/null
	files=$(find tests/fixtures/pdfs/good ../shared/data/pdfs/good -name '*.pdf' 2>/dev/null | grep -vi password)
	for round in 1 2 3; do
		# shellcheck disable=SC2086 # a list of paths
		build/bench/extract bare $files
		# shellcheck disable=SC2086
		build/bench/extract helper 1 build/quire-extract $files
		# shellcheck disable=SC2086
		build/bench/extract helper 2 build/quire-extract $files
	done
}

quotes() { python3 bench/quotes.py || [ $? = 77 ]; }

# The child's memory over a long document: the most that was resident, of the helper and its child.
long_document() {
	python3 bench/make_long_pdf.py "$work/long.pdf"
	python3 - "$work/long.pdf" <<'PYTHON'
import resource, subprocess, sys
subprocess.run(["build/quire-extract", "--text", sys.argv[1]], stdout=subprocess.DEVNULL, check=True)
print(f"2,400 pages within {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.1f} MiB")
PYTHON
}

records() {
	ninja -C build bench/records >/dev/null
	mkdir "$work/records"
	build/bench/records "$work/records"
}

analyst() {
	ninja -C build bench/analyst >/dev/null
	build/bench/analyst
}

analyser() {
	ninja -C build bench/analyser >/dev/null
	build/bench/analyser
}

job_read() { python3 bench/job_read.py; }
upload() { BENCH_DIR=$work python3 bench/upload.py; }
footprint() { python3 bench/footprint.py; }
search() { python3 bench/search.py "$@"; }

# Options may follow: ./dev bench search --members 1000000
if [ "${1:-}" = search ]; then
	shift
	search "$@"
	exit
fi

[ $# -gt 0 ] || set -- pipeline fairness extract quotes long_document records analyst analyser upload job_read footprint search
for name in "$@"; do
	echo "== $name"
	"$name"
done
