-- How each expectation of the raw tables was met, run by run: quality as a history, not as today's colour.

set local role jarvis_owner;

create table app.quality_results (
    ran_at timestamptz not null,
    suite text not null constraint quality_suite_length_in_range check (length(suite) between 1 and 100),
    expectation text not null
        constraint quality_expectation_length_in_range check (length(expectation) between 1 and 300),
    severity text not null constraint quality_severity_is_known check (severity in ('warn', 'error')),
    is_met boolean not null,
    -- Counts only: no value of any row stands here, so that a result of one gym's rows tells nobody of them.
    element_count integer not null constraint quality_element_count_is_positive check (element_count >= 0),
    unexpected_count integer not null constraint quality_unexpected_count_is_positive check (unexpected_count >= 0),
    -- The kind of the error that kept the expectation from being looked at.
    error text constraint quality_error_length_in_range check (length(error) <= 200),
    primary key (suite, expectation, ran_at)
);
create index quality_results_by_run on app.quality_results (suite, ran_at desc);
alter table app.quality_results enable row level security;
alter table app.quality_results force row level security;
grant select, insert, delete on app.quality_results to jarvis_pipeline;

reset role;
