"""File → document: one reader per format, Council layout, language, metadata."""
