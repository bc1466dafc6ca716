drop table claims, holds, units;
