/* The extractive analyst's entities: each case names a page and all that must be found in it,
 * nothing else, in order. */
#include "embedded/analyst_extractive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct page {
	const char *text;
	const char *entities; /* "type:text" joined by '|' */
};

static struct q_str found_in(struct q_arena *arena, const struct q_page_analysis *analysis)
{
	struct q_str found = Q_STR("");

	for (size_t i = 0; i < analysis->entity_count; i++)
		found = q_arena_format(arena, "%.*s%s%s:%.*s", Q_STR_ARG(found), i > 0 ? "|" : "",
				       q_entity_type_name(analysis->entities[i].type),
				       Q_STR_ARG(analysis->entities[i].text));
	return found;
}

static void check_page(struct q_analyst *analyst, const struct page *page)
{
	struct q_page_request request = {.text = q_str_from(page->text),
					 .page_number = 1,
					 .page_count = 1,
					 .kind = Q_STR("document")};
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_page_analysis analysis;
	struct q_call call = {0};
	struct q_err err;
	struct q_str found;

	assert_int_equal(q_analyst_analyse_page(analyst, &call, &request, arena, &analysis, &err),
			 Q_OK);
	found = found_in(arena, &analysis);
	if (!q_str_equal(found, q_str_from(page->entities)))
		fail_msg("in \"%s\"\n  found    %.*s\n  expected %s", page->text, Q_STR_ARG(found),
			 page->entities);
	q_arena_free(arena);
}

static void check_pages(const struct page *pages, size_t count)
{
	struct q_analyst *analyst;
	struct q_err err;

	assert_int_equal(q_analyst_extractive_open(&analyst, &err), Q_OK);
	for (size_t i = 0; i < count; i++)
		check_page(analyst, &pages[i]);
	q_analyst_close(analyst);
}

static void finds_numeric_dates(void **state)
{
	static const struct page pages[] = {
		{"Signed on 2026-12-31 in the office.", "date:2026-12-31"},
		{"Sent 2026-12-31T23:59:59Z by the server.", "date:2026-12-31"},
		{"Due 2026/03/05 or 12/31/2026 at noon.", "date:2026/03/05|date:12/31/2026"},
		{"Fällig am 31.12.2026.", "date:31.12.2026"},
		{"Geliefert: 1.2.2026, bezahlt.", "date:1.2.2026"},
		{"It was opened 12-31-2026 again.", "date:12-31-2026"},
		{"Short form 12/31/26 is read too.", "date:12/31/26"},
		{"Filed 31-Dec-2026 by the clerk.", "date:31-Dec-2026"},
		{"(05/06/2027)", "date:05/06/2027"},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void takes_no_other_numbers_for_dates(void **state)
{
	static const struct page pages[] = {
		{"Version 1.2.3 of the server at 192.168.10.12 is old.", ""},
		{"13/32/2026 and 2026-13-01 and 0/0/2026 are nothing.", ""},
		{"The ratio is 1/2/3 in all of them.", ""},
		{"Use 24/7 support with 3/4 of the staff.", ""},
		{"Chapter 12.31.2026.4 does not exist.", ""},
		{"She was 31 in the year 2026.", ""},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void finds_written_dates(void **state)
{
	static const struct page pages[] = {
		{"It begins on December 31, 2026 at noon.", "date:December 31, 2026"},
		{"It begins on Dec. 31st, 2026 at noon.", "date:Dec. 31st, 2026"},
		{"It ends 31 December 2026, then renews.", "date:31 December 2026"},
		{"On the 1st of March 2027 they met.", "date:1st of March 2027"},
		{"From May 5 to June 7 they were away.", "date:May 5|date:June 7"},
		{"The report of December 2026 is late.", "date:December 2026"},
		{"JANUARY 5, 2026 was the day.", "date:JANUARY 5, 2026"},
		{"Revenue of Q3 2026 fell.", "date:Q3 2026"},
		{"DECEMBER\n31, 2026 is split.", "date:DECEMBER 31, 2026"},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void finds_dates_of_other_languages(void **state)
{
	static const struct page pages[] = {
		{"Der Vertrag endet am 31. Dezember 2026 ohne Kündigung.",
		 "date:31. Dezember 2026"},
		{"Am 1. März beginnt er.", "date:1. März"},
		{"Le contrat prend fin le 31 décembre 2026 au soir.", "date:31 décembre 2026"},
		{"El 5 de mayo de 2026 se firmó.", "date:5 de mayo de 2026"},
		{"本契約は2026年12月31日に終了します。", "date:2026年12月31日"},
		{"会议于3月5日举行。", "date:3月5日"},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void takes_no_verb_for_a_month(void **state)
{
	static const struct page pages[] = {
		{"You may 5 times a day march 7 miles.", ""},
		{"In 5 may be more than 3.", ""},
		{"The May report is about march.", ""},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void finds_money(void **state)
{
	static const struct page pages[] = {
		{"It costs $1,234.56 a month.", "money:$1,234.56"},
		{"Pay $ 5 or $7.", "money:$ 5|money:$7"},
		{"He owes US$500 and C$20.", "money:US$500|money:C$20"},
		{"We raised €3.2 million and £5bn.", "money:€3.2 million|money:£5bn"},
		{"The sum of USD 1,234.56 is due.", "money:USD 1,234.56"},
		{"Es kostet 1.234,56 € im Jahr.", "money:1.234,56 €"},
		{"Er zahlt 50 EUR oder 12,50€.", "money:50 EUR|money:12,50€"},
		{"A fine of 500 dollars or 20 cents.", "money:500 dollars|money:20 cents"},
		{"Der Preis ist CHF 1'250.00 netto.", "money:CHF 1'250.00"},
		{"₹1,00,000 was paid, and ¥5000.", "money:₹1,00,000|money:¥5000"},
		{"料金は5,000円です。", "money:5,000円"},
		{"The loss ($500) is small.", "money:$500"},
		{"Between $20-$30 each.", "money:$20|money:$30"},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void takes_no_other_numbers_for_money(void **state)
{
	static const struct page pages[] = {
		{"The $ sign and the € sign alone.", ""},
		{"A $PATH of 500 lines.", ""},
		{"Order 5 all and try 7 top items.", ""},
		{"$x5 is a variable, A$ is too.", ""},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void finds_percentages(void **state)
{
	static const struct page pages[] = {
		{"It grew by 4.5% and then -3 %.", "percent:4.5%|percent:-3 %"},
		{"A share of 12 percent or 7 per cent.", "percent:12 percent|percent:7 per cent"},
		{"Ein Anteil von 12,5 Prozent.", "percent:12,5 Prozent"},
		{"Une hausse de 3 pour cent.", "percent:3 pour cent"},
		{"２０％ of them.", "percent:２０％"},
		{"The 100% club.", "percent:100%"},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void finds_email_addresses(void **state)
{
	static const struct page pages[] = {
		{"Write to jane.doe+news@mail.example.com.",
		 "email:jane.doe+news@mail.example.com"},
		{"<mailto:ops_team@sub-domain.example.org>",
		 "email:ops_team@sub-domain.example.org"},
		{"Mail a@b.io, A@B.IO or c@d.museum", "email:a@b.io|email:c@d.museum"},
		{"mem-204,Andrew Leach,A.WOOD+GYM@FITMAIL.NET,1-825-305-7465,2024-09-20,USD 923.50",
		 "identifier:mem-204|person:Andrew Leach|email:A.WOOD+GYM@FITMAIL.NET|"
		 "phone:1-825-305-7465|date:2024-09-20|money:USD 923.50"},
		{"\u202bpost@example.org\u202c\u202c", "email:post@example.org"},
		{"No: jane@localhost, @handle, a@@b.com, x@1.2.3.4, a.@b.com", ""},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void finds_telephone_numbers(void **state)
{
	static const struct page pages[] = {
		{"Call (212) 555-0147 now.", "phone:(212) 555-0147"},
		{"Call 212-555-0147 or 212.555.0148.", "phone:212-555-0147|phone:212.555.0148"},
		{"Toll free 1-800-555-0147.", "phone:1-800-555-0147"},
		{"From abroad +1 212 555 0147 2026 times.", "phone:+1 212 555 0147"},
		{"Erreichbar unter +49 (0)30 1234567.", "phone:+49 (0)30 1234567"},
		{"Tel.: 030 1234567, Fax 030 1234568", "phone:030 1234567|phone:030 1234568"},
		{"Phone: 2125550147", "phone:2125550147"},
		{"His mobile is 555-0147.", "phone:555-0147"},
		{"telephone (406)\n555-0186.", "phone:(406) 555-0186"},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void takes_no_other_numbers_for_telephones(void **state)
{
	static const struct page pages[] = {
		{"Totals 212 555 0147 of the table.", ""},
		{"The numbers 112-555-0147 and 555-0147 and 5-5-5.", ""},
		{"1234567890 units of 12345678901234567890.", ""},
		{"ISBN 978-1-997858-33-1 is a handbook.", ""},
		{"Score +5 to +12 points.", ""},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void finds_identifiers(void **state)
{
	static const struct page pages[] = {
		{"Member MEM-00123 at LOC-1003.", "identifier:MEM-00123|identifier:LOC-1003"},
		{"See INV-2024-0118 and PO/2026/77.",
		 "identifier:INV-2024-0118|identifier:PO/2026/77"},
		{"Invoice no. 10023 and policy # A-99812.", "identifier:10023|identifier:A-99812"},
		{"Contract number: 2024/118-B is void.", "identifier:2024/118-B"},
		{"Account No 0012-3345-1", "identifier:0012-3345-1"},
		{"Case No. 21-cv-01234 was heard.", "identifier:21-cv-01234"},
		{"The member id is 123456789.", "identifier:123456789"},
		{"Ticket CTR20240118 was closed.", "identifier:CTR20240118"},
		{"Certified to ISO 9001 and DIN EN 1090-2.",
		 "identifier:ISO 9001|identifier:DIN EN 1090-2"},
		{"Request 550e8400-e29b-41d4-a716-446655440000 failed.",
		 "identifier:550e8400-e29b-41d4-a716-446655440000"},
		{"Rechnung Nr. 4711-22 vom Montag.", "identifier:4711-22"},
		{"Invoice: 1234567", "identifier:1234567"},
		{"record mem-00412 of loc-22.", "identifier:mem-00412"},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void takes_no_other_codes_for_identifiers(void **state)
{
	static const struct page pages[] = {
		{"COVID-19, UTF-8, A4, B2B, MP3 and Q-3 are words.", ""},
		{"FY2026, E1111 and 1Z are none.", ""},
		{"Section 12-14 and Amendment No. 1.", ""},
		{"The group of 12345 orders a claim of 20000.", ""},
		{"https://example.com/INV-2024-0118?id=MEM-00123", ""},
		{"www.example.com/LOC-1003", ""},
		{"The policy of 2024.", ""},
		{"The contract 12/31/2026 ends.", "date:12/31/2026"},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void finds_organisations(void **state)
{
	static const struct page pages[] = {
		{"We met Acme Fitness, Inc. in the hall.", "organisation:Acme Fitness, Inc."},
		{"Ironwood Fitness Center LLC (the Operator) pays.",
		 "organisation:Ironwood Fitness Center LLC"},
		{"The Harborlight Health Plan pays.", "organisation:Harborlight Health Plan"},
		{"Die Müller & Söhne GmbH liefert.", "organisation:Müller & Söhne GmbH"},
		{"Die Nordlicht GmbH & Co. KG und die Weber AG liefern.",
		 "organisation:Nordlicht GmbH & Co. KG|organisation:Weber AG"},
		{"Contact Vandelay Ltd. Call Penske Corp. at once.",
		 "organisation:Vandelay Ltd.|organisation:Penske Corp."},
		{"Smith & Wesson Holdings sells.", "organisation:Smith & Wesson Holdings"},
		{"The University of Freiburg and the Bank of Zambezi.",
		 "organisation:University of Freiburg|organisation:Bank of Zambezi"},
		{"Between Prairie Shield Benefits (the Plan) and others.",
		 "organisation:Prairie Shield Benefits"},
		{"Cedar Valley Brewers (\"Brewers\") pays.", "organisation:Cedar Valley Brewers"},
		{"Bluebird Athletic\nClub opened.", "organisation:Bluebird Athletic Club"},
		{"Vandelay Imports L.L.C. and Telefónica S.A. agreed.",
		 "organisation:Vandelay Imports L.L.C.|organisation:Telefónica S.A."},
		{"Both Foundry Gymnasium and Lakeside Club are new.",
		 "organisation:Foundry Gymnasium|organisation:Lakeside Club"},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void takes_no_heading_for_an_organisation(void **state)
{
	static const struct page pages[] = {
		{"LOCATION PARTICIPATION AGREEMENT", ""},
		{"Transition of Members\nRecords and Audit\nThe Company", ""},
		{"The Plan and The Club and the Health Plan agree.", ""},
		{"A Fitness Center is a place. Health Club Rules apply.", ""},
		{"Schedule A - Rate Schedule", ""},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void finds_persons(void **state)
{
	static const struct page pages[] = {
		{"The coordinator is Dana Whitfield, who", "person:Dana Whitfield"},
		{"Signed by Dr. Helen Q. Strand today.", "person:Helen Q. Strand"},
		{"Ask Mr. Oyelaran or Señora Núñez.", "person:Mr. Oyelaran|person:Señora Núñez"},
		{"With Zoë Lefèvre and Ólafur Þórsson.",
		 "person:Zoë Lefèvre|person:Ólafur Þórsson"},
		{"With Jürgen von Größe.", "person:Jürgen von Größe"},
		{"Contact: Xi Bao\nName: Qadir Zuberi", "person:Xi Bao|person:Qadir Zuberi"},
		{"Treated by Xi Bao, PhD, twice.", "person:Xi Bao"},
		{"Priya Raman PhD and Qadir Zuberi, CPA", "person:Priya Raman|person:Qadir Zuberi"},
		{"Sincerely,\nMary-Ann Okafor", "person:Mary-Ann Okafor"},
		{"Priya\nRaman spoke.", "person:Priya Raman"},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void takes_no_other_words_for_persons(void **state)
{
	static const struct page pages[] = {
		{"James went home. Helen too.", ""},
		{"Martha Section and Oscar Agreement", ""},
		{"Contact: Customer Service", ""},
		{"Morgan Stanley Mutual", "organisation:Morgan Stanley Mutual"},
		{"Dana Whitfield's dog, Prof. Strand’s cat", ""},
		{"Martha Copyright and Helen Insurance Ltd", "organisation:Helen Insurance Ltd"},
		{"Name: ________", ""},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void finds_places(void **state)
{
	static const struct page pages[] = {
		{"It is governed by the laws of the State of Delaware.", "place:Delaware"},
		{"They moved from New York to São Paulo, Brazil.",
		 "place:New York|place:São Paulo|place:Brazil"},
		{"Office: 12 Main Street, Springfield, IL 62704-1234",
		 "place:12 Main Street|place:Springfield, IL 62704-1234"},
		{"1200 N. Lake Shore Dr., Chicago, IL",
		 "place:1200 N. Lake Shore Dr.|place:Chicago, IL"},
		{"St. Louis, MO is far. So is Grand Rapids, MI 49503.",
		 "place:St. Louis, MO|place:Grand Rapids, MI 49503"},
		{"They met in Reno, NV 89501.", "place:Reno, NV 89501"},
		{"Sie wohnt in München und arbeitet in Zürich.", "place:München|place:Zürich"},
		{"The United\nStates of America won.", "place:United States of America"},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void takes_no_other_words_for_places(void **state)
{
	static const struct page pages[] = {
		{"New rules in or of it, so IN, OR and ME are codes.", ""},
		{"The Texas Rangers and Paris Hilton.", ""},
		{"12 Months Later came 30 Days.", ""},
		{"Turnover, IN total, was low.", ""},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void lists_each_entity_once_where_it_first_appears(void **state)
{
	static const struct page pages[] = {
		{"Pay $5 to a@b.io on May 5. Pay $5 to A@B.IO by May 5, in Oslo and OSLO.",
		 "money:$5|email:a@b.io|date:May 5|place:Oslo"},
		{"New York, then New\nYork again.", "place:New York"},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void stops_at_the_limit_of_entities(void **state)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_page_request request = {.page_number = 1, .page_count = 1};
	struct q_page_analysis analysis;
	struct q_analyst *analyst;
	struct q_call call = {0};
	struct q_str text = Q_STR("");
	struct q_err err;

	for (int i = 0; i < Q_ANALYST_ENTITIES_MAX + 50; i++)
		text = q_arena_format(arena, "%.*s $%d", Q_STR_ARG(text), i);
	request.text = text;
	assert_int_equal(q_analyst_extractive_open(&analyst, &err), Q_OK);
	assert_int_equal(q_analyst_analyse_page(analyst, &call, &request, arena, &analysis, &err),
			 Q_OK);
	assert_int_equal(analysis.entity_count, Q_ANALYST_ENTITIES_MAX);
	assert_true(q_str_equal(analysis.entities[99].text, Q_STR("$99")));
	q_analyst_close(analyst);
	q_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_numeric_dates),
		cmocka_unit_test(takes_no_other_numbers_for_dates),
		cmocka_unit_test(finds_written_dates),
		cmocka_unit_test(finds_dates_of_other_languages),
		cmocka_unit_test(takes_no_verb_for_a_month),
		cmocka_unit_test(finds_money),
		cmocka_unit_test(takes_no_other_numbers_for_money),
		cmocka_unit_test(finds_percentages),
		cmocka_unit_test(finds_email_addresses),
		cmocka_unit_test(finds_telephone_numbers),
		cmocka_unit_test(takes_no_other_numbers_for_telephones),
		cmocka_unit_test(finds_identifiers),
		cmocka_unit_test(takes_no_other_codes_for_identifiers),
		cmocka_unit_test(finds_organisations),
		cmocka_unit_test(takes_no_heading_for_an_organisation),
		cmocka_unit_test(finds_persons),
		cmocka_unit_test(takes_no_other_words_for_persons),
		cmocka_unit_test(finds_places),
		cmocka_unit_test(takes_no_other_words_for_places),
		cmocka_unit_test(lists_each_entity_once_where_it_first_appears),
		cmocka_unit_test(stops_at_the_limit_of_entities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
