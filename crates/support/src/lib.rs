//! What several crates need and none of them owns.
//!
//! - [`files`]: files and folders that appear whole or not at all;
//! - [`checksum`]: checksums of TensorFlow's file formats;
//! - [`panics`]: panics of libraries, caught;
//! - [`paths`]: paths that a shell would have completed;
//! - [`table`]: tables of text;
//! - [`words`]: counts and digests as text, and the name of this machine.

pub mod checksum;
pub mod files;
pub mod panics;
pub mod paths;
pub mod table;
pub mod words;
