-- Nothing to take back: what was enriched stays marked, as 0130 meant it to be.
select;
