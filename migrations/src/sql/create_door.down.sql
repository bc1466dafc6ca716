drop table admissions, scans, devices, device_invites;
