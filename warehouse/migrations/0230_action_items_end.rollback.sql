-- Anybody may end an action item in any way again, and who did is forgotten.
drop trigger action_item_goes_its_legal_way on public.action_items;
drop function app.check_action_item();
revoke update (assigned_to, due_date) on public.action_items from jarvis_dashboard;
grant update (closed_at) on public.action_items to jarvis_dashboard;
alter table public.action_items
    drop constraint closed_action_has_an_end,
    drop column updated_at,
    drop column closed_by,
    drop column assigned_to;
