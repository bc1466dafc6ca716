drop table gates, ticket_types, price_levels, performances, events, seating_plans, venues;
