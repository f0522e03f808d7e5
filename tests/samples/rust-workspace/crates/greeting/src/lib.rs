//! What the server says.

pub const TEXT: &str = "Hello from a Rust workspace";
