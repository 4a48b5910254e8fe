/* support/pdf_writer.h: PDFs for tests: pages of A4 with content that the test gives.
 *
 * Contract:  pages are numbered in the order in which they are added. Content is what stands in a
 *            page's stream. It may use the font F1 (Helvetica), the picture P (a black square of
 *            1), the form W (white words at 10, 10, and others to the right of its box of 100 by
 *            50) and the state C, in which all is transparent. Aborts where anything fails.
 * Ownership: finish frees the writer; the descriptor it returns is the caller's. */
#ifndef Q_TESTS_PDF_WRITER_H
#define Q_TESTS_PDF_WRITER_H

#include "ports/page_extractor.h"

struct pdf_writer;

struct pdf_writer *pdf_writer_new(void);

void pdf_writer_add(struct pdf_writer *writer, const char *content);

/* With more entries of the page's dictionary. */
void pdf_writer_add_with(struct pdf_writer *writer, const char *entries, const char *content);

/* One line of text at the top of a page. */
void pdf_writer_add_text(struct pdf_writer *writer, const char *text);

/* A page that keeps a reader busy for minutes: forms within forms, of nothing. */
void pdf_writer_add_slow(struct pdf_writer *writer);

/* A page that needs many gigabytes of memory: forms within forms, of long texts. */
void pdf_writer_add_huge(struct pdf_writer *writer);

struct q_document_source pdf_writer_finish(struct pdf_writer *writer);

#endif
