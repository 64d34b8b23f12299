"""What sources of code share: licences with their evidence, languages, safe paths, clean messages."""
