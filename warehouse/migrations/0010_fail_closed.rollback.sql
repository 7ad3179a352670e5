-- Stops closing new relations.
drop event trigger jarvis_close_new_relations;
drop function app.close_new_relations();
