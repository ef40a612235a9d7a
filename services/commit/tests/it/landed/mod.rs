//! Where changes have got to, from real Git through what is told of it to the ledger's answer.

mod asking;
mod changes;
mod reverts;
mod shop;
