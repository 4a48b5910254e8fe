/* The file: documents (4), deleted ones (4), the words (8 each), a checksum of all that (8). */
#include "search/segment/deletions.h"

#include "base/mem.h"
#include "search/segment/checksum.h"
#include "search/segment/codec.h"

enum { HEAD_BYTES = 8, CHECKSUM_BYTES = 8 };

struct q__deletions *q__deletions_copy(const struct q__deletions *from, uint32_t document_count)
{
	size_t words_bytes = q_bits_words(document_count) * sizeof(uint64_t);
	struct q__deletions *copy = q_mem_new(sizeof *copy + words_bytes);

	if (!copy)
		return NULL;
	atomic_init(&copy->reference_count, 1);
	copy->document_count = document_count;
	if (from) {
		copy->deleted_count = from->deleted_count;
		memcpy(copy->words, from->words, words_bytes);
	}
	return copy;
}

struct q__deletions *q__deletions_ref(struct q__deletions *deletions)
{
	if (deletions)
		atomic_fetch_add(&deletions->reference_count, 1);
	return deletions;
}

void q__deletions_unref(struct q__deletions *deletions)
{
	if (deletions && atomic_fetch_sub(&deletions->reference_count, 1) == 1)
		q_mem_free(deletions);
}

void q__deletions_add(struct q__deletions *deletions, uint32_t document)
{
	q_assert(document < deletions->document_count);
	if (q__deletions_have(deletions, document))
		return;
	q_bits_add(deletions->words, document);
	deletions->deleted_count++;
}

enum q_code q__deletions_write(const struct q__deletions *deletions, struct q__directory *directory,
			       const char *name, struct q_err *err)
{
	size_t words_bytes = q_bits_words(deletions->document_count) * sizeof(uint64_t);
	enum q_code code = Q_OK;
	struct q_buf out;

	q_buf_init(&out, HEAD_BYTES + words_bytes + CHECKSUM_BYTES);
	q__append_u32(&out, deletions->document_count);
	q__append_u32(&out, deletions->deleted_count);
	q_buf_append_bytes(&out, deletions->words, words_bytes);
	q__append_u64(&out, q__checksum(q_str_bytes(q_buf_str(&out))));
	if (q_buf_failed(&out))
		code = q_fail(err, Q_NOMEM, "index.deletions", "%s", name);
	else
		code = directory->ops->replace(directory, name, q_str_bytes(q_buf_str(&out)), err);
	q_buf_free(&out);
	return code;
}

static bool is_whole(struct q_bytes bytes, uint32_t document_count)
{
	size_t size = HEAD_BYTES + q_bits_words(document_count) * sizeof(uint64_t);

	return bytes.length == size + CHECKSUM_BYTES && q__read_u32(bytes.data) == document_count &&
	       q__read_u64(bytes.data + size) == q__checksum((struct q_bytes){bytes.data, size});
}

enum q_code q__deletions_read(struct q__directory *directory, const char *name,
			      uint32_t document_count, struct q__deletions **out, struct q_err *err)
{
	struct q__deletions *deletions = NULL;
	struct q_bytes bytes;
	enum q_code code = directory->ops->map(directory, name, &bytes, err);

	if (code)
		return code;
	if (!is_whole(bytes, document_count))
		code = q_fail(err, Q_CORRUPT, "index.deletions",
			      "%s is not what was written; build the index again from its source",
			      name);
	else if (!(deletions = q__deletions_copy(NULL, document_count)))
		code = q_fail(err, Q_NOMEM, "index.deletions", "%s", name);
	if (!code) {
		deletions->deleted_count = q__read_u32(bytes.data + 4);
		memcpy(deletions->words, bytes.data + HEAD_BYTES,
		       bytes.length - HEAD_BYTES - CHECKSUM_BYTES);
		*out = deletions;
	}
	directory->ops->unmap(directory, bytes);
	return code;
}
