-- Written with every row and never read. An effect's kind stands in its plan.
ALTER TABLE runs DROP COLUMN effect_kind;
ALTER TABLE definitions DROP COLUMN defined_at;
