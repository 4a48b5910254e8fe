#!/usr/bin/env python3
"""Functions that the sources do not call, each with what to take instead. TAP."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
banned = {
    "strcpy": "q_arena_copy, snprintf", "strncpy": "snprintf", "strcat": "struct q_buf", "strncat": "struct q_buf",
    "sprintf": "snprintf", "vsprintf": "vsnprintf", "strtok": "q_str_cut", "gets": "fgets", "scanf": "q_str_to_int64",
    "sscanf": "q_str_to_int64", "atoi": "q_str_to_int64", "atol": "q_str_to_int64", "atof": "q_json_double",
    "alloca": "an arena", "rand": "the random_source port", "srand": "the random_source port", "system": "posix_spawn",
    "popen": "posix_spawn", "setjmp": "return codes", "longjmp": "return codes", "tmpnam": "mkstemp",
    "localtime": "base/time.h", "gmtime": "base/time.h", "ctime": "base/time.h", "asctime": "base/time.h",
}
heap = {"malloc", "calloc", "realloc", "free", "strdup", "strndup", "asprintf"}
heap_files = {"src/base/mem.c"}
exits = {"exit", "_exit", "abort", "quick_exit"}
exit_places = ("src/cmd/", "src/extract/", "src/base/assert.c", "src/base/hash.c")
call = re.compile(r"(?<![\w.>])(\w+)\s*\(")
comments = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)

problems = []
for path in sorted((root / "src").rglob("*.[ch]")):
    name = path.relative_to(root).as_posix()
    text = comments.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), path.read_text())
    for number, line in enumerate(text.split("\n"), 1):
        for function in call.findall(line):
            if function in banned:
                problems.append(f"{name}:{number}: {function}: take {banned[function]}")
            elif function in heap and name not in heap_files:
                problems.append(f"{name}:{number}: {function}: the heap is reached through base/mem.h")
            elif function in exits and not name.startswith(exit_places):
                problems.append(f"{name}:{number}: {function}: only cmd/ ends the program")
print("1..1")
print(f"{'not ok' if problems else 'ok'} 1 - no banned function is called")
for problem in problems:
    print("#", problem)
sys.exit(1 if problems else 0)
