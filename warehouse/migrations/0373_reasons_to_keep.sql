-- What is kept about people without a term of its own says for how long instead: the register is whole.

set local role jarvis_owner;

create table app.retention_reasons (
    table_name text primary key,
    -- In French, for the register of processing: until when, and what ends it.
    kept_while text not null constraint kept_while_is_said check (length(trim(kept_while)) > 5)
);
-- No policy: the pipeline alone keeps house.
alter table app.retention_reasons enable row level security;
alter table app.retention_reasons force row level security;
grant insert on app.retention_reasons to jarvis_definer;
grant select on app.retention_reasons to jarvis_pipeline;

reset role;
set local role jarvis_definer;

insert into app.retention_reasons (table_name, kept_while) values
    ('account_links', 'jusqu''à son échéance, puis effacé avec les sessions échues (règle sign_ins)'),
    ('action_items', 'effacées avec les paroles de la session (règle sessions)'),
    ('alert_digest_deliveries', 'effacés avec leur récapitulatif (règle alert_digests)'),
    ('analyst_logins', 'tant que le compte existe'),
    ('class_bookings', 'tant que l''adhérent l''est, puis effacées avec lui (règle inactive_members)'),
    ('consents', 'prouver l''accord tant que l''adhérent l''est, puis effacés avec lui (règle inactive_members)'),
    ('conversation_summaries', 'le résumé, le vecteur et les incidents partent avec les paroles de la session (règle sessions)'),
    ('enrichments', 'tant que l''analyse attend un prestataire ; sans parole'),
    ('kiosk_badges', 'le badge attend quelques secondes, puis s''efface ; la ligne le lendemain'),
    ('label_corrections', 'mesurer le moteur : des étiquettes, sans parole ; sans auteur dès que son compte est effacé'),
    ('mail_preferences', 'tant que le compte existe'),
    ('member_analytics', 'l''état d''aujourd''hui seulement, refait chaque nuit ; effacé avec l''adhérent (règle inactive_members)'),
    ('member_fitness_profile', 'tant que l''adhérent l''est, puis effacé avec lui (règle inactive_members)'),
    ('member_goals', 'tant que l''adhérent l''est, puis effacés avec lui (règle inactive_members)'),
    ('member_preferences', 'tant que l''adhérent l''est, puis effacées avec lui (règle inactive_members)'),
    ('memberships', 'tant que l''adhérent l''est, puis effacés avec lui (règle inactive_members)'),
    ('paid_replies', 'jusqu''à ce que l''analyse soit écrite, au plus tard avec les paroles de la session (règle sessions)'),
    ('provider_identities', 'tant que le compte existe'),
    ('provider_sign_ins', 'jusqu''à son échéance, effacée à l''essai suivant'),
    ('provisioning_failures', 'une heure'),
    ('rate_windows', 'quelques minutes'),
    ('realtime_events', 'effacés avec les paroles de la session (règle sessions)'),
    ('realtime_usage', 'facturation : des jetons et un coût, sans parole ; sans nom dès que l''adhérent est effacé'),
    ('recovery_codes', 'tant que le compte existe, ou jusqu''aux suivants'),
    ('second_factors', 'tant que le compte existe'),
    ('session_turns', 'ses paroles partent avec celles de la session (règle sessions) ; restent les étiquettes'),
    ('sign_in_waits', 'quelques minutes après le dernier essai'),
    ('staff_requests', 'ce qui y est dit part avec les paroles de la session (règle sessions)'),
    ('tool_calls', 'ce qui y est dit part avec les paroles de la session (règle sessions)'),
    ('user_credentials', 'tant que le compte existe'),
    ('users', 'tant que le compte existe ; le journal dit qui l''a fermé');

reset role;
