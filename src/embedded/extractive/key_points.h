/* embedded/extractive/key_points.h: what a sentence binds somebody to: duties, sums, dates, shares.
 * Pure function. */
#ifndef Q_EMBEDDED_EXTRACTIVE_KEY_POINTS_H
#define Q_EMBEDDED_EXTRACTIVE_KEY_POINTS_H

#include "embedded/extractive/scan.h"

/* 0: the sentence makes no key point. The more it states the heavier. */
double q__key_point_weight(const struct q__scan *scan, const struct q__match *matches,
			   unsigned count);

#endif
