/* base/compiler.h: what the C language lacks a word for. Included everywhere, includes nothing of
 * ours. */
#ifndef Q_BASE_COMPILER_H
#define Q_BASE_COMPILER_H

#include <stddef.h>

/* The result of the function may not be ignored. */
#define Q_MUST_USE __attribute__((warn_unused_result))

/* Arguments are checked like printf's: the format is parameter number FORMAT, its values start at
 * FIRST. */
#define Q_PRINTF(FORMAT, FIRST) __attribute__((format(printf, FORMAT, FIRST)))

/* The struct of TYPE that holds the member POINTER points to. */
#define q_container_of(POINTER, TYPE, MEMBER)                                                      \
	((TYPE *)(void *)(((char *)(POINTER)) - offsetof(TYPE, MEMBER)))

#define Q_COUNT_OF(ARRAY) (sizeof(ARRAY) / sizeof((ARRAY)[0]))

/* A condition that only a bug of ours can break; checked in release builds too. Never for input or
 * for what the world may do: those are errors. Prints file, line and condition, then aborts. */
#define q_assert(CONDITION)                                                                        \
	((CONDITION) ? (void)0 : q_assert_failed(#CONDITION, __FILE__, __LINE__))

_Noreturn void q_assert_failed(const char *condition, const char *file, int line);

#endif
