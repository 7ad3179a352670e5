-- A gym without a manager is nobody's again.
set local role jarvis_owner;

drop view app.people_in_charge;

reset role;
