/* net/deadlines.h: when something is due, in lists by kind. Private to net/.
 *
 * Contract:  within one kind waits are mostly equal, so that a new deadline belongs at or near the
 *            end of its list: setting one searches from there, a few links, however many there are.
 * Units:     ms on the loop's clock (monotonic).
 * Ownership: a deadline is a member of what it is about; it is in one list or none.
 * Threads:   the loop's. */
#ifndef Q_NET_DEADLINES_H
#define Q_NET_DEADLINES_H

#include <stdbool.h>
#include <stdint.h>

enum q__due {
	Q__DUE_HANDSHAKE, /* connections: TLS handshake */
	Q__DUE_IDLE,	  /* no request */
	Q__DUE_HEAD,	  /* a request's head is being received */
	Q__DUE_BODY,	  /* its body: the next look at its speed */
	Q__DUE_WRITE,	  /* the socket is full: the next look if the client reads */
	Q__DUE_LINGER,	  /* answered and half-closed */
	Q__DUE_RESUME,	  /* requests: a handler runs again */
	Q__DUE_POOL,	  /* a task that the pool had no room for is offered again */
	Q__DUE_STOP,	  /* the loop: the end of grace */
	Q__DUE_ACCEPT,	  /* the loop: there was no memory for a connection */
	Q__DUE_COUNT
};

struct q__deadline {
	struct q__deadline *next, *previous; /* NULL: not set */
	int64_t at_ms;
	enum q__due due;
};

struct q__deadlines {
	struct q__deadline lists[Q__DUE_COUNT]; /* sentinels */
};

void q__deadlines_init(struct q__deadlines *all);

/* Moves the deadline where it is set already. */
void q__deadline_set(struct q__deadlines *all, struct q__deadline *deadline, enum q__due due,
		     int64_t at_ms);
void q__deadline_clear(struct q__deadline *deadline);
bool q__deadline_is_set(const struct q__deadline *deadline, enum q__due due);

/* One that is due at `now_ms`, cleared; NULL when none is. */
struct q__deadline *q__deadlines_take(struct q__deadlines *all, int64_t now_ms);

/* The earliest; INT64_MAX when none is set. */
int64_t q__deadlines_next_ms(const struct q__deadlines *all);

#endif
