/* search/segment/length_byte.h: the length of a text field in one byte, as Lucene keeps it
 * (SmallFloat.intToByte4): exact below 40, then the lower end of steps that grow. The order of
 * lengths is the order of their bytes. Pure. */
#ifndef Q_SEARCH_SEGMENT_LENGTH_BYTE_H
#define Q_SEARCH_SEGMENT_LENGTH_BYTE_H

#include <stdint.h>

uint8_t q__length_to_byte(uint32_t length);
uint32_t q__length_from_byte(uint8_t byte);

#endif
