-- Takes the incidents away again.
drop table app.incidents;
