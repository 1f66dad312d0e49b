"""Data sets: kept once with their checksums, shown, and mounted into projects."""
