/* embedded/extractive/fold.h: a part of the page as it is shown to readers. Pure function. */
#ifndef Q_EMBEDDED_EXTRACTIVE_FOLD_H
#define Q_EMBEDDED_EXTRACTIVE_FOLD_H

#include "base/str.h"

/* Copies text to out: runs of white space and control characters become one space, none at either
 * end, bad bytes U+FFFD; what goes beyond `size` is cut off at a character. Returns the view of
 * what was written. */
struct q_str q__fold(struct q_str text, char *out, size_t size);

#endif
