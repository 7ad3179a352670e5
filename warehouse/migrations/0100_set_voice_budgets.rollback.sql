-- Takes the ways to set a voice budget away again; the budgets stay.
drop function app.change_voice_budget(uuid, boolean, numeric, numeric);
drop trigger voice_budget_changes_are_audited on public.gyms;
drop function app.note_voice_budget();
