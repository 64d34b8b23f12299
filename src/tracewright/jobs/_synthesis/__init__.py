"""Finds ast-grep rules that turn one text into another: align, abstract, verify, refine, cover, rank."""
