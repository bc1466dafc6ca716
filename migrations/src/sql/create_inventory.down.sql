drop table hold_epochs, claims, holds, units;
