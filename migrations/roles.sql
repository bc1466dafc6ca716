-- The three roles, made once by whoever owns the cluster (each needs a password or a peer rule of its own):
--   marquee_owner     owns the schema and runs migrations; serves no request
--   marquee_app       serves requests, under row-level security; owns nothing
--   marquee_platform  worker, audit and staff: crosses tenants by named policies; owns nothing
create role marquee_owner login;
create role marquee_app login nosuperuser nobypassrls;
create role marquee_platform login nosuperuser nobypassrls;
-- Then, by whoever may make databases (nobody gets more than to connect: the program needs no temporary tables):
--   create database marquee owner marquee_owner;
--   revoke all on database marquee from public;
--   grant connect on database marquee to marquee_app, marquee_platform;
