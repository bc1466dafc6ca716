drop function app.analyze_young_table();
drop procedure app.protect(regclass, text);
drop procedure app.set_clock_offset(interval);
drop function public.marquee_now();
drop function app.set_tenant(uuid);
drop function app.current_tenant();
drop schema app;
