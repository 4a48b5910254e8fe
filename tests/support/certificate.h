/* support/certificate.h: a self-signed certificate for 127.0.0.1 and its key (P-256), as PEM files.
 */
#ifndef Q_TESTS_CERTIFICATE_H
#define Q_TESTS_CERTIFICATE_H

/* `name` becomes the subject's common name: by it a test tells one certificate from another.
 * Aborts where it fails. */
void certificate_write(const char *name, const char *certificate_file, const char *key_file);

#endif
