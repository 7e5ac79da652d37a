"""Blinded reader studies: a protocol, films stripped of names, a store, and what a reader may do.

A coordinator goes from `protocol` to `build`, `status`, `adjudicate` and `tables`; a reader has a session, of
a store (`sessions.ReaderSession`) or of an exported folder (`pack_session.PackSession`), and nothing else.
"""
