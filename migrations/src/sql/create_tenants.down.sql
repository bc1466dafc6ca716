drop function app.tenant_by_account(text);
drop function app.tenancy_version();
drop function app.tenancy();
drop table staff_sessions, staff, audit_log, platform_sessions, platform_staff, domains, tenants;
