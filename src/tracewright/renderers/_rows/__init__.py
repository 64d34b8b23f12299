"""What the formats share: how a row names where it comes from, and which turns become rows."""
