/* quire token: a token for HTTP clients, made from the secret in the data directory. Works offline
 * and takes no lock. */
#include "access/token.h"
#include "base/str.h"
#include "base/time.h"
#include "cmd/options.h"
#include "cmd/wiring.h"

#include <stdio.h>
#include <string.h>

enum { HOUR_MS = 3600 * 1000, EXPIRES_MAX_DAYS = 366 };

/* "90s", "15m", "12h", "30d", or a number of seconds. */
static bool parse_duration(const char *text, int64_t *out_ms)
{
	struct q_str s = q_str_from(text);
	int64_t unit_ms = 1000, count;

	if (s.length > 1 && strchr("smhd", s.data[s.length - 1])) {
		switch (s.data[s.length - 1]) {
		case 'm':
			unit_ms = 60 * 1000;
			break;
		case 'h':
			unit_ms = HOUR_MS;
			break;
		case 'd':
			unit_ms = 24LL * HOUR_MS;
			break;
		default:
			break;
		}
		s.length--;
	}
	if (!q_str_to_int64(s, &count) || count < 1 ||
	    count > EXPIRES_MAX_DAYS * 24LL * HOUR_MS / unit_ms)
		return false;
	*out_ms = count * unit_ms;
	return true;
}

/* Comma-separated roles, or "none". */
static bool parse_roles(const char *text, unsigned *out)
{
	struct q_str rest = q_str_from(text), word;

	*out = 0;
	if (strcmp(text, "none") == 0)
		return true;
	while (rest.length > 0) {
		enum q_role role;

		q_str_cut(rest, ',', &word, &rest);
		if (!q_role_parse(word, &role))
			return false;
		*out |= role;
	}
	return *out != 0;
}

static enum q_exit print_token(const struct q_command_context *context, struct q_identity *who,
			       int64_t lifetime_ms)
{
	struct q_wiring *w;
	struct q_str token;
	struct q_err err;
	enum q_code code = q_wiring_open(context->settings, Q_WIRE_SECRETS, &w, &err);

	if (code)
		return q_command_error("token", &err);
	who->expires_at_ms = q_clock_now_ms(w->clock) + lifetime_ms;
	code = q_token_make(&w->token_rules, who, q_clock_now_ms(w->clock), context->arena, &token,
			    &err);
	q_wiring_close(w);
	if (code)
		return q_command_error("token", &err);
	printf("%.*s\n", Q_STR_ARG(token));
	return Q_EXIT_DONE;
}

static enum q_exit run(const struct q_command_context *context)
{
	const char *tenant = "default", *tenant_type = "external", *expires = "1h";
	const char *subject = "cli";
	struct q_option options[] = {{"tenant", true, NULL, &tenant},
				     {"tenant-type", true, NULL, &tenant_type},
				     {"expires", true, NULL, &expires},
				     {"subject", true, NULL, &subject}};
	struct q_identity who = {.kind = Q_IDENTITY_TOKEN};
	const char *const *operands;
	size_t operand_count;
	int64_t lifetime_ms;
	struct q_err err;

	if (q_options_parse(context, options, Q_COUNT_OF(options), &operands, &operand_count, &err))
		return q_command_usage(&q_command_token, "%s", err.message);
	if (operand_count != 1 || !parse_roles(operands[0], &who.roles))
		return q_command_usage(&q_command_token,
				       "name the roles: admin, compliance_lead, auditor (or none)");
	if (!q_tenant_type_parse(q_str_from(tenant_type), &who.tenant_type))
		return q_command_usage(&q_command_token, "--tenant-type is internal or external");
	if (!parse_duration(expires, &lifetime_ms))
		return q_command_usage(&q_command_token,
				       "--expires is a time such as 90s, 15m, 12h or 30d");
	who.tenant_id = q_str_from(tenant);
	who.subject = q_str_from(subject);
	return print_token(context, &who, lifetime_ms);
}

const struct q_command q_command_token = {
	.name = "token",
	.synopsis = "token ROLE[,ROLE] [--tenant T] [--tenant-type internal|external] "
		    "[--expires 1h] [--subject S] [--data-dir DIR]",
	.summary = "print a bearer token, signed with the data directory's secret",
	.help = "Works while a server runs and while none does; makes the secret where there is "
		"none.\n"
		"Defaults: --tenant default --tenant-type external --expires 1h.\n",
	.run = run,
};
