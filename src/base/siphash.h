/* base/siphash.h: SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"): a short
 * hash under a secret seed. Whoever does not know the seed cannot choose texts that collide. Pure.
 */
#ifndef Q_BASE_SIPHASH_H
#define Q_BASE_SIPHASH_H

#include "base/str.h"

uint64_t q_siphash(const uint64_t seed[2], struct q_str text);

#endif
