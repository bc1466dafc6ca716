//! stripe-sim.
