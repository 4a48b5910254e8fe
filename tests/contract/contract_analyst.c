#include "contract/analyst_suite.h"
#include "embedded/analyst_extractive.h"
#include "support/analyst_scripted.h"

int main(void)
{
	struct analyst_subject subjects[] = {
		{.provider = "extractive", .answers_alike = true},
		{.provider = "scripted", .answers_alike = true},
	};
	struct q_err err;
	int failed;

	if (q_analyst_extractive_open(&subjects[0].analyst, &err) != Q_OK)
		return 1;
	subjects[1].analyst = analyst_scripted_new((struct analyst_script){.wait_ms = 1});
	if (!subjects[1].analyst)
		return 1;
	failed = run_analyst_suite(subjects, Q_COUNT_OF(subjects));
	for (size_t i = 0; i < Q_COUNT_OF(subjects); i++)
		q_analyst_close(subjects[i].analyst);
	return failed;
}
