"""What every store filters and pages by."""
