"""Refusals of a file as a whole, each with a stable code and a sentence that says what to do. Pure."""

from backend.core.errors import FileRejected


def damaged() -> FileRejected:
    """For a file that is damaged or cut off."""
    return FileRejected(
        "file_damaged", "The file is damaged or incomplete. Make it again and choose it anew."
    )


def unreadable() -> FileRejected:
    """For characters in an unknown encoding."""
    return FileRejected("file_characters", "The characters cannot be read. Save the file as UTF-8.")


def encrypted() -> FileRejected:
    """For a file with a password."""
    return FileRejected("file_encrypted", "The file is protected by a password. Save it without one.")


def unpacks_too_large() -> FileRejected:
    """For an archive that unpacks to too much."""
    return FileRejected(
        "file_unpacks_too_large", "The file unpacks to far more than it should. Save it anew."
    )


def other_type() -> FileRejected:
    """For a kind of file that nothing here takes."""
    return FileRejected("file_type", "This kind of file cannot be used here.")


def no_table() -> FileRejected:
    """For a file that is no table."""
    return FileRejected("file_type_table", "Choose an Excel or CSV file.")


def too_many_rows(most: int) -> FileRejected:
    """For a table with more rows than `most`, its header being one."""
    return FileRejected("file_too_many_rows", f"The file has more than {most - 1:,} rows. Divide it.")


def too_many_columns(most: int) -> FileRejected:
    """For a table with more columns than `most`."""
    return FileRejected(
        "file_too_many_columns",
        f"The file has more than {most} columns. Remove those that are not needed.",
    )
