"""The frozen nouns that cross rooms; what they write as JSON is the public format."""
