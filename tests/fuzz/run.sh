#!/bin/sh
# ./dev fuzz [SECONDS [TARGET ...]]: every parser of foreign bytes under libFuzzer with ASan and UBSan, each for SECONDS (60).
# What is found is left in build-fuzz/found/; new inputs that reach new code in build-fuzz/corpus/.
set -eu
cd "$(dirname "$0")/../.."
seconds=${1:-60}
[ $# -eq 0 ] || shift
if [ ! -f build-fuzz/build.ninja ]; then
	CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false -Dwerror=false >/dev/null
fi
if [ $# -eq 0 ]; then
	for source in tests/fuzz/fuzz_*.c; do
		name=${source##*/fuzz_}
		set -- "$@" "${name%.c}"
	done
fi
printf 'tests/fuzz/fuzz_%s\n' "$@" | xargs ninja -C build-fuzz -v 2>&1 | tests/style/quiet_ninja.sh
failed=
for name in "$@"; do
	mkdir -p "build-fuzz/corpus/$name" "build-fuzz/found/$name"
	echo "== $name, $seconds s"
	"build-fuzz/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -print_final_stats=1 \
		-artifact_prefix="build-fuzz/found/$name/" "build-fuzz/corpus/$name" "tests/fuzz/corpus/$name" \
		>"build-fuzz/$name.log" 2>&1 || failed="$failed $name"
	grep -E 'number_of_executed_units|ERROR|SUMMARY' "build-fuzz/$name.log" || :
done
[ -z "$failed" ] || {
	echo "found something:$failed; the logs are build-fuzz/NAME.log" >&2
	exit 1
}
