/* base/settings_table.h: the settings that this version serves, in the order in which they are
 * shown. Included by base/settings.h and base/settings.c, which define Q_SETTING. No include
 * guard.
 *
 * Q_SETTING(ID, "NAME", "area", TYPE, minimum, maximum, "words", "default", is_secret, "sentence")
 * Minimum and maximum: of an INTEGER its value, of the others their bytes (0: no bound of its own).
 */
/* clang-format off */

Q_SETTING(HOST, "HOST", "server", STRING, 0, 255, NULL, "127.0.0.1", false,
	"The address to listen on. Anything but loopback needs TLS_CERT and TLS_KEY, or TRUST_PROXY.")
Q_SETTING(PORT, "PORT", "server", INTEGER, 0, 65535, NULL, "3000", false,
	"The port to listen on; 0 takes any free one.")
Q_SETTING(PUBLIC_URL, "PUBLIC_URL", "server", URL, 0, 0, NULL, NULL, false,
	"What links in answers begin with. Unset: the origin that the request was sent to.")
Q_SETTING(TLS_CERT, "TLS_CERT", "server", PATH, 0, 0, NULL, NULL, false,
	"A PEM file with the server's certificate and those between it and the root. Needs TLS_KEY.")
Q_SETTING(TLS_KEY, "TLS_KEY", "server", PATH, 0, 0, NULL, NULL, false,
	"A PEM file with the private key of TLS_CERT.")
Q_SETTING(TRUST_PROXY, "TRUST_PROXY", "server", STRING, 0, 0, NULL, NULL, false,
	"The proxies in front whose forwarding headers are believed: addresses or networks, with commas between.")
Q_SETTING(CORS_ORIGINS, "CORS_ORIGINS", "server", STRING, 0, 0, NULL, NULL, false,
	"The origins whose pages may call the API, with commas between. Unset: none.")
Q_SETTING(METRICS_TOKEN, "METRICS_TOKEN", "server", STRING, 0, 0, NULL, NULL, true,
	"The bearer token that opens /metrics and the details of /ready. Unset: loopback only.")
Q_SETTING(LOG_LEVEL, "LOG_LEVEL", "server", WORD, 0, 0, "debug info warn error", "info", false,
	"The least important lines that are still logged.")

Q_SETTING(DATA_DIR, "DATA_DIR", "storage", PATH, 0, 0, NULL, "./data", false,
	"The directory of everything that quire keeps; one running server each.")
Q_SETTING(RETENTION_DAYS, "RETENTION_DAYS", "storage", INTEGER, 1, 36500, NULL, "90", false,
	"Days until a document and what was made of it are deleted, where its tenant has no rule of its own.")

Q_SETTING(FILE_SIZE_THRESHOLD_MB, "FILE_SIZE_THRESHOLD_MB", "documents", INTEGER, 0, 1024, NULL, "5", false,
	"An upload smaller than this is answered with its results when they come soon enough; MiB.")
Q_SETTING(MAX_FILE_SIZE_MB, "MAX_FILE_SIZE_MB", "documents", INTEGER, 1, 5120, NULL, "500", false,
	"The largest file that is taken in; MiB.")
Q_SETTING(MAX_PAGES, "MAX_PAGES", "documents", INTEGER, 1, 100000, NULL, "5000", false,
	"The most pages that a document may have.")
Q_SETTING(PAGE_TIMEOUT_MS, "PAGE_TIMEOUT_MS", "documents", INTEGER, 100, 600000, NULL, "10000", false,
	"The longest that reading the text of one page may take; milliseconds.")
Q_SETTING(OCR_LAYERS, "OCR_LAYERS", "documents", WORD, 0, 0, "hidden text", "hidden", false,
	"What becomes of the text layer behind a scanned page: hidden, like all text that nobody sees, or the page's text, where every sender is trusted.")
Q_SETTING(WORKER_CONCURRENCY, "WORKER_CONCURRENCY", "documents", INTEGER, 1, 256, NULL, "16", false,
	"Pages that are analysed at the same time.")
Q_SETTING(LLM_PROVIDER, "LLM_PROVIDER", "documents", WORD, 0, 0, "extractive", "extractive", false,
	"What analyses the pages; extractive works without a language model.")

Q_SETTING(WEBHOOK_ALLOW_CIDRS, "WEBHOOK_ALLOW_CIDRS", "webhooks", STRING, 0, 0, NULL, NULL, false,
	"Networks that webhooks may lead to although they are not public, also by http, with commas between. Unset: none.")

Q_SETTING(JWT_ISSUER, "JWT_ISSUER", "access", STRING, 0, 0, NULL, NULL, false,
	"The iss claim that every token must carry. Unset: that of the tokens quire makes itself.")
Q_SETTING(JWT_SECRET, "JWT_SECRET", "access", STRING, 32, 0, NULL, NULL, true,
	"The secret of HS256 tokens, 32 bytes or more. Unset: a random one, kept in DATA_DIR.")
Q_SETTING(JWT_AUDIENCE, "JWT_AUDIENCE", "access", STRING, 0, 0, NULL, NULL, false,
	"The aud claim that every token must carry. Unset: not looked at.")
Q_SETTING(SIGNING_KEYS, "SIGNING_KEYS", "access", STRING, 32, 0, NULL, NULL, true,
	"Keys of cursors, links, tickets and stored secrets, with commas between: the first signs and seals, all verify and open. Unset: made at the first start.")

Q_SETTING(QUIRE_URL, "QUIRE_URL", "client", URL, 0, 0, NULL, "http://127.0.0.1:3000", false,
	"The server that the client commands speak to.")
Q_SETTING(QUIRE_TOKEN, "QUIRE_TOKEN", "client", STRING, 0, 0, NULL, NULL, true,
	"The token or API key that the client commands send.")
/* clang-format on */
