#include "support/certificate.h"

#include "base/compiler.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

enum { DAY_SECONDS = 24 * 3600 };

static void write_certificate(const X509 *certificate, const char *path)
{
	FILE *file = fopen(path, "w");

	q_assert(file && PEM_write_X509(file, certificate) == 1 && fclose(file) == 0);
}

static void write_key(const EVP_PKEY *key, const char *path)
{
	FILE *file = fopen(path, "w");

	q_assert(file && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1 &&
		 fclose(file) == 0);
}

/* What clients check: the authority that the certificate is for itself, and the address. */
static void add_extension(X509 *certificate, int kind, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);

	q_assert(extension && X509_add_ext(certificate, extension, -1) == 1);
	X509_EXTENSION_free(extension);
}

void certificate_write(const char *name, const char *certificate_file, const char *key_file)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);

	q_assert(key && certificate);
	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_SECONDS);
	X509_gmtime_adj(X509_getm_notAfter(certificate), DAY_SECONDS);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
				   -1, 0);
	X509_set_issuer_name(certificate, subject);
	add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(certificate, NID_subject_alt_name, "IP:127.0.0.1");
	q_assert(X509_sign(certificate, key, EVP_sha256()) > 0);
	write_certificate(certificate, certificate_file);
	write_key(key, key_file);
	X509_free(certificate);
	EVP_PKEY_free(key);
}
