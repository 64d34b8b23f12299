"""From verified traces to immutable, exportable datasets."""
