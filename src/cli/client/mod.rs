//! A client of the GraphQL API, for the commands that speak to a server.

mod error;
mod http;
mod options;
mod retry;
mod stream;

pub use error::{ApiError, ClientError};
pub use http::Client;
pub use options::{Connection, ConnectionArgs, DEFAULT_URL, InvalidConnection};
pub use retry::{Patience, Waiting};
pub use stream::{Item, Subscription};
