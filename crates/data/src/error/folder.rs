//! What is wrong with a folder of recordings.

/// A folder has nothing to describe.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is no file in it.
    #[error("the folder has no files{}", hidden(*left_out))]
    Empty {
        /// Hidden files and those of systems and editors.
        left_out: usize,
    },
    /// No file is a recording, a sample file or a dataset.
    #[error("the folder has no recordings and no samples:\n{there}")]
    Nothing {
        /// What is there instead.
        there: String,
    },
    /// A draft of a list was asked for, but nothing could be in it.
    #[error("the folder has no recordings, so there is no draft")]
    NoDraft,
    /// A draft of a list would replace a file.
    #[error("exists already, and nothing is overwritten: choose another name for the draft")]
    DraftExists,
    /// A draft of a list is of one folder.
    #[error("`--draft` is for one folder")]
    DraftOfFolder,
}

/// What to say of files that are not looked at.
fn hidden(left_out: usize) -> String {
    if left_out == 0 {
        return String::new();
    }
    format!("; {left_out} hidden files, or those of systems and editors, are left out")
}
