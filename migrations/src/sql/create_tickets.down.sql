drop table outbox, tickets, ticket_keys;
