/* net/multipart.h: reading multipart/form-data (RFC 7578, RFC 2046 5.1) as it arrives.
 *
 * Contract:  the body is fed in pieces, in order; how it is split changes nothing but how the data
 *            of a part is split. q_multipart_finish says if the body was whole. Strict: nothing may
 *            stand before the first boundary, behind one on its line, or after the last but one
 *            CRLF; each part has one Content-Disposition "form-data" with a name; no folded
 *            headers, control characters, parameters given twice or transfer encodings (base64).
 *            Names lose their quotes and the escapes of browsers and curl: \" \\ and %22. A
 *            filename* (RFC 8187, UTF-8 only) is decoded and preferred: RFC 7578 forbids it, yet
 *            .NET sends it with every file and mangles `filename` beside it. Otherwise names are
 *            as sent, in whatever encoding: they are foreign bytes.
 * Units:     bytes.
 * Ownership: the parser borrows its sink; a part's strings last until its part_end returns; data
 *            for the call.
 * Threads:   one at a time, not always the same.
 * Errors:    Q_INVALID with reason "bad_multipart"; Q_TOOBIG: parts, headers or a field beyond
 *            their limits; whatever the sink returns. An error stays: later calls repeat it.
 * Source:    memory is bounded: one allocation of about 9 KiB a parser. */
#ifndef Q_NET_MULTIPART_H
#define Q_NET_MULTIPART_H

#include "base/error.h"
#include "base/str.h"

enum {
	Q_MULTIPART_PARTS_MAX = 64,
	Q_MULTIPART_HEADER_MAX = 8192, /* of one part, all its lines */
	Q_MULTIPART_BOUNDARY_MAX = 70
};

struct q_multipart_part {
	struct q_str name;
	struct q_str filename; /* may be empty where is_file: a form sent without choosing one */
	struct q_str content_type; /* empty when not given */
	bool is_file;		   /* has a filename */
};

/* What the parser calls, in this order for each part. An error ends the parsing. */
struct q_multipart_sink {
	enum q_code (*part_begin)(struct q_multipart_sink *sink,
				  const struct q_multipart_part *part, struct q_err *err);
	enum q_code (*part_data)(struct q_multipart_sink *sink, struct q_bytes data,
				 struct q_err *err);
	enum q_code (*part_end)(struct q_multipart_sink *sink, struct q_err *err);
};

struct q_multipart;

/* `boundary` is the parameter of the Content-Type. A part that is no file may have field_max bytes.
 */
Q_MUST_USE enum q_code q_multipart_new(struct q_str boundary, size_t field_max,
				       struct q_multipart_sink *sink, struct q_multipart **out,
				       struct q_err *err);

Q_MUST_USE enum q_code q_multipart_feed(struct q_multipart *parser, struct q_bytes input,
					struct q_err *err);

/* The body has ended: Q_INVALID when it was cut off. */
Q_MUST_USE enum q_code q_multipart_finish(struct q_multipart *parser, struct q_err *err);

/* NULL is allowed. */
void q_multipart_free(struct q_multipart *parser);

#endif
