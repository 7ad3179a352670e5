-- Accounts are made and changed over the API without a proof again.
set local role jarvis_owner;

drop function
    app.change_account(bytea, interval, uuid, text, boolean, text),
    app.create_account(bytea, interval, text, text, text, uuid, uuid, text);
grant execute on function
    app.create_user(text, text, text, uuid, uuid, text),
    app.change_user(uuid, text, boolean, text)
    to jarvis_dashboard;

reset role;
